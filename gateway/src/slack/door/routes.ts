import { type Request, type RequestHandler, type Response, Router } from "express";
import type { Logger } from "pino";
import { BodyReader, BodyRefused } from "./body.js";
import { isSigned, mayBeSigned } from "./signature.js";

/** What the HTTP door needs. */
export interface DoorOptions {
  /** Undefined: Slack reaches us only over Socket Mode, and nothing passes here. */
  signingSecret: string | undefined;
  /** Stores a delivery; what resolves is safe. */
  accept: (body: unknown) => Promise<void>;
  /** Who may knock at all; everybody by default. */
  guard?: RequestHandler;
  logger: Logger;
}

/**
 * Takes Slack's HTTP deliveries: reads only what may be signed, checks the
 * signature, stores the delivery, and only then acknowledges it. Slack sends an event again that was not
 * acknowledged; for a command or a click, its user sees that it failed.
 */
export function deliveryRoutes({ signingSecret, accept, guard, logger }: DoorOptions): Router {
  const router = Router();
  const bodies = new BodyReader();

  async function receive(request: Request, response: Response): Promise<void> {
    if (!mayBeSigned(signingSecret, request.headers)) return refuse(request, response, UNSIGNED);
    let text: string;
    try {
      text = (await bodies.read(request)).toString("utf8");
    } catch (error) {
      if (!(error instanceof BodyRefused)) throw error;
      return refuse(request, response, error);
    }
    if (!isSigned(signingSecret, request.headers, text)) {
      return refuse(request, response, UNSIGNED);
    }
    const delivery = decode(text, request);
    if (delivery === undefined) {
      response.status(400).json({ error: "Malformed body" });
      return;
    }
    if (delivery["ssl_check"]) {
      response.end();
      return;
    }
    if (delivery["type"] === "url_verification") {
      response.json({ challenge: delivery["challenge"] ?? "" });
      return;
    }
    try {
      await accept(delivery);
    } catch (error) {
      logger.error({ err: error }, "could not store a Slack delivery");
      response.status(503).json({ error: "Not stored, send again" });
      return;
    }
    // What a command or a click is answered with would be shown as a message.
    if (delivery["type"] === "event_callback") response.json({ ok: true });
    else response.end();
  }

  router.post(
    [
      "/slack/events",
      "/apps/slack/events",
      "/apps/slack/interactive",
      "/apps/slack/commands/:command",
    ],
    ...(guard ? [guard] : []),
    receive,
  );
  return router;
}

const UNSIGNED = new BodyRefused(401, "Invalid signature");

/** What still comes of the body is read, and not kept: a client that sends looks for no answer. */
function refuse(request: Request, response: Response, { status, message }: BodyRefused): void {
  if (response.destroyed) return;
  request.resume();
  response.status(status).json({ error: message });
}

type Body = Record<string, unknown>;

/** Events are JSON; commands are a form, and clicks JSON in a form's `payload`. */
function decode(text: string, request: Request): Body | undefined {
  if (request.is("application/x-www-form-urlencoded")) {
    const form: Body = Object.fromEntries(new URLSearchParams(text));
    if (typeof form["payload"] === "string") return parseJson(form["payload"]);
    const word = request.params["command"];
    return word === undefined || form["text"] ? form : { ...form, text: commandWord(word, form) };
  }
  return parseJson(text);
}

/** `/apps/slack/commands/list` means `list`, unless `list` is the slash command itself. */
function commandWord(word: string | string[], form: Body): string {
  return `/${word}` === form["command"] ? "" : String(word);
}

function parseJson(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
