/**
 * Shares the page's one thread out: drawing that takes long goes on in a later
 * task, so that what a user does in between is not held up.
 */

/** How long drawing may go on in one task, in milliseconds. */
const SLICE = 30;

let spent = 0;
let waiting = new Set<() => void>();
let planned = false;

export const pace = {
  /** Whether this task has time left. */
  free: (): boolean => spent < SLICE,

  /** Does a piece of work, and counts its time. */
  spend<T>(work: () => T): T {
    const begun = performance.now();
    try {
      return work();
    } finally {
      spent += performance.now() - begun;
      plan();
    }
  },

  /** Calls back in a later task, once however often it is asked. Answers how to forget it. */
  later(callback: () => void): () => void {
    waiting.add(callback);
    plan();
    return () => waiting.delete(callback);
  },
};

function plan(): void {
  if (planned) return;
  planned = true;
  setTimeout(next);
}

function next(): void {
  planned = false;
  spent = 0;
  const due = waiting;
  waiting = new Set();
  for (const callback of due) {
    if (pace.free()) callback();
    else pace.later(callback);
  }
}
