/**
 * Everything that can go wrong with an endpoint, as the AgentError of the turn.
 *
 * The texts are shown to users: they say what to do and, for whoever runs the
 * service, name the variable. What the endpoint itself said follows, as far as
 * `wordsOf` lets it pass.
 */
import { AgentError } from "../agent.js";

/** A failure that may pass by itself: the same request may be sent again if nothing was answered yet. */
export class PassingError extends AgentError {
  constructor(
    message: string,
    /** Milliseconds that the endpoint asks to wait. */
    readonly retryAfter?: number | undefined,
    options?: ErrorOptions,
  ) {
    super("unavailable", message, options);
  }
}

/** The failure with what the endpoint itself said of it, if it said anything that may be told. */
export function quoting(failure: AgentError, words: string | undefined): AgentError {
  if (words === undefined) return failure;
  const end = /[.!?]$/.test(words) ? "" : ".";
  const message = `${failure.message} The endpoint says: ${words}${end}`;
  const { cause, kind } = failure;
  if (failure instanceof PassingError)
    return new PassingError(message, failure.retryAfter, { cause });
  return new AgentError(kind, message, { cause });
}

const AGAIN = "Please try again in a moment.";
const operator = (what: string) => `Whoever runs this should check ${what}.`;

/** The connection ended before the answer did. */
export function brokenOff(cause?: unknown): AgentError {
  return new PassingError(`The model broke off in the middle of its answer. ${AGAIN}`, undefined, {
    cause,
  });
}

/** The endpoint was silent for longer than the setting `variable` allows. */
export function silent(variable: string): AgentError {
  return new AgentError(
    "timeout",
    `The model was silent for too long. ${AGAIN} ` +
      `If that is normal for it, whoever runs this can raise ${variable}.`,
  );
}

/** What came is not what an OpenAI-compatible endpoint says. */
export function nonsense(cause?: unknown): AgentError {
  return new AgentError(
    "internal",
    "The model's endpoint did not answer as an OpenAI-compatible one does. " +
      operator("OPENAI_BASE_URL"),
    { cause },
  );
}

/** An answer without any text. */
export function empty(): AgentError {
  return new AgentError("internal", "The model gave an empty answer. Please ask again.");
}

/** The model calls a tool, and was given none. @param name as the model told it, if it did */
export function unwantedTool(name: string | undefined): AgentError {
  return new AgentError(
    "internal",
    `The model wanted to use a tool${name ? ` ("${name}")` : ""}, but it has none here. ` +
      "Please ask again, or ask for an answer in words.",
  );
}

/** The endpoint compressed its answer, though it was asked not to. */
export function compressed(encoding: string): AgentError {
  return new AgentError(
    "internal",
    `The model's endpoint answers compressed (${encoding}), though it was asked not to. ` +
      operator("OPENAI_BASE_URL, and any proxy before it"),
  );
}

/** The model's token limit was used up before it said anything. */
export function usedUp(): AgentError {
  return new AgentError(
    "rejected",
    "The model reached its length limit before it began to answer. Please ask for less at a time.",
  );
}

/** The conversation does not fit into the model's window. */
export function tooLong(): AgentError {
  return new AgentError(
    "rejected",
    "This is too long for the model. Please shorten the message or begin a new session. " +
      "If that happens often, whoever runs this can lower OPENAI_HISTORY_CHARACTERS.",
  );
}

/** The endpoint's content filter stopped the answer or refused the message. */
export function filtered(): AgentError {
  return new AgentError(
    "rejected",
    "The model's content filter refused this. Please put it differently.",
  );
}

/** The answer did not come to an end within a sane size. */
export function endless(): AgentError {
  return new AgentError("internal", "The model's answer did not come to an end. Please ask again.");
}

/** The endpoint does not accept the key. */
export function wrongKey(cause?: unknown): AgentError {
  return misconfigured("The model's endpoint does not accept the key.", "OPENAI_API_KEY", cause);
}

/** The account has no quota or no money left. */
export function unpaid(cause?: unknown): AgentError {
  const what = "its quota and billing, or set another OPENAI_API_KEY";
  return misconfigured("The account at the model's endpoint is used up.", what, cause);
}

/** There is no such model, or nothing that answers chat completions at all. */
export function misplaced(cause?: unknown): AgentError {
  const what = "OPENAI_BASE_URL and OPENAI_MODEL";
  return misconfigured("The model is not where it should be.", what, cause);
}

/** The other side's certificate is not good, or it does not speak TLS at all. */
export function untrusted(cause: unknown): AgentError {
  const what = "OPENAI_BASE_URL and its certificate";
  return misconfigured("The model's endpoint has no valid TLS certificate.", what, cause);
}

/** The request as such is refused. */
export function refused(cause?: unknown): AgentError {
  return new AgentError(
    "rejected",
    "The model refuses this message. Please put it differently. " +
      `If it refuses every message: ${operator("OPENAI_MODEL")}`,
    { cause },
  );
}

/** A rate limit. @param retryAfter milliseconds. */
export function busy(retryAfter?: number, cause?: unknown): AgentError {
  const seconds = Math.ceil((retryAfter ?? 0) / 1_000);
  const when = seconds > 0 ? `Please try again in ${seconds} s.` : AGAIN;
  return new PassingError(`The model is busy. ${when}`, retryAfter, { cause });
}

/** A problem on the other side. @param retryAfter milliseconds. */
export function troubled(retryAfter?: number, cause?: unknown): AgentError {
  return new PassingError(`The model's endpoint has a problem. ${AGAIN}`, retryAfter, { cause });
}

/** No connection came about within `OPENAI_CONNECT_TIMEOUT`. */
export function unconnected(cause: unknown): AgentError {
  return new AgentError(
    "timeout",
    `The model's endpoint did not accept a connection in time. ${AGAIN} ` +
      `If it stays so: ${operator("OPENAI_BASE_URL")}`,
    { cause },
  );
}

/** Nothing listens there, or there is no such host. */
export function unreachable(cause: unknown): AgentError {
  return new PassingError(
    `The model cannot be reached. ${AGAIN} If it stays so: ${operator("OPENAI_BASE_URL")}`,
    undefined,
    { cause },
  );
}

function misconfigured(problem: string, what: string, cause: unknown): AgentError {
  return new AgentError("misconfigured", `${problem} ${operator(what)}`, { cause });
}
