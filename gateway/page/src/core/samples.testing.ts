import type { Approval, Session, Turn } from "./model.js";

const TIME = "2026-11-23T08:00:00.000Z";

/** A session for tests. */
export function session(change: Partial<Session> = {}): Session {
  return {
    session_id: "s",
    agent: "demo",
    project_id: "project",
    working_dir: "/project",
    description: "",
    surface: "web",
    state: "active",
    end_reason: "",
    created_at: TIME,
    last_active: TIME,
    ended_at: null,
    ...change,
  };
}

/** A turn for tests. */
export function turn(change: Partial<Turn> = {}): Turn {
  return {
    seq: 1,
    request_id: `r${change.seq ?? 1}`,
    message: "hi",
    author: null,
    state: "queued",
    reply: "",
    thought: "",
    tool_calls: [],
    approvals: [],
    failure: null,
    created_at: TIME,
    finished_at: null,
    ...change,
  };
}

/** A question for tests. */
export function approval(change: Partial<Approval> = {}): Approval {
  return {
    approval_id: "a",
    seq: 1,
    tool_call_id: "",
    title: "Write to the file",
    content: "",
    options: [
      { option_id: "yes", label: "Allow", kind: "allow_once" },
      { option_id: "no", label: "Reject", kind: "reject_once" },
    ],
    state: "pending",
    option_id: "",
    decided_by: null,
    requested_at: TIME,
    resolved_at: null,
    ...change,
  };
}
