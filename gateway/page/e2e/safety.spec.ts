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
