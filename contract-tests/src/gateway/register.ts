import { afterAll, beforeAll, describe, test } from "vitest";
import { type BackendSubject, type BackendTarget, connectBackend } from "../backend/subject.js";
import { gatewayCases } from "./index.js";

/** Where a gateway is, and perhaps the backend behind it. */
export interface GatewayTarget {
  url: string;
  backend?: BackendTarget | undefined;
}

/**
 * Registers the suite with vitest. The cases share the one web user, and so run
 * one after the other.
 * @param target is asked once, before the first case.
 */
export function describeGatewayContract(
  title: string,
  { withBackend }: { withBackend: boolean },
  target: () => GatewayTarget,
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
    for (const { name, run } of gatewayCases(withBackend)) test(name, () => run({ url, backend }));
  });
}
