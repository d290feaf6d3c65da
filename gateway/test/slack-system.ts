import {
  freePort,
  type LocalSlack,
  type LocalSlackMessage,
  startLocalSlack,
} from "@amp/stack/testing";
import { expect, vi } from "vitest";
import { type SlackProxy, slackProxy } from "./slack-proxy.js";
import { type System, startSystem } from "./web-system.js";

export const ADA = "U0ADA";
export const BOB = "U0BOB";
export const EVE = "U0EVE";
export const GENERAL = "C0GENERAL";
export const RANDOM = "C0RANDOM";
export const BOT = "<@U0AMP>";

/** How Slack reaches the gateway. */
export type Transport = "http" | "socket";

/** A local Slack, and the whole system behind it. */
export interface SlackSystem extends System {
  slack: LocalSlack;
  /** Between the gateway and Slack's Web API. */
  proxy: SlackProxy;
  /** The settings that the gateway was started with. */
  env: Record<string, string>;
  /** Posts, and waits until the thread has so many messages of the app. Returns them. */
  ask(text: string, thread?: string, answers?: number, user?: string): Promise<LocalSlackMessage[]>;
  /** The app's messages of a thread. */
  answers(thread: string): Promise<LocalSlackMessage[]>;
  /** Begins a session by the slash command in the channel. Returns the `ts` of its thread, whose root is the app's. */
  begin(words?: string, user?: string): Promise<string>;
}

/** Starts one. */
export async function startSlackSystem(
  env: Record<string, string> = {},
  transport: Transport = "http",
  ...gatewayDatabase: [through?: (url: string) => Promise<string>]
): Promise<SlackSystem> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/slack/events`;
  const slack = await startLocalSlack(transport === "http" ? { requestUrl: url } : {});
  const proxy = await slackProxy(slack.apiUrl);
  const settings = {
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    SLACK_API_URL: proxy.apiUrl,
    SLACK_BOT_TOKEN: slack.app.botToken,
    BACKEND_RETRY_WINDOW: "10s",
    ...(transport === "http"
      ? { SLACK_SIGNING_SECRET: slack.app.signingSecret }
      : { SLACK_APP_TOKEN: slack.app.appToken }),
    ...env,
  };
  const system = await startSystem(settings, ...gatewayDatabase).catch(async (error: unknown) => {
    await proxy[Symbol.asyncDispose]();
    await slack[Symbol.asyncDispose]();
    throw error;
  });

  if (transport === "socket") {
    // What local-slack sends before is lost.
    const connected = () => system.logs.some(({ msg }) => msg === "Socket Mode connected");
    await vi.waitFor(() => expect(connected()).toBe(true), { timeout: 60_000 });
  }

  const answers = async (thread: string) =>
    (await slack.messages(GENERAL)).filter(
      (message) => message.thread_ts === thread && message.user === slack.app.botUserId,
    );
  return {
    ...system,
    slack,
    proxy,
    env: settings,
    answers,
    async ask(text, thread, count, user = ADA) {
      const before = thread === undefined ? 0 : (await answers(thread)).length;
      const in_thread = thread === undefined ? {} : { thread_ts: thread };
      const { ts } = await slack.message({ channel: GENERAL, user, text, ...in_thread });
      return vi.waitFor(
        async () => {
          const found = await answers(thread ?? ts);
          if (found.length < before + (count ?? 1)) throw new Error(`${found.length} answers`);
          return found.slice(before);
        },
        { timeout: 60_000 },
      );
    },
    async begin(words = "", user = ADA) {
      const roots = async () =>
        (await slack.messages(GENERAL)).filter(
          ({ text, thread_ts }) => !thread_ts && text?.startsWith("Started new session"),
        );
      const before = (await roots()).length;
      await slack.command({ channel: GENERAL, user, command: "/amp", text: `new ${words}` });
      const root = await vi.waitFor(
        async () => {
          const found = await roots();
          const [last] = found.slice(before);
          if (!last) throw new Error("no session began");
          return last;
        },
        { timeout: 60_000 },
      );
      return root.ts;
    },
    async [Symbol.asyncDispose]() {
      await system[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}
