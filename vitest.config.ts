import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Tests run on the sources, without a build. */
const conditions = ["@amp/source"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "*/src/**/*.test.ts",
      "gateway/page/src/**/*.test.ts",
      "*/test/**/*.test.ts",
      "contract-tests/**/*.test.ts",
    ],
    globalSetup: ["stack/src/testing/postgres-setup.ts"],
    // Far longer than a busy machine takes; a condition that holds at once is seen at once.
    testTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 180_000,
    // Most tests wait most of their time, for processes, leases and time-outs.
    maxWorkers: Math.max(3, availableParallelism()),
    // The cases of a contract suite mostly wait, some of them for long, and beside one another.
    maxConcurrency: 24,
  },
});
