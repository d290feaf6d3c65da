import { expectAccessible, tabTo } from "./accessible.js";
import type { Stack } from "./stack.js";
import { type ChatPage, expect, test } from "./test.js";

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`questions are answered by keyboard: ${colorScheme}, ${width} pixels`, async ({
      chat,
      page,
    }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 844 });
      await chat.say(`approve 2 ${"a line that is longer than a phone is wide ".repeat(3)}`);
      await expect(chat.questions).toContainText("a line that is longer");
      await expect(page.getByRole("alert")).toHaveText("The agent asks: Write to the demo file");
      await expect(chat.box).toBeFocused();
      await expect(chat.box).toHaveAttribute("placeholder", /waits for your answer/);
      await expect(chat.answers).toHaveAttribute("aria-busy", "false");
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);

      await tabTo(page, "Allow", "Shift+Tab");
      await page.keyboard.press("Enter");
      await expect(chat.questions.first()).toHaveText(/^Allowed by you/);
      await expect(chat.questions.first()).toBeFocused();
      await expect(chat.questions).toHaveCount(2);
      await expectAccessible(page);
      await tabTo(page, "Reject");
      await page.keyboard.press("Space");
      await expect(chat.answers).toContainText("Your answers were: Allow, Reject.");
      await expect(chat.questions.last()).toHaveText(/^Rejected by you/);
      await expectAccessible(page);
    });
  }
}

test("a session that is reloaded while it asks still asks", async ({ chat, page }) => {
  await chat.say("approve it");
  await expect(chat.button("Allow")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("alert")).toHaveText("The agent asks: Write to the demo file");
  await expect(chat.questions).toHaveCount(1);
  await chat.button("Allow").click();
  await expect(chat.answers).toContainText("Your answer was: Allow.");
  await page.reload();
  await expect(chat.questions).toHaveText(/^Allowed by you/);
  await expect(chat.button("Allow")).toBeHidden();
});

test("a question of a message from elsewhere is shown, and goes when it is answered elsewhere", async ({
  chat,
  stack,
}) => {
  const answer = await askElsewhere(chat, stack);
  await answer();
  await expect(chat.questions).toHaveText(/^Rejected by Ada on Slack/);
  await expect(chat.answers.last()).toContainText("Your answer was: Reject.");
});

test("who answers too late is told who was first", async ({ chat, page, stack }) => {
  const answer = await askElsewhere(chat, stack);
  // The page does not hear of the other answer before it gives its own.
  await page.route("**/events?**", (route) => route.abort());
  await page.context().setOffline(true);
  await page.context().setOffline(false);
  await expect(page.getByText("Reconnecting")).toBeVisible();
  await answer();
  await chat.button("Allow").click();
  await expect(chat.questions).toContainText('Already answered: "Reject", by Ada.');
  await expect(page.getByRole("alert")).toHaveText('Already answered: "Reject", by Ada.');
  await expect(chat.button("Allow")).toBeFocused();
  await page.unroute("**/events?**");
  await expect(chat.questions).toHaveText(/^Rejected by Ada on Slack/);
});

test("a question that is stopped is over", async ({ chat }) => {
  await chat.say("approve it");
  await expect(chat.button("Allow")).toBeVisible();
  await chat.button("Stop").click();
  await expect(chat.outcomes).toContainText("Stopped.");
  await expect(chat.questions).toHaveText(/^Nobody answered in time\./);
  await expect(chat.button("Allow")).toBeHidden();
});

/** Lets the agent ask in the session looked at, without the page. Returns the way to refuse it, as Ada. */
async function askElsewhere(chat: ChatPage, { sessions }: Stack): Promise<() => Promise<void>> {
  await chat.say("hello");
  await expect(chat.answers).toContainText("hello");
  const sessionId = await chat.sessionId();
  const sent = sessions.send({ sessionId, message: "approve it" });
  await expect(chat.button("Reject")).toBeVisible();
  const { turns } = await sessions.listTurns({ sessionId });
  const approvalId = turns.at(-1)?.approvals[0]?.approvalId ?? "";
  const decidedBy = { surface: "slack", user: "U1", displayName: "Ada" };
  return async () => {
    await sessions.resolveApproval({ sessionId, approvalId, optionId: "reject", decidedBy });
    await sent;
  };
}
