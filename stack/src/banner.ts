import type { ListenAddress } from "@amp/service";
import { clientAddress } from "./ports.js";
import type { SlackState } from "./slack-state.js";

/** What the banner tells. */
export interface BannerFacts {
  gateway: ListenAddress;
  backend: ListenAddress;
  env: NodeJS.ProcessEnv;
  dataDir: string;
  logDir: string;
  /** Of the local Slack, if one was brought. */
  slackUrl: string | undefined;
  /** Whether Slack is connected; undefined when it is off. */
  slackState: SlackState | undefined;
  /** Whether the database was brought, too. */
  ownsDatabase: boolean;
}

const METHOD = "amp.session.v1.SessionService/Create";
const REQUEST = `-d '{"description":"hello"}'`;

/** What a newcomer needs to know once everything runs; the commands work when pasted. */
export function banner(facts: BannerFacts): string {
  const rows: [string, string][] = [
    ["Web chat", `http://${clientAddress(facts.gateway)}`],
    ["Slack", slack(facts)],
    ["Agent", agent(facts.env)],
    ["Backend", backendCalls(facts)],
    ["Database", facts.ownsDatabase ? `PostgreSQL in ${facts.dataDir}` : "DATABASE_URL"],
    ["Logs", facts.logDir],
  ];
  const lines = rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`);
  return ["", "Amp Bridge is running. Ctrl-C stops it.", "", ...lines, ""].join("\n");
}

function slack({ slackUrl, slackState: state, env }: BannerFacts): string {
  if (slackUrl) return `${slackUrl} (a local one; write @amp hello in #general)`;
  if (state === undefined) {
    return `off; README.md tells how to connect it, or try \`npm run slack:demo\``;
  }
  if (typeof state === "object") return `not connected: ${state.problem}`;
  if (state === "not connected") return "not connected yet; the log of the gateway tells why";
  return env["SLACK_APP_TOKEN"] ? "on" : "on, as soon as Slack calls";
}

function agent(env: NodeJS.ProcessEnv): string {
  if (env["DEFAULT_AGENT"]) return env["DEFAULT_AGENT"];
  if (env["OPENAI_BASE_URL"]) return `openai at ${env["OPENAI_BASE_URL"]}`;
  return "demo; set OPENAI_BASE_URL and OPENAI_MODEL to talk to a real one";
}

function backendCalls({ backend, env }: BannerFacts): string {
  const address = clientAddress(backend);
  if (env["BACKEND_TLS_CERT"]) return `${address}, with TLS`;
  const token = env["BACKEND_TOKENS"] ? `-H "authorization: Bearer $BACKEND_TOKEN" ` : "";
  return [
    `${address}, for example`,
    `grpcurl -plaintext ${token}${REQUEST} ${address} ${METHOD}`,
    `npx buf curl --protocol grpc --http2-prior-knowledge ${token}${REQUEST} http://${address}/${METHOD}`,
  ].join(`\n${" ".repeat(14)}`);
}
