/** The session backend, to be started by `main.ts` or by a test. */
export * from "./agents/agent.js";
export { type BackendConfig, parseConfig } from "./config.js";
export { type Backend, type BackendOverrides, startBackend } from "./service.js";
