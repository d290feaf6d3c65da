import type { SlackText } from "../text/message.js";

const TIMEOUT_MS = 10_000;
/** Where Slack takes answers to commands and clicks. */
const SLACK_HOSTS: readonly string[] = ["hooks.slack.com", "hooks.slack-gov.com"];
const SLACK_API = /(^|\.)slack(-gov)?\.com$/;

/**
 * Whether answers may go to the address: one of Slack's, or if the Web API is
 * that of a stand-in, one on the stand-in's host. A delivery with another one
 * was not made by Slack.
 */
export function isResponseUrl(text: string, apiUrl: string): boolean {
  if (!URL.canParse(text) || !URL.canParse(apiUrl)) return false;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return false;
  const api = new URL(apiUrl);
  if (!SLACK_API.test(api.hostname)) {
    return url.hostname === api.hostname && /^https?:$/.test(url.protocol);
  }
  return url.protocol === "https:" && url.port === "" && SLACK_HOSTS.includes(url.hostname);
}

/** Answers a command or a click at the address that came with it. @throws when that is not taken */
export async function answerAt(
  responseUrl: string,
  { text, blocks }: SlackText,
  audience: "in_channel" | "ephemeral" = "in_channel",
): Promise<void> {
  const response = await fetch(responseUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      text,
      ...(blocks && { blocks }),
      response_type: audience,
      // Of a click, it would take the place of the message with the button.
      replace_original: false,
    }),
    // Slack redirects nobody from here; who does may mean an address of ours.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The response_url answered HTTP ${response.status}.`);
}
