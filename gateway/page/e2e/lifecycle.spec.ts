import { ChatPage, expect, test, watch } from "./test.js";

test("ending asks first, and one click goes on", async ({ chat, page }) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  const first = await chat.sessionId();
  await chat.button("End session").click();
  await chat.button("Keep").click();
  await chat.button("End session").click();
  await chat.button("End session for good").click();
  await expect(page.getByRole("heading", { name: "This session has ended" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveText("The session has ended.");
  await chat.button("Start a new session").click();
  await expect(chat.box).toBeVisible();
  expect(await chat.sessionId()).not.toBe(first);
  await chat.say("hello again");
  await expect(chat.answers).toContainText("You said (turn 1): hello again");
});

test("a session that dies behind the page's back is shown as ended at once", async ({
  chat,
  page,
  stack,
}) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  await chat.box.fill("half a thought");
  await stack.sessions.end({ sessionId: await chat.sessionId(), reason: "maintenance" });
  await expect(page.getByText("Reason: maintenance")).toBeVisible();
  await chat.button("Start a new session").click();
  await expect(chat.box).toHaveValue("half a thought");
});

test("a message that meets a dead session is kept and sent to the next one", async ({
  chat,
  page,
  stack,
}) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  const dead = await chat.sessionId();
  // The page does not hear of the end before it writes.
  await page.route("**/events?**", (route) => route.abort());
  await page.reload();
  await stack.sessions.end({ sessionId: dead, reason: "gone" });
  await chat.say("precious words");
  await expect(page.getByText("Not sent: the session had ended")).toBeVisible();
  await page.unroute("**/events?**");
  await page.reload();
  await expect(page.getByText("precious words")).toBeVisible();
  await chat.button("Start a new session").click();
  await expect(chat.answers).toContainText("precious words");
  expect(await chat.sessionId()).not.toBe(dead);
});

test("a reload in the middle of an answer loses nothing", async ({ chat, page }) => {
  await chat.say("slow 4 a b c d e f g h i j k l m n o p");
  await expect(chat.answers).toContainText("demo agent");
  await page.reload();
  await expect(chat.answers).toContainText("slow 4 a b c d e f g h i j k l m n o p");
  await expect(chat.answers).toHaveAttribute("aria-busy", "false");
  await expect(chat.answers).toHaveCount(1);
});

test("a backend that crashes in the middle of an answer still answers once", async ({
  chat,
  page,
  stack,
}) => {
  await chat.say("slow 4 a b c d e f g h i j k l m n o p");
  await expect(chat.answers).toContainText("demo agent");
  await stack.killBackend();
  await chat.say("written while it is away");
  await expect(page.getByText("Kept, and tried again: The agents are away")).toBeVisible({
    timeout: 60_000,
  });
  await stack.startBackend();
  await expect(chat.answers.last()).toContainText("written while it is away", { timeout: 60_000 });
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.answers.first()).toContainText(
    "(turn 1): slow 4 a b c d e f g h i j k l m n o p",
  );
});

test("two tabs show the same, and never mix up their sessions", async ({ chat, context }) => {
  await chat.say("from the first tab");
  const session = await chat.sessionId();
  const page = await context.newPage();
  const problems = watch(page);
  const other = new ChatPage(page);
  await page.goto(`/#${session}`);
  await expect(other.answers).toContainText("from the first tab");
  await other.say("from the second tab");
  await expect(chat.answers.last()).toContainText("from the second tab");

  await page.getByRole("button", { name: "New session" }).click();
  await other.say("in another session");
  await expect(other.answers).toContainText("(turn 1): in another session");
  await chat.say("back here");
  await expect(chat.answers.last()).toContainText("(turn 3): back here");
  expect(problems).toEqual([]);
});

test("what is written elsewhere is shown with its author", async ({ chat, page, stack }) => {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  const sessionId = await chat.sessionId();
  const author = { surface: "slack", user: "U1", displayName: "Grace" };
  await stack.sessions.send({ sessionId, message: "hello from afar", author });
  await expect(page.getByRole("article", { name: "Grace on Slack" })).toContainText(
    "hello from afar",
  );
  await expect(chat.answers.last()).toContainText("hello from afar");
});

test("an address of no session says so", async ({ page }) => {
  await page.goto("/#00000000-0000-0000-0000-000000000000");
  await expect(page.getByRole("heading", { name: "There is no such session" })).toBeVisible();
  await page.getByRole("button", { name: "Start a new session" }).click();
  await expect(page.getByRole("heading", { name: "What shall we work on?" })).toBeVisible();
});
