import { SessionState } from "@amp/proto";
import fc from "fast-check";
import type { Case } from "../../case.js";
import { ModelRun } from "../model.js";
import type { BackendSubject } from "../subject.js";

const RUNS = 15;
const MOST_STEPS = 25;
/** A counterexample is told before the test runner's patience ends, though not made as small as can be. */
const LONGEST_MS = 20_000;

const slot = fc.integer({ min: 0, max: 2 });
const request = fc.integer({ min: 0, max: 3 });
const state = fc.constantFrom(SessionState.UNSPECIFIED, SessionState.ACTIVE, SessionState.ENDED);

/** One call, on one of a few sessions, which may not have been created yet. */
type Step = (run: ModelRun) => Promise<void>;

/** Named, so that a counterexample can be read. */
function step(name: string, does: Step): Step {
  return Object.assign(does, { [fc.toStringMethod]: () => name });
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: slot.map((n) => step(`create ${n}`, (run) => run.create(n))) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(slot, request)
        .map(([n, r]) => step(`send ${n} request ${r}`, (run) => run.send(n, r))),
    },
    { weight: 1, arbitrary: slot.map((n) => step(`end ${n}`, (run) => run.end(n))) },
    { weight: 1, arbitrary: slot.map((n) => step(`cancel ${n}`, (run) => run.cancel(n))) },
    { weight: 2, arbitrary: slot.map((n) => step(`read ${n}`, (run) => run.read(n))) },
    { weight: 1, arbitrary: state.map((s) => step(`list ${s}`, (run) => run.list(s))) },
  ),
  { maxLength: MOST_STEPS },
);

/** Any sequence of calls is answered as a small model of the sessions answers it. */
export const modelCases: Case<BackendSubject>[] = [
  {
    name: "any sequence of calls is answered as the model of a session says",
    async run(subject) {
      const property = fc.asyncProperty(steps, async (sequence) => {
        const run = new ModelRun(subject);
        for (const take of sequence) await take(run);
        for (const n of [0, 1, 2]) await run.read(n);
        await run.list(SessionState.UNSPECIFIED);
      });
      await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: LONGEST_MS });
    },
  },
];
