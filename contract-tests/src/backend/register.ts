import { afterAll, beforeAll, describe, test } from "vitest";
import { backendCases } from "./index.js";
import { type BackendSubject, type BackendTarget, connectBackend } from "./subject.js";

/**
 * Registers the suite with vitest.
 * @param address is asked once, before the first case.
 */
export function describeBackendContract(
  title: string,
  speaking: Pick<BackendTarget, "token" | "agent">,
  address: () => string,
): void {
  describe.concurrent(`contract: ${title}`, () => {
    let subject: BackendSubject;
    beforeAll(() => {
      subject = connectBackend({ ...speaking, address: address() });
    });
    afterAll(() => subject[Symbol.dispose]());
    for (const { name, run } of backendCases(speaking)) test(name, () => run(subject));
  });
}
