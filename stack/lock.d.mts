/** The lock is ours, until `release` is called or this process ends; or another living process has it. */
export type Attempt = { release: () => void; owner?: never } | { owner: number; release?: never };

/**
 * Takes the lock `file` if no living process has it. The folder must exist.
 * The lock of a process that is gone is taken over.
 */
export function tryLock(file: string): Attempt;
