import { storable } from "@amp/postgres";
import { json, type RequestHandler } from "express";
import { z } from "zod";
import { HttpError } from "./errors.js";

/** Room for the contract's 200,000 characters, each escaped. */
const LIMIT = "2mb";

/** Parses JSON bodies; a body of any other type is 415, no body is an empty object. */
export const jsonBody: RequestHandler[] = [
  (request, _response, next) => {
    const empty = request.headers["content-length"] === "0";
    const typed = request.is("application/json");
    next(typed === false && !empty ? new HttpError(415, { error: NOT_JSON }) : undefined);
  },
  json({ limit: LIMIT, inflate: false, verify: notTooDeep }),
];

/** Deeper than any body of this API by far; a parser's work on millions of brackets takes seconds. */
const MAX_DEPTH = 100;
const TOO_DEEP = "entity.too.deep";

/** @throws an error of type TOO_DEEP, as express has them, before the body is parsed */
function notTooDeep(_request: unknown, _response: unknown, body: Buffer): void {
  if (depth(body) > MAX_DEPTH) throw Object.assign(new Error("too deep"), { type: TOO_DEEP });
}

const [QUOTE, BACKSLASH] = [...Buffer.from('"\\')];
const OPENING = new Set(Buffer.from("[{"));
const CLOSING = new Set(Buffer.from("]}"));

/** How deeply the arrays and objects of a JSON text are nested. */
function depth(json: Buffer): number {
  let deepest = 0;
  let open = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (OPENING.has(byte)) deepest = Math.max(deepest, ++open);
    else if (CLOSING.has(byte)) open -= 1;
  }
  return deepest;
}

const NOT_JSON = "The body must be JSON, with Content-Type: application/json";

/** Translates what express throws at a malformed request; undefined for anything else. */
export function requestError(error: unknown): HttpError | undefined {
  if (error instanceof URIError) return new HttpError(400, { error: "The path is not valid" });
  if (!(error instanceof Error) || !("type" in error)) return undefined;
  switch (error.type) {
    case "entity.parse.failed":
      return new HttpError(400, { error: "The body is not valid JSON" });
    case "entity.too.large":
      return new HttpError(413, { error: `The body is larger than ${LIMIT}` });
    case "charset.unsupported":
      return new HttpError(415, { error: NOT_JSON });
    case "encoding.unsupported":
      return new HttpError(415, { error: "A body with a Content-Encoding is not taken" });
    case TOO_DEEP:
      return new HttpError(400, { error: "The body is nested too deeply" });
    case "request.aborted":
    case "request.size.invalid":
      return new HttpError(400, { error: "The body is incomplete" });
    default:
      return undefined;
  }
}

/** A text that Postgres can hold. */
export function text(field: string, max: number) {
  return z
    .string({ error: `${field} must be a string` })
    .max(max, { error: `${field} must have at most ${max} characters` })
    .refine((value) => !/\0|\p{Cs}/u.test(value), {
      error: `${field} must not contain NUL characters or lone surrogates`,
    });
}

/** What a person wrote: what Postgres cannot hold of it becomes U+FFFD. */
export function words(field: string, max: number) {
  return z
    .string({ error: `${field} must be a string` })
    .max(max, { error: `${field} must have at most ${max} characters` })
    .transform(storable);
}

/** The same, where a missing, null or empty one is told as the original does. */
export function requiredWords(field: string, max: number) {
  return z.preprocess(
    (value) => value ?? "",
    z
      .string({ error: `${field} must be a string` })
      .min(1, { error: `${field} is required` })
      .pipe(words(field, max)),
  );
}

/** A text that has to be there, where a missing, null or empty one is told as the original does. */
export function requiredText(field: string, max: number) {
  return z.preprocess(
    (value) => value ?? "",
    text(field, max).min(1, { error: `${field} is required` }),
  );
}

/** The caller's own id of a request, which makes it repeatable. */
export const requestId = text("request_id", 200)
  .min(1, { error: "request_id must not be empty" })
  .optional();

/** Which session is meant, if not the active one. */
export const sessionId = text("session_id", 200).optional();

/** Reads a body or a query. @throws HttpError 400 that names the first field that is wrong. */
export function read<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  throw new HttpError(400, { error: result.error.issues[0]?.message ?? "The request is wrong" });
}

/** An object whose fields may be given; anything else is told to be none. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape, { error: "The body must be a JSON object" });
}
