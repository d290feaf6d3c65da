import { once } from "node:events";
import { createServer } from "node:net";
import { testDatabase } from "@amp/stack/testing";
import pg from "pg";
import { expect, test } from "vitest";
import { parseConfig, startGateway } from "../src/index.js";
import { WebClient } from "./web-client.js";
import { startSystem } from "./web-system.js";

test("a request in work is answered before the gateway goes", async () => {
  await using system = await startSystem();
  const gateway = await system.anotherGateway();
  const web = new WebClient(gateway.url);
  await web.begin();
  const answer = web.post("/chat", { message: "slow 0.5", request_id: "r" });
  const open = "select from amp_backend.turns where request_id = 'r'";
  await expect.poll(async () => (await system.pool.query(open)).rowCount).toBe(1);
  await gateway[Symbol.asyncDispose]();
  expect((await answer).status).toBe(200);
  await expect(web.get("/session")).rejects.toThrow();
});

test("a gateway that cannot start leaves nothing behind", async () => {
  await using database = await testDatabase();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const config = parseConfig({
    DATABASE_URL: database.url,
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    LOG_LEVEL: "fatal",
  });
  await expect(startGateway(config)).rejects.toThrow(
    /^GATEWAY_LISTEN cannot be used: .*EADDRINUSE/,
  );
  taken.close();

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const others = `select application_name from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  await expect.poll(async () => (await client.query(others)).rows).toEqual([]);
  await client.end();
});

test("twenty gateways may start at once on an empty database", async () => {
  await using database = await testDatabase();
  const config = parseConfig({
    DATABASE_URL: database.url,
    GATEWAY_LISTEN: "127.0.0.1:0",
    LOG_LEVEL: "fatal",
  });
  const gateways = await Promise.all(Array.from({ length: 20 }, () => startGateway(config)));
  for (const { url } of gateways) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
});
