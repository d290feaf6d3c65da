import { defineConfig } from "@playwright/test";
import { findChromium } from "./gateway/page/e2e/chromium.js";

const { executablePath, env } = findChromium();

/** The built page in a real browser, on the real gateway, backend and PostgreSQL. */
export default defineConfig({
  testDir: "gateway/page/e2e",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 45_000 },
  reporter: [["list"]],
  use: {
    launchOptions: { executablePath, env },
    trace: "retain-on-failure",
  },
});
