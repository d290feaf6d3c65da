/**
 * The backend of the build in CHAOS_ROOT, with an agent more: `acting`, whose
 * turns may not be run again. It answers as the demo agent does, and acts on the
 * world: it adds the message of each turn to the file that CHAOS_ACTS names.
 */
import { appendFileSync } from "node:fs";

const root = process.env.CHAOS_ROOT ?? "";
const acts = process.env.CHAOS_ACTS ?? "";
const { parseConfig, startBackend } = await import(`${root}/backend-service/dist/index.js`);
const { demoAgent } = await import(`${root}/backend-service/dist/agents/demo/index.js`);

const demo = demoAgent();
const acting = {
  name: "acting",
  repeatable: false,
  async open(context, signal) {
    const session = await demo.open(context, signal);
    return {
      async *prompt(message, ...rest) {
        appendFileSync(acts, `${JSON.stringify(message)}\n`);
        yield* session.prompt(message, ...rest);
      },
      close: () => session.close(),
    };
  },
};

const backend = await startBackend(parseConfig(process.env), { agents: [demo, acting] });
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => void backend[Symbol.asyncDispose]().then(() => process.exit(0)));
}
