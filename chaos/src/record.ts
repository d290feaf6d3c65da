import type { Question } from "./questions.js";

/**
 * What was asked and what was answered. Times are milliseconds of the run.
 * Every message holds a token of its own, which the demo agent repeats.
 */
export type Surface = "slack" | "web";

/** An answer as its surface shows it; `place` orders those of a conversation and tells two from one. */
export interface Reply {
  place: number;
  at: number;
}

export interface Message {
  conversation: Conversation;
  /** From 1, in the order of sending. */
  number: number;
  token: string;
  /** Who writes it in Slack. */
  user: string | undefined;
  sent: number;
  /** When Slack's delivery was acknowledged, or the web chat's request answered; undefined: never. */
  accepted: number | undefined;
  replies: Reply[];
  /** Its session was ended before it was answered, on purpose: it may stay without an answer. */
  excused: boolean;
  /**
   * Its turn was cut off and may not be run again. Its sender gets a notice instead of
   * an answer. A notice in Slack does not name its message, so it is taken for the
   * oldest one that waits, until the backend is asked.
   */
  interrupted: boolean;
  /** Whether its agent is to ask somebody before it answers. */
  asks: boolean;
  /** What the agent asked about it, as soon as anybody heard of that. */
  question: Question | undefined;
}

/** When a session was ended behind its surface's back, and when its mapping was inactive. */
export interface Ending {
  conversation: Conversation;
  ended: number;
  freed: number | undefined;
  /** After the faults: then the time has a limit. */
  inCalm: boolean;
}

export class Conversation {
  readonly messages: Message[] = [];
  /** Posts that say that the session has ended. */
  notices = 0;
  /** Answers that say that a turn was cancelled, as an ending in its middle does. */
  cancellations = 0;
  /** How often its surface said that a turn was interrupted. */
  interruptions = 0;
  /** Whatever else its surface showed. */
  readonly oddities: string[] = [];
  ending: Ending | undefined;

  constructor(
    readonly surface: Surface,
    readonly number: number,
  ) {}

  get name(): string {
    return `${this.surface} conversation ${this.number}`;
  }

  /** A message that is about to be sent. */
  next(): Message {
    const number = this.messages.length + 1;
    const message: Message = {
      conversation: this,
      number,
      token: `c${this.number}m${number}`,
      user: undefined,
      sent: performance.now(),
      accepted: undefined,
      replies: [],
      excused: false,
      interrupted: false,
      asks: false,
      question: undefined,
    };
    this.messages.push(message);
    return message;
  }

  /** Accepted, and neither answered nor told to be interrupted. */
  get unanswered(): Message[] {
    return this.messages.filter(
      ({ accepted, replies, interrupted }) =>
        accepted !== undefined && replies.length === 0 && !interrupted,
    );
  }
}

const TOKEN = /\bc(\d+)m(\d+)\b/;

export class Log {
  readonly conversations: Conversation[] = [];
  readonly endings: Ending[] = [];
  /** Posts that belong to no conversation. */
  readonly oddities: string[] = [];

  open(surface: Surface): Conversation {
    const conversation = new Conversation(surface, this.conversations.length + 1);
    this.conversations.push(conversation);
    return conversation;
  }

  get messages(): Message[] {
    return this.conversations.flatMap((each) => each.messages);
  }

  /** The message whose token the text holds. */
  find(text: string): Message | undefined {
    const [, conversation, message] = TOKEN.exec(text) ?? [];
    return this.conversations[Number(conversation) - 1]?.messages[Number(message) - 1];
  }
}

/** Notes an answer; one seen before, by its place, is the same. */
export function noteReply({ replies }: Message, place: number): void {
  if (!replies.some((known) => known.place === place))
    replies.push({ place, at: performance.now() });
}

/** From the acceptance of a message that was answered to its answer, in milliseconds. */
export function latency({ accepted = 0, replies }: Message): number {
  return Math.max(0, (replies[0]?.at ?? accepted) - accepted);
}
