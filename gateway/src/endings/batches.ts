/**
 * What the source has told while the one who listens was busy, at most so many
 * at a time, in order; never waits to fill a batch. The source is read on
 * meanwhile, but no more than one batch ahead.
 */
export async function* batches<T>(
  source: AsyncIterable<T>,
  limit: number,
): AsyncGenerator<T[], void, undefined> {
  let waiting: T[] = [];
  let over = false;
  let wake = () => {};
  let taken = () => {};
  const reading = (async () => {
    for await (const item of source) {
      waiting.push(item);
      wake();
      while (waiting.length >= limit && !over) {
        await new Promise<void>((resolve) => {
          taken = resolve;
        });
      }
      if (over) return;
    }
  })().finally(() => {
    over = true;
    wake();
  });
  // It is awaited only at the end, when it may have failed long before.
  reading.catch(() => {});
  try {
    for (;;) {
      if (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        taken();
        yield batch;
      } else if (over) {
        return await reading;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    over = true;
    taken();
  }
}
