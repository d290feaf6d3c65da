import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BackendSubject, connectBackend } from "../src/backend/subject.js";
import { thinkingCases, toolCases } from "../src/gateway/cases/abilities.js";
import { approvalCases } from "../src/gateway/cases/approvals.js";
import { eventsCases } from "../src/gateway/cases/events.js";
import { gatewayCases } from "../src/gateway/index.js";
import type { Changes } from "../src/reference-gateway/mutant.js";
import { gatewayMutants } from "../src/reference-gateway/mutants.js";
import { startProxy } from "../src/reference-gateway/proxy.js";
import { gatewayVariants } from "../src/reference-gateway/variants.js";
import { bootGateway } from "./boot-gateway.js";

const cases = gatewayCases({ withBackend: true, abilities: ["asks", "thinks", "tools"] });
const streamCases = [...eventsCases, ...approvalCases, ...thinkingCases, ...toolCases];
/** What a wrong gateway never tells is not waited for long. */
const PATIENCE_MS = 2_500;

// One gateway for all, with a proxy before it that changes what passes. The
// cases share the one web user, and so run one after the other.
const target = bootGateway({ SLACK_BOT_TOKEN: "xoxb-any", SLACK_SIGNING_SECRET: "any" });
let backend: BackendSubject;
beforeAll(() => {
  backend = connectBackend(target().backend);
});
afterAll(() => backend[Symbol.dispose]());

async function run(name: string, changes: Changes, patience: { patienceMs?: number } = {}) {
  const chosen = cases.find((each) => each.name === name);
  assert.ok(chosen, `there is no case "${name}"`);
  await using proxy = await startProxy(target().url, changes);
  await chosen.run({ url: proxy.url, backend, ...patience });
}

describe("a wrong gateway fails", () => {
  for (const { flaw, noticedBy, changes } of gatewayMutants) {
    test(flaw, async () => {
      const running = run(noticedBy, changes(), { patienceMs: PATIENCE_MS });
      await expect(running).rejects.toThrow();
    });
  }
});

describe("a gateway that is right in another way passes", () => {
  for (const { name, inStreams, changes } of gatewayVariants) {
    for (const each of inStreams ? streamCases : cases) {
      test(`one that ${name}: ${each.name}`, () => run(each.name, changes()));
    }
  }
});
