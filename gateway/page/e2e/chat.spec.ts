import { expect, test } from "./test.js";

test("a first message begins a session, and the answer streams in", async ({ chat, page }) => {
  await expect(page).toHaveTitle(/Amplifier/);
  await chat.say("hello there");
  await expect(chat.answers).toContainText("You said (turn 1): hello there");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("hello there");
  await expect(page.getByRole("link", { name: "hello there" }).first()).toHaveAttribute(
    "aria-current",
    "page",
  );
  await expect(page.getByRole("status")).toContainText("Answer: ");
});

test("what is to be remembered is answered at once, and found again", async ({ chat }) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("You said (turn 1): hello");
  await chat.say("remember this: the tea is in the left drawer");
  await expect(chat.memories).toContainText("Remembered! Stored as mem-001");
  await chat.say("what do you remember about tea");
  await expect(chat.memories.last()).toContainText("the tea is in the left drawer");
});

test("a long answer can be read while it is written, and stopped", async ({ chat }) => {
  await chat.say("slow 30 one two three four five six seven eight");
  await expect(chat.answers).toContainText("demo agent");
  await expect(chat.answers).toHaveAttribute("aria-busy", "true");
  await chat.button("Stop").click();
  await expect(chat.outcomes).toContainText("Stopped.");
  await expect(chat.button("Stop")).toBeHidden();
  await chat.say("go on");
  await expect(chat.answers.last()).toContainText("go on");
});

test("thoughts and tools are folded cards", async ({ chat, page }) => {
  await chat.say("think");
  await expect(chat.answers).toContainText("You said (turn 1): think");
  await page.getByText("Thoughts", { exact: true }).click();
  await expect(page.getByText("These are all I have.")).toBeVisible();
  await chat.say("tool");
  const card = page.getByText("Count the characters");
  await expect(card).toBeVisible();
  await card.click();
  await expect(page.getByText("4 characters")).toBeVisible();
});

test("a message waits while another is answered, and can be taken back", async ({ chat, page }) => {
  await chat.say("slow 20 first");
  await expect(chat.answers).toHaveAttribute("aria-busy", "true");
  await chat.say("second");
  await expect(page.getByText("Waiting for its turn")).toBeVisible();
  await chat.button("Take back").click();
  await expect(page.getByText("Waiting for its turn")).toBeHidden();
  await chat.button("Stop").click();
  await expect(chat.outcomes).toHaveCount(2);
});

test("a turn that fails says why, and can be sent again", async ({ chat }) => {
  await chat.say("fail");
  await expect(chat.outcomes).toContainText("The demo agent failed, as it was asked to.");
  await chat.button("Send again").click();
  await expect(chat.outcomes).toHaveCount(2);
});

test("a session can be begun with a name and a folder, or refused for it", async ({
  chat,
  page,
}) => {
  await page.getByText("Options").click();
  await page.getByLabel("Name").fill("Quarterly report");
  await page.getByLabel("Working folder").fill("/nowhere/at/all");
  await chat.say("hello");
  await expect(page.getByText("Not sent:")).toBeVisible();
  await chat.button("Edit").click();
  await expect(chat.box).toHaveValue("hello");
  await expect(page.getByLabel("Name")).toHaveValue("Quarterly report");
  await page.getByLabel("Working folder").fill("");
  await chat.box.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Quarterly report");
  await expect(chat.answers).toContainText("hello");
});

test("code is coloured and can be copied", async ({ chat, context, page }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.say("markdown");
  await expect(chat.answers.getByRole("table")).toBeVisible();
  await expect(chat.answers.getByRole("checkbox", { name: "done" })).toBeChecked();
  await expect(chat.answers.locator(".hljs-keyword").first()).toBeVisible();
  await page.getByRole("button", { name: "Copy" }).last().click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(
    "def greet(name: str) -> str:",
  );
});

test("what is typed is kept for each session, over a reload", async ({ chat, page }) => {
  await chat.say("first session");
  await expect(chat.answers).toHaveAttribute("aria-busy", "false");
  await chat.box.fill("half a thought");
  await page.reload();
  await expect(chat.box).toHaveValue("half a thought");
  await page.getByRole("button", { name: "New session" }).click();
  await expect(chat.box).toHaveValue("");
  await page.goBack();
  await expect(chat.box).toHaveValue("half a thought");
});

test("a long conversation opens at its end, and the rest of it is a click away", async ({
  chat,
  page,
  stack,
}) => {
  await chat.say("the very first");
  const sessionId = await chat.sessionId();
  for (let turn = 2; turn <= 105; turn++) {
    await stack.sessions.send({ sessionId, message: `message ${turn}` });
  }
  await page.reload();
  await expect(page.getByText("message 105", { exact: true })).toBeInViewport();
  await expect(chat.answers).toHaveCount(100);
  await chat.button("Show earlier messages").click();
  await expect(chat.answers).toHaveCount(105);
  await expect(chat.button("Show earlier messages")).toBeHidden();
});

test("the Enter that ends a composition of an input method sends nothing", async ({
  chat,
  page,
}) => {
  await chat.box.fill("にほん");
  // As Safari tells of it: after the composition has ended.
  await chat.box.dispatchEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true });
  await expect(chat.box).toHaveValue("にほん");
  await chat.box.press("Enter");
  await expect(chat.answers).toContainText("にほん");
  await expect(page.getByRole("article", { name: "Answer" })).toHaveCount(1);
});
