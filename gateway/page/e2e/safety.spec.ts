import { hostile } from "../src/core/markdown/documents.testing.js";
import { expect, test } from "./test.js";

/** Whatever an agent is talked into writing. The demo agent answers with the message. */
test("hostile markdown neither runs, nor calls out, nor breaks the security policy", async ({
  chat,
  page,
}) => {
  const policy = (await page.request.get("/")).headers()["content-security-policy"];
  expect(policy).toContain("require-trusted-types-for 'script'");
  const calls: string[] = [];
  page.on("request", (request) => calls.push(new URL(request.url()).host));
  await chat.say(`${hostile.join("\n\n")}\n\nThe end.`);
  await expect(chat.answers).toContainText("The end.");
  await expect(chat.answers).toHaveAttribute("aria-busy", "false");
  expect(new Set(calls)).toEqual(new Set([new URL(page.url()).host]));
  const found = await chat.answers
    .locator("script, img, svg:not(.icon), iframe, form, [onerror], [onclick]")
    .count();
  expect(found).toBe(0);
  for (const link of await chat.answers.getByRole("link").all()) {
    expect(await link.getAttribute("href")).toMatch(/^https:\/\//);
    expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  }
});

test("a browser that forbids to keep anything shows the page all the same", async ({
  chat,
  page,
}) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("forbidden", "SecurityError");
      },
    });
  });
  await page.reload();
  await chat.button("New session").click();
  await chat.say("nothing is kept");
  await expect(chat.answers).toContainText("nothing is kept");
});

/** What nests without end, or takes a Markdown parser seconds. */
const MONSTERS = [
  `${">".repeat(1_800)} x`,
  `${"- ".repeat(1_200)}x`,
  `${"1. ".repeat(1_200)}x`,
  `${"**".repeat(1_200)}x${"**".repeat(1_200)}`,
  "[".repeat(5_000),
  "_a__b___".repeat(5_000),
  "*a_".repeat(13_000),
  `\`\`\`ts\n${"const a = 1;\n".repeat(3_300)}\`\`\``,
  "| a |\n".repeat(6_000),
];

test("no answer breaks the page or holds it up", async ({ chat, page, stack }) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  const sessionId = await chat.sessionId();
  await page.evaluate(() => {
    new PerformanceObserver((list) => {
      const longest = Math.max(...list.getEntries().map(({ duration }) => duration));
      document.documentElement.dataset["longest"] ??= "0";
      if (longest > Number(document.documentElement.dataset["longest"])) {
        document.documentElement.dataset["longest"] = `${Math.round(longest)}`;
      }
    }).observe({ type: "longtask" });
  });
  for (const message of MONSTERS) await stack.sessions.send({ sessionId, message });
  await chat.say("still here");
  await expect(chat.answers.last()).toContainText("still here");
  await expect(chat.answers).toHaveCount(MONSTERS.length + 2);
  // Seconds, without bounds. On a quiet machine less than 200 ms; a busy one is not to fail it.
  const longest = Number(await page.evaluate(() => document.documentElement.dataset["longest"]));
  expect(longest || 0).toBeLessThan(5_000);
  await page.reload();
  await expect(chat.answers.last()).toContainText("still here");
  await chat.say("and after a reload");
  await expect(chat.answers.last()).toContainText("and after a reload");
});
