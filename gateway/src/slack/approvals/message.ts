import type { types } from "@slack/bolt";
import { z } from "zod";
import {
  type Approval,
  ApprovalOptionKind,
  ApprovalState,
  type Author,
} from "../../backend/index.js";
import type { UserId } from "../keys.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { blocks, button, context, type SlackText, section } from "../text/message.js";
import { neutralize } from "../text/neutralize.js";

/** The action of an option's button begins so, and ends with the option's place. */
export const ANSWER_ACTION = "answer_question_";

/** What a button says when it is clicked. */
const Value = z.tuple([z.string(), z.string(), z.string()]);

/** Slack's limits: https://docs.slack.dev/reference/block-kit/blocks. Escaped, a title may be five times as long. */
const MAX_TITLE = 550;
const MAX_CONTENT = 8_000;
const MAX_LABEL = 75;
const MAX_BUTTONS = 25;

/** A question as it stands: with buttons while it waits, and then with what became of it. */
export function questionMessage(sessionId: string, approval: Approval, users: UserId[]): SlackText {
  const title = escapeText(cut(neutralize(approval.title), MAX_TITLE)) || "May I go on?";
  const content = cut(neutralize(approval.content).trim(), MAX_CONTENT);
  const list: types.KnownBlock[] = [section(`*The agent asks:* ${title}`)];
  if (content) list.push({ type: "markdown", text: content });
  if (approval.state === ApprovalState.PENDING) {
    const elements = approval.options.slice(0, MAX_BUTTONS).map((option, index) => {
      const value = JSON.stringify([sessionId, approval.approvalId, option.optionId]);
      const label = cut(neutralize(option.label.trim() || option.optionId), MAX_LABEL);
      return { ...button(label, `${ANSWER_ACTION}${index}`, value), ...styleOf(option.kind) };
    });
    const who = users.map((user) => `<@${user}>`).join(" or ");
    list.push({ type: "actions", elements }, context(`Only ${who} can answer.`));
  } else list.push(context(outcome(approval)));
  return blocks(`The agent asks: ${title}`, ...list);
}

/** What stands in the place of a question that cannot be read any more. */
export function lostQuestion(): SlackText {
  const text = "_The agent asked something here; its session is gone._";
  return blocks(text, section(text));
}

/** Session, question and option of a click; undefined when it is none of these buttons. */
export function parseValue(value: string): z.infer<typeof Value> | undefined {
  try {
    return Value.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}

/** What became of a question that does not wait any more. */
export function outcome({ state, optionId, options, decidedBy }: Approval): string {
  if (state !== ApprovalState.DECIDED) return "Nobody answered in time.";
  const label = options.find((option) => option.optionId === optionId)?.label ?? optionId;
  return `*${escapeText(neutralize(label))}*, answered ${answerer(decidedBy)}`;
}

function answerer(author: Author | undefined): string {
  if (!author?.surface) return "elsewhere";
  if (author.surface === "slack") return `by <@${author.user}>`;
  const name = author.displayName && `by ${escapeText(author.displayName)} `;
  return `${name}on the ${escapeText(author.surface)}`;
}

function styleOf(kind: ApprovalOptionKind): Pick<types.Button, "style"> {
  if (kind === ApprovalOptionKind.ALLOW_ONCE) return { style: "primary" };
  return kind === ApprovalOptionKind.REJECT_ONCE ? { style: "danger" } : {};
}
