import fc from "fast-check";
import { expect, test } from "vitest";
import { conversation } from "./conversation.js";

const limits = { systemPrompt: undefined, historyTurns: 10, historyCharacters: 100 };

test("history comes before the message, oldest first", () => {
  const history = [
    { message: "a", reply: "b" },
    { message: "c", reply: "d" },
  ];
  const sent = conversation({ ...limits, systemPrompt: "s" }, history, "e");
  expect(sent.map(({ role, content }) => `${role} ${content}`)).toEqual([
    "system s",
    "user a",
    "assistant b",
    "user c",
    "assistant d",
    "user e",
  ]);
});

test("a turn that does not fit hides all that is older", () => {
  const history = [
    { message: "old", reply: "old" },
    { message: "x".repeat(100), reply: "big" },
    { message: "new", reply: "new" },
  ];
  const sent = conversation(limits, history, "now");
  expect(sent.map(({ content }) => content)).toEqual(["new", "new", "now"]);
});

test("any history is cut to the longest suffix within the limits", () => {
  const turn = fc.record({ message: fc.string(), reply: fc.string() });
  fc.assert(
    fc.property(fc.array(turn), fc.nat(20), fc.nat(200), (history, turns, characters) => {
      const bounds = {
        systemPrompt: undefined,
        historyTurns: turns,
        historyCharacters: characters,
      };
      const kept = conversation(bounds, history, "now")
        .slice(0, -1)
        .map(({ content }) => content);
      const suffix = (count: number) =>
        history.slice(history.length - count).flatMap(({ message, reply }) => [message, reply]);
      const fits = (count: number) =>
        count <= turns && count <= history.length && suffix(count).join("").length <= characters;
      const count = kept.length / 2;
      expect(kept).toEqual(suffix(count));
      expect(fits(count)).toBe(true);
      expect(fits(count + 1)).toBe(false);
    }),
  );
});
