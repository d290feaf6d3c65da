import { expect, test } from "vitest";
import { refusal } from "./rules.js";

const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });
const button = (label: string) => ({
  type: "button",
  text: { type: "plain_text", text: label },
  action_id: "a",
  value: "v",
});
const posted = (blocks: unknown[]) => refusal({ text: "x", blocks: JSON.stringify(blocks) });

test("what is within the limits is taken", () => {
  expect(refusal({ text: "x".repeat(40_000) })).toBeUndefined();
  expect(posted(Array.from({ length: 50 }, () => section("x".repeat(3_000))))).toBeUndefined();
  expect(posted([{ type: "markdown", text: "x".repeat(12_000) }])).toBeUndefined();
  expect(posted([{ type: "actions", elements: [button("x".repeat(75))] }])).toBeUndefined();
  expect(
    posted([{ type: "divider" }, { type: "section", fields: [{ text: "x" }] }]),
  ).toBeUndefined();
  const metadata = JSON.stringify({ event_type: "t", event_payload: { id: 1 } });
  expect(refusal({ text: "x", metadata })).toBeUndefined();
});

test.each<[string, Record<string, string>, string]>([
  ["too long a text", { text: "x".repeat(40_001) }, "msg_too_long"],
  ["no text", {}, "no_text"],
  ["broken metadata", { text: "x", metadata: "{" }, "invalid_metadata_format"],
  ["metadata without a type", { text: "x", metadata: "{}" }, "invalid_metadata_format"],
  ["broken blocks", { text: "x", blocks: "[" }, "invalid_blocks_format"],
])("%s", (_, form, error) => expect(refusal(form)).toBe(error));

test.each<[string, unknown[]]>([
  ["no blocks", []],
  ["51 blocks", Array.from({ length: 51 }, () => section("x"))],
  ["a long section", [section("x".repeat(3_001))]],
  ["an empty section", [section("")]],
  ["a section of nothing", [{ type: "section" }]],
  ["a long markdown", [{ type: "markdown", text: "x".repeat(12_001) }]],
  [
    "two markdowns that are too long together",
    [1, 2].map(() => ({ type: "markdown", text: "x".repeat(6_001) })),
  ],
  ["a long header", [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }]],
  ["a long label", [{ type: "actions", elements: [button("x".repeat(76))] }]],
  ["26 buttons", [{ type: "actions", elements: Array.from({ length: 26 }, () => button("x")) }]],
  ["a block_id twice", [1, 2].map(() => ({ ...section("x"), block_id: "same" }))],
  ["an unknown type", [{ type: "hologram" }]],
])("blocks are refused: %s", (_, blocks) => expect(posted(blocks)).toBe("invalid_blocks"));
