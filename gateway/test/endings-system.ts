import { connectSessions } from "@amp/proto";
import type { LocalSlackMessage } from "@amp/stack/testing";
import { expect, vi } from "vitest";
import type { SlackSystem } from "./slack-system.js";
import type { System } from "./web-system.js";

export const NOTICE = "Session has ended. Start a new one with `/amp new`.";
export const SOON = { timeout: 60_000, interval: 20 };

/** Ends sessions as anybody else would: with nothing but the contract. */
export async function endElsewhere(system: System, ...sessionIds: string[]): Promise<void> {
  const backend = connectSessions(system.backend.address);
  for (const sessionId of sessionIds) {
    expect(await backend.end({ sessionId, reason: "elsewhere" })).toEqual({ ended: true });
  }
  backend.close();
}

interface Held {
  session: string;
  thread: string | null;
  reason: string | null;
}

/** The sessions of active mappings, on both surfaces. */
export async function active({ pool }: System): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select session_id as id from slack_mappings where state = 'active'
     union all select session_id from web_mappings where state = 'active'`,
  );
  return rows.map(({ id }) => id);
}

export async function slackMappings({ pool }: System): Promise<Held[]> {
  const { rows } = await pool.query<Held>(
    `select session_id as session, thread_ts as thread, end_reason as reason
     from slack_mappings order by id`,
  );
  return rows;
}

/** Waits until no mapping is active. Returns how long that took, in milliseconds. */
export async function allReleased(system: System): Promise<number> {
  const begun = performance.now();
  await vi.waitFor(async () => expect(await active(system)).toEqual([]), SOON);
  return performance.now() - begun;
}

export async function sessionOf(system: System, thread: string): Promise<string> {
  return vi.waitFor(async () => {
    const found = (await slackMappings(system)).find((mapping) => mapping.thread === thread);
    if (!found) throw new Error("no mapping");
    return found.session;
  });
}

/** The notice of the thread's end, once it is there. */
export async function noticeIn(system: SlackSystem, thread: string): Promise<LocalSlackMessage> {
  return vi.waitFor(async () => {
    const [found] = (await system.answers(thread)).filter(({ text }) => text === NOTICE);
    if (!found) throw new Error("no notice");
    return found;
  }, SOON);
}

export async function notices(system: SlackSystem, thread: string): Promise<number> {
  return (await system.answers(thread)).filter(({ text }) => text === NOTICE).length;
}

/** Waits until every session was looked at once, so that from now on only the feed or a sweep can tell. */
export async function allChecked({ pool }: System): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await pool.query(
      `select from slack_mappings where unchecked and state = 'active'
       union all select from web_mappings where unchecked and state = 'active'`,
    );
    expect(rows).toEqual([]);
  }, SOON);
}

/** Waits until everything that came in from Slack is worked. */
export async function idle({ pool }: System): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await pool.query("select from slack_inbox where status = 'waiting'");
    expect(rows).toEqual([]);
  }, SOON);
}
