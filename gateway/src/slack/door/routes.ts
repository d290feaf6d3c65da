import { type Request, type Response, Router, raw } from "express";
import type { Logger } from "pino";
import { isSigned } from "./signature.js";

/** What the HTTP door needs. */
export interface DoorOptions {
  /** Undefined: Slack reaches us only over Socket Mode, and nothing passes here. */
  signingSecret: string | undefined;
  /** Stores a delivery; what resolves is safe. */
  accept: (body: unknown) => Promise<void>;
  logger: Logger;
}

/**
 * Takes Slack's HTTP deliveries: checks the signature, stores the delivery, and
 * only then acknowledges it. Slack sends an event again that was not
 * acknowledged; for a command or a click, its user sees that it failed.
 */
export function deliveryRoutes({ signingSecret, accept, logger }: DoorOptions): Router {
  const router = Router();
  const body = raw({ type: () => true, limit: "4mb" });

  async function receive(request: Request, response: Response): Promise<void> {
    const text = Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "";
    if (!isSigned(signingSecret, request.headers, text)) {
      response.status(401).json({ error: "Invalid signature" });
      return;
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
    body,
    receive,
  );
  return router;
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
