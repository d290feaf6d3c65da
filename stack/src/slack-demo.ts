import { randomBytes } from "node:crypto";
import type { Environment, ListenAddress } from "@amp/service";
import { type LocalSlack, startLocalSlack } from "./peers/local-slack.js";
import { LOCAL_SLACK_APP } from "./peers/local-slack-workspace.js";
import { claimAddress, clientAddress, freePort } from "./ports.js";

/** Where its page is, if nobody else is there. */
const PORT = 4090;

/** Starts a local Slack whose app is the gateway. */
export async function startSlackDemo(gateway: ListenAddress): Promise<LocalSlack> {
  const wanted = { host: "127.0.0.1", port: PORT };
  const port = await claimAddress(wanted).then(
    () => PORT,
    () => freePort(),
  );
  const requestUrl = `http://${clientAddress(gateway)}/slack/events`;
  // Else every web page that reaches the gateway could sign as this Slack.
  const signingSecret = randomBytes(32).toString("hex");
  return startLocalSlack({ port, requestUrl, signingSecret });
}

/** The settings of a gateway that is the app of that Slack; of one that is yet to be started, without it. */
export function demoSettings(slack?: LocalSlack): Environment {
  const { botToken, signingSecret } = slack?.app ?? LOCAL_SLACK_APP;
  return {
    SLACK_BOT_TOKEN: botToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_APP_TOKEN: "",
    SLACK_API_URL: slack?.apiUrl ?? "http://127.0.0.1/api/",
    // Its page has only the word "markdown" for them.
    SLACK_MARKDOWN_BLOCKS: "false",
  };
}
