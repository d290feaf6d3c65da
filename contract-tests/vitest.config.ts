import { defineConfig } from "vitest/config";
import { contractSettings } from "./src/settings.js";

const { backendUrl, gatewayUrl } = contractSettings(process.env);
const both = backendUrl === undefined && gatewayUrl === undefined;

/** One suite for each address that is given. */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ["@amp/source"] } },
  test: {
    include: [
      ...(backendUrl || both ? ["backend.contract.ts"] : []),
      ...(gatewayUrl || both ? ["gateway.contract.ts"] : []),
    ],
    globalSetup: ["src/require-address.ts"],
    testTimeout: 180_000,
    // The cases mostly wait, some of them for long, and beside one another.
    maxConcurrency: 24,
  },
});
