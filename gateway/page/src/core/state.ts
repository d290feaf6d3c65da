import type { NewSession } from "./api.js";
import type {
  Approval,
  Aside,
  ServerEvent,
  Session,
  SessionPage,
  Snapshot,
  ToolCall,
  Turn,
  TurnEvent,
} from "./model.js";
import { isFinal } from "./model.js";
import { type Outgoing, placeOf } from "./outgoing.js";
import { type SessionList, withEntry, withFirstPage, withPage } from "./session-list.js";
import type { Connection } from "./stream.js";

/** All that the page shows. */
export interface ChatState {
  /** The user's sessions; null until they are known. */
  sessions: SessionList | null;
  /** What the page looks at: a session's id, `new:` and the id of one being begun, or null for the start screen. */
  place: string | null;
  /** The session looked at; null until its snapshot came. */
  session: Session | null;
  /** Oldest first, by seq. */
  turns: Turn[];
  /** What was said to the notes beside these turns, the oldest first. */
  asides: Aside[];
  /** Whether the session has older turns than these. */
  hasMore: boolean;
  outgoing: readonly Outgoing[];
  connection: Connection;
  /** What the server says while the backend is away. */
  trouble: string | null;
  /** What the start screen says of the next session. */
  start: NewSession;
  /** Changes when there may be another draft than the one that was typed. */
  draftRevision: number;
}

export type Action =
  | { type: "opened"; place: string | null; start?: NewSession | undefined }
  | { type: "options"; start: NewSession }
  | { type: "events"; events: ServerEvent[] }
  | { type: "connection"; connection: Connection }
  | { type: "older"; place: string; turns: Turn[]; asides: Aside[]; hasMore: boolean }
  | { type: "outgoing"; outgoing: readonly Outgoing[] }
  | { type: "moreSessions"; page: SessionPage }
  | { type: "drafted" }
  | { type: "died"; sessionId: string };

export const initialState: ChatState = {
  sessions: null,
  place: null,
  session: null,
  turns: [],
  asides: [],
  hasMore: false,
  outgoing: [],
  connection: "connecting",
  trouble: null,
  start: { description: "", workingDir: "" },
  draftRevision: 0,
};

/** How the page changes. Pure; a part that did not change keeps its identity. */
export function reduce(state: ChatState, action: Action): ChatState {
  switch (action.type) {
    case "opened": {
      const { sessions, outgoing, draftRevision } = state;
      return {
        ...initialState,
        sessions,
        outgoing,
        place: action.place,
        start: action.start ?? initialState.start,
        draftRevision: draftRevision + 1,
      };
    }
    case "events":
      return action.events.reduce(applyEvent, state);
    case "connection":
      return { ...state, connection: action.connection };
    case "older":
      if (action.place !== state.place) return state;
      return {
        ...state,
        turns: merge(action.turns, state.turns),
        asides: mergeAsides(action.asides, state.asides),
        hasMore: action.hasMore,
      };
    case "options":
      return { ...state, start: action.start };
    case "moreSessions":
      return { ...state, sessions: state.sessions && withPage(state.sessions, action.page) };
    case "outgoing":
      return { ...state, outgoing: action.outgoing };
    case "drafted":
      return { ...state, draftRevision: state.draftRevision + 1 };
    case "died":
      if (state.session?.session_id !== action.sessionId) return state;
      return { ...state, session: { ...state.session, state: "ended" } };
  }
}

function applyEvent(state: ChatState, { event, data }: ServerEvent): ChatState {
  switch (event) {
    case "snapshot":
      return applySnapshot(state, data);
    case "turn":
      return { ...state, turns: applyTurnEvent(state.turns, data) };
    case "ended":
      return data.session.session_id === state.place ? { ...state, session: data.session } : state;
    case "sessions":
      return { ...state, sessions: withFirstPage(state.sessions, data) };
    case "session":
      return { ...state, sessions: state.sessions && withEntry(state.sessions, data.session) };
    case "trouble":
      return { ...state, trouble: data.message };
    default:
      return state;
  }
}

