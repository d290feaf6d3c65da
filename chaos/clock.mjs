/**
 * Preloaded into a service: shifts its wall clock by the milliseconds in the
 * file that CHAOS_CLOCK names, read at start and at every SIGUSR2. The monotonic
 * clock goes on, as it does when a machine's time is stepped.
 */
import { readFileSync } from "node:fs";

const file = process.env.CHAOS_CLOCK ?? "";
const RealDate = Date;
let offset = 0;

function read() {
  try {
    offset = Number(readFileSync(file, "utf8")) || 0;
  } catch {
    offset = 0;
  }
}

read();
process.on("SIGUSR2", read);

const now = () => RealDate.now() + offset;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length ? args : [now()], self),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});
