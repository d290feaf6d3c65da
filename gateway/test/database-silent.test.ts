import { openPool } from "@amp/postgres";
import { tcpProxy } from "@amp/stack/testing";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { startSystem } from "./web-system.js";

const PATIENCE = { timeout: 60_000, interval: 200 };

test.each([
  ["a user's sessions", "select from web_mappings for update"],
  ["all of the table", "lock table web_mappings in access exclusive mode"],
])(
  "a gateway whose host loses its power while it holds %s holds up the others for seconds",
  async (_, locks) => {
    await using system = await startSystem();
    const session_id = await system.web.begin();
    await system.web.post("/chat", { session_id, message: "before" });
    await using line = await tcpProxy(system.settings["DATABASE_URL"] ?? "");
    const logger = pino({ level: "silent" });
    const pool = openPool({ url: line.url, schema: "amp_gateway", application: "silent", logger });
    const client = await pool.connect();
    await client.query("begin");
    await client.query(locks);
    line.mute();
    await vi.waitFor(async () => {
      expect((await system.web.post("/chat", { session_id, message: "after" })).status).toBe(200);
    }, PATIENCE);
    await vi.waitFor(() => system.web.begin(), PATIENCE);
    client.release(true);
    await pool.end();
  },
  120_000,
);
