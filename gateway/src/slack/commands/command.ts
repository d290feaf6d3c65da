import type { Queryable } from "@amp/postgres";
import type { Job } from "../inbox/job.js";
import type { Place, UserId } from "../keys.js";
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
  /** Whether only this very place may get a session; else a thread of its own may, where the place has one already. */
  staysHere?: boolean;
  /** Decides the answer, with what is to be true at the same moment. */
  answer: (message: SlackText, also?: (tx: Queryable) => Promise<unknown>) => Promise<void>;
}

/** Does a command and decides its answer. May be called again after a crash, until the answer is decided. */
export type Command = (bridge: Bridge, request: CommandRequest) => Promise<void>;
