import { errorDetails, Reason, SessionState, TurnState } from "@amp/proto";
import { testDatabase } from "@amp/stack/testing";
import { type ServiceError, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { backendOn, newSession, type TestBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

/** What can happen to a session, at which of its replicas. Only `settle` and `restart` wait, so that all else overlaps. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("send" as const), id: fc.nat(7), at: fc.nat(2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("cancel" as const), seq: fc.nat(4), at: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), at: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const), at: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), at: fc.nat(2) }) },
);

/** The answers that each request got; a failure that asks to try again is none. */
type Answers = Map<string, Set<string>>;

const INVARIANT =
  "with %i replicas, every accepted request has one turn with one end, in order, whatever happens";

test.each([1, 3])(
  INVARIANT,
  async (count) => {
    await using database = await testDatabase();
    const overrides = { agents: [steeredAgent()] };
    const boot = () => backendOn(database, {}, overrides);
    const scenario = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const first = await boot();
      const replicas = [first, ...(await Promise.all(Array.from({ length: count - 1 }, boot)))];
      const sessionId = await newSession(first.sessions);
      const answers: Answers = new Map();
      let calls: Promise<unknown>[] = [];
      for (const each of steps) {
        const at = each.at % count;
        const running = replicas[at] ?? first;
        const { sessions, backend } = running;
        const begin = (call: Promise<unknown>) => {
          // Looked at when it is settled; until then nobody else handles its failure.
          call.catch(() => {});
          calls.push(call);
        };
        if (each.do === "send") begin(send(running, sessionId, `r${each.id}`, answers));
        if (each.do === "cancel") begin(sessions.cancel({ sessionId, seq: each.seq }));
        if (each.do === "end") begin(sessions.end({ sessionId }));
        if (each.do === "restart") await backend[Symbol.asyncDispose]();
        if (each.do === "settle" || each.do === "restart") {
          for (const { reason } of await settled(calls)) expect(RETRIABLE).toContain(reason?.code);
          calls = [];
        }
        if (each.do === "restart") {
          sessions.close();
          replicas[at] = await boot();
        }
      }
      await settled(calls);
      for (const running of replicas) await check(running, sessionId, answers);
      await Promise.all(replicas.map((running) => running[Symbol.asyncDispose]()));
    });
    await fc.assert(scenario, { numRuns: 25 });
  },
  180_000,
);

/** What a cancel or an end may meet: a restart, a dead session. */
const RETRIABLE = [status.UNAVAILABLE, status.CANCELLED, status.NOT_FOUND];

async function settled(calls: Promise<unknown>[]): Promise<{ reason: ServiceError | undefined }[]> {
  const results = await Promise.allSettled(calls);
  return results.flatMap((result) => (result.status === "rejected" ? [result] : []));
}

async function send(
  { sessions }: TestBackend,
  sessionId: string,
  requestId: string,
  answers: Answers,
): Promise<void> {
  const noted = answers.get(requestId) ?? new Set();
  answers.set(requestId, noted);
  try {
    noted.add((await sessions.send({ sessionId, message: requestId, requestId })).reply);
  } catch (error) {
    const failed = error as ServiceError;
    if (errorDetails(failed)?.reason === Reason.TURN_CANCELLED) noted.add("cancelled");
    else expect(RETRIABLE).toContain(failed.code);
  }
}

async function check(running: TestBackend, sessionId: string, answers: Answers): Promise<void> {
  const { sessions } = running;
  const { session: before } = await sessions.get({ sessionId });
  const alive = before?.state === SessionState.ACTIVE;
  // Callers that were sent away come again.
  for (const id of alive ? answers.keys() : []) await send(running, sessionId, id, answers);
  const { turns } = await sessions.listTurns({ sessionId, pageSize: 200 });
  const { session } = await sessions.get({ sessionId });
  expect(session).toMatchObject({ turnCount: turns.length, openTurns: 0 });
  expect(turns.map((turn) => turn.seq)).toEqual(turns.map((_, index) => index + 1));
  expect(new Set(turns.map((turn) => turn.requestId)).size).toBe(turns.length);
  const stored = new Map(
    turns.map(({ requestId, reply, state }) => [
      requestId,
      state === TurnState.COMPLETED ? reply : "cancelled",
    ]),
  );
  for (const [requestId, given] of answers) {
    for (const answer of given) expect(answer).toBe(stored.get(requestId));
    if (alive) expect(given.size).toBe(1);
  }
}
