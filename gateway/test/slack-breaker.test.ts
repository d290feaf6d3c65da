import { expect, test } from "vitest";
import { startSlackSystem } from "./slack-system.js";

test("who writes late in a long outage is told soon, and answered as soon as it is over", async () => {
  await using system = await startSlackSystem({ BACKEND_RETRY_WINDOW: "10s" });
  const thread = await system.begin();
  await system.backend.stop();
  const ask = async (text: string) => {
    const begun = performance.now();
    const [told] = await system.ask(text, thread);
    expect(told?.text).toBe("Error: Failed to get response from Amplifier session.");
    return performance.now() - begun;
  };
  expect(await ask("anybody there?")).toBeGreaterThan(8_000);
  expect(await ask("and now?")).toBeLessThan(8_000);
  await system.backend.start();
  const [answer] = await system.ask("at last?", thread);
  expect(answer?.text).toContain("at last?");
});
