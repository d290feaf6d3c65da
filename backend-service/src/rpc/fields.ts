import { storable } from "@amp/postgres";
import type { Author as AuthorMessage, Origin as OriginMessage } from "@amp/proto";
import { InvalidField } from "../sessions/errors.js";
import type { Author, Origin } from "../store/model.js";

/** Limits, in characters (UTF-16 units), as the contract documents them. */
const MAX_MESSAGE = 200_000;
const MAX_NOTE = 1_000;
export const MAX_ID = 200;
const MAX_PATH = 4_096;
const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** What somebody wrote; what the store cannot hold of it is made visible. @throws InvalidField */
function prose(field: string, value: string, max: number): string {
  if (value.length > max) throw new InvalidField(field, `is longer than ${max} characters`);
  return storable(value);
}

/** An id, a name or a path, which cleaning would turn into another one. @throws InvalidField */
function text(field: string, value: string, max: number): string {
  if (value.length > max) throw new InvalidField(field, `is longer than ${max} characters`);
  if (value.includes("\0")) throw new InvalidField(field, "contains a NUL character");
  if (/\p{Surrogate}/u.test(value)) throw new InvalidField(field, "contains half a character");
  return value;
}

function nonEmpty(field: string, value: string): string {
  if (!value.trim()) throw new InvalidField(field, "is empty");
  return value;
}

/** Every function here answers the field, checked. @throws InvalidField, which names it */
export const field = {
  sessionId: (value: string) => nonEmpty("session_id", text("session_id", value, MAX_ID)),
  idPrefix: (value: string) => text("id_prefix", value, MAX_ID),
  sessionIds(values: string[]): string[] {
    if (values.length > MAX_PAGE) {
      throw new InvalidField("session_ids", `are more than ${MAX_PAGE}`);
    }
    return values.map((value) => text("session_ids", value, MAX_ID));
  },
  message: (value: string) => nonEmpty("message", prose("message", value, MAX_MESSAGE)),
  requestId: (value: string) => text("request_id", value, MAX_ID),
  approvalId: (value: string) => nonEmpty("approval_id", text("approval_id", value, MAX_ID)),
  optionId: (value: string) => nonEmpty("option_id", text("option_id", value, MAX_ID)),
  agent: (value: string) => text("agent", value, MAX_ID),
  description: (value: string) => prose("description", value, MAX_NOTE),
  reason: (value: string) => prose("reason", value, MAX_NOTE),
  project: (value: string) => text("project", value, MAX_PATH),
  surface: (value: string) => text("surface", value, MAX_NOTE),
  workingDir: (value: string) => text("working_dir", value, MAX_PATH),

  /** 0 means the default. */
  pageSize(value: number): number {
    if (value < 0 || value > MAX_PAGE) {
      throw new InvalidField("page_size", `must be between 0 and ${MAX_PAGE}`);
    }
    return value || DEFAULT_PAGE;
  },

  seq(value: number, name = "seq"): number {
    if (value < 0) throw new InvalidField(name, "must not be negative");
    return value;
  },

  origin(value: OriginMessage | undefined): Origin | undefined {
    if (!value) return undefined;
    return {
      surface: prose("origin.surface", value.surface, MAX_NOTE),
      user: prose("origin.user", value.user, MAX_NOTE),
      conversation: prose("origin.conversation", value.conversation, MAX_NOTE),
    };
  },

  author(value: AuthorMessage | undefined, name = "author"): Author | undefined {
    if (!value) return undefined;
    return {
      surface: prose(`${name}.surface`, value.surface, MAX_NOTE),
      user: prose(`${name}.user`, value.user, MAX_NOTE),
      displayName: prose(`${name}.display_name`, value.displayName, MAX_NOTE),
    };
  },
};
