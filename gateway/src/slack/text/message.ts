import type { types } from "@slack/bolt";

/** A message as Slack takes it. */
export interface SlackText {
  /** In Slack's mrkdwn. All there is, or with blocks what notifications and screen readers use. */
  text: string;
  blocks?: types.KnownBlock[];
}

/** A section of mrkdwn. */
export function section(text: string): types.SectionBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}

/** A small grey line of mrkdwn. */
export function context(text: string): types.ContextBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}

export function header(text: string): types.HeaderBlock {
  return { type: "header", text: { type: "plain_text", text } };
}

export function button(text: string, actionId: string, value: string): types.Button {
  return { type: "button", text: { type: "plain_text", text }, action_id: actionId, value };
}

/** A message of blocks; notifications show `text`. */
export function blocks(text: string, ...list: types.KnownBlock[]): SlackText {
  return { text, blocks: list };
}
