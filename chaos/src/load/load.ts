import type { Random } from "../random.js";
import type { Log, Surface } from "../record.js";
import { Deliveries } from "../slack/deliver.js";
import type { System } from "../system.js";
import { type SlackContext, SlackThread, watchSlack } from "./slack.js";
import { Talker } from "./talker.js";
import { WebChat, type WebContext } from "./web.js";

/** Conversations that go on at any time. */
const OPEN: Record<Surface, number> = { slack: 6, web: 5 };

/** People who talk on both surfaces. */
export class Load {
  /** Those who talk now. */
  readonly talkers = new Set<Talker>();
  private readonly threads: SlackThread[] = [];
  private readonly chats: WebChat[] = [];
  private readonly slack: SlackContext;
  private readonly web: WebContext;

  constructor(
    system: System,
    log: Log,
    private readonly random: Random,
  ) {
    const { database, slack, slackUrls, webUrls } = system;
    const deliveries = new Deliveries(slackUrls, random.fork());
    const { workspace } = slack;
    this.slack = { workspace, deliveries, database, log, random: random.fork() };
    this.web = { urls: webUrls, log, random: random.fork() };
    watchSlack(this.slack, this.threads);
  }

  /** Resolves when everybody talks. */
  async start(): Promise<void> {
    const surfaces: Surface[] = ["slack", "web"];
    await Promise.all(
      surfaces.flatMap((surface) =>
        Array.from({ length: OPEN[surface] }, () => this.begin(surface)),
      ),
    );
  }

  /** Begins one more conversation. */
  async begin(surface: Surface): Promise<void> {
    const line = await (surface === "slack" ? this.beginThread() : this.beginChat());
    if (line) this.talkers.add(new Talker(line, this.random.fork()));
  }

  private async beginThread(): Promise<SlackThread | undefined> {
    const thread = await SlackThread.begin(this.slack);
    if (thread) this.threads.push(thread);
    return thread;
  }

  private async beginChat(): Promise<WebChat> {
    const chat = await WebChat.begin(this.web);
    this.chats.push(chat);
    return chat;
  }

  /** Resolves when nobody talks any more, and what was being sent is accepted or given up. */
  async stop(): Promise<void> {
    await Promise.all([...this.talkers].map((talker) => talker.stop()));
  }

  close(): void {
    for (const chat of this.chats) chat.close();
  }
}
