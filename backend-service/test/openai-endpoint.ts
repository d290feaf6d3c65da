import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as the endpoint got it, and what it may do about it. */
export interface Exchange {
  request: IncomingMessage;
  /** As it was sent. */
  body: Record<string, unknown>;
  response: ServerResponse;
  /** Of this request, from 1. */
  attempt: number;
}

/** An endpoint that behaves as a test tells it to. */
export interface Endpoint extends AsyncDisposable {
  /** For `OPENAI_BASE_URL`. */
  url: string;
  /** What it was asked, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** Answers that the client left before their end. */
  readonly left: number;
}

/** Starts one on a free port. */
export async function startEndpoint(
  respond: (exchange: Exchange) => void | Promise<void>,
): Promise<Endpoint> {
  const exchanges: Exchange[] = [];
  let left = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.once("close", () => {
      if (!response.writableFinished) left++;
    });
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const exchange = { request, body, response, attempt: exchanges.length + 1 };
    exchanges.push(exchange);
    await respond(exchange);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    exchanges,
    get left() {
      return left;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A chunk of text as an event. */
export function says(content: string): string {
  return event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
}

/** The chunk that tells why the answer is over. */
export function finishes(reason = "stop"): string {
  return event({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
}

/** Anything as an event. */
export function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

export const DONE = "data: [DONE]\n\n";

/** Begins a stream and sends this much of it. */
export function stream(response: ServerResponse, ...parts: (string | Buffer)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.flushHeaders();
  for (const part of parts) response.write(part);
}

/** A whole answer with status 200. */
export function streamWhole(response: ServerResponse, ...parts: (string | Buffer)[]): void {
  stream(response, ...parts);
  response.end();
}

/** A JSON body. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
