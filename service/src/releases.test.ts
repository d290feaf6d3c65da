import { expect, test } from "vitest";
import { Releases } from "./releases.js";

test("lets go in reverse, of everything, and then tells the first failure", async () => {
  const order: number[] = [];
  const releases = new Releases();
  releases.defer(() => order.push(1));
  releases.defer(() => {
    order.push(2);
    throw new Error("second");
  });
  releases.use({
    async [Symbol.asyncDispose]() {
      order.push(3);
      throw new Error("third");
    },
  });
  await expect(releases[Symbol.asyncDispose]()).rejects.toThrow("third");
  expect(order).toEqual([3, 2, 1]);
});

test("what was handed over is the new owner's", async () => {
  let released = 0;
  const releases = new Releases();
  releases.defer(() => {
    released += 1;
  });
  const owner = releases.move();
  await releases[Symbol.asyncDispose]();
  expect(released).toBe(0);
  await owner[Symbol.asyncDispose]();
  expect(released).toBe(1);
});
