import { type Dispatcher, fetch, type Response } from "undici";
import type { AgentError, AgentEvent } from "../agent.js";
import { Answer } from "./answer.js";
import type { OpenAiConfig } from "./config.js";
import type { ChatMessage } from "./conversation.js";
import { refusal, translate } from "./diagnosis.js";
import { compressed, silent } from "./failures.js";
import { Patience } from "./patience.js";
import { boundedText, payloads } from "./payloads.js";
import { retryAfter } from "./retry.js";
import type { Secrets } from "./words.js";

/** How long what is welcome but not needed is waited for: the usage, the reason of a refusal. */
const EXTRAS_TIMEOUT_MS = 2_000;

/**
 * Asks for one answer, once, and tells it as it comes. Leaving the loop closes
 * the connection.
 * @throws AgentError when it fails; the signal's reason when that is aborted.
 */
export async function* complete(
  config: OpenAiConfig,
  dispatcher: Dispatcher,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
): AsyncGenerator<AgentEvent, void, undefined> {
  using patience = new Patience(signal);
  const secrets = { apiKey: config.apiKey, sent: messages.map(({ content }) => content) };
  const answer = new Answer(secrets);
  try {
    patience.wait(config.firstTokenTimeout, () => silent("OPENAI_FIRST_TOKEN_TIMEOUT"));
    const response = await fetch(config.url, {
      ...request(config, messages),
      dispatcher,
      signal: patience.signal,
    });
    if (response.status !== 200) throw await refused(response, patience, secrets);
    const encoding = encodingOf(response);
    if (encoding !== undefined) {
      await response.body?.cancel();
      throw compressed(encoding);
    }
    for await (const payload of payloads(response)) {
      const events = answer.read(payload);
      if (answer.done) break;
      if (!answer.begun && !answer.finished) continue;
      patience.rest();
      yield* events;
      const limit = answer.finished ? EXTRAS_TIMEOUT_MS : config.idleTimeout;
      patience.wait(limit, () => silent("OPENAI_IDLE_TIMEOUT"));
    }
  } catch (error) {
    signal.throwIfAborted();
    // A connection that is lost after the last word takes nothing away.
    if (!answer.finished) {
      throw patience.signal.aborted ? patience.signal.reason : translate(error, answer.begun);
    }
  }
  patience.rest();
  yield* answer.end();
}

function request(config: OpenAiConfig, messages: readonly ChatMessage[]) {
  const { model, apiKey } = config;
  return {
    method: "POST",
    headers: {
      accept: "text/event-stream, application/json",
      // A small body may become a huge one when it is inflated.
      "accept-encoding": "identity",
      "content-type": "application/json",
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    }),
    // A redirected POST would become a GET, and the key would go astray.
    redirect: "manual" as const,
  };
}

/** The failure that a status means, told more precisely by the body if that comes soon. */
async function refused(
  response: Response,
  patience: Patience,
  secrets: Secrets,
): Promise<AgentError> {
  const hints = { ...secrets, retryAfter: retryAfter(response.headers) };
  if (encodingOf(response) !== undefined) {
    await response.body?.cancel();
    return refusal(response.status, undefined, hints);
  }
  patience.wait(EXTRAS_TIMEOUT_MS, () => refusal(response.status, undefined, hints));
  const text = await boundedText(response).catch(() => "");
  const isPlain = /^text\/plain\b/i.test(response.headers.get("content-type") ?? "");
  return refusal(response.status, parsed(text) ?? (isPlain ? text : undefined), hints);
}

/** A body as JSON; undefined when it is none. Some endpoints put theirs into a list. */
function parsed(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return Array.isArray(body) ? body[0] : body;
  } catch {
    return undefined;
  }
}

/** How the body is compressed; undefined when it is not. */
function encodingOf({ headers }: Response): string | undefined {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding === "" || encoding === "identity") return undefined;
  return /^[\w, -]{1,40}$/.test(encoding) ? encoding : "in an unknown way";
}
