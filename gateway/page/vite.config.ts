import { defineConfig } from "vite";
import { budget } from "./budget.js";

/** Nothing inline and no data: URLs, so that the gateway's content security policy can forbid them. */
export default defineConfig({
  base: "/apps/web-chat/",
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022" },
  plugins: [budget({ ".js": 80_000, ".css": 6_000 })],
});
