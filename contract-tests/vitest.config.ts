import { defineConfig } from "vitest/config";
import { contractSettings } from "./src/settings.js";

const { backendUrl, gatewayUrl } = contractSettings(process.env);

/** One suite for each address that is given; nothing is started. */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ["@amp/source"] } },
  test: {
    include: [
      ...(backendUrl ? ["backend.contract.ts"] : []),
      ...(gatewayUrl ? ["gateway.contract.ts"] : []),
    ],
    testTimeout: 30_000,
  },
});
