import { expect, test } from "vitest";
import { categorize } from "./category.js";
import { memoryIntent } from "./intent.js";

test.each([
  ["remember this: a b", "remember", "a b"],
  ["  Remember This:x", "remember", "x"],
  ["remember that we ship\non Monday", "remember", "we ship\non Monday"],
  ["REMEMBER: it", "remember", "it"],
  ["what do you remember about cats and dogs", "recall", "cats and dogs"],
  ["Recall the plan", "recall", "the plan"],
  ["search memory plan", "recall", "plan"],
  ["search memory for plan", "recall", "plan"],
])("%j", (message, action, text) => {
  expect(memoryIntent(message)).toEqual({ action, text });
});

test.each(["remember me", "recall", "remember this:", "I recall x", "remember that", ""])(
  "%j is for the agent",
  (message) => {
    expect(memoryIntent(message)).toBeUndefined();
  },
);

test.each([
  ["nothing of note", "general", ["general"]],
  ["commit to the branch and push", "git", ["git"]],
  ["the module layer", "architecture", ["architecture"]],
  // "pattern" is a word of two categories; the first wins, and tags the other.
  ["pattern", "architecture", ["architecture", "pattern"]],
])("%j is %s", (text, category, tags) => {
  expect(categorize(text)).toEqual({ category, tags });
});
