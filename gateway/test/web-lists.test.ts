import { request } from "node:http";
import { Releases } from "@amp/service";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SessionLists } from "../src/web/events/session-lists.js";
import { Lists } from "../src/web/store/lists.js";
import type { EventReader, Json } from "./web-client.js";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());
beforeEach(async () => {
  await system.pool.query("delete from web_mappings");
});

/** Sessions that are older than any other; `s1` is the newest of them. */
async function stored(count: number, user = "local"): Promise<void> {
  await system.pool.query(
    `insert into web_mappings (user_id, agent, working_dir, description, state, session_id, last_active)
     select $2, 'demo', '/', 'topic ' || n, 'ended', 's' || n, timestamptz '2020-01-01' - n * interval '1 microsecond'
     from generate_series(1, $1) as n`,
    [count, user],
  );
}

async function page(query = "") {
  const { status, body } = await system.web.get(`/sessions${query}`);
  expect(status).toBe(200);
  const sessions = body["sessions"] as Json[];
  return { ids: sessions.map(({ session_id }) => session_id), next: body["next_cursor"] ?? null };
}

const named = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `s${from + at}`);

describe("GET /sessions", () => {
  test("without parameters has the newest 200, and says where it goes on", async () => {
    await stored(450);
    const first = await page();
    expect(first.ids).toEqual(named(1, 200));
    const second = await page(`?cursor=${first.next}`);
    expect(second.ids).toEqual(named(201, 400));
    const third = await page(`?cursor=${second.next}`);
    expect(third).toEqual({ ids: named(401, 450), next: null });
  });

  test("pages of any size have each session once, also when all are of one moment", async () => {
    await stored(30);
    await system.pool.query("update web_mappings set last_active = '2020-01-01'");
    const seen: unknown[] = [];
    let cursor = "";
    do {
      const { ids, next } = await page(`?limit=7${cursor && `&cursor=${cursor}`}`);
      seen.push(...ids);
      cursor = next === null ? "" : String(next);
    } while (cursor !== "");
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
  });

  test("a full last page is the last one", async () => {
    await stored(10);
    expect(await page("?limit=10")).toEqual({ ids: named(1, 10), next: null });
  });

  test.each([
    ["topic 12", ["s12", "s120"]],
    ["TOPIC 12", ["s12", "s120"]],
    ["s119", ["s119"]],
    ["S119", ["s119"]],
    ["%", []],
    ["nothing of it", []],
  ])("finds %j", async (q, ids) => {
    await stored(120);
    await stored(120, "somebody else").catch(() => {});
    expect((await page(`?q=${encodeURIComponent(q)}`)).ids).toEqual(ids);
  });

  test.each([
    ["limit=0", "limit must be a whole number from 1 to 500"],
    ["limit=501", "limit must be a whole number from 1 to 500"],
    ["limit=x", "limit must be a whole number from 1 to 500"],
    ["limit=1&limit=2", "limit must be a whole number from 1 to 500"],
    ["cursor=", "cursor is none that was answered"],
    ["cursor=1_x", "cursor is none that was answered"],
    [`q=${"x".repeat(201)}`, "q must have at most 200 characters"],
  ])("%s is refused", async (query, error) => {
    const answer = await system.web.get(`/sessions?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { error } });
  });
});

describe("10,000 sessions of one user", () => {
  test("cost a message neither bytes nor statements", async () => {
    await stored(10_000);
    const sessionId = await system.web.begin();
    await using tabs = new Releases();
    const streams: EventReader[] = [];
    for (let tab = 0; tab < 5; tab++) streams.push(tabs.use(await system.web.events()));
    for (const events of streams) await expect.poll(() => events.list()).toHaveLength(100);
    const told = () => streams.map(({ seen }) => JSON.stringify(seen).length);
    const before = told();
    const active = () => streams.every((events) => events.of("session").length > 0);
    await system.web.post("/chat", { message: "hi", session_id: sessionId });
    await expect.poll(active).toBe(true);
    for (const [at, bytes] of told().entries()) {
      expect(bytes - (before[at] ?? 0)).toBeLessThan(2_000);
    }
    for (const events of streams) expect(events.of("sessions")).toHaveLength(1);
  });

  test("make one small query of a change, however many streams watch", async () => {
    await stored(10_000);
    const read: number[] = [];
    class CountedLists extends Lists {
      override async entries(ids: string[]) {
        const entries = await super.entries(ids);
        read.push(entries.length);
        return entries;
      }
    }
    const logger = pino({ level: "silent" });
    const url = String(system.settings["DATABASE_URL"]);
    const database = { url, schema: "amp_gateway", application: "test", logger };
    await using changes = new SessionLists(database, new CountedLists(system.pool), logger);
    await changes.ready;
    const stops = Array.from({ length: 20 }, () => new AbortController());
    const streams = stops.map(({ signal }) => changes.changes("local", signal));
    for (const stream of streams) expect(await stream.next()).toMatchObject({ value: "any" });
    const next = streams.map((stream) => stream.next());
    await system.pool.query("update web_mappings set last_active = now() where session_id = 's77'");
    for (const change of await Promise.all(next)) {
      expect(change).toMatchObject({ value: [{ session_id: "s77" }] });
    }
    expect(read).toEqual([1]);
    for (const stop of stops) stop.abort();
  });

  test("are read by pages from an index", async () => {
    await stored(10_000);
    await system.pool.query("analyze web_mappings");
    const { rows } = await system.pool.query<{ "QUERY PLAN": string }>(
      `explain select * from web_mappings where user_id = 'local' and session_id is not null
       order by last_active desc, mapping_id desc limit 100`,
    );
    expect(JSON.stringify(rows)).toContain("Index Scan using web_mappings_of_user");
  });
});

test("the 65th event stream of a user is refused, until another one ends", async () => {
  await using tabs = new Releases();
  const first = await system.web.events();
  for (let tab = 1; tab < 64; tab++) tabs.use(await system.web.events());
  const refused = await system.web.get("/events");
  const error = "Too many event streams are open (64). Close some tabs and try again.";
  expect(refused).toEqual({ status: 429, body: { error } });
  await first[Symbol.asyncDispose]();
  const again = async () => {
    const events = await system.web.events().catch(() => undefined);
    if (events) tabs.use(events);
    return events !== undefined;
  };
  await expect.poll(again).toBe(true);
});

test("HEAD of the event stream ends at once, and the connection takes the next request", async () => {
  const head = (path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(`${system.gateway.url}/apps/web-chat/api${path}`, { method: "HEAD" }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode));
      })
        .once("error", reject)
        .end();
    });
  expect(await head("/events")).toBe(200);
  expect(await head(`/events?session=${await system.web.begin()}`)).toBe(200);
  expect(await head("/events?session=none")).toBe(404);
});

test("sessions that ended long ago are deleted, batch by batch, and no others", async () => {
  const lists = new Lists(system.pool);
  const alive = await system.web.begin();
  const fresh = await system.web.begin();
  await system.web.post("/end", { session_id: fresh });
  await stored(25);
  await system.pool.query(
    "update web_mappings set ended_at = now() - interval '91 days' where session_id like 's%'",
  );
  const day = 24 * 3_600_000;
  expect(await lists.purgeEnded(90 * day, 20)).toBe(20);
  expect(await lists.purgeEnded(90 * day, 20)).toBe(5);
  expect(await lists.purgeEnded(90 * day, 20)).toBe(0);
  expect((await page()).ids.sort()).toEqual([alive, fresh].sort());
});

test("a gateway deletes them by itself", async () => {
  await stored(3);
  await system.pool.query("update web_mappings set ended_at = now() - interval '91 days'");
  await using _ = await system.anotherGateway();
  await expect.poll(async () => (await page()).ids).toEqual([]);
});
