import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Mapping, Mappings, type SessionMapping } from "../src/web/store/mappings.js";
import { type GatewayDatabase, gatewayDatabase } from "./gateway-database.js";

let database: GatewayDatabase;
let pool: pg.Pool;
let mappings: Mappings;

beforeAll(async () => {
  database = await gatewayDatabase();
  pool = database.pool;
  mappings = new Mappings(pool);
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** A mapping as the model knows it, by its request; its session is `s<request>`. */
interface Known {
  user: string;
  row: Mapping;
  state: "opening" | "active" | "ending" | "ended" | "abandoned";
  /** The one meant when none is named. */
  current: boolean;
}

const step = fc.record({
  do: fc.constantFrom(
    "open",
    "open",
    "attach",
    "attach",
    "activate",
    "ending",
    "ended",
    "feed",
    "abandon",
  ),
  user: fc.constantFrom("ada", "bob"),
  request: fc.nat(4),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const sessionId = (user: string, request: number) => `s-${user}-${request}`;

function attach(row: Mapping, id: string): Promise<SessionMapping | undefined> {
  return mappings.attach(row, { sessionId: id, agent: "demo", workingDir: "/", project: "p" });
}

function open(user: string, request: number): Promise<Mapping> {
  const requestId = `r-${user}-${request}`;
  return mappings.open(user, { agent: "", workingDir: "", description: "", requestId });
}

async function follow(model: Map<string, Known>, each: Step): Promise<void> {
  const { user, request } = each;
  const id = sessionId(user, request);
  const known = model.get(id);
  const makeCurrent = (one: Known) => {
    for (const other of model.values()) if (other.user === user) other.current = false;
    one.current = true;
  };
  if (each.do === "open") {
    const row = await open(user, request);
    const repeat = known && known.state !== "abandoned";
    if (repeat) expect(row.mapping_id).toBe(known.row.mapping_id);
    else model.set(id, { user, row, state: "opening", current: false });
    return;
  }
  if (!known) return;
  switch (each.do) {
    case "attach": {
      const attached = await attach(known.row, id);
      expect(attached?.session_id).toBe(known.state === "opening" ? id : undefined);
      if (known.state !== "opening") return;
      known.state = "active";
      return makeCurrent(known);
    }
    case "activate": {
      const activated = await mappings.activate(user, id);
      expect(activated?.session_id).toBe(known.state === "active" ? id : undefined);
      if (known.state === "active") makeCurrent(known);
      return;
    }
    case "ending": {
      const row = await mappings.find(user, id);
      if (row) await mappings.ending(row);
      if (known.state !== "active") return;
      known.state = "ending";
      known.current = false;
      return;
    }
    case "ended":
    case "feed": {
      if (each.do === "ended") await mappings.ended(id);
      else await mappings.endedElsewhere([id]);
      if (known.state !== "active" && known.state !== "ending") return;
      known.state = "ended";
      known.current = false;
      return;
    }
    case "abandon":
      await mappings.abandon(known.row);
      if (known.state === "opening") known.state = "abandoned";
  }
}

test("mappings are as a simple model of them, at every step", async () => {
  const scenario = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    await pool.query("delete from web_mappings");
    const model = new Map<string, Known>();
    for (const each of steps) {
      await follow(model, each);
      for (const user of ["ada", "bob"]) {
        const current = [...model.entries()].find(([, one]) => one.user === user && one.current);
        expect((await mappings.find(user, undefined))?.session_id).toBe(current?.[0]);
      }
    }
    for (const one of model.values()) {
      expect((await mappings.get(one.row.mapping_id))?.state).toBe(one.state);
    }
  });
  await fc.assert(scenario, { numRuns: 60 });
}, 180_000);

test("no interleaving leaves a user two active sessions, or an active one that died", async () => {
  const wish = fc.record({
    user: fc.constantFrom("ada", "bob"),
    request: fc.nat(3),
    next: fc.constantFrom("stay", "die", "end", "again"),
  });
  const scenario = fc.asyncProperty(fc.array(wish, { maxLength: 20 }), async (wishes) => {
    await pool.query("delete from web_mappings");
    const dead = new Set<string>();
    await Promise.all(
      wishes.map(async ({ user, request, next }) => {
        const id = sessionId(user, request);
        // The page repeats its request, at another gateway too.
        const [row, again] = await Promise.all([open(user, request), open(user, request)]);
        expect(row.mapping_id).toBe(again.mapping_id);
        await attach(row, id);
        if (next === "again") await mappings.activate(user, id);
        if (next === "end") {
          const mapping = await mappings.find(user, id);
          if (mapping) await mappings.ending(mapping);
        }
        if (next === "die") {
          await mappings.endedElsewhere([id]);
          dead.add(id);
        }
      }),
    );
    const { rows } = await pool.query<{ user_id: string; session_id: string }>(
      "select user_id, session_id from web_mappings where is_active",
    );
    expect(new Set(rows.map((row) => row.user_id)).size).toBe(rows.length);
    for (const { session_id } of rows) expect(dead).not.toContain(session_id);
  });
  await fc.assert(scenario, { numRuns: 60 });
}, 180_000);
