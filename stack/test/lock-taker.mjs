/**
 * Takes a lock again and again, and ends without releasing it at last, as a
 * killed process does. Says so when another process held it at the same time.
 *
 *   node lock-taker.mjs FILE TIMES
 */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tryLock } from "../lock.mjs";

const [, , file, times] = process.argv;
const held = path.join(path.dirname(file), "held");

for (let taken = 0; taken < Number(times); ) {
  const { release } = tryLock(file);
  if (!release) {
    await delay(Math.random() * 2);
    continue;
  }
  taken++;
  try {
    writeFileSync(held, String(process.pid), { flag: "wx" });
  } catch {
    console.log(`process ${process.pid} was not alone`);
  }
  await delay(Math.random() * 2);
  rmSync(held);
  if (taken < Number(times) || Math.random() < 0.5) release();
}
