import { afterAll, beforeAll, describe, test } from "vitest";
import type { Case } from "../case.js";
import { backendCases } from "./index.js";
import { type BackendSubject, type BackendTarget, connectBackend } from "./subject.js";

/**
 * Registers the suite with vitest.
 * @param address is asked once, before the first case.
 * @param cases those that hold for a backend that is spoken to so, unless told.
 */
export function describeBackendContract(
  title: string,
  speaking: Pick<BackendTarget, "token" | "agent" | "abilities">,
  address: () => string,
  cases: Case<BackendSubject>[] = backendCases(speaking),
): void {
  describe.concurrent(`contract: ${title}`, () => {
    let subject: BackendSubject;
    beforeAll(() => {
      subject = connectBackend({ ...speaking, address: address() });
    });
    afterAll(() => subject[Symbol.dispose]());
    for (const { name, run } of cases) test(name, () => run(subject));
  });
}
