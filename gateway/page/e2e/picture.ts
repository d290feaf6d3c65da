/** Draws docs/page.png: a conversation with a scripted model, on the real system. */
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { freePort } from "../../../stack/src/ports.js";
import { findChromium } from "./chromium.js";
import { withStack } from "./stack.js";
import { ChatPage } from "./test.js";

const TARGET = fileURLToPath(new URL("../../../docs/page.png", import.meta.url));

const ANSWER = `The race is in \`reserve\`: two checkouts read the stock before either of them writes it. Let the database decide, in one statement:

\`\`\`ts
export async function reserve(db: Database, sku: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "update stock set free = free - 1 where sku = $1 and free > 0",
    [sku],
  );
  return rowCount === 1;
}
\`\`\`

- The **row lock** makes the second checkout wait for the first.
- \`free > 0\` is checked again after the wait, so nothing is sold twice.`;

const SHORT = "Done. The test runs 200 checkouts at once, and the stock ends at zero.";

const port = await freePort();
const model = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const script = body.includes("sold twice") && !body.includes("test for it") ? ANSWER : SHORT;
  const deltas = [
    { reasoning_content: "Two readers, one writer: a lost update." },
    { content: script },
  ];
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const delta of deltas) response.write(chunk({ delta, finish_reason: null }));
  response.end(`${chunk({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`);
}).listen(port, "127.0.0.1");

function chunk(choice: object): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;
}

const settings = { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_MODEL: "scripted" };
await withStack(async ({ url, sessions }) => {
  const browser = await chromium.launch(findChromium());
  const page = await browser.newPage({
    viewport: { width: 1280, height: 930 },
    deviceScaleFactor: 2,
  });
  const chat = new ChatPage(page);
  await page.goto(url);
  const done = (answers: number) =>
    page
      .locator('.answer[aria-busy="false"]')
      .nth(answers - 1)
      .waitFor();
  for (const message of ["Draft the release notes for 4.2", "Why is the search page slow?"]) {
    await page.getByRole("button", { name: "New session" }).click();
    await chat.say(message);
    await done(1);
  }
  await page.getByRole("button", { name: "New session" }).click();
  await chat.say("Some articles are sold twice when two people check out at once. Why?");
  await done(1);
  await sessions.send({
    sessionId: await chat.sessionId(),
    message: "Nice. Can you add a test for it?",
    author: { surface: "slack", user: "U1", displayName: "Grace" },
  });
  await done(2);
  await page.mouse.move(640, 30);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: TARGET, animations: "disabled", caret: "hide" });
  await browser.close();
}, settings);
model.close();
