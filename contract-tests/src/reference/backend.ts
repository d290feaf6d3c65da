import { randomUUID } from "node:crypto";
import {
  type CreateRequest,
  ListResponse,
  type ResolveApprovalRequest,
  type SendRequest,
  type SendStreamResponse,
  SessionState,
  type Turn,
  TurnState,
  type WatchResponse,
} from "@amp/proto";
import type { Backend } from "./contract.js";
import { MemoryEndings } from "./endings.js";
import { check, unknownSession } from "./errors.js";
import { page } from "./page.js";
import { isFinal, MemorySession, RIGHT_POLICY, type TurnPolicy } from "./session.js";

const WORKING_DIR = "/work-shop/bench";

/** The least right backend: in memory, for as long as the process lives. */
export function referenceBackend(policy: Partial<TurnPolicy> = {}): Backend {
  const sessions = new Map<string, MemorySession>();
  const created = new Map<string, MemorySession>();
  const endings = new MemoryEndings();

  function find(sessionId: string): MemorySession {
    const session = sessions.get(sessionId);
    if (!session) throw unknownSession(sessionId);
    return session;
  }

  /** The turn as it stands, then what happens to it until its end. */
  async function* follow(
    request: SendRequest,
    signal: AbortSignal,
  ): AsyncGenerator<SendStreamResponse, Turn> {
    const session = find(request.sessionId);
    session.assertAlive();
    checkSend(request);
    const turn = session.accept({ ...request, requestId: request.requestId || randomUUID() });
    const events = session.follow(signal);
    yield {
      event: { seq: turn.seq, event: { $case: KINDS[turn.state], value: structuredClone(turn) } },
    };
    if (isFinal(turn)) return session.outcome(turn);
    for await (const [event] of events) {
      if (event.$case !== "turn" || event.value.seq !== turn.seq) continue;
      yield { event: event.value };
      const kind = event.value.event?.$case;
      if (kind === "completed" || kind === "failed" || kind === "cancelled") break;
    }
    return session.outcome(turn);
  }

  return {
    async create(request) {
      checkCreate(request);
      const session = created.get(request.requestId) ?? newSession(request, policy);
      sessions.set(session.info.sessionId, session);
      if (request.requestId !== "") created.set(request.requestId, session);
      return { session: session.view() };
    },

    async send(request, signal) {
      const events = follow(request, signal);
      for (;;) {
        const next = await events.next();
        if (next.done) return { reply: next.value.reply, turn: next.value };
      }
    },

    sendStream: follow,

    async end({ sessionId, reason }) {
      check(reason.length <= 1_000, "reason", sessionId);
      const session = sessions.get(sessionId);
      if (!session?.end(reason)) return { ended: false };
      endings.add(session.view());
      return { ended: true };
    },

    async get({ sessionId }) {
      return { session: find(sessionId).view() };
    },

    async list(request) {
      const { state, project, surface, idPrefix, sessionIds } = request;
      check(sessionIds.length <= 200, "session_ids");
      const matching = [...sessions.values()]
        .map((session) => session.view())
        .filter(
          (session) =>
            (state === SessionState.UNSPECIFIED || session.state === state) &&
            (project === "" || session.project === project) &&
            (surface === "" || session.origin?.surface === surface) &&
            session.sessionId.startsWith(idPrefix) &&
            (sessionIds.length === 0 || sessionIds.includes(session.sessionId)),
        )
        .sort((a, b) => Number(b.lastActiveAt) - Number(a.lastActiveAt));
      const { items, nextPageToken } = page(matching, request);
      return ListResponse.fromPartial({ sessions: items, nextPageToken });
    },

    async listTurns(request) {
      const { sessionId, fromSeq, newestFirst } = request;
      const { turns } = find(sessionId);
      check(fromSeq >= 0, "from_seq", sessionId);
      const ordered = newestFirst ? turns.toReversed() : turns;
      const first = newestFirst ? turns.length - fromSeq : fromSeq - 1;
      const { items, nextPageToken } = page(ordered, request, fromSeq && Math.max(first, 0));
      return { turns: items, nextPageToken };
    },

    async *watch({ sessionId }, signal): AsyncGenerator<WatchResponse> {
      const session = find(sessionId);
      session.assertAlive();
      const events = session.follow(signal);
      const openTurns = structuredClone(session.openTurns);
      yield { event: { $case: "snapshot", value: { session: session.view(), openTurns } } };
      for await (const [event] of events) {
        yield { event };
        if (event.$case === "ended") return;
      }
    },

    watchEndings: ({ cursor }, signal) => endings.read(cursor, signal),

    async cancel({ sessionId, seq }) {
      return { cancelled: find(sessionId).cancel(seq) };
    },

    async resolveApproval(request) {
      const session = find(request.sessionId);
      session.assertAlive();
      checkAnswer(request);
      return { approval: session.resolve(request) };
    },
  };
}

/** The event that tells a turn in each state. */
const KINDS = {
  [TurnState.UNSPECIFIED]: "queued",
  [TurnState.QUEUED]: "queued",
  [TurnState.RUNNING]: "started",
  [TurnState.COMPLETED]: "completed",
  [TurnState.FAILED]: "failed",
  [TurnState.INTERRUPTED]: "failed",
  [TurnState.CANCELLED]: "cancelled",
} as const;

function newSession(request: CreateRequest, given: Partial<TurnPolicy>): MemorySession {
  const policy = { ...RIGHT_POLICY, ...given };
  const workingDir = request.workingDir || WORKING_DIR;
  const now = policy.now();
  const info = {
    sessionId: policy.newId(),
    agent: "echo",
    workingDir,
    project: workingDir.split("/").at(-1) ?? "",
    description: request.description,
    origin: request.origin,
    state: SessionState.ACTIVE,
    createdAt: now,
    lastActiveAt: now,
  };
  return new MemorySession(info, policy);
}

function checkCreate({ agent, workingDir, description, requestId }: CreateRequest): void {
  check(agent === "" || agent === "echo", "agent");
  check(workingDir === "" || workingDir.startsWith("/"), "working_dir");
  check(description.length <= 1_000, "description");
  check(requestId.length <= 200, "request_id");
}

function checkSend({ sessionId, message, requestId }: SendRequest): void {
  check(message !== "" && message.length <= 200_000, "message", sessionId);
  check(requestId.length <= 200, "request_id", sessionId);
}

function checkAnswer({ sessionId, approvalId, optionId }: ResolveApprovalRequest): void {
  check(approvalId !== "" && approvalId.length <= 200, "approval_id", sessionId);
  check(optionId !== "" && optionId.length <= 200, "option_id", sessionId);
}
