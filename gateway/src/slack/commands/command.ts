import type { Queryable } from "@amp/postgres";
import type { Job } from "../inbox/job.js";
import type { Place, Ts, UserId } from "../keys.js";
import type { SlackText } from "../text/message.js";
import type { Address, Bridge } from "../work/bridge.js";

/** A command as someone gave it. */
export interface CommandRequest {
  job: Job;
  user: UserId;
  /** Where it was given; slash commands are never given in a thread. */
  place: Place;
  /** Where the answer goes. */
  address: Address;
  args: string[];
  /** The message that it was given by; undefined if it was none. */
  ts?: Ts | undefined;
  /** Whether only this very place may get a session; else a thread of its own may, where the place has one already. */
  staysHere?: boolean;
  /** Whether it was given by a slash command, or under a message that its user alone sees: neither has a thread. */
  slash?: boolean | undefined;
  /** Decides the answer, with what is to be true at the same moment. */
  answer: (message: SlackText, also?: (tx: Queryable) => Promise<unknown>) => Promise<void>;
  /** The same, for what is nobody else's business: only the user sees the answer to a slash command. */
  tell: (message: SlackText) => Promise<void>;
  /** Whether `tell` is seen by the user alone. */
  privately: boolean;
}

/** Does a command and decides its answer. May be called again after a crash, until the answer is decided. */
export type Command = (bridge: Bridge, request: CommandRequest) => Promise<void>;
