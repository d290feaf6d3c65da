import {
  type Approval,
  ApprovalState,
  errorDetails,
  Reason,
  type ResolveApprovalRequest,
  type ResolveApprovalResponse,
  richError,
} from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Backend } from "./contract.js";
import { approvalExpired, check, type Failure } from "./errors.js";
import type { Mutant } from "./mutant.js";

const RACE = "of 20 concurrent answers one counts, and only those like it succeed";
const REPEAT =
  "the same answer by the same person is OK again, also after the turn, and answers nothing else";
const LATE =
  "another option, person or surface than the first is told who was first, also after the turn";
const REFUSED =
  "an option that there is not, and an approval of no turn, are refused and decide nothing";
const CANCEL =
  "Cancel expires the question, for good; answers given before stay, and the session goes on";
const JOIN = "whoever comes later is told the question: Watch in its snapshot, SendStream at first";

/** Mistakes in how questions are asked and answered. */
export const approvalMutants: Mutant[] = [
  {
    flaw: "a second answer overwrites the first",
    noticedBy: RACE,
    policy: { takesAnswer: ({ state }) => state !== ApprovalState.EXPIRED },
  },
  {
    flaw: "an expired question can be answered",
    noticedBy: CANCEL,
    policy: { takesAnswer: ({ state }) => state !== ApprovalState.DECIDED },
  },
  {
    flaw: "who answers as the first did is taken for the first",
    noticedBy: RACE,
    mutate: (right) =>
      lateAnswers(right, (request, first, failure) => {
        if (first?.optionId !== request.optionId) throw failure;
        return { approval: first };
      }),
  },
  {
    flaw: "a surface is no part of who somebody is",
    noticedBy: LATE,
    mutate: (right) =>
      lateAnswers(right, (request, first, failure) => {
        const same = first?.decidedBy?.user === request.decidedBy?.user;
        if (!same || first?.optionId !== request.optionId) throw failure;
        return { approval: first };
      }),
  },
  {
    flaw: "the second answer is not told who was first",
    noticedBy: LATE,
    mutate: (right) =>
      lateAnswers(right, ({ sessionId }, _first, { code, details }) => {
        const metadata = { session_id: sessionId };
        throw richError(code, details, { reason: Reason.APPROVAL_DECIDED, metadata });
      }),
  },
  {
    flaw: "an answered question is taken for an expired one",
    noticedBy: RACE,
    mutate: (right) =>
      lateAnswers(right, ({ sessionId }) => {
        throw approvalExpired(sessionId);
      }),
  },
  {
    flaw: "an answer cannot be repeated",
    noticedBy: REPEAT,
    mutate(right) {
      const answered = new Set<string>();
      return {
        async resolveApproval(request) {
          if (answered.has(request.approvalId)) throw approvalExpired(request.sessionId);
          const answer = await right.resolveApproval(request);
          answered.add(request.approvalId);
          return answer;
        },
      };
    },
  },
  {
    flaw: "an unknown approval is NOT_FOUND",
    noticedBy:
      "ResolveApproval refuses an unknown approval_id as it refuses an empty or too long one",
    mutate: (right) => ({
      resolveApproval: (request) =>
        right.resolveApproval(request).catch((failure: Failure) => {
          throw failure.code === status.INVALID_ARGUMENT
            ? { ...failure, code: status.NOT_FOUND }
            : failure;
        }),
    }),
  },
  {
    flaw: "an unknown option is taken for the first one",
    noticedBy: REFUSED,
    mutate: (right) => ({
      resolveApproval: ({ optionId, ...request }) =>
        right.resolveApproval({ ...request, optionId: optionId === "reject" ? optionId : "allow" }),
    }),
  },
  {
    flaw: "a dead session is not told from one that did not ask",
    noticedBy: "ResolveApproval on an ended session is NOT_FOUND, SESSION_ENDED",
    mutate: (right) => ({
      resolveApproval: (request) =>
        right.resolveApproval(request).catch((failure: Failure) => {
          check(failure.code !== status.NOT_FOUND, "approval_id", request.sessionId);
          throw failure;
        }),
    }),
  },
  {
    flaw: "the question is missing in the snapshot of Watch",
    noticedBy: JOIN,
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const { event } of right.watch(request, signal)) {
          if (event?.$case === "snapshot") {
            for (const turn of event.value.openTurns) turn.approvals = [];
          }
          yield { event };
        }
      },
    }),
  },
  {
    flaw: "the question is missing for whoever joins a stream",
    noticedBy: JOIN,
    mutate: (right) => ({
      async *sendStream(request, signal) {
        for await (const { event } of right.sendStream(request, signal)) {
          if (event?.event?.$case === "started") event.event.value.approvals = [];
          yield { event };
        }
      },
    }),
  },
  ...(["approvalRequested", "approvalResolved"] as const).map((kind) => ({
    flaw: `Watch does not tell ${kind}`,
    noticedBy: "after the answer to reject all are told of it, and the turn goes on and ends",
    mutate: (right: Backend): Partial<Backend> => ({
      async *watch(request, signal) {
        for await (const { event } of right.watch(request, signal)) {
          const told = event?.$case === "turn" ? event.value.event?.$case : undefined;
          if (told !== kind) yield { event };
        }
      },
    }),
  })),
  {
    flaw: "the stored turn knows nothing of its questions",
    noticedBy: "a question is told as it was asked, and its turn runs until somebody answers",
    mutate: (right) => ({
      listTurns: (request) => storedOtherwise(right, request, () => undefined),
    }),
  },
  {
    flaw: "the question of a cancelled turn stays pending",
    noticedBy: CANCEL,
    mutate: (right) => ({
      listTurns: (request) =>
        storedOtherwise(right, request, (approval) =>
          approval.state === ApprovalState.EXPIRED
            ? { ...approval, state: ApprovalState.PENDING }
            : approval,
        ),
    }),
  },
  {
    flaw: "the question of an ended session is forgotten",
    noticedBy: "End expires the question; what was answered is NOT_FOUND then, but stays readable",
    mutate: (right) => ({
      listTurns: (request) =>
        storedOtherwise(right, request, (approval) =>
          approval.state === ApprovalState.EXPIRED ? undefined : approval,
        ),
    }),
  },
  {
    flaw: "a question goes with the caller who sent the message",
    noticedBy:
      "a question does not depend on who sent the message, and its session's next turn waits",
    mutate: (right) => ({
      sendStream(request, signal) {
        const { sessionId } = request;
        signal.addEventListener("abort", () => {
          right.cancel({ sessionId, seq: 0 }).catch(() => {});
        });
        return right.sendStream(request, signal);
      },
    }),
  },
  {
    flaw: "an answer answers what is asked next as well",
    noticedBy: REPEAT,
    mutate: (right) => ({
      async resolveApproval(request) {
        const answer = await right.resolveApproval(request);
        const { turns } = await right.listTurns(allTurns(request.sessionId));
        const next = turns
          .flatMap(({ approvals }) => approvals)
          .find(({ state }) => state === ApprovalState.PENDING);
        if (next) await right.resolveApproval({ ...request, approvalId: next.approvalId });
        return answer;
      },
    }),
  },
];

