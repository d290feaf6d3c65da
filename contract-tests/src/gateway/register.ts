import { afterAll, beforeAll, describe, test } from "vitest";
import { type BackendSubject, type BackendTarget, connectBackend } from "../backend/subject.js";
import type { Case } from "../case.js";
import { type GatewayView, gatewayCases } from "./index.js";
import type { GatewaySubject } from "./subject.js";

/** Where a gateway is, and perhaps the backend behind it. */
export interface GatewayTarget {
  url: string;
  backend?: BackendTarget | undefined;
}

/**
 * Registers the suite with vitest. The cases share the one web user, and so run
 * one after the other.
 * @param target is asked once, before the first case.
 * @param cases those of the view, unless told.
 */
export function describeGatewayContract(
  title: string,
  view: GatewayView,
  target: () => GatewayTarget,
  cases: Case<GatewaySubject>[] = gatewayCases(view),
): void {
  describe(`contract: ${title}`, () => {
    let url: string;
    let backend: BackendSubject | undefined;
    beforeAll(() => {
      const given = target();
      url = given.url;
      backend = given.backend && connectBackend(given.backend);
    });
    afterAll(() => backend?.[Symbol.dispose]());
    for (const { name, run } of cases) test(name, () => run({ url, backend }));
  });
}
