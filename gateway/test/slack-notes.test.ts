import { afterAll, beforeAll, expect, test } from "vitest";
import { ADA, BOB, BOT, type SlackSystem, startSlackSystem } from "./slack-system.js";
import { WebClient } from "./web-client.js";

let system: SlackSystem;
beforeAll(async () => {
  system = await startSlackSystem({ SLACK_WEB_USER: ADA });
});
afterAll(() => system[Symbol.asyncDispose]());

const say = async (words: string, user?: string) => {
  const [answer] = await system.ask(`${BOT} ${words}`, undefined, 1, user);
  return answer?.text ?? "";
};

test("notes are kept and found, in any form of their words", async () => {
  expect(await say("remember we ship on *Mondays* & <b>")).toBe(
    "Remembered `mem-001` (category: _general_, tags: general)\n> we ship on *Mondays* &amp; &lt;b&gt;",
  );
  expect(await say("recall shipping")).toBe(
    "*Found 1 memory(ies):*\n• `mem-001` (_general_) we ship on *Mondays* &amp; &lt;b&gt;",
  );
  expect(await say("recall nothing < of it")).toBe(
    "_No memories found matching 'nothing &lt; of it'._",
  );
  expect(await say("remember")).toMatch(/^Usage: `remember &lt;text&gt;`\nExample: /);
  expect(await say("recall")).toMatch(/^Usage: `recall &lt;query&gt;`\nExample: /);
});

test("the web chat's user reaches the same notes from both", async () => {
  const web = new WebClient(system.gateway.url);
  expect(await web.post("/chat", { message: "recall shipping" })).toMatchObject({
    body: { memory_result: [{ id: "mem-001" }] },
  });
  await web.post("/chat", { message: "remember: the tea is green" });
  expect(await say("recall tea")).toContain("the tea is green");
});

test("notes are their user's only", async () => {
  expect(await say("recall shipping", BOB)).toBe("_No memories found matching 'shipping'._");
  expect(await say("remember this: mine", BOB)).toContain("`mem-001`");
  expect(await say("recall mine")).toBe("_No memories found matching 'mine'._");
});
