import {
  type Approval,
  ApprovalState,
  errorDetails,
  Reason,
  type SessionClient,
  TurnState,
} from "@amp/proto";
import { testDatabase } from "@amp/stack/testing";
import { type ServiceError, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answerBy, turnsOf } from "./approvals.js";
import { backendOn, newSession, type TestBackend } from "./backend.js";
import { persistently } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

const at = fc.nat(2);
const USERS = ["ada", "bob"] as const;
const OPTIONS = ["yes", "no", "later"] as const;

/**
 * What can happen, at which of the replicas. Only `restart` waits, so that all
 * else overlaps. An answer that is `lost` has a caller that goes away at once,
 * and one that is given `twice` is sent so often at the same time.
 */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("ask" as const), id: fc.nat(3), at }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      turn: fc.integer({ min: 1, max: 3 }),
      option: fc.constantFrom(...OPTIONS),
      user: fc.constantFrom(...USERS),
      lost: fc.boolean(),
      twice: fc.boolean(),
      at,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("look" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const), at }) },
);

/** What callers were told of who decided what, as "option by user". */
type Told = Map<string, Set<string>>;

/**
 * The model: a question has one decision or none, and never another one. All
 * who are told of a decision are told the same, the agent too, whose turn goes
 * on with it and with nothing else; without one its turn does not complete.
 */
test.each([1, 3])(
  "with %i replicas, a question has one answer, which is everybody's, whatever happens",
  async (count) => {
    await using database = await testDatabase();
    const overrides = { agents: [steeredAgent()] };
    const boot = () => backendOn(database, {}, overrides);
    const scenario = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const first = await boot();
      const replicas = [first, ...(await Promise.all(Array.from({ length: count - 1 }, boot)))];
      const sessionId = await newSession(first.sessions);
      const told: Told = new Map();
      /** Of the questions that were seen, by the place of their turn. */
      const seen = new Map<number, Approval>();
      const calls: Promise<void>[] = [];
      for (const each of steps) {
        const place = each.at % count;
        const { sessions, backend } = replicas[place] ?? first;
        const message = each.do === "ask" ? `ask ${each.id}` : "";
        if (each.do === "ask") {
          calls.push(tolerant(sessions.send({ sessionId, message, requestId: message })));
        } else if (each.do === "answer") {
          if (!seen.has(each.turn)) await look(sessions, sessionId, seen);
          const approval = seen.get(each.turn);
          if (!approval) continue;
          const request = answerBy(each.user, sessionId, approval, each.option);
          const times = each.twice ? 2 : 1;
          for (let n = 0; n < times; n++) {
            const leave = new AbortController();
            const call = sessions.resolveApproval(request, { signal: leave.signal });
            if (each.lost) setImmediate(() => leave.abort());
            calls.push(note(told, approval, call));
          }
        } else if (each.do === "look") {
          await look(sessions, sessionId, seen);
        } else if (each.do === "cancel") {
          calls.push(tolerant(sessions.cancel({ sessionId })));
        } else {
          await backend[Symbol.asyncDispose]();
          sessions.close();
          replicas[place] = await boot();
        }
      }
      await finish(replicas[0] ?? first, sessionId, told, Promise.all(calls));
      for (const running of replicas) await check(running, sessionId, told);
      await Promise.all(replicas.map((running) => running[Symbol.asyncDispose]()));
    });
    await fc.assert(scenario, { numRuns: 25 });
  },
  180_000,
);

/** Notes the questions that there are, by the place of their turn. */
async function look(sessions: SessionClient, sessionId: string, seen: Map<number, Approval>) {
  for (const { seq, approvals } of await turnsOf(sessions, sessionId)) {
    for (const approval of approvals) seen.set(seq, approval);
  }
}

/** What calls may meet that say nothing about a decision: a restart, a cancel, the caller's own leave. */
const SILENT = [status.UNAVAILABLE, status.CANCELLED];

async function tolerant(call: Promise<unknown>): Promise<void> {
  await call.catch(({ code }: ServiceError) => expect(SILENT).toContain(code));
}

/** Makes an answer, and notes what it was told of the decision. */
async function note(
  told: Told,
  { approvalId }: Approval,
  call: Promise<{ approval: Approval | undefined }>,
): Promise<void> {
  const noted = told.get(approvalId) ?? new Set();
  told.set(approvalId, noted);
  try {
    noted.add(decisionOf((await call).approval));
  } catch (error) {
    const details = errorDetails(error as ServiceError);
    if (details?.reason === Reason.APPROVAL_DECIDED) {
      noted.add(`${details.metadata["option_id"]} by ${details.metadata["decided_by_user"]}`);
    } else if (details?.reason === Reason.APPROVAL_EXPIRED) noted.add("expired");
    else expect(SILENT).toContain((error as ServiceError).code);
  }
}

function decisionOf(approval: Approval | undefined): string {
  if (approval?.state === ApprovalState.EXPIRED) return "expired";
  return `${approval?.optionId} by ${approval?.decidedBy?.user}`;
}

/** Answers what is still asked until every call and every turn is over. */
async function finish(
  { sessions }: TestBackend,
  sessionId: string,
  told: Told,
  calls: Promise<unknown>,
): Promise<void> {
  let called = false;
  const over = calls.finally(() => {
    called = true;
  });
  for (;;) {
    const last = called;
    const turns = await persistently(() => turnsOf(sessions, sessionId));
    const open = turns.filter(({ finishedAt }) => !finishedAt);
    if (open.length === 0 && last) return void (await over);
    for (const approval of open.flatMap(({ approvals }) => approvals)) {
      if (approval.state !== ApprovalState.PENDING) continue;
      const answer = answerBy("eve", sessionId, approval, "yes");
      await note(told, approval, sessions.resolveApproval(answer));
    }
  }
}

async function check({ sessions }: TestBackend, sessionId: string, told: Told): Promise<void> {
  const turns = await turnsOf(sessions, sessionId);
  const approvals = turns.flatMap((turn) => turn.approvals);
  expect(new Set(approvals.map(({ approvalId }) => approvalId)).size).toBe(approvals.length);
  for (const { state, reply, approvals: asked } of turns) {
    const [approval, more] = asked;
    expect(more).toBeUndefined();
    if (state === TurnState.COMPLETED) expect(reply).toBe(`answer: ${approval?.optionId}`);
    else expect(state).toBe(TurnState.CANCELLED);
  }
  for (const approval of approvals) {
    expect(approval.state).not.toBe(ApprovalState.PENDING);
    for (const decision of told.get(approval.approvalId) ?? []) {
      expect(decision).toBe(decisionOf(approval));
    }
  }
}
