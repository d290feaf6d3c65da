import { connectSessions } from "@amp/proto";
import { pino } from "pino";
import { expect, test } from "vitest";
import { failure, testBackend } from "./backend.js";
import { rawConnection } from "./raw-call.js";

interface Line {
  level: number;
  msg: string;
  [field: string]: unknown;
}

test("each call is a line at debug with its caller, a refused one a warning, and no token is in any", async () => {
  const lines: Line[] = [];
  const logger = pino(
    { level: "debug" },
    { write: (line: string) => void lines.push(JSON.parse(line) as Line) },
  );
  const env = { BACKEND_TOKENS: "slack-gateway:s3cret-1, s3cret-2" };
  await using running = await testBackend(env, { logger });
  const { address } = running.backend;
  using raw = rawConnection(address);
  await raw.call("List", { headers: { authorization: "Bearer s3cret-1" } });
  await raw.call("List", { headers: { authorization: "Bearer s3cret-2" } });
  const named = connectSessions(address, { token: "s3cret-1" });
  await failure(named.get({ sessionId: "unknown" }));
  named.close();
  for (let n = 0; n < 100; n++) {
    await raw.call("Get", { headers: { authorization: "Bearer s3cret-3" } });
  }
  await raw.call("/grpc.health.v1.Health/Check");

  const calls = lines.filter(({ msg }) => msg === "call");
  const list = "/amp.session.v1.SessionService/List";
  const ms = expect.any(Number);
  expect(calls).toMatchObject([
    { level: 20, caller: "slack-gateway", method: list, code: "OK", ms },
    { level: 20, caller: "token-2", method: list, code: "OK", ms },
    { level: 20, caller: "slack-gateway", code: "NOT_FOUND", ms },
  ]);
  // A flood of refused calls is no flood of lines.
  const refused = lines.filter(({ msg }) => msg === "a call was refused");
  expect(refused.length).toBeLessThan(10);
  expect(refused[0]).toMatchObject({
    level: 40,
    caller: "unknown",
    method: "/amp.session.v1.SessionService/Get",
    code: "UNAUTHENTICATED",
    peer: expect.stringContaining("127.0.0.1:"),
    others: 0,
  });
  expect(JSON.stringify(lines)).not.toContain("s3cret");
});
