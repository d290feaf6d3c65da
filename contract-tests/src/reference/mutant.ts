import { referenceBackend } from "./backend.js";
import type { Backend } from "./contract.js";
import type { TurnPolicy } from "./session.js";

/** A backend with one thing wrong. */
export interface Mutant {
  /** What is wrong with it. */
  flaw: string;
  /** The name of a case that has to notice. */
  noticedBy: string;
  /** What it does instead of the right one. */
  mutate?(right: Backend): Partial<Backend>;
  /** How it treats its turns. */
  policy?: Partial<TurnPolicy>;
}

/** The right backend, but for the flaw. */
export function mutantBackend({ mutate, policy }: Pick<Mutant, "mutate" | "policy">): Backend {
  const right = referenceBackend(policy);
  return { ...right, ...mutate?.(right) };
}
