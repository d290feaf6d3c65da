/**
 * The JSON of docs/http-api.md. What a later version adds to an object is left
 * out when it is read, so that two that were read can be compared.
 */
import { z } from "zod";

const time = z.iso.datetime({ offset: true });
const count = z.int().min(0);
const seq = z.int().min(1);

/** A session in a list. */
export const Entry = z.object({
  session_id: z.string().min(1),
  description: z.string(),
  created_at: time,
  last_active: time,
  is_active: z.boolean(),
  project_id: z.string(),
  state: z.enum(["active", "ended"]),
  surface: z.string(),
});
export type Entry = z.infer<typeof Entry>;

export const SessionList = z.object({
  sessions: z.array(Entry),
  next_cursor: z.string().min(1).optional(),
});
export type SessionList = z.infer<typeof SessionList>;

/** A session in the event stream. */
export const Session = z.object({
  session_id: z.string().min(1),
  agent: z.string().min(1),
  project_id: z.string(),
  working_dir: z.string(),
  description: z.string(),
  surface: z.string(),
  state: z.enum(["active", "ended"]),
  end_reason: z.string(),
  created_at: time,
  last_active: time,
  ended_at: time.nullable(),
});
export type Session = z.infer<typeof Session>;

const Author = z.object({ surface: z.string(), user: z.string(), display_name: z.string() });

export const ToolCall = z.object({
  id: z.string().min(1),
  title: z.string(),
  kind: z.string(),
  status: z.enum(["pending", "in_progress", "completed", "failed"]),
  content: z.string(),
});
export type ToolCall = z.infer<typeof ToolCall>;

export const Approval = z.object({
  approval_id: z.string().min(1),
  seq,
  tool_call_id: z.string(),
  title: z.string(),
  content: z.string(),
  options: z
    .array(
      z.object({
        option_id: z.string().min(1),
        label: z.string(),
        kind: z.enum(["allow_once", "allow_always", "reject_once", "reject_always"]),
      }),
    )
    .min(1),
  state: z.enum(["pending", "decided", "expired"]),
  option_id: z.string(),
  decided_by: Author.nullable(),
  requested_at: time,
  resolved_at: time.nullable(),
});
export type Approval = z.infer<typeof Approval>;

export const Turn = z.object({
  seq,
  request_id: z.string().min(1),
  message: z.string().min(1),
  author: Author.nullable(),
  state: z.enum(["queued", "running", "completed", "failed", "cancelled", "interrupted"]),
  reply: z.string(),
  thought: z.string(),
  tool_calls: z.array(ToolCall),
  approvals: z.array(Approval),
  failure: z.object({ code: z.int(), message: z.string() }).nullable(),
  usage: z.object({ input_tokens: count, output_tokens: count }).nullable(),
  created_at: time,
  finished_at: time.nullable(),
});
export type Turn = z.infer<typeof Turn>;

/** What was said to the notes in a session. */
const Aside = z.object({
  request_id: z.string().min(1),
  message: z.string(),
  response: z.string(),
  memory_action: z.enum(["remember", "recall"]),
  created_at: time,
});

export const Transcript = z.object({
  session_id: z.string(),
  turns: z.array(Turn),
  memories: z.array(Aside),
  has_more: z.boolean(),
});
export type Transcript = z.infer<typeof Transcript>;

export const Snapshot = z.object({
  session: Session,
  turns: z.array(Turn),
  memories: z.array(Aside),
  has_more: z.boolean(),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** A turn event that has the whole turn. */
const WHOLE = ["queued", "started", "completed", "failed", "cancelled"] as const;

export const TurnEvent = z.discriminatedUnion("type", [
  z.object({ seq, type: z.enum(WHOLE), turn: Turn }),
  z.object({ seq, type: z.enum(["text", "thought"]), text: z.string().min(1) }),
  z.object({ seq, type: z.literal("tool"), call: ToolCall }),
  z.object({ seq, type: z.literal("approval"), approval: Approval }),
]);
export type TurnEvent = z.infer<typeof TurnEvent>;
export type TurnKind = TurnEvent["type"];

/** Those that this suite knows; later versions may add others. */
export const TURN_KINDS: readonly string[] = [...WHOLE, "text", "thought", "tool", "approval"];

/** One of a person's notes. */
export const Memory = z.object({
  id: z.string().regex(/^mem-\d{3,}$/),
  timestamp: time,
  category: z.string().min(1),
  content: z.string(),
  tags: z.array(z.string()),
});
export type Memory = z.infer<typeof Memory>;

export const MemoryList = z.object({ memories: z.array(Memory), has_more: z.boolean() });
export type MemoryList = z.infer<typeof MemoryList>;
