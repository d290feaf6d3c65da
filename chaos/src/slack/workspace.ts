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
  /** The app's. */
  reactions?: Set<string>;
}

/** A message with when it was written, in milliseconds of the run. */
export interface Written {
  message: SlackMessage;
  at: number;
}

interface Channel {
  /** In the order of writing. */
  messages: Written[];
  byTs: Map<string, SlackMessage>;
  /** The replies of each thread. */
  threads: Map<string, Written[]>;
}

/** The messages of a workspace, with Slack's numbering. Emits `post` for each of the app's. */
export class Workspace extends EventEmitter<{ post: [channel: string, written: Written] }> {
  /** How long it takes until a post of the app is shown to who reads the conversation, in milliseconds. */
  lateness = 0;
  private readonly channels = new Map<string, Channel>();
  private last = 0;

  /** Stores a message and gives it its `ts`. */
  write(channel: string, message: Omit<SlackMessage, "type" | "ts">): SlackMessage {
    const written = {
      message: { ...message, type: "message" as const, ts: this.nextTs() },
      at: performance.now(),
    };
    const { messages, byTs, threads } = this.channel(channel);
    messages.push(written);
    byTs.set(written.message.ts, written.message);
    const thread = message.thread_ts;
    if (thread !== undefined) threads.set(thread, [...(threads.get(thread) ?? []), written]);
    if (message.bot_id !== undefined) this.emit("post", channel, written);
    return written.message;
  }

  find(channel: string, ts: string): SlackMessage | undefined {
    return this.channel(channel).byTs.get(ts);
  }

  /** What of a channel is not in a thread, newest first. */
  history(channel: string, oldest: string): SlackMessage[] {
    return this.shown(this.channel(channel).messages)
      .filter(({ ts, thread_ts }) => (thread_ts ?? ts) === ts && Number(ts) > Number(oldest))
      .reverse();
  }

  /** A thread: its root, and then the replies after `oldest`, in order. */
  replies(channel: string, thread: string, oldest: string): SlackMessage[] {
    const root = this.find(channel, thread);
    const replies = this.shown(this.channel(channel).threads.get(thread) ?? []);
    return [
      ...(root ? [root] : []),
      ...replies.filter(({ ts }) => ts !== thread && Number(ts) > Number(oldest)),
    ];
  }

  private shown(messages: Written[]): SlackMessage[] {
    const until = performance.now() - this.lateness;
    return messages.flatMap(({ message, at }) =>
      message.bot_id === undefined || at <= until ? [message] : [],
    );
  }

  private channel(id: string): Channel {
    const known = this.channels.get(id);
    if (known) return known;
    const channel: Channel = { messages: [], byTs: new Map(), threads: new Map() };
    this.channels.set(id, channel);
    return channel;
  }

  private nextTs(): string {
    this.last = Math.max(this.last + 1, Date.now() * 1_000);
    return `${Math.floor(this.last / 1e6)}.${String(this.last % 1e6).padStart(6, "0")}`;
  }
}
