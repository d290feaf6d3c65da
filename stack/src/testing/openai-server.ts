import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** What the server was sent. */
export interface CompletionRequest {
  model: string;
  messages: { role: string; content: string }[];
  authorization: string | undefined;
}

/** A small OpenAI-compatible server, without a model. Disposing it cuts off whatever runs. */
export interface OpenAiServer extends AsyncDisposable {
  /** For `OPENAI_BASE_URL`. */
  url: string;
  /** All requests so far, oldest first. */
  readonly requests: readonly CompletionRequest[];
  /** Answers under way; one that the client leaves is no longer one. */
  readonly active: number;
  /** Answers the next `count` requests with this status. */
  failNext(status: number, count?: number): void;
}

/**
 * Starts one on 127.0.0.1. Its answer repeats the last message, word by word, and
 * tells how many messages it was sent. A message that begins with `slow N` is
 * answered over N seconds, `fail` with status 500.
 */
export async function startOpenAiServer(port = 0): Promise<OpenAiServer> {
  const requests: CompletionRequest[] = [];
  const failures: number[] = [];
  let active = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
      return refuse(response, 404);
    }
    const { authorization } = request.headers;
    const { model, messages } = JSON.parse(await text(request)) as CompletionRequest;
    requests.push({ model, messages, authorization });
    const message = messages.at(-1)?.content ?? "";
    const status = failures.shift() ?? (message.startsWith("fail") ? 500 : undefined);
    if (status !== undefined) return refuse(response, status);
    active++;
    response.once("close", () => active--);
    await answer(response, message, messages.length);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    get active() {
      return active;
    },
    failNext: (status, count = 1) => void failures.push(...Array<number>(count).fill(status)),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message: `told to answer ${status}` } }));
}

async function answer(response: ServerResponse, message: string, count: number): Promise<void> {
  const pieces = `You said: ${message}\n\n(${count} messages so far)`.split(/(?<=\s)/);
  const seconds = Number(/^slow (\d+(?:\.\d+)?)/.exec(message)?.[1] ?? 0);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const left = new AbortController();
  response.once("close", () => left.abort());
  for (const piece of pieces) {
    if (seconds > 0) {
      await delay((seconds * 1_000) / pieces.length, undefined, { signal: left.signal });
    }
    send(response, { choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] });
  }
  send(response, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  const usage = { prompt_tokens: count, completion_tokens: pieces.length };
  send(response, { choices: [], usage });
  response.end("data: [DONE]\n\n");
}

function send(response: ServerResponse, chunk: object): void {
  response.write(`data: ${JSON.stringify({ object: "chat.completion.chunk", ...chunk })}\n\n`);
}
