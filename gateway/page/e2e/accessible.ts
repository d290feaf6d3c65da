import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** No finding, and the contrast of colours was really looked at. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
  ).toEqual([]);
  expect(passes.map(({ id }) => id)).toContain("color-contrast");
}

/** Presses Tab, or another key, until the button of that name has the focus. */
export async function tabTo(page: Page, name: string, key = "Tab"): Promise<void> {
  const target = page.getByRole("button", { name, exact: true });
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press(key);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${name} cannot be reached by ${key}`);
}
