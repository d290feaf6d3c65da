import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { batches } from "./batches.js";

async function* numbers(count: number, failure?: Error): AsyncGenerator<number> {
  for (let n = 1; n <= count; n++) yield n;
  if (failure) throw failure;
}

test("tells everything in order, what came meanwhile together, none above the limit", async () => {
  const told: number[][] = [];
  for await (const batch of batches(numbers(100), 8)) {
    told.push(batch);
    await turn();
  }
  expect(told.flat()).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  expect(Math.max(...told.map((batch) => batch.length))).toBe(8);
});

test("does not wait for a full batch", async () => {
  let more = () => {};
  const gate = new Promise<void>((resolve) => {
    more = resolve;
  });
  async function* slow() {
    yield 1;
    await gate;
    yield 2;
  }
  const told = batches(slow(), 8);
  expect(await told.next()).toEqual({ done: false, value: [1] });
  more();
  expect(await told.next()).toEqual({ done: false, value: [2] });
  expect(await told.next()).toMatchObject({ done: true });
});

test("fails as the source does, after what it told before", async () => {
  const told: number[] = [];
  const reading = (async () => {
    for await (const batch of batches(numbers(3, new Error("broken")), 8)) told.push(...batch);
  })();
  await expect(reading).rejects.toThrow("broken");
  expect(told).toEqual([1, 2, 3]);
});

test("who leaves early ends the reading", async () => {
  let read = 0;
  async function* source() {
    for (;;) {
      read += 1;
      yield read;
    }
  }
  for await (const _ of batches(source(), 4)) break;
  await turn();
  const seen = read;
  await turn();
  expect(read).toBe(seen);
});
