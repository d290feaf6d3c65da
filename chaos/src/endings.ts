import { setTimeout as delay } from "node:timers/promises";
import type { SessionClient } from "@amp/proto";
import type { Load } from "./load/load.js";
import { ASK, type Talker } from "./load/talker.js";
import type { Random } from "./random.js";
import type { Ending, Log, Message } from "./record.js";
import { settled } from "./settled.js";
import type { System } from "./system.js";

/** Milliseconds between two endings. */
const PAUSE = [6_000, 14_000] as const;

/** How long an ending waits for a question to come up, in milliseconds. */
const QUESTION_MS = 5_000;

/** A session that is dead while a mapping is active. */
const ACTIVE = `
  select from amp_gateway.slack_mappings where session_id = $1 and state = 'active'
  union all
  select from amp_gateway.web_mappings where session_id = $1 and state = 'active'`;

/** Ends sessions at the backend, behind the back of their surface, and sees how long their mappings live on. */
export class Endings {
  private readonly client: SessionClient;

  constructor(
    private readonly system: System,
    private readonly load: Load,
    private readonly log: Log,
    private readonly random: Random,
  ) {
    this.client = system.connect();
  }

  /** Does so now and then until the signal; each conversation is followed by a new one. */
  async keepEnding(signal: AbortSignal): Promise<void> {
    const ending: Promise<void>[] = [];
    while (!signal.aborted) {
      await delay(this.random.between(...PAUSE), undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      if (this.load.talkers.size === 0) continue;
      const talker = this.random.pick([...this.load.talkers]);
      this.load.talkers.delete(talker);
      ending.push(this.end(talker, false), this.load.begin(talker.line.conversation.surface));
    }
    await Promise.all(ending);
  }

  /** Ends everything that still goes on. */
  async endAll(): Promise<void> {
    const talkers = [...this.load.talkers];
    this.load.talkers.clear();
    await Promise.all(talkers.map((talker) => this.end(talker, true)));
  }

  private async end(talker: Talker, inCalm: boolean): Promise<void> {
    await talker.stop();
    const { line } = talker;
    const { conversation } = line;
    // A thread can be seen before its mapping.
    await settled(async () => (await line.sessionId()) !== undefined);
    const sessionId = await line.sessionId();
    if (sessionId === undefined) return this.system.complain(`${conversation.name} has no session`);
    const ending: Ending = { conversation, ended: Number.NaN, freed: undefined, inCalm };
    // In the middle of a turn, or while nothing goes on.
    if (this.random.chance(50)) {
      const message = await talker.say(this.random.pick(["slow 2 ", ASK]));
      // Else the session is gone before anybody hears of the question.
      if (message.asks && this.random.chance(70)) {
        await settled(() => isHeardOf(message), QUESTION_MS);
      }
    } else await settled(() => conversation.unanswered.length === 0);
    conversation.ending = ending;
    // With nobody who looks on, the mapping must end all the same.
    if (this.random.chance(50)) line.close();
    for (const message of conversation.unanswered) message.excused = true;
    await this.endSession(sessionId);
    ending.ended = performance.now();
    this.log.endings.push(ending);
    const isFree = async () => (await this.system.database.query(ACTIVE, [sessionId])).length === 0;
    if (await settled(isFree)) ending.freed = performance.now();
    if (conversation.surface === "slack" && this.random.chance(50)) {
      (await talker.say("")).excused = true;
    }
    line.close();
  }

  private async endSession(sessionId: string): Promise<void> {
    for (;;) {
      try {
        await this.client.end(
          { sessionId, reason: "ended by the chaos suite" },
          { timeout: 5_000 },
        );
        return;
      } catch {
        await delay(200);
      }
    }
  }

  close(): void {
    this.client.close();
  }
}

/** Whether its question waits for somebody, or is over already. */
function isHeardOf({ question, replies, interrupted }: Message): boolean {
  return question !== undefined || replies.length > 0 || interrupted;
}
