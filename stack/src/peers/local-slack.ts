import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { freePort } from "../ports.js";
import { watchdog } from "../watchdog.js";
import { peerFile } from "./installed.js";
import { type LocalSlackControl, localSlackControl } from "./local-slack-control.js";
import {
  LOCAL_SLACK_APP,
  LOCAL_SLACK_CHANNELS,
  LOCAL_SLACK_USERS,
} from "./local-slack-workspace.js";

/** How to start a local Slack. */
export interface LocalSlackOptions {
  /** Where events, commands and clicks are posted, signed. Without it the app is in Socket Mode. */
  requestUrl?: string;
  /** The port of its UI and API; a free one by default. */
  port?: number;
  /** Signs its deliveries; a secret that everybody can read by default, for tests. */
  signingSecret?: string;
}

/** A running local Slack: one workspace with one app, which is a member of every channel. */
export interface LocalSlack extends LocalSlackControl, AsyncDisposable {
  /** Of the UI. */
  url: string;
  /** For `SLACK_API_URL`. */
  apiUrl: string;
  app: LocalSlackApp;
}

/** What the workspace knows of the app. */
export type LocalSlackApp = { [Field in keyof typeof LOCAL_SLACK_APP]: string };

const START_TIMEOUT_MS = 20_000;

/** Starts https://github.com/parvalabs/local-slack; throws if there is none for this machine. */
export async function startLocalSlack(options: LocalSlackOptions = {}): Promise<LocalSlack> {
  const bin = await peerFile(`local-slack-${process.platform}-${process.arch}/bin/local-slack`);
  const port = options.port ?? (await freePort());
  const dir = await mkdtemp(path.join(os.tmpdir(), "amp-local-slack-"));
  const config = path.join(dir, "config.json");
  const { signingSecret = LOCAL_SLACK_APP.signingSecret } = options;
  const app: LocalSlackApp = { ...LOCAL_SLACK_APP, signingSecret };
  // Others on this machine must not read the secret.
  await writeFile(config, JSON.stringify(workspace(app, options.requestUrl)), { mode: 0o600 });

  const args = ["--config", config, "--port", String(port), "--base-host", "127.0.0.1"];
  const child = spawn(bin, args, {
    stdio: ["ignore", "pipe", "pipe"],
    // It keeps uploaded files in a temporary folder of its own and leaves it behind.
    env: { ...process.env, TMPDIR: dir },
    detached: true,
  });
  watchdog(child, { first: "TERM", last: "KILL" });

  const url = `http://127.0.0.1:${port}`;
  const slack: LocalSlack = {
    url,
    apiUrl: `${url}/api/`,
    app,
    ...localSlackControl(url),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill();
        await exited;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
  let output = "";
  const ready = new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(`local-slack did not start on port ${port}:\n${output}`));
    const timer = setTimeout(fail, START_TIMEOUT_MS).unref();
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
      if (!output.includes("local-slack is running")) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", fail);
    child.once("error", fail);
  });
  try {
    await ready;
    return slack;
  } catch (error) {
    await slack[Symbol.asyncDispose]();
    throw error;
  }
}

function workspace({ teamId, ...app }: LocalSlackApp, requestUrl: string | undefined) {
  const members = [app.botUserId, ...LOCAL_SLACK_USERS.map(({ id }) => id)];
  return {
    workspace: { name: "Local Slack", domain: "local", teamId },
    apps: [{ ...app, ...(requestUrl ? { mode: "events", requestUrl } : { mode: "socket" }) }],
    users: LOCAL_SLACK_USERS,
    channels: LOCAL_SLACK_CHANNELS.map((channel) => ({ ...channel, members })),
  };
}
