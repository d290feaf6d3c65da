/** Finds out which failure a status, an error object or an error of the connection means. */
import { ParseError } from "eventsource-parser";
import { errors } from "undici";
import { z } from "zod";
import { AgentError } from "../agent.js";
import {
  brokenOff,
  busy,
  filtered,
  misplaced,
  nonsense,
  quoting,
  refused,
  tooLong,
  troubled,
  unconnected,
  unpaid,
  unreachable,
  untrusted,
  wrongKey,
} from "./failures.js";
import { type Secrets, wordsOf } from "./words.js";

/** The error object that endpoints send: as the body of a refusal or in the middle of a stream. */
const ErrorObject = z
  .object({
    code: z.union([z.string(), z.number()]).nullish().catch(undefined),
    type: z.string().nullish().catch(undefined),
  })
  .catch({});

/** What an error object in an answer that began well (HTTP 200) means. */
export function errorObject(error: unknown, secrets: Secrets): AgentError {
  const { code } = ErrorObject.parse(error);
  const status = Number(code);
  const failure = byCode(error) ?? (status >= 400 ? byStatus(status) : brokenOff());
  return quoting(failure, wordsOf(error, secrets));
}

/**
 * What a status other than 200 means.
 * @param body the parsed body, if it could be had.
 * @param retryAfter milliseconds.
 */
export function refusal(
  status: number,
  body: unknown,
  { retryAfter, ...secrets }: Secrets & { retryAfter: number | undefined },
): AgentError {
  const { error } = z.object({ error: z.unknown() }).catch({ error: undefined }).parse(body);
  const failure = byCode(error, retryAfter) ?? byStatus(status, retryAfter);
  return quoting(failure, wordsOf(body, secrets));
}

/** Where a code says more than the status that it comes with. */
function byCode(error: unknown, retryAfter?: number): AgentError | undefined {
  const { code, type } = ErrorObject.parse(error);
  switch (code ?? type) {
    case "context_length_exceeded":
    case "string_above_max_length":
      return tooLong();
    case "content_filter":
    case "content_policy_violation":
      return filtered();
    case "insufficient_quota":
    case "billing_hard_limit_reached":
      return unpaid();
    case "invalid_api_key":
      return wrongKey();
    case "model_not_found":
      return misplaced();
    case "rate_limit_exceeded":
      return busy(retryAfter);
    default:
      return undefined;
  }
}

function byStatus(status: number, retryAfter?: number): AgentError {
  const cause = new Error(`HTTP ${status}`);
  if (status >= 500) return troubled(retryAfter, cause);
  switch (status) {
    case 400:
    case 422:
      return refused(cause);
    case 401:
    case 403:
      return wrongKey(cause);
    case 402:
      return unpaid(cause);
    case 408:
    case 409:
    case 425:
      return troubled(retryAfter, cause);
    case 413:
      return tooLong();
    case 429:
      return busy(retryAfter, cause);
    default:
      return misplaced(cause);
  }
}

const TLS_CODES =
  /^(ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/;

/** What an error of fetch, of the connection or of a parser means; an AgentError means itself. */
export function translate(error: unknown, begun: boolean): AgentError {
  if (error instanceof AgentError) return error;
  // fetch rejects with a TypeError whose cause is what happened.
  const cause = error instanceof TypeError ? error.cause : error;
  if (isParserError(cause)) return nonsense(new Error(cause.name));
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT") return unconnected(error);
  if (TLS_CODES.test(code)) return untrusted(error);
  return begun ? brokenOff(error) : unreachable(error);
}

/** Parsers quote what they could not parse, which is nobody's business: keep no more than the name. */
function isParserError(error: unknown): error is Error {
  const parsers = [ParseError, SyntaxError, z.ZodError, errors.HTTPParserError];
  return parsers.some((parser) => error instanceof parser);
}
