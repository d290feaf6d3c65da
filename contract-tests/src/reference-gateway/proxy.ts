import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { createParser } from "eventsource-parser";
import { API } from "../gateway/subject.js";
import type { Answered, Asked, Changes, Json } from "./mutant.js";

/** A proxy that listens. */
export interface RunningProxy extends AsyncDisposable {
  /** `http://host:port`. */
  url: string;
}

/** Starts a proxy before a gateway, on a free port, that changes what passes. */
export async function startProxy(gateway: string, changes: Changes): Promise<RunningProxy> {
  const server = createServer((request, response) => {
    pass(gateway, changes, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function pass(
  gateway: string,
  changes: Changes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await read(request);
  const url = new URL(request.url ?? "/", gateway);
  const asked: Asked = {
    method: request.method ?? "GET",
    path: url.pathname.startsWith(API) ? url.pathname.slice(API.length) : url.pathname,
    query: url.searchParams,
    headers: headersOf(request.headers),
    body: parse(text),
    async alsoPost(path, body) {
      const headers = { "content-type": "application/json" };
      await fetch(gateway + API + path, { method: "POST", headers, body: JSON.stringify(body) });
    },
  };
  const inApi = url.pathname.startsWith(API);
  const before = JSON.stringify(asked.body);
  const instead = changes.ask?.(asked);
  if (instead) return respond(response, instead, JSON.stringify(instead.body));
  const after = JSON.stringify(asked.body);
  const path = (inApi ? API : "") + asked.path;
  const query = asked.query.size > 0 ? `?${asked.query}` : "";
  const incoming = await ask(`${gateway}${path}${query}`, asked, before === after ? text : after);
  const told = headersOf(incoming.headers);
  if (told["content-type"]?.startsWith("text/event-stream") && asked.method === "GET") {
    await stream(changes, asked, incoming, response, told);
    return;
  }
  const whole = await read(incoming);
  const answered: Answered = {
    status: incoming.statusCode ?? 502,
    headers: told,
    body: parse(whole),
  };
  const unchanged = JSON.stringify(answered.body);
  await changes.answer?.(answered, asked);
  const changed = JSON.stringify(answered.body);
  respond(response, answered, unchanged === changed ? whole : changed);
}

function ask(url: string, { method, headers }: Asked, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } };
    const outgoing = httpRequest(url, { ...options, agent: false }, resolve);
    outgoing.on("error", reject).end(body);
  });
}

async function stream(
  changes: Changes,
  asked: Asked,
  incoming: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
): Promise<void> {
  response.once("close", () => incoming.destroy());
  const answered: Answered = { status: incoming.statusCode ?? 502, headers, body: {} };
  await changes.answer?.(answered, asked);
  response.writeHead(answered.status, answered.headers).flushHeaders();
  const change = changes.stream?.(asked) ?? ((told) => [told]);
  const write = (text: string) => {
    // Timers of the same length end in the order in which they began.
    if (changes.lateMs === undefined) response.write(text);
    else setTimeout(() => response.write(text), changes.lateMs);
  };
  const parser = createParser({
    onEvent({ event = "message", data }) {
      for (const told of change({ event, data: parse(data) })) {
        const noise = changes.noise ?? "";
        write(`${noise}event: ${told.event}\ndata: ${JSON.stringify(told.data)}\n\n`);
      }
    },
    onComment: () => write(":\n\n"),
  });
  incoming.setEncoding("utf8").on("data", (chunk: string) => parser.feed(chunk));
  incoming.once("end", () => response.end()).once("error", () => response.destroy());
}

function respond(
  response: ServerResponse,
  { status, headers }: Pick<Answered, "status" | "headers">,
  text: string,
): void {
  const { "content-length": _, ...others }: OutgoingHttpHeaders = headers;
  response.writeHead(status, others).end(text);
}

async function read(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** Without those that are about the connection, and so that the answer is not compressed. */
function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

const OF_THE_CONNECTION = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "transfer-encoding",
]);

/** The JSON object that the text is, empty if it is none. */
function parse(text: string): Json {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Json) : {};
  } catch {
    return {};
  }
}
