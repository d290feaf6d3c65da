import { isUniqueViolation, transaction } from "@amp/postgres";
import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChannelId, type Place, TeamId, Ts, UserId } from "../src/slack/keys.js";
import {
  abandon,
  activate,
  assign,
  deactivate,
  deactivateAll,
  findMapping,
  ONE_ACTIVE,
  reserve,
} from "../src/slack/mappings/store.js";
import { type GatewayDatabase, gatewayDatabase } from "./gateway-database.js";

const LIMIT = 2;
const team = TeamId.parse("T1");
const users = ["U1", "U2"].map((id) => UserId.parse(id));
const places: Place[] = [
  { team, channel: ChannelId.parse("C1"), thread: null },
  { team, channel: ChannelId.parse("C1"), thread: Ts.parse("1.000001") },
  { team, channel: ChannelId.parse("C1"), thread: Ts.parse("1.000002") },
  { team, channel: ChannelId.parse("C2"), thread: Ts.parse("1.000001") },
];

let database: GatewayDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await gatewayDatabase();
  pool = database.pool;
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** A mapping as the model knows it. The delivery that asked for it is its name; its session is `s<delivery>`. */
interface Known {
  user: UserId;
  place: Place;
  id: number;
  state: "reserved" | "active" | "ended";
}

/** What the surface does with mappings, by the number of the delivery that began one. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("reserve" as const),
      delivery: fc.integer({ min: 1, max: 9 }),
      user: fc.constantFrom(...users),
      place: fc.constantFrom(...places),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("activate", "deactivate", "feed", "abandon"),
      delivery: fc.integer({ min: 1, max: 9 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const session = (delivery: number) => `s${delivery}`;

function take(delivery: number, user: UserId, place: Place): Promise<number | undefined> {
  return transaction(pool, (tx) => reserve(tx, delivery, place, user, LIMIT));
}

/** Makes the reservation's conversation its session's. Answers whether the conversation was free. */
async function settle(id: number, delivery: number, place: Place): Promise<boolean> {
  const made = { sessionId: session(delivery), project: "", description: "", workingDir: "" };
  await assign(pool, id, made, true);
  return activate(pool, id, place.thread).then(
    () => true,
    (error) => {
      if (isUniqueViolation(error, ONE_ACTIVE)) return false;
      throw error;
    },
  );
}

const slots = (model: Map<number, Known>, user: UserId) =>
  [...model.values()].filter((one) => one.user === user && one.state !== "ended").length;

async function follow(model: Map<number, Known>, each: Step): Promise<void> {
  const known = model.get(each.delivery);
  if (each.do === "reserve") {
    const { user, place } = known ?? each;
    const id = await take(each.delivery, user, place);
    if (known) {
      // A repeat finds its own, unless that has no room beside the others any more.
      if (id !== undefined) expect(id).toBe(known.id);
    } else if (slots(model, user) < LIMIT) {
      expect(id).toBeTypeOf("number");
      if (id !== undefined) model.set(each.delivery, { user, place, id, state: "reserved" });
    } else expect(id).toBeUndefined();
    return;
  }
  if (!known) return;
  const taken = [...model.values()].some(
    (one) => one.state === "active" && one.place === known.place,
  );
  switch (each.do) {
    case "activate":
      if (known.state !== "reserved") return;
      expect(await settle(known.id, each.delivery, known.place)).toBe(!taken);
      if (!taken) known.state = "active";
      return;
    case "deactivate": {
      const gone = { id: known.id, sessionId: session(each.delivery) };
      expect(await deactivate(pool, { ...gone, sessionId: "another" }, "dead")).toBe(false);
      expect(await deactivate(pool, gone, "dead")).toBe(known.state === "active");
      if (known.state === "active") known.state = "ended";
      return;
    }
    case "feed": {
      const ended = await deactivateAll(pool, [session(each.delivery)], []);
      expect(ended.map(({ id }) => id)).toEqual(known.state === "active" ? [known.id] : []);
      if (known.state === "active") known.state = "ended";
      return;
    }
    case "abandon":
      await abandon(pool, known.id, async () => {});
      if (known.state === "reserved") model.delete(each.delivery);
  }
}

test("mappings are as a simple model of them, at every step", async () => {
  const scenario = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    await pool.query("delete from slack_mappings");
    const model = new Map<number, Known>();
    for (const each of steps) {
      await follow(model, each);
      for (const place of places) {
        const found = await findMapping(pool, place);
        const active = [...model.values()].find(
          (one) => one.state === "active" && one.place === place,
        );
        expect(found?.active ? found.id : undefined).toBe(active?.id);
      }
    }
  });
  await fc.assert(scenario, { numRuns: 60 });
}, 180_000);

test("no interleaving gives a conversation two sessions, or a user more than the limit", async () => {
  const wish = fc.record({
    user: fc.constantFrom(...users),
    place: fc.constantFrom(...places),
    ends: fc.boolean(),
  });
  const scenario = fc.asyncProperty(fc.array(wish, { maxLength: 24 }), async (wishes) => {
    await pool.query("delete from slack_mappings");
    await Promise.all(
      wishes.map(async ({ user, place, ends }, delivery) => {
        // Slack delivers twice, to two gateways at once.
        const [first, second] = await Promise.all([
          take(delivery, user, place),
          take(delivery, user, place),
        ]);
        const id = first ?? second;
        if (id === undefined) return;
        if (first !== undefined && second !== undefined) expect(first).toBe(second);
        const placed = await settle(id, delivery, place);
        if (!placed) await abandon(pool, id, async () => {});
        else if (ends) await deactivate(pool, { id, sessionId: session(delivery) }, "dead");
      }),
    );
    const crowded = await pool.query(
      `select from slack_mappings where state = 'active'
       group by team_id, channel_id, thread_ts having count(*) > 1`,
    );
    expect(crowded.rowCount).toBe(0);
    const over = await pool.query(
      "select from slack_mappings where state <> 'ended' group by created_by having count(*) > $1",
      [LIMIT],
    );
    expect(over.rowCount).toBe(0);
  });
  await fc.assert(scenario, { numRuns: 60 });
}, 180_000);
