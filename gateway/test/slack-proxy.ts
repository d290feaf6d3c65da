import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/**
 * What happens to a call:
 * - `lost`: Slack does it, the answer is lost;
 * - `limited`: Slack does not do it, and wants it a second later;
 * - `down`: Slack does not do it, HTTP 500;
 * - any other word: Slack does not do it, and that is the error.
 */
export type Fault = "lost" | "limited" | "down" | (string & {});

/** Slack's Web API, with what goes wrong in the world between. */
export interface SlackProxy extends AsyncDisposable {
  /** For `SLACK_API_URL`. */
  apiUrl: string;
  /** The next so many calls of the method fail. */
  fail(method: string, fault: Fault, times?: number): void;
  /** Holds calls of the method back, once Slack did them, until the returned function is called. */
  hold(method: string): () => void;
  /** Answers calls of the method in Slack's place, if the function gives an answer; Slack then hears nothing of them. */
  stand(method: string, answer: (args: URLSearchParams) => object | undefined): void;
  /** Arguments of the calls of a method that reached Slack, in their order. */
  calls(method: string): URLSearchParams[];
}

/** Starts one on a free port of 127.0.0.1. */
export async function slackProxy(apiUrl: string): Promise<SlackProxy> {
  const faults = new Map<string, Fault[]>();
  const held = new Map<string, Promise<void>>();
  const calls = new Map<string, URLSearchParams[]>();
  const stands = new Map<string, (args: URLSearchParams) => object | undefined>();

  async function relay(method: string, body: string, headers: Headers, response: ServerResponse) {
    const fault = faults.get(method)?.shift();
    if (fault === "limited") return answer(response, 429, { "retry-after": "1" });
    if (fault === "down") return answer(response, 500, {});
    if (fault !== undefined && fault !== "lost") {
      return answer(response, 200, {}, { ok: false, error: fault });
    }
    const args = new URLSearchParams(body);
    calls.set(method, [...(calls.get(method) ?? []), args]);
    const instead = stands.get(method)?.(args);
    if (instead) {
      await held.get(method);
      return answer(response, 200, {}, instead);
    }
    const result = await fetch(apiUrl + method, { method: "POST", headers, body });
    const text = await result.text();
    await held.get(method);
    if (fault === "lost") response.destroy();
    else answer(response, result.status, {}, JSON.parse(text));
  }

  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const headers = new Headers();
      for (const name of ["authorization", "content-type"]) {
        const value = request.headers[name];
        if (typeof value === "string") headers.set(name, value);
      }
      const method = (request.url ?? "").replace(/^\/api\//, "").replace(/\?.*/, "");
      relay(method, body, headers, response).catch(() => response.destroy());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");

  return {
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    fail(method, fault, times = 1) {
      faults.set(method, [...(faults.get(method) ?? []), ...Array(times).fill(fault)]);
    },
    hold(method) {
      let release = () => {};
      held.set(
        method,
        new Promise((resolve) => {
          release = resolve;
        }),
      );
      return () => {
        held.delete(method);
        release();
      };
    },
    stand: (method, instead) => void stands.set(method, instead),
    calls: (method) => calls.get(method) ?? [],
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: object = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
