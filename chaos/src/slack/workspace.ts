import { EventEmitter } from "node:events";

/** A message as the Web API gives it. */
export interface SlackMessage {
  type: "message";
  ts: string;
  text: string;
  user?: string;
  bot_id?: string;
  thread_ts?: string;
  blocks?: unknown;
  metadata?: unknown;
}

/** A message with when it was written, in milliseconds of the run. */
export interface Written {
  message: SlackMessage;
  at: number;
}

/** The messages of a workspace, with Slack's numbering. Emits `post` for each of the app's. */
export class Workspace extends EventEmitter<{ post: [channel: string, written: Written] }> {
  private readonly channels = new Map<string, Written[]>();
  private last = 0;

  /** Stores a message and gives it its `ts`. */
  write(channel: string, message: Omit<SlackMessage, "type" | "ts">): SlackMessage {
    const written = {
      message: { ...message, type: "message" as const, ts: this.nextTs() },
      at: performance.now(),
    };
    const messages = this.channels.get(channel) ?? [];
    this.channels.set(channel, messages);
    messages.push(written);
    if (message.bot_id !== undefined) this.emit("post", channel, written);
    return written.message;
  }

  find(channel: string, ts: string): SlackMessage | undefined {
    return this.read(channel).find((message) => message.ts === ts);
  }

  /** What of a channel is not in a thread, newest first. */
  history(channel: string, oldest: string): SlackMessage[] {
    return this.read(channel)
      .filter(({ ts, thread_ts }) => (thread_ts ?? ts) === ts && Number(ts) > Number(oldest))
      .reverse();
  }

  /** A thread: its root, and then the replies after `oldest`, in order. */
  replies(channel: string, thread: string, oldest: string): SlackMessage[] {
    return this.read(channel).filter(
      ({ ts, thread_ts }) => ts === thread || (thread_ts === thread && Number(ts) > Number(oldest)),
    );
  }

  private read(channel: string): SlackMessage[] {
    return (this.channels.get(channel) ?? []).map(({ message }) => message);
  }

  private nextTs(): string {
    this.last = Math.max(this.last + 1, Date.now() * 1_000);
    return `${Math.floor(this.last / 1e6)}.${String(this.last % 1e6).padStart(6, "0")}`;
  }
}
