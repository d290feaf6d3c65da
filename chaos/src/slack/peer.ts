import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { BOT, METHODS } from "./methods.js";
import { Workspace } from "./workspace.js";

/**
 * How Slack misbehaves: `lost` does what it is asked and breaks the connection
 * before it answers, every other time; `limited` does nothing and answers 429;
 * `failing` does nothing and answers 500.
 */
export type Misbehaviour = "lost" | "limited" | "failing";

/**
 * Slack's Web API over a workspace in memory. A stand-in of our own, because
 * local-slack drops the metadata of messages, and neither it nor emulate can
 * lose an answer, limit a caller or deliver again.
 */
export class SlackPeer implements AsyncDisposable {
  readonly workspace = new Workspace();
  private mood: Misbehaviour | undefined;
  private calls = 0;

  private constructor(private readonly server: Server) {
    server.on("request", (request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<SlackPeer> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SlackPeer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Does so for a while. */
  async misbehave(mood: Misbehaviour, duration: number): Promise<void> {
    this.mood = mood;
    await delay(duration);
    this.mood = undefined;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const { mood } = this;
    const method = METHODS[request.url?.replace("/api/", "") ?? ""];
    if (request.headers.authorization !== `Bearer ${BOT.token}`) {
      return send(response, 200, { ok: false, error: "invalid_auth" });
    }
    if (!method) return send(response, 200, { ok: false, error: "unknown_method" });
    if (mood === "failing") return send(response, 500, {});
    if (mood === "limited") {
      response.setHeader("Retry-After", "1");
      return send(response, 429, { ok: false, error: "ratelimited" });
    }
    const answer = method(this.workspace, form);
    this.calls += 1;
    if (mood === "lost" && this.calls % 2 === 0) response.destroy();
    else send(response, 200, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
