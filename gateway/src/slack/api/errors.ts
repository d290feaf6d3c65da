import { WebAPIPlatformError } from "@slack/web-api";

/**
 * What of an error goes into the log: never the rest of Slack's answer, nor
 * what PostgreSQL and others tell of the data, as that may be what people wrote.
 */
export function loggedError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack } = error;
  const code = "code" in error && typeof error.code !== "object" ? error.code : undefined;
  const slack = error instanceof WebAPIPlatformError ? error.data.error : undefined;
  return {
    type: name,
    message,
    stack,
    ...(code !== undefined && { code }),
    ...(slack !== undefined && { slack }),
    ...(error.cause instanceof Error && { cause: loggedError(error.cause) }),
  };
}
