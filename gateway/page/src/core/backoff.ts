/** Milliseconds to wait before attempt `n` (from 1) is repeated: grows to 5 s, spread so that tabs do not march in step. */
export function backoff(attempt: number): number {
  return Math.min(5_000, 250 * 2 ** attempt) * (0.75 + Math.random() / 2);
}

/** Waits; `wake` cuts the waiting short. */
export function nap(milliseconds: number): { over: Promise<void>; wake: () => void } {
  let wake = () => {};
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { over, wake };
}
