import type { Logger } from "pino";
import { BackendError } from "./backend/index.js";

/**
 * What keeps this gateway from its work until somebody changes a setting: told
 * once in the log when it begins and when it ends, and by `/readyz` meanwhile.
 */
export class Troubles {
  readonly #texts = new Map<string, string>();

  constructor(private readonly logger: Logger) {}

  /** @param part such as "backend" or "slack" @param text for the operator; holds no secret */
  begin(part: string, text: string): void {
    if (this.#texts.get(part) === text) return;
    this.#texts.set(part, text);
    this.logger.error({ part }, text);
  }

  end(part: string): void {
    if (this.#texts.delete(part)) this.logger.info({ part }, `${part}: all is well again`);
  }

  /** The text of each part that is in trouble. */
  all(): Record<string, string> {
    return Object.fromEntries(this.#texts);
  }
}

/** Told of every call to the backend, notes whether it takes our token. */
export function noteRefusals(troubles: Troubles) {
  return (kind: string, error: BackendError | undefined): void => {
    if (error?.code === "UNAUTHENTICATED") {
      troubles.begin("backend", `The backend refuses BACKEND_TOKEN: ${error.message}`);
    } else if (kind === "denied" && error?.reason === undefined) {
      troubles.begin("backend", `The backend refuses this gateway: ${error?.message ?? ""}`);
    } else if (kind === "ok" || error?.reason !== undefined) {
      // Only what knows our contract gives a reason.
      troubles.end("backend");
    }
  };
}

/**
 * Work in the background that is tried again and again: the first failure is a
 * warning, as is one of another kind; those after it are lines at debug level,
 * and the first success after them is one more line.
 */
export class Streak {
  #kind: string | undefined;

  /** @param work completes "cannot ...", such as "follow the endings of sessions" */
  constructor(
    private readonly logger: Logger,
    private readonly work: string,
  ) {}

  failed(error: unknown): void {
    const kind = kindOf(error);
    const text = `cannot ${this.work} now, and will try again`;
    if (kind === this.#kind) this.logger.debug({ err: error }, text);
    else this.logger.warn({ err: error }, text);
    this.#kind = kind;
  }

  succeeded(): void {
    if (this.#kind === undefined) return;
    this.#kind = undefined;
    this.logger.info(`can ${this.work} again`);
  }
}

function kindOf(error: unknown): string {
  if (error instanceof BackendError) return `${error.kind} ${error.reason ?? error.code}`;
  return error instanceof Error ? error.name : typeof error;
}
