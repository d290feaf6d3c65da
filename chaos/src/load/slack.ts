import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../database.js";
import { asksTheRight, noteAnswer, smallPrint } from "../questions.js";
import type { Random } from "../random.js";
import { type Conversation, type Log, type Message, noteReply } from "../record.js";
import type { Deliveries } from "../slack/deliver.js";
import { BOT, CHANNELS, USERS } from "../slack/identity.js";
import type { SlackMessage, Workspace, Written } from "../slack/workspace.js";
import { clickUntilSettled } from "./clicks.js";
import type { Line } from "./talker.js";

const MENTION = `<@${BOT.id}> `;
/** Who got no answer asks again after so long. */
const ASK_AGAIN_MS = 300;
const MENTION_PERCENT = 40;
const SLASH_PERCENT = 30;
const TALK_PERCENT = 50;

/** What Slack threads share. */
export interface SlackContext {
  workspace: Workspace;
  deliveries: Deliveries;
  database: Database;
  log: Log;
  random: Random;
  /** Whether a first message without a command begins a session. */
  talkBegins: boolean;
  /** Aborted when nobody is there any more. */
  over: AbortSignal;
}

/**
 * A thread that several people write in. It is that of the mention that begins its
 * session, or the app's own after a slash command.
 */
export class SlackThread implements Line {
  constructor(
    private readonly context: SlackContext,
    readonly conversation: Conversation,
    private readonly channel: string,
    private readonly root: string,
  ) {}

  async sessionId(): Promise<string | undefined> {
    const [row] = await this.context.database.query<{ session_id: string }>(
      `select session_id from amp_gateway.slack_mappings
       where channel_id = $1 and thread_ts = $2 and state <> 'reserved'`,
      [this.channel, this.root],
    );
    return row?.session_id;
  }

  async send(message: Message, words: string): Promise<void> {
    const { workspace, deliveries, random } = this.context;
    const user = random.pick(USERS);
    message.user = user;
    const text = (random.chance(MENTION_PERCENT) ? MENTION : "") + words;
    const place = { channel: this.channel, thread_ts: this.root };
    const { ts } = workspace.write(this.channel, { user, text, thread_ts: this.root });
    if (await deliveries.message({ ...place, user, text, ts }))
      message.accepted = performance.now();
  }

  /** Sorts a post in this thread. */
  sort({ message }: Written): void {
    const { conversation } = this;
    const { text } = message;
    const answered = this.context.log.find(text);
    if (text.startsWith("The agent asks: ")) this.asked(message);
    else if (answered && text.includes("You said (turn ")) {
      noteAnswer(answered, text);
      if (answered.conversation === conversation) noteReply(answered, Number(message.ts));
      else conversation.oddities.push(`an answer of ${answered.conversation.name}: ${text}`);
    } else if (text.startsWith("Session has ended.")) conversation.notices += 1;
    else if (text.startsWith("Error: This turn was interrupted")) this.interrupted();
    else if (text === "_This turn was cancelled._") conversation.cancellations += 1;
    else conversation.oddities.push(text);
  }

  private interrupted(): void {
    const { conversation } = this;
    conversation.interruptions += 1;
    const [oldest] = conversation.unanswered;
    if (oldest) oldest.interrupted = true;
  }

  /** A question holds its message in its blocks. */
  private asked(post: SlackMessage): void {
    const asked = this.context.log.find(JSON.stringify(post.blocks));
    if (asked?.conversation === this.conversation && asked.asks) {
      if (!asksTheRight(asked, post)) {
        this.conversation.oddities.push(`${asked.token} asks others: ${smallPrint(post)}`);
      }
      void clickUntilSettled(this.context, this.channel, asked, post);
    } else this.conversation.oddities.push(`a question: ${JSON.stringify(post.blocks)}`);
  }

  close(): void {}
}

/**
 * Asks for a session, by a mention with `new` or with a first message, or by the
 * slash command, until Slack's delivery is acknowledged. One that was not may be
 * answered all the same.
 */
export async function askForThread(context: SlackContext): Promise<void> {
  const { workspace, deliveries, random, log, talkBegins } = context;
  for (;;) {
    const message = log.open("slack").next();
    const [channel, user] = [random.pick(CHANNELS), random.pick(USERS)];
    message.user = user;
    let isAcknowledged: boolean;
    if (random.chance(SLASH_PERCENT)) {
      isAcknowledged = await deliveries.command(channel, user, `new ${message.token}`);
    } else {
      const word = talkBegins && random.chance(TALK_PERCENT) ? "" : "new ";
      const text = MENTION + word + message.token;
      const { ts } = workspace.write(channel, { user, text });
      isAcknowledged = await deliveries.message({ channel, user, text, ts });
    }
    if (!isAcknowledged) {
      await delay(ASK_AGAIN_MS);
      continue;
    }
    message.accepted = performance.now();
    return;
  }
}

/** Notes every post of the app, as the answer that it is or as an oddity. A new thread is told of. */
export function watchSlack(context: SlackContext, onThread: (thread: SlackThread) => void): void {
  const { workspace, log } = context;
  const threads = new Map<string, SlackThread>();
  workspace.on("post", (channel, written) => {
    const { message } = written;
    const root = message.thread_ts ?? message.ts;
    const known = threads.get(`${channel} ${root}`);
    if (known) return known.sort(written);
    const begins = message.text.startsWith("Started new session");
    // What begins it: the app's own post says so itself, else the mention does.
    const asked = log.find(begins ? message.text : (workspace.find(channel, root)?.text ?? ""));
    if (!asked || asked.number > 1 || (!begins && !message.thread_ts)) {
      log.oddities.push(`in ${channel}, thread ${message.thread_ts}: ${message.text}`);
      return;
    }
    const thread = new SlackThread(context, asked.conversation, channel, root);
    threads.set(`${channel} ${root}`, thread);
    if (begins) noteReply(asked, Number(message.ts));
    else thread.sort(written);
    onThread(thread);
  });
}