/** Treats those who did not answer first in its own way. */
function lateAnswers(
  right: Backend,
  treat: (
    request: ResolveApprovalRequest,
    first: Approval | undefined,
    failure: Failure,
  ) => ResolveApprovalResponse,
): Pick<Backend, "resolveApproval"> {
  return {
    async resolveApproval(request) {
      try {
        return await right.resolveApproval(request);
      } catch (error) {
        const failure = error as Failure;
        if (errorDetails(failure)?.reason !== Reason.APPROVAL_DECIDED) throw failure;
        const { turns } = await right.listTurns(allTurns(request.sessionId));
        const all = turns.flatMap(({ approvals }) => approvals);
        const first = all.find(({ approvalId }) => approvalId === request.approvalId);
        return treat(request, first, failure);
      }
    },
  };
}

/** ListTurns with every approval as this makes it; undefined leaves it out. */
async function storedOtherwise(
  right: Backend,
  request: Parameters<Backend["listTurns"]>[0],
  otherwise: (approval: Approval) => Approval | undefined,
): ReturnType<Backend["listTurns"]> {
  const { turns, ...answer } = await right.listTurns(request);
  const changed = turns.map((turn) => ({
    ...turn,
    approvals: turn.approvals.flatMap((approval) => otherwise(approval) ?? []),
  }));
  return { ...answer, turns: changed };
}

function allTurns(sessionId: string) {
  return { sessionId, pageSize: 0, pageToken: "", newestFirst: false, fromSeq: 0 };
}
