/** How often a lost parent is looked for. */
const INTERVAL_MS = 250;

/**
 * Calls `onGone` when the npm that runs this script is gone, so that killing
 * npm ends everything too. Run by hand, nothing is watched: a shell may leave
 * its programs running.
 */
export function watchNpm(env: NodeJS.ProcessEnv, onGone: () => void): void {
  if (env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, INTERVAL_MS).unref();
}
