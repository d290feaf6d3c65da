import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { APP, BOT } from "./identity.js";
import { METHODS } from "./methods.js";
import { Sockets } from "./sockets.js";
import { Workspace } from "./workspace.js";

/**
 * How Slack misbehaves: `lost` does what it is asked and breaks the connection
 * before it answers, every other time; `late` does so, too, and shows what the app
 * posted only after a while; `limited` does nothing and answers 429; `failing`
 * does nothing and answers 500; `refusing` does not know the app's tokens.
 */
export type Misbehaviour = "lost" | "late" | "limited" | "failing" | "refusing";

/** How Slack says that it does not know a token, one time or another. */
const REFUSALS = ["invalid_auth", "token_revoked", "account_inactive"] as const;

/**
 * Slack's Web API over a workspace in memory, and its Socket Mode. A stand-in of
 * our own, because local-slack drops the metadata of messages, and neither it nor
 * emulate can lose an answer, limit a caller or deliver again.
 */
export class SlackPeer implements AsyncDisposable {
  readonly workspace = new Workspace();
  readonly sockets = new Sockets();
  /** What the app was refused for what it posted, by error. */
  readonly refusals = new Map<string, number>();
  private mood: Misbehaviour | undefined;
  private calls = 0;

  private constructor(private readonly server: Server) {
    server.on("request", (request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.sockets.accept(request, socket, head);
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

  /** Does so for a while; `lateness` is how late it shows posts, in milliseconds. */
  async misbehave(mood: Misbehaviour, duration: number, lateness = 0): Promise<void> {
    this.mood = mood;
    this.workspace.lateness = mood === "late" ? lateness : 0;
    await delay(duration);
    this.mood = undefined;
    // What was posted at the last moment is late, too.
    await delay(this.workspace.lateness);
    this.workspace.lateness = 0;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const { mood } = this;
    const name = request.url?.replace("/api/", "") ?? "";
    if (mood === "failing") return send(response, 500, {});
    if (mood === "limited") {
      response.setHeader("Retry-After", "1");
      return send(response, 429, { ok: false, error: "ratelimited" });
    }
    const answer = this.call(name, form, request);
    this.calls += 1;
    if ((mood === "lost" || mood === "late") && this.calls % 2 === 0) response.destroy();
    else send(response, 200, answer);
  }

  private call(name: string, form: Record<string, string>, { headers }: IncomingMessage): object {
    const token = headers.authorization?.replace("Bearer ", "");
    if (this.mood === "refusing") return refuse(REFUSALS[this.calls % REFUSALS.length]);
    if (name === "apps.connections.open") {
      if (token !== APP.token) return refuse("not_allowed_token_type");
      return { ok: true, url: this.sockets.ticket(headers.host ?? "") };
    }
    if (token !== BOT.token) return refuse("invalid_auth");
    const method = METHODS[name];
    if (!method) return refuse("unknown_method");
    const answer = method(this.workspace, form);
    const error = answer["error"];
    if (name.startsWith("chat.") && typeof error === "string") {
      this.refusals.set(error, (this.refusals.get(error) ?? 0) + 1);
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, "close");
    this.sockets[Symbol.dispose]();
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

function refuse(error: string | undefined): object {
  return { ok: false, error };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
