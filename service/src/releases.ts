/**
 * What is to be let go of, in the reverse order of its making: a stand-in for
 * `AsyncDisposableStack`, which Node has from version 24 on.
 */
export class Releases implements AsyncDisposable {
  private steps: (() => unknown)[] = [];

  /** Adds a step that is to be taken before all earlier ones. */
  defer(step: () => unknown): void {
    this.steps.push(step);
  }

  /** Adds a resource. Returns it. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Hands everything over to a new owner; disposing this one then does nothing. */
  move(): Releases {
    const moved = new Releases();
    moved.steps = this.steps;
    this.steps = [];
    return moved;
  }

  /** Takes every step, also when one fails. @throws what the first failed one threw. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
