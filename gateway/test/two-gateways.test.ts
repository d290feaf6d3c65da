import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Gateway, parseConfig, startGateway } from "../src/index.js";
import { balancer } from "./balancer.js";
import {
  active,
  allReleased,
  endElsewhere,
  idle,
  notices,
  SOON,
  sessionOf,
} from "./endings-system.js";
import { metric } from "./metric.js";
import { ADA, BOB, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";
import { WebClient } from "./web-client.js";

let system: SlackSystem;
let gateways: Gateway[];
let front: AsyncDisposable;
/** The gateways by themselves, and what is in front of them. */
let one: WebClient;
let other: WebClient;
let both: WebClient;

beforeAll(async () => {
  system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "3" });
  const { url } = system.gateway;
  await system.gateway[Symbol.asyncDispose]();
  const config = parseConfig({ ...system.settings, GATEWAY_LISTEN: "127.0.0.1:0" });
  gateways = [await startGateway(config), await startGateway(config)];
  const urls = gateways.map((gateway) => gateway.url);
  front = await balancer(Number(new URL(url).port), urls);
  [one, other] = urls.map((each) => new WebClient(each)) as [WebClient, WebClient];
  both = new WebClient(url);
});
afterAll(async () => {
  await front?.[Symbol.asyncDispose]();
  for (const gateway of gateways ?? []) await gateway[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
});

test("web: what one gateway does, the streams of the other show", async () => {
  const sessionId = await one.begin({ description: "tea" });
  await using events = await other.events(sessionId);
  await expect.poll(() => events.of("snapshot")).toHaveLength(1);
  const later = { prefer: "respond-async" };
  const message = { message: "hello there", request_id: "r" };
  const answers = await Promise.all([one, other].map((web) => web.post("/chat", message, later)));
  expect(answers).toMatchObject([
    { status: 202, body: { seq: 1 } },
    { status: 202, body: { seq: 1 } },
  ]);
  await expect.poll(() => JSON.stringify(events.of("turn"))).toContain('"type":"completed"');

  const second = await one.begin({ description: "more tea" });
  await expect
    .poll(() => events.list())
    .toMatchObject([
      { session_id: second, is_active: true },
      { session_id: sessionId, is_active: false },
    ]);
  expect(await other.get("/sessions")).toEqual(await one.get("/sessions"));

  await one.post("/end", { session_id: sessionId });
  await expect.poll(() => events.of("ended")).toHaveLength(1);
  expect(await other.get("/session")).toMatchObject({ body: { session_id: second } });
  expect(await other.post("/end")).toMatchObject({ body: { ended: true, session_id: second } });
  expect(await one.post("/end")).toMatchObject({ body: { ended: false } });
});

test("web: repeats through both are one session, one turn, one memory", async () => {
  const twice = <T>(call: () => Promise<T>) => Promise.all([call(), call(), call(), call()]);
  const begun = await twice(() => both.begin({ request_id: "begin" }));
  expect(new Set(begun).size).toBe(1);
  const said = await twice(() => both.post("/chat", { message: "slow 0.3", request_id: "say" }));
  for (const answer of said) expect(answer).toEqual(said[0]);
  const { body } = await both.get(`/sessions/${begun[0]}/transcript`);
  expect(body["turns"]).toHaveLength(1);
  const kept = await twice(() =>
    both.post("/chat", { message: "remember: me", request_id: "keep" }),
  );
  for (const answer of kept) expect(answer).toEqual(kept[0]);
  await both.post("/end");
});

test("Slack: deliveries spread over both are worked once and in order, and the limit holds", async () => {
  const text = `${BOT} new`;
  await Promise.all(
    Array.from({ length: 6 }, () => system.slack.message({ channel: GENERAL, user: ADA, text })),
  );
  await idle(system);
  const all = await system.slack.messages(GENERAL);
  const started = all.filter(({ text: said }) => said?.startsWith("Started new"));
  const threads = started.map(({ thread_ts }) => thread_ts ?? "");
  expect(threads).toHaveLength(3);
  expect(all.filter(({ text: said }) => said?.startsWith("Session limit reached"))).toHaveLength(3);

  for (let n = 0; n < 6; n++) {
    for (const thread_ts of threads) {
      await system.slack.message({ channel: GENERAL, user: ADA, text: `number ${n}`, thread_ts });
    }
  }
  await idle(system);
  for (const thread of threads) {
    const [, ...said] = (await system.answers(thread)).map(({ text: answer }) => answer);
    expect(said).toEqual([0, 1, 2, 3, 4, 5].map((n) => expect.stringContaining(`number ${n}`)));
  }
});

test("a session that was ended elsewhere: let go of once, told once", async () => {
  await both.begin();
  await sessionOf(system, await system.begin("tea", BOB));
  const sessions = await active(system);
  const { rows } = await system.pool.query<{ thread_ts: string }>(
    "select thread_ts from slack_mappings where state = 'active'",
  );
  await endElsewhere(system, ...sessions);
  expect(await allReleased(system)).toBeLessThan(20_000);
  for (const { thread_ts } of rows) {
    await vi.waitFor(async () => expect(await notices(system, thread_ts)).toBe(1), SOON);
  }
  await idle(system);
  for (const { thread_ts } of rows) expect(await notices(system, thread_ts)).toBe(1);
  const counts = await Promise.all(
    gateways.map(({ url }) => metric(url, "amp_mappings_deactivated_total")),
  );
  expect(counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(sessions.length);
});

test("a question is asked by one gateway and answered through another, on either surface", async () => {
  const sessionId = await one.begin();
  await using events = await other.events(sessionId);
  const later = { prefer: "respond-async" };
  await one.post("/chat", { message: "approve it", request_id: "q" }, later);
  const pending = () => events.of("turn").find(({ type }) => type === "approval");
  await expect.poll(pending).toBeDefined();
  const asked = pending() as { approval: { approval_id: string } };
  const { approval_id } = asked.approval;
  const answer = { session_id: sessionId, approval_id, option_id: "reject" };
  const answers = await Promise.all([one, other].map((web) => web.post("/approval", answer)));
  for (const { status } of answers) expect(status).toBe(200);
  await expect.poll(() => JSON.stringify(events.of("turn"))).toContain("Your answer was: Reject.");
  await one.post("/end", { session_id: sessionId });

  const thread = await system.begin("questions", BOB);
  await system.slack.message({ channel: GENERAL, user: BOB, text: "approve", thread_ts: thread });
  const question = await vi.waitFor(async () => {
    const [found] = await system.answers(thread);
    if (!found) throw new Error("nothing asked");
    return found;
  }, SOON);
  const [, value] = /"value":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(question.blocks)) ?? [];
  const action = { type: "button", action_id: "answer_question_0", value: JSON.parse(value ?? "") };
  const click = { channel: GENERAL, messageTs: question.ts, user: BOB, action };
  await Promise.all([system.slack.interact(click), system.slack.interact(click)]);
  await idle(system);
  const said = (await system.answers(thread)).map(({ text }) => text);
  expect(said).toEqual([
    "The agent asks: Write to the demo file",
    expect.stringContaining("Your answer was: Allow."),
  ]);
});
