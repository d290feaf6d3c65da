import { expect, test } from "vitest";
import { categorize } from "./category.js";
import { noteWish, withoutEscape } from "./phrases.js";

test.each([
  ["remember this: a b", "remember", "a b"],
  ["  Remember This:x", "remember", "x"],
  ["remember that: we ship\non Monday", "remember", "we ship\non Monday"],
  ["REMEMBER: it", "remember", "it"],
  ["remember: 日本", "remember", "日本"],
  ["what do you remember about cats and dogs", "recall", "cats and dogs"],
  ["Recall the plan", "recall", "the plan"],
  ["search memory plan", "recall", "plan"],
  ["search memory for plan", "recall", "plan"],
  ["recall plan \n", "recall", "plan"],
])("%j", (message, action, text) => {
  expect(noteWish(message)).toEqual({ action, text });
});

test.each([
  ...["remember me", "recall", "remember this:", "I recall x", "remember that", "", "remember:"],
  ...["remember that we ship on Mondays", "remember this", "remember this please: x", "recall:"],
  ...["recall the plan\nand then build it", "search memory", "what do you remember", "recalls x"],
  ...["what do you remember about\nx", "please remember: x", "remember-that: x", "\\recall x"],
])("%j is for the agent", (message) => {
  expect(noteWish(message)).toBeUndefined();
});

test.each([
  ["\\recall the plan", "recall the plan"],
  [" \\remember: x", "remember: x"],
  ["\\frac{1}{2}", "\\frac{1}{2}"],
  ["\\", "\\"],
  [" as it is ", " as it is "],
  ["\\\\recall x", "\\\\recall x"],
])("%j reaches the agent as %j", (message, text) => {
  expect(withoutEscape(message)).toBe(text);
});

test.each([
  ["nothing of note", "general", ["general"]],
  ["commit to the branch and push", "git", ["git"]],
  ["the module layer", "architecture", ["architecture"]],
  // "pattern" is a word of two categories; the first wins, and tags the other.
  ["pattern", "architecture", ["architecture", "pattern"]],
])("%j is %s", (text, category, tags) => {
  expect(categorize(text)).toEqual({ category, tags });
});
