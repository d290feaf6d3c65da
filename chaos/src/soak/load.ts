import { setTimeout as delay } from "node:timers/promises";
import type { SessionClient } from "@amp/proto";
import { askForThread, type SlackContext, watchSlack } from "../load/slack.js";
import { ASK, type Line } from "../load/talker.js";
import { WebChat } from "../load/web.js";
import type { WebContext } from "../load/web-request.js";
import type { Random } from "../random.js";
import type { Log, Message, Surface } from "../record.js";
import { settled } from "../settled.js";
import { Deliveries } from "../slack/deliver.js";
import type { System } from "../system.js";

/** A conversation ends after so many messages, and another one begins. */
const LENGTH = [20, 40] as const;
const ASKING_PERCENT = 3;
/** Nobody writes on who waits for so many answers. */
const MOST_UNANSWERED = 3;
const SURFACES = ["slack", "web"] as const satisfies Surface[];

interface Talk {
  line: Line;
  /** Messages that are still to be sent. */
  left: number;
  /** Its last message is not accepted yet. */
  sending: boolean;
}

/** Messages at a steady rate, whatever becomes of those before, in conversations that end and begin. */
export class SteadyLoad {
  /** Sent, and not yet taken by `take`. */
  private sent: Message[] = [];
  /** Ticks at which every conversation waited for answers. */
  missed = 0;
  private readonly talks: Record<Surface, Set<Talk>> = { slack: new Set(), web: new Set() };
  private readonly doing = new Set<Promise<void>>();
  private readonly lines: Line[] = [];
  private readonly slack: SlackContext;
  private readonly web: WebContext;
  private readonly client: SessionClient;
  private readonly over = new AbortController();

  constructor(
    system: System,
    private readonly log: Log,
    private readonly random: Random,
  ) {
    const { database, slack, webUrls } = system;
    const deliveries = new Deliveries(system.slackDoors(random.fork()), random.fork());
    const over = this.over.signal;
    const { workspace } = slack;
    const talkBegins = true;
    this.slack = { workspace, deliveries, database, log, random: random.fork(), talkBegins, over };
    this.web = { urls: webUrls, log, random: random.fork() };
    this.client = system.connect();
    watchSlack(this.slack, (thread) => this.add("slack", thread));
  }

  /** Begins so many conversations. */
  async start(conversations: number): Promise<void> {
    const each = Math.ceil(conversations / SURFACES.length);
    for (const surface of SURFACES) {
      for (let number = 0; number < each; number++) await this.begin(surface);
    }
  }

  /** Sends so many messages a second, for so many milliseconds. */
  async run(rate: number, length: number): Promise<void> {
    const begun = performance.now();
    for (let tick = 0; (tick / rate) * 1_000 < length; tick++) {
      await delay(Math.max(0, begun + (tick / rate) * 1_000 - performance.now()));
      const surface = SURFACES[tick % SURFACES.length] ?? "slack";
      const free = [...this.talks[surface]].filter(
        ({ line, sending }) => !sending && line.conversation.unanswered.length < MOST_UNANSWERED,
      );
      if (free.length === 0) this.missed += 1;
      else this.do(this.say(surface, this.random.pick(free)));
    }
  }

  private async say(surface: Surface, talk: Talk): Promise<void> {
    const { line } = talk;
    const message = line.conversation.next();
    message.asks = this.random.chance(ASKING_PERCENT);
    this.sent.push(message);
    talk.left -= 1;
    const isLast = talk.left <= 0 && this.talks[surface].delete(talk);
    talk.sending = true;
    await line.send(message, (message.asks ? ASK : "") + message.token);
    talk.sending = false;
    if (!isLast) return;
    await this.end(line);
    await this.begin(surface);
  }

  private async begin(surface: Surface): Promise<void> {
    if (surface === "slack") await askForThread(this.slack);
    else this.add("web", await WebChat.begin(this.web));
  }

  private add(surface: Surface, line: Line): void {
    this.lines.push(line);
    this.talks[surface].add({ line, left: this.random.between(...LENGTH), sending: false });
  }

  private async end(line: Line): Promise<void> {
    const { conversation } = line;
    await settled(() => conversation.unanswered.length === 0);
    await settled(async () => (await line.sessionId()) !== undefined);
    const sessionId = await line.sessionId();
    if (sessionId === undefined) return;
    const ended = performance.now();
    conversation.ending = { conversation, ended, freed: undefined, inCalm: false };
    await this.client.end({ sessionId, reason: "ended by the soak" }, { timeout: 30_000 });
    if (conversation.surface === "slack") await settled(() => conversation.notices > 0);
    line.close();
  }

  private do(work: Promise<void>): void {
    this.doing.add(work);
    void work.finally(() => this.doing.delete(work));
  }

  /** The messages that were answered since the last call, without those that had to ask somebody. */
  take(): Message[] {
    const answered = this.sent.filter(({ replies }) => replies.length > 0);
    this.sent = this.sent.filter(({ replies }) => replies.length === 0);
    return answered.filter(({ asks }) => !asks);
  }

  /** Ends every conversation, once all is answered. */
  async stop(): Promise<void> {
    while (this.doing.size > 0) await Promise.all(this.doing);
    // A thread that was asked for may still be on its way.
    const { conversations } = this.log;
    await settled(() => conversations.every(({ unanswered }) => unanswered.length === 0));
    const left = SURFACES.flatMap((surface) => [...this.talks[surface]]);
    await Promise.all(left.map(({ line }) => this.end(line)));
  }

  close(): void {
    this.over.abort();
    this.client.close();
    for (const line of this.lines) line.close();
  }
}
