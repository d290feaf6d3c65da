import fc from "fast-check";
import { expect, test } from "vitest";
import { Room, type Taken } from "./room.js";

const never = new AbortController().signal;

test("those who find no room wait in line, and enter in the order of their coming", async () => {
  const room = new Room(10);
  const first = await room.take(8, never);
  const entered: string[] = [];
  const big = room.take(9, never).then((taken) => {
    entered.push("big");
    return taken;
  });
  const small = room.take(1, never).then((taken) => {
    entered.push("small");
    return taken;
  });
  // There would be room for the small one, but the big one came first.
  expect(room.takeNow(1)).toBeUndefined();
  expect(room.waiting).toBe(2);
  first.shrink(2);
  expect(room.waiting).toBe(2);
  first[Symbol.dispose]();
  await Promise.all([big, small]);
  expect(entered).toEqual(["big", "small"]);
  first[Symbol.dispose]();
  expect(room.has(1)).toBe(false);
});

test("one who stops waiting holds nobody up", async () => {
  const room = new Room(10);
  using _held = await room.take(8, never);
  const stop = new AbortController();
  const big = room.take(9, stop.signal);
  const small = room.take(1, never);
  stop.abort(new Error("enough"));
  await expect(big).rejects.toThrow("enough");
  await small;
  expect(room.waiting).toBe(0);
});

test("one who needs more than there is gets all of it", async () => {
  const room = new Room(10);
  const all = await room.take(1_000, never);
  expect(room.has(1)).toBe(false);
  all[Symbol.dispose]();
  expect(room.has(10)).toBe(true);
});

test("never more is taken than there is, and in the end all is free", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.nat()), async (wanted, order) => {
      const room = new Room(10);
      const held = new Map<Taken, number>();
      const all = wanted.map((size) =>
        room.take(size, never).then((taken) => {
          held.set(taken, Math.min(size, 10));
          expect([...held.values()].reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(10);
        }),
      );
      for (let n = 0; held.size > 0 || room.waiting > 0; n++) {
        await Promise.resolve();
        const [taken] = [...held.keys()].slice((order[n % (order.length || 1)] ?? 0) % held.size);
        if (!taken) continue;
        held.delete(taken);
        taken[Symbol.dispose]();
      }
      await Promise.all(all);
      for (const taken of held.keys()) taken[Symbol.dispose]();
      expect(room.has(10)).toBe(true);
    }),
  );
});
