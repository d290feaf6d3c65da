import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { tabTo } from "./accessible.js";
import { ChatPage, expect, test } from "./test.js";

test("a new session has neither the name nor the folder of the last one", async ({
  chat,
  page,
}) => {
  await page.getByText("Options").click();
  await page.getByLabel("Name").fill("Named once");
  await chat.say("first");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Named once");
  await page.getByRole("button", { name: "New session" }).click();
  await chat.say("second, another topic");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("second, another topic");
});

test("a wrong folder can be corrected, given up, and is not said again", async ({ chat, page }) => {
  await page.getByText("Options").click();
  await page.getByLabel("Working folder").fill("/etc");
  await chat.say("hello");
  await expect(page.getByText("Not sent: Working folder is outside")).toBeVisible();
  await chat.button("Edit").click();
  await expect(page.getByLabel("Working folder")).toHaveValue("/etc");
  await page.getByLabel("Working folder").fill("/nowhere");
  await chat.box.press("Enter");
  await chat.button("Discard").click();
  await expect(page.getByRole("heading", { name: "What shall we work on?" })).toBeVisible();
  await chat.say("without options");
  await expect(chat.answers).toContainText("without options");
});

test("what was said to the notes outlives a reload, in its place, and is deleted", async ({
  chat,
  page,
}) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  await chat.say("remember: we ship on Mondays");
  await expect(chat.memories).toContainText("Remembered!");
  await chat.say("and on");
  await expect(chat.answers.last()).toContainText("and on");
  await page.reload();
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.memories).toHaveCount(1);
  await expect(page.getByText("To your notes")).toBeVisible();
  const labels = await page
    .getByRole("article")
    .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  expect(labels).toEqual(["You", "Answer", "You", "Memory", "You", "Answer"]);
  await chat.say("what do you remember about shipping");
  await expect(chat.memories.last()).toContainText("we ship on Mondays");
  await page.getByText("Notes", { exact: true }).click();
  const note = page
    .getByRole("navigation")
    .getByRole("listitem")
    .filter({ hasText: "we ship on Mondays" });
  await note.getByRole("button", { name: /^Delete/ }).click();
  await expect(note).toHaveCount(0);
  await chat.say("recall shipping");
  await expect(chat.memories.last()).toContainText("No memories found");
});

test("who stops an answer by keyboard goes on from the message box", async ({ chat, page }) => {
  await chat.say("slow 20 a b c d e f");
  await expect(chat.button("Stop")).toBeVisible();
  await tabTo(page, "Stop");
  await page.keyboard.press("Enter");
  await expect(chat.outcomes).toContainText("Stopped.");
  await expect(chat.box).toBeFocused();
});

for (const width of [1280, 390]) {
  test(`the message box stays in its place, with equal margins: ${width} pixels`, async ({
    chat,
    page,
  }) => {
    await page.setViewportSize({ width, height: 844 });
    const composer = page.locator(".composer");
    const place = async () => {
      const box = await composer.boundingBox();
      if (!box) throw new Error("there is no composer");
      return box;
    };
    const empty = await place();
    await chat.say("hello");
    await expect(chat.answers).toHaveAttribute("aria-busy", "false");
    const filled = await place();
    expect(filled).toEqual(empty);
    if (width === 390) {
      expect(Math.abs(width - (filled.x + filled.width) - filled.x)).toBeLessThanOrEqual(1);
    }
  });
}

test("two tabs of a session have a draft each", async ({ chat, context, page }) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  await chat.box.fill("typed in the first");
  const other = new ChatPage(await context.newPage());
  await other.page.goto(page.url());
  await other.box.fill("said in the second");
  await other.box.press("Enter");
  await expect(chat.answers.last()).toContainText("said in the second");
  await page.reload();
  await expect(chat.box).toHaveValue("typed in the first");
});

test("no network is shown at once, and never beside Live", async ({ chat, context, page }) => {
  await chat.say("hello");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await context.setOffline(true);
  await chat.say("written offline");
  await expect(page.getByText("The server cannot be reached")).toBeVisible();
  await expect(page.getByText("Reconnecting")).toBeVisible();
  await expect(page.getByText("Live", { exact: true })).toBeHidden();
  await context.setOffline(false);
  await expect(chat.answers.last()).toContainText("written offline");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
});

test("a network that goes mute is noticed, and nothing is lost or doubled", async ({
  page,
  stack,
}) => {
  const { hostname, port } = new URL(stack.url);
  const sockets = new Set<Socket>();
  let mute = false;
  const proxy = createServer((inward) => {
    const outward = connect(Number(port), hostname);
    for (const socket of [inward, outward]) {
      sockets.add(socket.on("error", () => {}));
    }
    inward.on("data", (data) => !mute && outward.write(data));
    outward.on("data", (data) => !mute && inward.write(data));
    inward.on("close", () => outward.destroy());
    outward.on("close", () => !mute && inward.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (typeof address !== "object" || !address) throw new Error("the proxy does not listen");
  const chat = new ChatPage(page);
  await page.goto(`http://127.0.0.1:${address.port}/`);
  await page.getByRole("button", { name: "New session" }).click();
  await chat.say("hello");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  mute = true;
  await chat.say("into the void");
  await expect(page.getByText("Live", { exact: true })).toBeHidden({ timeout: 60_000 });
  mute = false;
  for (const socket of sockets) socket.destroy();
  await expect(chat.answers.last()).toContainText("into the void", { timeout: 60_000 });
  await expect(chat.answers).toHaveCount(2);
  proxy.close();
  for (const socket of sockets) socket.destroy();
});

test("a long list of sessions is shown by pages", async ({ page, request }) => {
  test.setTimeout(120_000);
  for (let n = 0; n < 105; n++) {
    await request.post("/apps/web-chat/api/session", { data: { description: `Topic ${n}` } });
  }
  await page.goto("/");
  const entries = page.getByRole("navigation").getByRole("link");
  await expect(entries).toHaveCount(100);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect.poll(() => entries.count()).toBeGreaterThan(104);
});
