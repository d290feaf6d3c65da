import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { connectSessions } from "@amp/proto";
import { expect, test } from "vitest";
import {
  alive,
  family,
  isUp,
  launch,
  launchNpm,
  member,
  type Place,
  place,
  start,
} from "./system.js";

/** Begins a session; returns how to see that it is still there. */
async function newSession({ backend }: Place) {
  const client = connectSessions(backend);
  const { session } = await client.create({ description: "kept" });
  client.close();
  return session?.sessionId ?? "";
}

async function expectSession({ backend }: Place, sessionId: string): Promise<void> {
  const client = connectSessions(backend);
  const { session } = await client.get({ sessionId }, { waitForReady: true, timeout: 60_000 });
  client.close();
  expect(session?.description).toBe("kept");
}

test("a stop leaves nothing running, and a second start finds the data again", async () => {
  await using where = await place();
  const first = await start(where);
  const processes = family(first.pid);
  const sessionId = await newSession(where);
  const page = await fetch(`http://${where.gateway}/`);
  expect(page.status).toBe(200);
  process.kill(first.pid, "SIGINT");
  expect(await first.exited).toBe(0);
  expect(alive(processes)).toEqual([]);

  await using _second = await start(where);
  await expectSession(where, sessionId);
});

test("a SIGKILL leaves nothing running, and loses nothing", async () => {
  await using where = await place();
  const first = await start(where);
  const processes = family(first.pid);
  expect(processes.map(({ command }) => command).join()).toMatch(
    /postgres -D.*backend-service\/dist.*gateway\/dist/,
  );
  const sessionId = await newSession(where);
  process.kill(first.pid, "SIGKILL");
  await expect.poll(() => alive(processes), { timeout: 60_000 }).toEqual([]);

  await using _second = await start(where);
  await expectSession(where, sessionId);
});

test("a SIGKILL of npm leaves nothing running", async () => {
  await using where = await place();
  const npm = launchNpm(where);
  await isUp(npm);
  const processes = family(npm.pid);
  expect(processes.length).toBeGreaterThan(5);
  process.kill(npm.pid, "SIGKILL");
  await expect.poll(() => alive(processes), { timeout: 60_000 }).toEqual([]);
});

test.each(["backend-service/dist/main.js", "gateway/dist/main.js", "postgres -D"])(
  "%s is started again when it is killed",
  async (command) => {
    await using where = await place();
    await using system = await start(where);
    const sessionId = await newSession(where);
    const killed = member(system.pid, command);
    process.kill(killed, "SIGKILL");
    await expect
      .poll(() => family(system.pid).filter((each) => each.command.includes(command)), {
        timeout: 60_000,
      })
      .toMatchObject([{ pid: expect.toSatisfy((pid) => pid !== killed) }]);
    await expect
      .poll(() => fetch(`http://${where.gateway}/readyz`).then(({ status }) => status, String), {
        timeout: 60_000,
      })
      .toBe(200);
    await expectSession(where, sessionId);
    expect(system.output()).toContain("gone (SIGKILL); starting it again");
  },
);

test.each(["BACKEND_LISTEN", "GATEWAY_LISTEN"])(
  "a taken port is told with the name of %s, and nothing is left running",
  async (variable) => {
    await using where = await place();
    const port = Number(where.env[variable]?.split(":")[1]);
    const squatter = createServer().listen(port, "127.0.0.1");
    try {
      const system = launch(where);
      expect(await system.exited).toBe(1);
      expect(system.output()).toMatch(
        new RegExp(`^${variable} is 127.0.0.1:${port}, which another`),
      );
      expect(family(system.pid)).toEqual([]);
    } finally {
      squatter.close();
    }
  },
);

test("a second start on the same data is refused, and the first goes on", async () => {
  await using where = await place();
  await using elsewhere = await place();
  await using first = await start(where);
  const second = launch({ ...elsewhere, env: { ...elsewhere.env, AMP_DATA_DIR: where.dir } });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(`already runs on ${where.dir}, as process ${first.pid}`);
  await expectSession(where, await newSession(where));
});

test.each([
  ["TURN_TIMEOUT", "soon", "must be a duration"],
  ["SLACK_MAX_SESSIONS_PER_USER", "many", "must be a whole number"],
  ["OPENAI_BASE_URL", "somewhere", "must be a URL"],
  ["DATABASE_URL", "postgres//amp:s3cret@db/amp", "must be"],
  ["DATABASE_URL", "postgres://amp:s3cret@127.0.0.1:9/amp", "leads to no PostgreSQL"],
  ["AMP_DATA_DIR", "/proc/amp", "cannot be used"],
  ["AMP_DATA_DIR", "/etc/hostname", "is, or is below, a file"],
  ["AMP_DATA_DIR", "/etc/hostname/below", "is, or is below, a file"],
])("a wrong %s (%s) is told before anything is started", async (variable, value, problem) => {
  await using where = await place();
  const slack = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_SIGNING_SECRET: "1" };
  const system = launch({ ...where, env: { ...where.env, ...slack, [variable]: value } });
  expect(await system.exited).toBe(1);
  expect(system.output()).toMatch(new RegExp(`^${variable} .*${problem}.*\n$`));
  expect(system.output()).not.toContain("s3cret");
  expect(await readdir(where.dir)).toEqual([]);
});

test("settings are read from .env, and what looks like one and is none is told", async () => {
  await using where = await place();
  await using folder = await place();
  await writeFile(path.join(folder.dir, ".env"), "TURN_TIMEOUT=soon\nOPENAI_BASEURL=http://a/v1\n");
  const system = launch(where, [], { cwd: folder.dir });
  expect(await system.exited).toBe(1);
  expect(system.output()).toBe(
    "OPENAI_BASEURL is not a setting of Amp Bridge: did you mean OPENAI_BASE_URL?\n" +
      'TURN_TIMEOUT must be a duration such as 500ms, 10s or 30d, not "soon"\n',
  );
});

test("the banner does not say that Slack is on when it cannot be reached", async () => {
  await using where = await place();
  Object.assign(where.env, {
    SLACK_BOT_TOKEN: "xoxb-1",
    SLACK_APP_TOKEN: "xapp-1",
    // Nobody listens on the discard port.
    SLACK_API_URL: "http://127.0.0.1:9/api/",
  });
  await using system = await start(where);
  expect(system.output()).toMatch(/^ +Slack +not connected/m);
  const lines = system.output().split("\n").filter(Boolean);
  expect(lines.filter((line) => lines.indexOf(line) !== lines.lastIndexOf(line))).toEqual([]);
});

test("the commands of the banner are for this backend, and the logs are where it says", async () => {
  await using where = await place();
  await using system = await start(where);
  expect(system.output()).toContain(`http://${where.gateway}`);
  expect(system.output()).toContain(`${where.backend} amp.session.v1.SessionService/Create`);
  const log = await readFile(`${where.dir}/logs/backend-service.log`, "utf8");
  expect(JSON.parse(log.split("\n")[0] ?? "")).toMatchObject({ level: expect.any(Number) });
});
