import fc from "fast-check";
import { expect, test } from "vitest";
import { agentReply } from "./agent-reply.js";
import { fit, plainer, smaller } from "./fit.js";
import { blocks, button, context, header, type SlackText, section } from "./message.js";

const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(" ");
const said = (messages: SlackText[]) =>
  messages
    .map(({ text }) => text)
    .join(" ")
    .split(/\s+/);

test("a text is split at line ends or spaces, never in an entity or a mention", () => {
  expect(fit({ text: "short" })).toEqual([{ text: "short" }]);
  const lines = Array.from(
    { length: 1_500 },
    (_, index) => `• \`${index}\` in <#C0GENERAL> - R&amp;D`,
  );
  const parts = fit({ text: lines.join("\n") });
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.map(({ text }) => text).join("\n")).toBe(lines.join("\n"));
  for (const piece of ["&amp;", "<@U0ADA>", "&lt;&gt;", "😀"]) {
    const text = piece.repeat(6_000);
    const unbroken = fit({ text });
    expect(unbroken.map((part) => part.text).join("")).toBe(text);
    for (const part of unbroken) {
      expect(part.text.length).toBeLessThanOrEqual(12_000);
      expect(part.text.replaceAll(piece, "")).toMatch(/^(&lt;|&gt;)?$/);
    }
  }
});

test("more than 50 blocks are several messages, in order", () => {
  const card = blocks(
    "Amplifier",
    ...Array.from({ length: 130 }, (_, index) => section(`s${index}`)),
  );
  const parts = fit(card);
  for (const part of parts) expect(part.blocks?.length).toBeLessThanOrEqual(50);
  expect(parts.flatMap((part) => part.blocks ?? [])).toEqual(card.blocks);
});

test("a section over 3,000 is cut between its entities", () => {
  const { text } = section("&amp;".repeat(990));
  expect(text?.text.length).toBeLessThanOrEqual(3_000);
  expect(text?.text).toMatch(/^(&amp;)+…$/);
});

test("smaller: until it cannot be, and nothing is lost on the way", () => {
  let messages: SlackText[] = agentReply(words(2_000));
  for (let round = 0; round < 5; round += 1) {
    messages = messages.flatMap((message) => smaller(message) ?? [message]);
    expect(said(messages)).toEqual(words(2_000).split(" "));
  }
  let left: SlackText[] = [{ text: "x".repeat(50_000) }];
  let rounds = 0;
  for (; left.length > 0; rounds += 1) left = left.flatMap((message) => smaller(message) ?? []);
  expect(rounds).toBeLessThan(20);
});

test("plainer: a card's whole content, without its one word", () => {
  const card = blocks(
    "Amplifier",
    header("Sessions <1>"),
    { ...section("*one* &lt;b&gt;"), accessory: button("Connect", "a", "b") },
    context("small"),
  );
  expect(plainer(card)).toEqual([{ text: "*Sessions &lt;1&gt;*\n*one* &lt;b&gt;\nsmall" }]);
  expect(plainer({ text: "x" })).toBeUndefined();
  expect(plainer({ text: "x", blocks: [{ type: "divider" }] })).toEqual([{ text: "x" }]);
});

test("a question keeps its buttons for as long as it can, and is one message", () => {
  const actions = { type: "actions" as const, elements: [button("Allow", "a", "b")] };
  const question = blocks("asks", section("t"), { type: "markdown", text: words(1_000) }, actions);
  let message: SlackText | undefined = question;
  for (let round = 0; message && round < 3; round += 1) {
    const [next, ...more]: SlackText[] = smaller(message) ?? [];
    expect(more).toEqual([]);
    expect(next?.blocks).toContainEqual(actions);
    message = next;
  }
  const [plain] = plainer(question) ?? [];
  expect(plain?.blocks).toContainEqual(actions);
  expect(plain?.blocks?.some(({ type }) => type === "markdown")).toBe(false);
  const [plainest] = (plain && plainer(plain)) ?? [];
  expect(plainest?.blocks).toBeUndefined();
  expect(plainest?.text).toContain("w999");
});

test("whatever is tried comes to an end", () => {
  const block = fc.oneof(
    fc.string({ maxLength: 5_000 }).map((text) => section(text || "x")),
    fc.string({ maxLength: 11_000 }).map((text) => ({ type: "markdown" as const, text })),
  );
  const message = fc.record({
    text: fc.string({ maxLength: 20_000 }),
    blocks: fc.array(block, { maxLength: 60 }),
  });
  fc.assert(
    fc.property(message, fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), (given, steps) => {
      let left: SlackText[] = fit(given);
      for (let round = 0; left.length > 0; round += 1) {
        expect(round).toBeLessThan(40);
        left = left.flatMap(
          (each) => (steps[round % steps.length] ? smaller(each) : plainer(each)) ?? [],
        );
      }
    }),
    { numRuns: 50 },
  );
});
