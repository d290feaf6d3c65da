import { afterAll, beforeAll } from "vitest";
import { describeBackendContract } from "./src/backend/register.js";
import { referenceBackend } from "./src/reference/backend.js";
import { type RunningBackend, serve } from "./src/reference/server.js";

let running: RunningBackend;
beforeAll(async () => {
  running = await serve(referenceBackend());
});
afterAll(() => running[Symbol.dispose]());

describeBackendContract("reference backend", {}, () => running.address);
