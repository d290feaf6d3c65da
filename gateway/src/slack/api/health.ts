import type { Logger } from "pino";

/** What Slack may refuse. */
export type Token = "bot token" | "app token";

/**
 * Whether Slack lets the app in, as far as its latest answers tell. A refusal
 * is one line in the log when it begins, and one when it is over.
 */
export class SlackHealth {
  private readonly refusals = new Map<Token, string>();

  constructor(private readonly logger: Logger) {}

  /** Slack answered that it does not know the token, or lets it do nothing. `reason` is Slack's error. */
  refused(token: Token, reason: string): void {
    if (this.refusals.get(token) === reason) return;
    this.refusals.set(token, reason);
    this.logger.error({ token, reason }, "Slack does not let the app in, deliveries wait");
  }

  /** Slack did what was asked of it with the token. */
  letIn(token: Token): void {
    if (!this.refusals.delete(token)) return;
    this.logger.info({ token }, "Slack lets the app in again");
  }

  /** Whether Slack's latest answer about this token was a refusal. */
  refuses(token: Token): boolean {
    return this.refusals.has(token);
  }

  /** What an operator has to repair; undefined while nothing is known to be wrong. */
  get problem(): string | undefined {
    const [first] = this.refusals;
    return first && `Slack refuses the ${first[0]}: ${first[1]}`;
  }
}
