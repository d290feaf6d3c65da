import type { Environment, ListenAddress } from "@amp/service";
import { type LocalSlack, startLocalSlack } from "./peers/local-slack.js";
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
  return startLocalSlack({ port, requestUrl });
}

/** What makes a gateway the app of that Slack. */
export function slackEnv({ app, apiUrl }: LocalSlack): Environment {
  return {
    SLACK_BOT_TOKEN: app.botToken,
    SLACK_SIGNING_SECRET: app.signingSecret,
    SLACK_APP_TOKEN: "",
    SLACK_API_URL: apiUrl,
    // Its page has only the word "markdown" for them.
    SLACK_MARKDOWN_BLOCKS: "false",
  };
}
