import { expectAccessible, tabTo } from "./accessible.js";
import { expect, test } from "./test.js";

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`everything is accessible: ${colorScheme}, ${width} pixels`, async ({ chat, page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 844 });
      await expectAccessible(page);
      for (const message of ["markdown", "think", "tool", "fail"]) {
        await chat.say(message);
        await expect(chat.button("Stop")).toBeHidden();
      }
      await expect(chat.outcomes).toBeVisible();
      await page.evaluate(() => {
        for (const card of document.querySelectorAll("details")) card.open = true;
      });
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      if (width === 390) {
        await chat.button("Sessions").click();
        await expect(page.getByRole("navigation")).toBeInViewport();
        await expectAccessible(page);
        await page.keyboard.press("Escape");
      }
      await page.getByRole("button", { name: /^End( session)?$/ }).click();
      await expectAccessible(page);
      await chat.button("End session for good").click();
      await expect(chat.button("Start a new session")).toBeVisible();
      await expectAccessible(page);
    });
  }
}

test("everything can be done by keyboard alone", async ({ chat, page }) => {
  await expect(chat.box).toBeFocused();
  await page.keyboard.type("line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await page.keyboard.press("Enter");
  await expect(chat.answers).toContainText("line two");
  await expect(chat.box).toBeFocused();

  await tabTo(page, "End session");
  await page.keyboard.press("Enter");
  await expect(chat.button("End session for good")).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, "Start a new session");
  await page.keyboard.press("Enter");
  await expect(chat.box).toBeFocused();
  await page.keyboard.type("slow 20 a b c d e f");
  await page.keyboard.press("Enter");
  await expect(chat.button("Stop")).toBeVisible();
  await tabTo(page, "Stop");
  await page.keyboard.press("Enter");
  await expect(chat.outcomes).toContainText("Stopped.");
});
