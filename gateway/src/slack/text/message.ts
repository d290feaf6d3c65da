import type { types } from "@slack/bolt";
import { cutMarkup } from "./cut.js";

/** A message as Slack takes it. */
export interface SlackText {
  /** In Slack's mrkdwn. All there is, or with blocks what notifications and screen readers use. */
  text: string;
  blocks?: types.KnownBlock[];
  /** Posted without the metadata by which a post is found again: Slack refused it. */
  unmarked?: true;
}

/** The most that a text of a section or a context may have: https://docs.slack.dev/reference/block-kit/composition-objects/text-object. */
const MAX_MRKDWN = 3_000;

/** Verbatim: else Slack reads a plain `@channel` in what people and agents wrote as a mention. */
function mrkdwn(text: string): types.MrkdwnElement {
  return { type: "mrkdwn", text: cutMarkup(text, MAX_MRKDWN), verbatim: true };
}

/** A section of mrkdwn; what is too long for one is cut. */
export function section(text: string): types.SectionBlock {
  return { type: "section", text: mrkdwn(text) };
}

/** A small grey line of mrkdwn. */
export function context(text: string): types.ContextBlock {
  return { type: "context", elements: [mrkdwn(text)] };
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
