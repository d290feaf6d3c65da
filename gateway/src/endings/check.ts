import type { EndingsContext } from "./context.js";

/** Sessions that are asked for in one call. */
const BATCH = 200;

/** Looks at every session that a surface holds, and lets go of the dead ones. */
export async function sweep({ surfaces, backend, release, signal }: EndingsContext): Promise<void> {
  for (const { mappings } of surfaces) {
    let after = "";
    for (;;) {
      const sessionIds = await mappings.activeSessions(after, BATCH);
      const last = sessionIds.at(-1);
      if (last === undefined) break;
      await release.endings(await backend.deadAmong(sessionIds, { signal }), "sweep");
      after = last;
    }
  }
}

/**
 * Looks once at the session of every mapping after it became active: when the
 * session ended just before, the feed has told of it when there was nothing to
 * let go of. What ends later, the feed tells.
 */
export async function checkNew({
  surfaces,
  backend,
  release,
  signal,
}: EndingsContext): Promise<void> {
  for (const { mappings } of surfaces) {
    const unchecked = await mappings.unchecked(BATCH);
    const sessionIds = [...new Set(unchecked.map(({ sessionId }) => sessionId))];
    await release.endings(await backend.deadAmong(sessionIds, { signal }), "check");
    if (unchecked.length > 0) await mappings.checked(unchecked.map(({ mapping }) => mapping));
  }
}
