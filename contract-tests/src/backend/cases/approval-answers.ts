import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Approval, ApprovalState, Reason, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import {
  type Answer,
  answerTo,
  askedTurn,
  beginAsking,
  onlyTurn,
  optionOf,
  person,
  resolve,
} from "../asking.js";
import { assertFails, assertFailure, assertInvalid } from "../failure.js";
import type { BackendSubject } from "../subject.js";

/** Five people on each of two surfaces, with the same ids there; each answers twice, under two names. */
const PEOPLE = ["slack", "web"].flatMap((surface) =>
  ["U1", "U2", "U3", "U4", "U5"].map((user) => person(user, surface)),
);

/** ResolveApproval: which answer counts, and what the others are told. */
export const answerCases: Case<BackendSubject>[] = [
  {
    name: "of 20 concurrent answers one counts, and only those like it succeed",
    async run(subject) {
      const { sessionId, approval, rest } = await askedTurn(subject, { message: "approve race" });
      const answers = PEOPLE.flatMap((by, n) => {
        const choice = n % 2 ? "allow" : "reject";
        const again = { ...by, displayName: `${by.displayName}, again` };
        return [by, again].map((decidedBy) => answerTo(approval, choice, decidedBy));
      });
      const outcomes = await Promise.all(
        answers.map((each) =>
          resolve(subject, sessionId, each).then(
            (decided) => ({ ...each, decided }),
            (error: unknown) => ({ ...each, error }),
          ),
        ),
      );
      const { final } = await rest();
      assert.equal(final?.state, TurnState.COMPLETED);
      const [winner, ...others] = final.approvals;
      assert.equal(winner?.state, ApprovalState.DECIDED);
      assert.equal(others.length, 0);
      assert.ok(winner.decidedBy, "nobody knows who answered");
      for (const outcome of outcomes) {
        if ("decided" in outcome) {
          assert.ok(isLike(outcome, winner), "an answer that does not count succeeded");
          assert.deepEqual(outcome.decided, winner);
        } else {
          assertLost(outcome.error, sessionId, winner);
          assert.ok(!isLike(outcome, winner), "an answer like the one that counts failed");
        }
      }
    },
  },
  {
    name: "the same answer by the same person is OK again, also after the turn, and answers nothing else",
    async run(subject) {
      const { sessionId, question, rest } = await beginAsking(subject, { message: "approve 2" });
      const first = answerTo(await question(), "allow", person("U1"));
      const decided = await resolve(subject, sessionId, first);
      const second = await question();
      assert.deepEqual(await resolve(subject, sessionId, first), decided);
      assert.deepEqual((await onlyTurn(subject, sessionId)).approvals, [decided, second]);
      await resolve(subject, sessionId, answerTo(second, "reject", person("U2")));
      const { kinds, final } = await rest();
      assert.equal(kinds.filter((kind) => kind === "approvalResolved").length, 2);
      const renamed = { ...person("U1"), displayName: "Renamed" };
      for (const decidedBy of [person("U1"), renamed]) {
        assert.deepEqual(await resolve(subject, sessionId, { ...first, decidedBy }), decided);
      }
      assert.deepEqual(await onlyTurn(subject, sessionId), final);
    },
  },
  {
    name: "another option, person or surface than the first is told who was first, also after the turn",
    async run(subject) {
      const { sessionId, question, rest } = await beginAsking(subject, { message: "approve 2" });
      const approval = await question();
      const decided = await resolve(subject, sessionId, answerTo(approval, "allow", person("U1")));
      const late = [
        answerTo(approval, "reject", person("U1")),
        answerTo(approval, "allow", person("U2")),
        answerTo(approval, "allow", person("U1", "slack")),
        answerTo(approval, "allow", undefined),
      ];
      const assertAllLost = async () => {
        for (const each of late) {
          const call = subject.client.resolveApproval({ sessionId, ...each });
          await assertFails(call, ...lost(sessionId, decided));
        }
      };
      const second = await question();
      await assertAllLost();
      await resolve(subject, sessionId, answerTo(second, "allow", person("U2")));
      const { final } = await rest();
      await assertAllLost();
      assert.deepEqual(final?.approvals[0], decided);
      assert.deepEqual(await onlyTurn(subject, sessionId), final);
    },
  },
  {
    name: "an answer of nobody in particular counts, and is OK again",
    async run(subject) {
      const { sessionId, approval, rest } = await askedTurn(subject);
      const anonymous = answerTo(approval, "allow", undefined);
      const decided = await resolve(subject, sessionId, anonymous);
      assert.equal(decided.state, ApprovalState.DECIDED);
      assert.equal(decided.decidedBy, undefined);
      assert.deepEqual(await resolve(subject, sessionId, anonymous), decided);
      const call = resolve(subject, sessionId, answerTo(approval, "allow", person("U1")));
      const first = { option_id: decided.optionId, session_id: sessionId };
      await assertFails(call, status.FAILED_PRECONDITION, Reason.APPROVAL_DECIDED, first);
      assert.deepEqual((await rest()).final?.approvals, [decided]);
    },
  },
  {
    name: "an option that there is not, and an approval of no turn, are refused and decide nothing",
    async run(subject) {
      const { sessionId, approval, rest } = await askedTurn(subject);
      const { client } = subject;
      const { approvalId } = approval;
      const { optionId: allow } = optionOf(approval, "allow");
      const near = [` ${allow}`, `${allow} `, `${allow}\0`, `${allow}x`, allow.slice(0, -1)];
      for (const optionId of ["", "x".repeat(201), ...near, `no-${randomUUID()}`]) {
        const call = client.resolveApproval({ sessionId, approvalId, optionId });
        await assertInvalid(call, "option_id", sessionId);
      }
      for (const unknown of ["", "x".repeat(201), "unknown", `${approvalId}x`]) {
        const call = client.resolveApproval({ sessionId, approvalId: unknown, optionId: allow });
        await assertInvalid(call, "approval_id", sessionId);
      }
      const turn = await onlyTurn(subject, sessionId);
      assert.equal(turn.state, TurnState.RUNNING);
      assert.deepEqual(turn.approvals, [approval]);
      const decided = await resolve(subject, sessionId, answerTo(approval, "allow", person("U1")));
      assert.deepEqual((await rest()).final?.approvals, [decided]);
    },
  },
];

/** The same option and the same person; a name is no part of who somebody is. */
function isLike(one: Omit<Answer, "approvalId">, other: Omit<Answer, "approvalId">): boolean {
  return (
    one.optionId === other.optionId &&
    one.decidedBy?.surface === other.decidedBy?.surface &&
    one.decidedBy?.user === other.decidedBy?.user
  );
}

/** What an answer that does not count fails with. */
function lost(sessionId: string, { optionId, decidedBy }: Approval) {
  const metadata = {
    session_id: sessionId,
    option_id: optionId,
    decided_by_surface: decidedBy?.surface ?? "",
    decided_by_user: decidedBy?.user ?? "",
    decided_by_name: decidedBy?.displayName ?? "",
  };
  return [status.FAILED_PRECONDITION, Reason.APPROVAL_DECIDED, metadata] as const;
}

function assertLost(error: unknown, sessionId: string, winner: Approval): void {
  assertFailure(error, ...lost(sessionId, winner));
}
