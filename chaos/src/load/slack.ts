import type { Database } from "../database.js";
import type { Random } from "../random.js";
import { type Conversation, type Log, type Message, noteReply } from "../record.js";
import { settled } from "../settled.js";
import type { Deliveries } from "../slack/deliver.js";
import { BOT } from "../slack/methods.js";
import type { Workspace, Written } from "../slack/workspace.js";
import type { Line } from "./talker.js";

const CHANNELS = ["C0GENERAL", "C0RANDOM"] as const;
const USERS = ["U0ADA", "U0BOB", "U0EVE"] as const;
const MENTION = `<@${BOT.id}> `;
const MENTION_PERCENT = 40;
const SLASH_PERCENT = 30;

/** What Slack threads share. */
export interface SlackContext {
  workspace: Workspace;
  deliveries: Deliveries;
  database: Database;
  log: Log;
  random: Random;
}

/** A thread that several people write in; it begins with `new` in a channel. */
export class SlackThread implements Line {
  private constructor(
    private readonly context: SlackContext,
    readonly conversation: Conversation,
    private readonly channel: string,
    private readonly root: string,
  ) {}

  /** Asks for a session until the wish is accepted. Undefined: then nothing came of it for too long. */
  static async begin(context: SlackContext): Promise<SlackThread | undefined> {
    const { workspace, random, log } = context;
    const conversation = log.open("slack");
    const channel = random.pick(CHANNELS);
    const user = random.pick(USERS);
    for (;;) {
      const message = conversation.next();
      if (!(await askForSession(context, channel, user, `new ${message.token}`))) continue;
      message.accepted = performance.now();
      await settled(() => message.replies.length > 0);
      const root = workspace
        .history(channel, "0")
        .find(({ bot_id, text }) => bot_id !== undefined && log.find(text) === message);
      return root && new SlackThread(context, conversation, channel, root.ts);
    }
  }

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
    if (answered && text.includes("You said (turn ")) {
      if (answered.conversation === conversation) noteReply(answered, Number(message.ts));
      else conversation.oddities.push(`an answer of ${answered.conversation.name}: ${text}`);
    } else if (text.startsWith("Session has ended.")) conversation.notices += 1;
    else if (text === "_This turn was cancelled._") conversation.cancellations += 1;
    else conversation.oddities.push(text);
  }

  holds(channel: string, { message }: Written): boolean {
    return channel === this.channel && message.thread_ts === this.root;
  }

  close(): void {}
}

/** By a mention or by the slash command. Returns whether Slack's delivery was acknowledged. */
function askForSession(
  { workspace, deliveries, random }: SlackContext,
  channel: string,
  user: string,
  words: string,
): Promise<boolean> {
  if (random.chance(SLASH_PERCENT)) return deliveries.command(channel, user, words);
  const text = MENTION + words;
  const { ts } = workspace.write(channel, { user, text });
  return deliveries.message({ channel, user, text, ts });
}

/** Notes every post of the app, as the answer that it is or as an oddity. */
export function watchSlack(
  { workspace, log }: SlackContext,
  threads: readonly SlackThread[],
): void {
  workspace.on("post", (channel, written) => {
    const { message } = written;
    const thread = threads.find((each) => each.holds(channel, written));
    const asked = log.find(message.text);
    if (thread) thread.sort(written);
    else if (asked && message.text.startsWith("Started new session") && !message.thread_ts) {
      noteReply(asked, Number(message.ts));
    } else log.oddities.push(`in ${channel}, thread ${message.thread_ts}: ${message.text}`);
  });
}
