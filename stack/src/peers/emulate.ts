import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { freePort } from "../ports.js";
import { peerFile } from "./installed.js";

/** How to start an emulated Slack. */
export interface EmulateOptions {
  /** Where events are posted, signed; none are without it. It does not repeat a delivery that fails. */
  requestUrl?: string;
}

/** What its Web API answers. */
export type SlackAnswer = Record<string, unknown> & { ok: boolean; error?: string };

/** A running Slack Web API and Events API: one workspace, one person, one app, a few channels. */
export interface Emulate extends AsyncDisposable {
  /** For `SLACK_API_URL`. */
  apiUrl: string;
  app: typeof APP;
  /** The person who acts through `post` and `call`. */
  user: string;
  /** Channels that the person and the app are members of. */
  channels: { general: string; random: string };
  /** Posts as the person; returns the `ts`. The app's events are delivered before it returns. */
  post(channel: string, text: string, threadTs?: string): Promise<string>;
  /** Any method of the Web API, as the person, or as the holder of another token. Throws if not ok. */
  call(method: string, args: Record<string, string>, token?: string): Promise<SlackAnswer>;
  /** From now on events go there, and nowhere else. */
  deliverTo(requestUrl: string): void;
}

const APP = {
  teamId: "T000000001",
  appId: "A000000AMP",
  botId: "B000000AMP",
  botUserId: "U000000AMP",
  botToken: "xoxb-emulate-amp",
  signingSecret: "emulate-signing-secret",
} as const;
const USER = { id: "U000000001", token: "xoxp-emulate-user" } as const;
const CHANNELS = { general: "C000000001", random: "C000000002" } as const;

/** Starts the Slack of https://www.npmjs.com/package/emulate, in this process. */
export async function startEmulate(options: EmulateOptions = {}): Promise<Emulate> {
  const { createEmulator } = (await import(pathToFileURL(await peerFile(API)).href)) as EmulateApi;
  await captureWebhooks();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const emulator = await createEmulator({ service: "slack", port, baseUrl: url, seed: SEED });
  const webhooks = captured.get(url);
  if (!webhooks) throw new Error("emulate's webhooks were not found; did its layout change?");

  const emulate: Emulate = {
    apiUrl: `${url}/api/`,
    app: APP,
    user: USER.id,
    channels: CHANNELS,
    async call(method, args, token = USER.token) {
      const response = await fetch(`${url}/api/${method}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: new URLSearchParams(args),
      });
      const answer = (await response.json()) as SlackAnswer;
      if (!answer.ok) throw new Error(`${method}: ${answer.error ?? response.status}`);
      return answer;
    },
    async post(channel, text, threadTs) {
      const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
      const { ts } = await emulate.call("chat.postMessage", { channel, text, ...thread });
      return String(ts);
    },
    deliverTo(requestUrl) {
      webhooks.clear();
      webhooks.register({ url: requestUrl, events: ["*"], active: true, owner: "slack" });
    },
    async [Symbol.asyncDispose]() {
      captured.delete(url);
      await emulator.close();
    },
  };
  for (const channel of Object.values(CHANNELS))
    await emulate.call("conversations.join", { channel }, APP.botToken);
  if (options.requestUrl) emulate.deliverTo(options.requestUrl);
  return emulate;
}

const API = "emulate/dist/api.js";

const SEED = {
  slack: {
    signing_secret: APP.signingSecret,
    oauth_apps: [
      {
        app_id: APP.appId,
        client_id: "emulate-client",
        client_secret: "emulate-client-secret",
        name: "amp",
        redirect_uris: [],
        bot_id: APP.botId,
        bot_user_id: APP.botUserId,
        bot_name: "amp",
      },
    ],
    tokens: [
      { token: USER.token, user_id: USER.id },
      {
        token: APP.botToken,
        type: "bot",
        user_id: APP.botUserId,
        app_id: APP.appId,
        bot_id: APP.botId,
        bot_user_id: APP.botUserId,
      },
    ],
  },
};

/** The dispatcher of each running emulator, by its URL. */
const captured = new Map<string, Webhooks>();
let patched: Promise<void> | undefined;

/**
 * emulate 0.12 sends Slack's events to whoever subscribed to its dispatcher,
 * but has no public way to subscribe. So its Slack plugin, which lives in a
 * file with a hash in its name, is made to tell us the dispatcher it is given.
 */
function captureWebhooks(): Promise<void> {
  patched ??= (async () => {
    const dist = path.dirname(await peerFile(API));
    for (const name of await readdir(dist)) {
      if (!/^dist-.*\.js$/.test(name)) continue;
      const file = path.join(dist, name);
      if (!(await readFile(file, "utf8")).includes("slackPlugin")) continue;
      const { slackPlugin } = (await import(pathToFileURL(file).href)) as SlackModule;
      const register = slackPlugin.register;
      slackPlugin.register = (app, store, webhooks, baseUrl, tokens) => {
        captured.set(baseUrl, webhooks);
        register(app, store, webhooks, baseUrl, tokens);
      };
    }
  })();
  return patched;
}

interface EmulateApi {
  createEmulator(options: object): Promise<{ close(): Promise<void> }>;
}

interface Webhooks {
  register(subscription: { url: string; events: string[]; active: boolean; owner: string }): void;
  clear(): void;
}

interface SlackModule {
  slackPlugin: {
    register(
      app: unknown,
      store: unknown,
      webhooks: Webhooks,
      baseUrl: string,
      tokens: unknown,
    ): void;
  };
}
