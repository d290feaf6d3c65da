import type { Random } from "../random.js";
import type { Log, Surface } from "../record.js";
import { Deliveries } from "../slack/deliver.js";
import type { System } from "../system.js";
import { askForThread, type SlackContext, watchSlack } from "./slack.js";
import { type Line, Talker } from "./talker.js";
import { WebChat } from "./web.js";
import type { WebContext } from "./web-request.js";

/** Conversations that go on at any time. */
const OPEN: Record<Surface, number> = { slack: 6, web: 5 };

/** People who talk on both surfaces. */
export class Load {
  /** Those who talk now. */
  readonly talkers = new Set<Talker>();
  private readonly lines: Line[] = [];
  private readonly slack: SlackContext;
  private readonly web: WebContext;
  private readonly over = new AbortController();
  private stopped = false;

  constructor(
    system: System,
    log: Log,
    private readonly random: Random,
    /** Whether all versions that run take a first message for the begin of a session. */
    talkBegins: boolean,
  ) {
    const { database, slack, webUrls } = system;
    const deliveries = new Deliveries(system.slackDoors(random.fork()), random.fork());
    const { workspace } = slack;
    const over = this.over.signal;
    this.slack = { workspace, deliveries, database, log, random: random.fork(), talkBegins, over };
    this.web = { urls: webUrls, log, random: random.fork() };
    watchSlack(this.slack, (thread) => this.talk(thread));
  }

  /** Resolves when everybody's wish to talk is accepted. */
  async start(): Promise<void> {
    const surfaces = (["slack", "web"] as const).flatMap((surface) =>
      Array<Surface>(OPEN[surface]).fill(surface),
    );
    await Promise.all(surfaces.map((surface) => this.begin(surface)));
  }

  /** Begins one more conversation. */
  async begin(surface: Surface): Promise<void> {
    if (surface === "slack") await askForThread(this.slack);
    else this.talk(await WebChat.begin(this.web));
  }

  private talk(line: Line): void {
    const talker = new Talker(line, this.random.fork());
    this.lines.push(line);
    this.talkers.add(talker);
    if (this.stopped) void talker.stop();
  }

  /** Resolves when nobody talks any more, and what was being sent is accepted or given up. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.talkers].map((talker) => talker.stop()));
  }

  close(): void {
    this.over.abort();
    for (const line of this.lines) line.close();
  }
}
