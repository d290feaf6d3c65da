import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { type Stack, withStack } from "./stack.js";

/** A test with the whole system behind it. It fails when the page throws or breaks its security policy. */
export const test = base.extend<{ chat: ChatPage }, { stack: Stack }>({
  // Playwright reads from the pattern which fixtures one needs: this one, none.
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  stack: [({}, use) => withStack(use), { scope: "worker", timeout: 60_000 }],
  baseURL: ({ stack }, use) => use(stack.url),
  page: async ({ page }, use) => {
    const problems = watch(page);
    await use(page);
    expect(problems).toEqual([]);
  },
  chat: async ({ page }, use) => {
    const chat = new ChatPage(page);
    await page.goto("/");
    await page.getByRole("button", { name: "New session" }).click();
    await use(chat);
  },
});

export { expect };

/** Collects what must never happen. Failing requests are no part of it: tests break lines on purpose. */
export function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("dialog", (dialog) => problems.push(`dialog: ${dialog.message()}`));
  page.on("console", (message) => {
    if (/content security policy|trusted/i.test(message.text())) problems.push(message.text());
  });
  return problems;
}

/** The page as a user sees it. */
export class ChatPage {
  readonly box: Locator;
  readonly answers: Locator;
  readonly memories: Locator;
  /** What the agent asked, answered or not. */
  readonly questions: Locator;
  /** How turns without an answer ended. */
  readonly outcomes: Locator;

  constructor(readonly page: Page) {
    this.box = page.getByRole("textbox", { name: "Message" });
    this.answers = page.getByRole("article", { name: "Answer" });
    this.memories = page.getByRole("article", { name: "Memory" });
    this.questions = page.getByRole("group", { name: "Write to the demo file" });
    this.outcomes = page.locator(".outcome");
  }

  /** Writes a message and sends it. */
  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press("Enter");
  }

  /** The session looked at. */
  async sessionId(): Promise<string> {
    await expect.poll(() => new URL(this.page.url()).hash).not.toBe("");
    return new URL(this.page.url()).hash.slice(1);
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }
}
