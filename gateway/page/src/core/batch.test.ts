import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EventBatch, FLUSH_INTERVAL } from "./batch.js";
import type { ServerEvent } from "./model.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const text = (seq: number, text: string): ServerEvent => ({
  event: "turn",
  data: { seq, type: "text", text },
});

it("hands events on together, with the text of a turn joined", () => {
  const flushed = vi.fn();
  const batch = new EventBatch(flushed);
  for (const event of [text(1, "a"), text(1, "b"), text(2, "c"), text(1, "d")]) batch.add(event);
  expect(flushed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(FLUSH_INTERVAL);
  expect(flushed.mock.calls).toEqual([[[text(1, "ab"), text(2, "c"), text(1, "d")]]]);
});

it("forgets what waits when told to", () => {
  const flushed = vi.fn();
  const batch = new EventBatch(flushed);
  batch.add(text(1, "a"));
  batch.clear();
  vi.runAllTimers();
  expect(flushed).not.toHaveBeenCalled();
});
