import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectSessions } from "@amp/proto";
import { tcpProxy, testDatabase } from "@amp/stack/testing";
import { credentials, makeGenericClientConstructor, status } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { expect, test } from "vitest";
import { parseConfig, startBackend } from "../src/index.js";
import { backendOn, eventually, failure, testBackend } from "./backend.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("reflection serves buf curl as it stands", async () => {
  await using running = await testBackend();
  const method = `http://${running.backend.address}/amp.session.v1.SessionService/Create`;
  const args = [
    "curl",
    "--protocol",
    "grpc",
    "--http2-prior-knowledge",
    "-d",
    '{"description":"hi"}',
  ];
  const { stdout } = await run(`${ROOT}/node_modules/.bin/buf`, [...args, method], { cwd: ROOT });
  expect(JSON.parse(stdout)).toMatchObject({ session: { agent: "demo", description: "hi" } });
});

test("health is SERVING only while the database answers", async () => {
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  const leaseTimes = { heartbeatMs: 50, leaseMs: 5_000, trustMs: 4_000 };
  await using running = await backendOn(proxy, {}, { leaseTimes });
  const Client = makeGenericClientConstructor(healthService, "Health");
  const client = new Client(running.backend.address, credentials.createInsecure());
  const check = () =>
    new Promise((resolve, reject) => {
      client["check"]?.(
        { service: "amp.session.v1.SessionService" },
        (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)),
      );
    });
  expect(await check()).toMatchObject({ status: "SERVING" });
  proxy.cut();
  await eventually(async () => expect(await check()).toMatchObject({ status: "NOT_SERVING" }));
  proxy.restore();
  await eventually(async () => expect(await check()).toMatchObject({ status: "SERVING" }));
  client.close();
});

test("with tokens configured, every call needs one of them", async () => {
  await using running = await testBackend({ BACKEND_TOKENS: "alpha, beta" });
  const { address } = running.backend;
  expect(await failure(running.sessions.list({}))).toMatchObject({
    code: status.UNAUTHENTICATED,
    reason: "TOKEN_MISSING",
  });
  const wrong = connectSessions(address, { token: "gamma" });
  expect(await failure(wrong.watch({ sessionId: "x" }).next())).toMatchObject({
    code: status.UNAUTHENTICATED,
    reason: "TOKEN_INVALID",
  });
  const right = connectSessions(address, { token: "beta" });
  expect(await right.list({})).toMatchObject({ sessions: [] });
  wrong.close();
  right.close();
});

test("a port that is taken is an error that names the setting, and nothing is left running", async () => {
  await using running = await testBackend();
  const config = parseConfig({
    DATABASE_URL: running.database.url,
    BACKEND_LISTEN: running.backend.address,
    LOG_LEVEL: "silent",
  });
  await expect(startBackend(config)).rejects.toThrow(/^BACKEND_LISTEN .*cannot be listened on/);
});
