/**
 * How long do clicks and commands take while many turns wait? One gateway, one
 * backend, a PostgreSQL of its own, and a Slack that takes every call at once.
 * Half of the turns wait for people, half for their agent.
 *
 *   npm run bench:waiting -- [turns of each half, 5000 by default]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buttonOf, type Post, quickSlack } from "../gateway/test/quick-slack.js";
import { deliver, event } from "../gateway/test/slack-deliver.js";
import { startEmbeddedPostgres } from "../stack/src/embedded-postgres.js";
import { freePort } from "../stack/src/ports.js";

const HALF = Number(process.argv[2] ?? 5_000);
const SAMPLES = 200;
/** Deliveries that are under way at a time while the turns are begun. */
const AT_ONCE = 32;

const dataDir = await mkdtemp(path.join(os.tmpdir(), "amp-bench-"));
const database = await startEmbeddedPostgres({ dataDir });
const slack = await quickSlack();
const gatewayAt = `127.0.0.1:${await freePort()}`;
const backendAt = `127.0.0.1:${await freePort()}`;
const env = {
  DATABASE_URL: database.url,
  BACKEND_LISTEN: backendAt,
  BACKEND_URL: backendAt,
  GATEWAY_LISTEN: gatewayAt,
  LOG_LEVEL: process.env["LOG_LEVEL"] ?? "error",
  MAX_RUNNING_TURNS: String(HALF + SAMPLES),
  TURN_TIMEOUT: "1d",
  TURN_SILENCE_TIMEOUT: "1d",
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: "xoxb-local",
  SLACK_SIGNING_SECRET: "local-signing-secret",
  SLACK_MAX_SESSIONS_PER_USER: "1000000",
};
const url = `http://${gatewayAt}/slack/events`;
const services = ["backend-service", "gateway"].map((name) => {
  const main = fileURLToPath(new URL(`../${name}/src/main.ts`, import.meta.url));
  const node = ["--conditions=@amp/source", "--import=tsx", main];
  return spawn(process.execPath, node, { env: { ...process.env, ...env }, stdio: "inherit" });
});
const ready = async () => (await fetch(`http://${gatewayAt}/readyz`).catch(() => undefined))?.ok;
while (!(await ready())) await delay(100);

let clock = 1_700_000_000;
const nextTs = () => `${clock++}.000100`;

async function accepted(body: object | string): Promise<void> {
  const response = await deliver(url, body);
  if (response.status !== 200) throw new Error(`not accepted: ${response.status}`);
}

async function say(text: string): Promise<void> {
  const message = { type: "message", channel: "C0GENERAL", user: `U${clock % 500}` };
  const authorizations = [{ team_id: "T0LOCAL", user_id: "U0AMP" }];
  await accepted({ ...event({ ...message, text, ts: nextTs() }), authorizations });
}

async function begin(text: string): Promise<void> {
  let left = HALF;
  const one = async () => {
    while (left-- > 0) await say(text);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function until(what: string, reached: () => number, goal: number): Promise<void> {
  const began = performance.now();
  for (let told = 0; reached() < goal; await delay(200)) {
    if (performance.now() - told < 10_000) continue;
    told = performance.now();
    console.log(`${what}: ${reached()} of ${goal}`);
  }
  console.log(`${what}: ${goal} after ${((performance.now() - began) / 1_000).toFixed(0)} s`);
}

/** How long it takes from before the request is sent until the condition holds, in milliseconds. */
async function time(send: () => Promise<void>, holds: () => boolean): Promise<number> {
  const began = performance.now();
  await send();
  while (!holds()) await delay(1);
  return performance.now() - began;
}

function click({ ts, thread, blocks }: Post): Promise<void> {
  const payload = {
    type: "block_actions",
    team: { id: "T0LOCAL" },
    user: { id: /<@(U\d+)>/.exec(blocks)?.[1] },
    channel: { id: "C0GENERAL" },
    message: { ts, thread_ts: thread },
    actions: [{ action_id: "answer_question_0", value: buttonOf({ blocks }) }],
    trigger_id: nextTs(),
  };
  return accepted(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
}

function list(): Promise<void> {
  const form = { command: "/amp", text: "list", team_id: "T0LOCAL", channel_id: "C0OTHER" };
  return accepted(
    new URLSearchParams({ ...form, user_id: "U0EVE", trigger_id: nextTs() }).toString(),
  );
}

const questions = () => slack.posts.filter(({ text }) => text.startsWith("The agent asks:"));

await begin("<@U0AMP> slow 86000 of work");
await begin("<@U0AMP> approve it");
await until("questions asked", () => questions().length, HALF);
await delay(15_000);

const metrics = await (await fetch(`http://${gatewayAt}/metrics`)).text();
const [, memory] = /^process_resident_memory_bytes (\S+)$/m.exec(metrics) ?? [];
const rows: [string, number[]][] = [
  ["a click, until its question shows the answer", []],
  ["a click, until its turn is answered", []],
  ["/amp list, until it is told", []],
];
for (const question of questions().slice(0, SAMPLES)) {
  const before = slack.updates;
  const told = slack.posts.length;
  const began = performance.now();
  rows[0]?.[1].push(
    await time(
      () => click(question),
      () => slack.updates > before,
    ),
  );
  const answered = () =>
    slack.posts
      .slice(told)
      .some(({ thread, text }) => thread === question.thread && text.includes("Your answer was"));
  while (!answered()) await delay(1);
  rows[1]?.[1].push(performance.now() - began);
}
const lists = () => slack.whispers.filter((channel) => channel === "C0OTHER").length;
for (let n = 1; n <= SAMPLES; n += 1) rows[2]?.[1].push(await time(list, () => lists() >= n));

console.log(`\n${HALF} turns wait for people, ${HALF} for their agent; milliseconds`);
console.table(
  Object.fromEntries(
    rows.map(([name, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
      return [name, { p50: at(0.5), p99: at(0.99), most: Math.round(sorted.at(-1) ?? 0) }];
    }),
  ),
);
console.log(`memory of the gateway: ${Math.round(Number(memory) / 1e6)} MB`);

for (const service of services.reverse()) {
  service.kill();
  await once(service, "exit");
}
await slack[Symbol.asyncDispose]();
await database[Symbol.asyncDispose]();
await rm(dataDir, { recursive: true, force: true });
