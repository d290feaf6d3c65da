/**
 * Lets the surfaces go of sessions that died elsewhere, without anybody writing
 * to them: by the backend's feed of endings, a sweep over all mappings at every
 * start, after every gap of the feed and each hour, and a look at each new one.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Gauge } from "prom-client";
import type { Surface, SurfaceContext } from "../surface.js";
import { Streak } from "../troubles.js";
import { checkNew, sweep } from "./check.js";
import type { EndingsContext } from "./context.js";
import { followEndings } from "./follow.js";
import { Release } from "./release.js";

const CHECK_MS = 1_000;
const SWEEP_MS = 3_600_000;

/** Begins; goes on until disposed. */
export function reconcileEndings(
  { backend, pool, logger, metrics }: SurfaceContext,
  surfaces: Surface[],
): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const release = new Release(surfaces, metrics);
  const context: EndingsContext = { backend, pool, surfaces, release, logger, signal };
  const connected = new Gauge({
    name: "amp_endings_feed_connected",
    help: "1 while the backend's feed of endings is followed, else 0",
    registers: [metrics],
  });
  let sweepAt = Number.POSITIVE_INFINITY;
  let started = false;
  const following = followEndings(context, {
    onConnected(now) {
      connected.set(now ? 1 : 0);
      if (now && !started) sweepAt = performance.now();
      started ||= now;
    },
    onGap() {
      sweepAt = performance.now();
    },
  });

  async function check(): Promise<void> {
    await checkNew(context);
    const asked = sweepAt;
    if (performance.now() < asked) return;
    await sweep(context);
    // Unless there was another gap meanwhile.
    if (sweepAt === asked) sweepAt = performance.now() + SWEEP_MS;
  }
  const checking = (async () => {
    const streak = new Streak(logger, "look at the sessions of mappings");
    while (!signal.aborted) {
      await check().then(
        () => streak.succeeded(),
        (error: unknown) => signal.aborted || streak.failed(error),
      );
      await delay(CHECK_MS, undefined, { signal }).catch(() => {});
    }
  })();

  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([following, checking]);
    },
  };
}
