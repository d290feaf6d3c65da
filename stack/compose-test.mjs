/**
 * Builds the images, brings docker-compose.yml up beside whatever else runs,
 * and talks to it, also after restarts. Needs a Docker engine.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const START_TIMEOUT_MS = 120_000;

const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: `amp-test-${process.pid}`,
  BACKEND_PORT: String(await freePort()),
  GATEWAY_PORT: String(await freePort()),
  SLACK_PORT: String(await freePort()),
  // Not an address is made of it, so that it may hold what means something in one.
  POSTGRES_PASSWORD: "a#b/c:d@e?f g%20",
  // Nobody listens there: the real Slack would refuse the token, and the gateway say so.
  SLACK_API_URL: "http://127.0.0.1:9/api/",
  SLACK_BOT_TOKEN: "xoxb-compose",
  SLACK_SIGNING_SECRET: "compose",
  TURN_TIMEOUT: "5m",
};
const api = `http://127.0.0.1:${env.GATEWAY_PORT}/apps/web-chat/api`;
// Version 2 is a plugin, version 1 a program.
const hasPlugin = spawnSync("docker", ["compose", "version"]).status === 0;
const [program, ...first] = hasPlugin ? ["docker", "compose"] : ["docker-compose"];

let passed = 0;
try {
  compose("build");
  compose("up", "-d");
  await check("every service becomes healthy", isReady);
  let session;
  await check("a session begins", async () => {
    session = await post("session", { description: "in containers" });
    assert.equal(typeof session.session_id, "string");
  });
  await check("it answers", () => chat("hello from outside"));
  for (const service of ["backend", "gateway", "postgres"]) {
    compose("restart", service);
    await check(`it still answers after a restart of ${service}`, async () => {
      await isReady();
      await chat(`hello after ${service}`);
      const { session_id } = await get("session");
      assert.equal(session_id, session.session_id);
    });
  }
  compose("up", "-d", "--force-recreate");
  await check("it still answers in new containers", async () => {
    await isReady();
    await chat("hello after all");
  });
  await check(
    "Slack's deliveries have a port of their own, and nothing else is there",
    async () => {
      const outside = `http://127.0.0.1:${env.SLACK_PORT}`;
      const unsigned = await fetch(`${outside}/slack/events`, { method: "POST", body: "{}" });
      assert.equal(unsigned.status, 401);
      assert.equal((await fetch(`${outside}/`)).status, 404);
    },
  );
  await check("settings reach the services, and a model on this machine can be reached", () => {
    const inBackend = (script) => compose("exec", "-T", "backend", "node", "-e", script).trim();
    assert.equal(inBackend("console.log(process.env.TURN_TIMEOUT)"), "5m");
    const lookUp = "require('dns').lookup('host.docker.internal', (e, a) => console.log(e ?? a))";
    assert.match(inBackend(lookUp), /^[0-9a-f.:]+$/);
  });
  await check("the services do not run as root", async () => {
    for (const service of ["backend", "gateway"]) {
      assert.equal(compose("exec", "-T", service, "id", "-un").trim(), "node");
    }
  });
  console.log(`compose: ${passed} passed, 0 failed`);
} catch (error) {
  console.error(error, compose("logs", "--tail", "50"));
  console.log(`compose: ${passed} passed, 1 failed`);
  process.exitCode = 1;
} finally {
  compose("down", "-v", "--rmi", "local");
}

async function check(what, work) {
  await work();
  passed++;
  console.log(`ok - ${what}`);
}

function compose(...args) {
  const { status, stdout, stderr } = spawnSync(program, [...first, ...args], {
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${program} ${args.join(" ")}:\n${stdout}${stderr}`);
  return stdout;
}

async function isReady() {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const states = compose("ps", "-q")
      .split("\n")
      .filter(Boolean)
      .map((id) => {
        const format = "{{.State.Health.Status}}";
        return spawnSync("docker", ["inspect", "-f", format, id], { encoding: "utf8" }).stdout;
      });
    if (states.length === 3 && states.every((state) => state.trim() === "healthy")) return;
    assert.ok(Date.now() < deadline, `not healthy: ${states.join()}`);
    await delay(500);
  }
}

async function chat(message) {
  const { response } = await post("chat", { message });
  assert.ok(response.includes(message), response);
}

async function post(path, body) {
  return answer(
    await fetch(`${api}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

async function get(path) {
  return answer(await fetch(`${api}/${path}`));
}

async function answer(response) {
  const text = await response.text();
  assert.ok(response.ok, `${response.status} ${text}`);
  return JSON.parse(text);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
