import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A line to a server that can be cut, as by a killed process, or go mute, as by a pulled plug. */
export interface TcpProxy extends AsyncDisposable {
  /** The server's URL, through the proxy. */
  url: string;
  /** Breaks every connection, and refuses new ones until restored. */
  cut(): void;
  /** Lets no byte through, either way, and takes new connections without a word. */
  mute(): void;
  /**
   * Passes nothing on any more that this application sends to PostgreSQL, on the
   * connections that it has now (without TLS). Returns how many those are.
   */
  silence(application: string): number;
  restore(): void;
}

/** Passes a free port of 127.0.0.1 on to the server of the URL. */
export async function tcpProxy(url: string): Promise<TcpProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  /** Of connections to PostgreSQL, by our end. */
  const applications = new WeakMap<Socket, string>();
  let state: "open" | "cut" | "mute" = "open";
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    keep(near);
    if (state === "mute") return;
    if (state === "cut") near.destroy();
    else {
      const far = keep(connect(Number(target.port), target.hostname));
      // The first bytes are the startup message: names and values, each ended by NUL.
      near.once("data", (startup: Buffer) => {
        const words = startup.toString("latin1").split("\0");
        applications.set(near, words[words.indexOf("application_name") + 1] ?? "");
      });
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(address.port);
  return {
    url: through.toString(),
    cut() {
      state = "cut";
      drop();
    },
    mute() {
      state = "mute";
      for (const socket of sockets) socket.unpipe().pause();
    },
    silence(application) {
      const chosen = [...sockets].filter((socket) => applications.get(socket) === application);
      for (const socket of chosen) socket.unpipe().pause();
      return chosen.length;
    },
    restore() {
      // What was held back is lost with its connection.
      if (state === "mute") drop();
      state = "open";
    },
    async [Symbol.asyncDispose]() {
      server.close();
      drop();
      await once(server, "close");
    },
  };
}