/** Older turns that were fetched before stay, if nothing is missing between. */
function applySnapshot(state: ChatState, snapshot: Snapshot): ChatState {
  const first = snapshot.turns[0]?.seq ?? Number.POSITIVE_INFINITY;
  const older = state.turns.filter(({ seq }) => seq < first);
  const joined = older.at(-1)?.seq === first - 1;
  return {
    ...state,
    session: snapshot.session,
    turns: joined ? [...older, ...snapshot.turns] : snapshot.turns,
    asides: mergeAsides(joined ? state.asides : [], snapshot.memories ?? []),
    hasMore: joined ? state.hasMore : snapshot.has_more,
    trouble: null,
  };
}

/** Whole turns replace what was known; deltas add to a turn that is known and still open. */
export function applyTurnEvent(turns: Turn[], event: TurnEvent): Turn[] {
  switch (event.type) {
    case "text":
      return change(turns, event.seq, ({ reply }) => ({ reply: reply + event.text }));
    case "thought":
      return change(turns, event.seq, ({ thought }) => ({ thought: thought + event.text }));
    case "tool":
      return change(turns, event.seq, ({ tool_calls }) => ({
        tool_calls: applyToolCall(tool_calls, event.call),
      }));
    case "approval":
      return change(turns, event.seq, ({ approvals }) => ({
        approvals: applyApproval(approvals ?? [], event.approval),
      }));
    case "queued":
    case "started":
    case "completed":
    case "failed":
    case "cancelled":
      return merge(turns, [event.turn]);
    default:
      // A newer server may tell more than this page knows.
      return turns;
  }
}

function change(turns: Turn[], seq: number, how: (turn: Turn) => Partial<Turn>): Turn[] {
  return turns.map((turn) =>
    turn.seq === seq && !isFinal(turn) ? { ...turn, ...how(turn) } : turn,
  );
}

function applyToolCall(calls: ToolCall[], call: ToolCall): ToolCall[] {
  if (!calls.some(({ id }) => id === call.id)) return [...calls, call];
  return calls.map((known) => (known.id === call.id ? call : known));
}

function applyApproval(approvals: Approval[], approval: Approval): Approval[] {
  const id = approval.approval_id;
  if (!approvals.some(({ approval_id }) => approval_id === id)) return [...approvals, approval];
  return approvals.map((known) => (known.approval_id === id ? approval : known));
}

/** Both, by seq; of two with the same seq the later given wins, but never an open one over a final one. */
function merge(turns: Turn[], news: Turn[]): Turn[] {
  const bySeq = new Map(turns.map((turn) => [turn.seq, turn]));
  for (const turn of news) {
    const known = bySeq.get(turn.seq);
    if (!known || isFinal(turn) || !isFinal(known)) bySeq.set(turn.seq, turn);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

function mergeAsides(asides: Aside[], news: Aside[]): Aside[] {
  const byId = new Map([...asides, ...news].map((aside) => [aside.request_id, aside]));
  return [...byId.values()].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
}

/** The messages to the place looked at that its transcript does not hold yet. */
export function unseen(state: ChatState): Outgoing[] {
  const known = new Set(seenRequests(state));
  return state.outgoing.filter(
    ({ to, requestId }) => state.place === placeOf(to) && !known.has(requestId),
  );
}

/** The request ids of the messages that the transcript holds. */
export function seenRequests({ turns, asides }: ChatState): string[] {
  return [...turns, ...asides].map(({ request_id }) => request_id);
}

/** What the place looked at shows, in order: its turns, what was said to the notes, and the messages that are not among them. */
export function conversation(state: ChatState): (Turn | Aside | Outgoing)[] {
  const time = (one: Turn | Aside) => Date.parse(one.created_at);
  const shown: (Turn | Aside | Outgoing)[] = [...state.turns];
  for (const aside of state.asides) {
    const place = shown.findIndex((one) => "created_at" in one && time(one) > time(aside));
    shown.splice(place < 0 ? shown.length : place, 0, aside);
  }
  for (const message of unseen(state)) {
    const later = (one: Turn | Aside | Outgoing) =>
      "created_at" in one && time(one) > message.writtenAt;
    const place = message.state === "answered" ? shown.findIndex(later) : -1;
    shown.splice(place < 0 ? shown.length : place, 0, message);
  }
  return shown;
}

/** The turn that the agent works on. */
export function runningTurn(state: ChatState): Turn | undefined {
  return state.turns.find(({ state }) => state === "running");
}
