import path from "node:path";
import { type Environment, type ListenAddress, SettingError } from "@amp/service";
import { banner } from "./banner.js";
import { checkServiceSettings } from "./check-services.js";
import { openDataDir } from "./data-dir.js";
import { lockDataDir } from "./data-lock.js";
import { checkDatabase, givenDatabase, ownDatabases } from "./databases.js";
import { claimAddress, clientAddress, listenAddress } from "./ports.js";
import { keepService } from "./service.js";
import { demoSettings, startSlackDemo } from "./slack-demo.js";
import { type SlackState, slackState } from "./slack-state.js";
import type { StackConfig } from "./stack-config.js";

/**
 * Runs the whole system until `stop` is aborted: a PostgreSQL (unless one is
 * given), the backend, the gateway. Whatever of these dies is started again;
 * they stop in reverse order. Throws if one of them cannot be started at all.
 */
export async function runStack(
  config: StackConfig,
  tell: (line: string) => void,
  stop: AbortSignal,
): Promise<void> {
  const { env, grace } = config;
  checkServiceSettings(env, { ...env, ...(config.slackDemo && demoSettings()) });
  if (config.databaseUrl) await checkDatabase(config.databaseUrl);
  const dataDir = await openDataDir(config, tell);
  await using _lock = await lockDataDir(dataDir);
  const backend = await claim("BACKEND_LISTEN", config.backendListen);
  const gateway = await claim("GATEWAY_LISTEN", config.gatewayListen);

  const logDir = path.join(dataDir, "logs");
  await using databases = config.databaseUrl
    ? givenDatabase(config.databaseUrl)
    : await ownDatabases(dataDir, logDir, tell);
  stop.throwIfAborted();

  await using _backend = await keepService({
    name: "backend-service",
    listen: backend,
    env: {
      ...env,
      DATABASE_URL: await databases.urlOf("amp_backend"),
      BACKEND_LISTEN: listenAddress(backend),
    },
    ...{ grace, logDir, tell },
  });
  stop.throwIfAborted();

  await using slack = config.slackDemo ? await startSlackDemo(gateway) : undefined;
  await using _gateway = await keepService({
    name: "gateway",
    listen: gateway,
    env: {
      BACKEND_URL: clientAddress(backend),
      ...env,
      ...(slack && demoSettings(slack)),
      DATABASE_URL: await databases.urlOf("amp_gateway"),
      GATEWAY_LISTEN: listenAddress(gateway),
    },
    ...{ grace, logDir, tell },
  });
  stop.throwIfAborted();

  const facts = {
    slackUrl: slack?.url,
    slackState: await slackOf(gateway, env),
    ownsDatabase: config.databaseUrl === undefined,
  };
  tell(banner({ gateway, backend, env, dataDir, logDir, ...facts }));
  await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  tell("Stopping; Ctrl-C again does not wait for what is at work.");
}

/** Whether Slack is connected; undefined when it is off. Whatever goes wrong here is no reason not to start. */
async function slackOf(gateway: ListenAddress, env: Environment): Promise<SlackState | undefined> {
  if (!env["SLACK_BOT_TOKEN"]) return undefined;
  const url = `http://${clientAddress(gateway)}`;
  return slackState(url, Boolean(env["SLACK_APP_TOKEN"])).catch(() => "not connected" as const);
}

async function claim(variable: string, wanted: ListenAddress): Promise<ListenAddress> {
  return claimAddress(wanted).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") {
      throw new SettingError(variable, `cannot be used: ${error.message}`);
    }
    const other = listenAddress({ ...wanted, port: wanted.port + 1 });
    throw new SettingError(
      variable,
      `is ${listenAddress(wanted)}, which another program uses: stop that one, or choose another, such as ${variable}=${other}`,
    );
  });
}
