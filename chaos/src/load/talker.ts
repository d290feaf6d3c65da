import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../random.js";
import type { Conversation, Message } from "../record.js";

/** Milliseconds between two messages of a conversation. */
const PAUSE = [300, 2_500] as const;
/** Nobody writes on who waits for so many answers. */
const MOST_UNANSWERED = 3;
const SLOW_PERCENT = 25;
const ASKING_PERCENT = 12;
/** The demo agent's word for a question. */
export const ASK = "approve ";

/** A conversation of some surface, from its begin on. */
export interface Line {
  readonly conversation: Conversation;
  /** Of its session, once that is known. */
  sessionId(): Promise<string | undefined>;
  /** Sends a message, and notes when it was accepted. Resolves when there is nothing more to try. */
  send(message: Message, text: string): Promise<void>;
  /** Lets go of what it holds, when nothing more can come. */
  close(): void;
}

/** Talks on a line until told to stop. */
export class Talker {
  private stopped = false;
  private readonly talking: Promise<void>;

  constructor(
    readonly line: Line,
    private readonly random: Random,
  ) {
    this.talking = this.talk();
  }

  private async talk(): Promise<void> {
    const { conversation } = this.line;
    while (!this.stopped) {
      await delay(this.random.between(...PAUSE));
      if (this.stopped || conversation.unanswered.length >= MOST_UNANSWERED) continue;
      await this.say(this.prefix());
    }
  }

  private prefix(): string {
    if (this.random.chance(ASKING_PERCENT)) return ASK;
    return this.random.chance(SLOW_PERCENT) ? "slow 1 " : "";
  }

  /** Sends one more message, also after it stopped. */
  async say(prefix: string): Promise<Message> {
    const message = this.line.conversation.next();
    message.asks = prefix === ASK;
    await this.line.send(message, prefix + message.token);
    return message;
  }

  /** Says no more. Resolves when what was being sent is accepted or given up. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.talking;
  }
}
