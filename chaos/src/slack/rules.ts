/**
 * What Slack refuses to post, as https://docs.slack.dev/reference/methods/chat.postMessage
 * and https://docs.slack.dev/reference/block-kit/blocks say.
 */
const MOST_TEXT = 40_000;
const MOST_BLOCKS = 50;
const MOST_SECTION = 3_000;
const MOST_MARKDOWN = 12_000;
const MOST_HEADER = 150;
const MOST_FIELDS = 10;
const MOST_FIELD = 2_000;
const MOST_CONTEXT = 10;
const MOST_ACTIONS = 25;
const MOST_LABEL = 75;
const MOST_VALUE = 2_000;
const MOST_ID = 255;

interface TextObject {
  text?: unknown;
}

interface Block {
  type?: unknown;
  block_id?: unknown;
  text?: unknown;
  fields?: unknown;
  elements?: unknown;
}

interface Element {
  type?: unknown;
  text?: unknown;
  value?: unknown;
  action_id?: unknown;
}

/** Why Slack refuses to post this; undefined when it takes it. */
export function refusal(form: Record<string, string>): string | undefined {
  const { text = "", blocks, metadata } = form;
  if (text.length > MOST_TEXT) return "msg_too_long";
  if (text === "" && blocks === undefined) return "no_text";
  if (metadata !== undefined && !isMetadata(parse(metadata))) return "invalid_metadata_format";
  if (blocks === undefined) return undefined;
  const parsed = parse(blocks);
  if (!Array.isArray(parsed)) return "invalid_blocks_format";
  return areBlocks(parsed as Block[]) ? undefined : "invalid_blocks";
}

function isMetadata(value: unknown): boolean {
  const { event_type, event_payload } = (value ?? {}) as Record<string, unknown>;
  return typeof event_type === "string" && typeof event_payload === "object";
}

function areBlocks(blocks: Block[]): boolean {
  const ids = blocks.flatMap(({ block_id }) => (block_id === undefined ? [] : [block_id]));
  const markdown = blocks.filter(({ type }) => type === "markdown");
  const written = markdown.reduce((sum, { text }) => sum + lengthOf(text), 0);
  return (
    blocks.length > 0 &&
    blocks.length <= MOST_BLOCKS &&
    new Set(ids).size === ids.length &&
    written <= MOST_MARKDOWN &&
    blocks.every(isBlock)
  );
}

function isBlock(block: Block): boolean {
  if (block.block_id !== undefined && !fits(block.block_id, MOST_ID)) return false;
  switch (block.type) {
    case "section":
      return isSection(block);
    case "header":
      return fits(textOf(block.text), MOST_HEADER);
    case "markdown":
      return fits(block.text, MOST_MARKDOWN);
    case "context":
      return areElements(block.elements, MOST_CONTEXT, ({ text }) => fits(text, MOST_SECTION));
    case "actions":
      return areElements(block.elements, MOST_ACTIONS, isButton);
    case "divider":
      return true;
    default:
      return false;
  }
}

function isSection({ text, fields }: Block): boolean {
  if (text === undefined && fields === undefined) return false;
  if (text !== undefined && !fits(textOf(text), MOST_SECTION)) return false;
  return (
    fields === undefined ||
    areElements(fields, MOST_FIELDS, (field) => fits(textOf(field), MOST_FIELD))
  );
}

function isButton({ type, text, value, action_id }: Element): boolean {
  return (
    type === "button" &&
    fits(textOf(text), MOST_LABEL) &&
    (value === undefined || lengthOf(value) <= MOST_VALUE) &&
    (action_id === undefined || fits(action_id, MOST_ID))
  );
}

function areElements(value: unknown, most: number, isOne: (element: Element) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  return value.length > 0 && value.length <= most && (value as Element[]).every(isOne);
}

function textOf(value: unknown): unknown {
  return ((value ?? {}) as TextObject).text;
}

function fits(value: unknown, most: number): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= most;
}

function lengthOf(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
