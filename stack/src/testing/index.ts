/** What tests share: a real PostgreSQL with databases of their own on it, and Slacks to talk to. */
export { type Emulate, type EmulateOptions, startEmulate } from "../peers/emulate.js";
export {
  type LocalSlack,
  type LocalSlackOptions,
  startLocalSlack,
} from "../peers/local-slack.js";
export type { LocalSlackLogEntry, LocalSlackMessage } from "../peers/local-slack-control.js";
export { freePort } from "../ports.js";
export { type TestDatabase, testDatabase } from "./database.js";
export {
  type CompletionRequest,
  type OpenAiServer,
  startOpenAiServer,
} from "./openai-server.js";
export { type TcpProxy, tcpProxy } from "./tcp-proxy.js";
