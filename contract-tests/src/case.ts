/**
 * One rule of a contract and how to see whether it holds. Cases know no test
 * runner, so that a suite can be registered with one or simply be called.
 */
export interface Case<Subject> {
  name: string;
  /** @throws when the rule is broken; the message tells how. */
  run(subject: Subject): Promise<void>;
}
