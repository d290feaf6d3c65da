import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to a database that can be cut, or made mute. */
export interface TcpProxy extends AsyncDisposable {
  /** The database's URL, through the proxy. */
  url: string;
  /** Breaks all connections and refuses new ones, until `restore`. */
  cut: () => void;
  /** Takes connections and bytes and answers nothing, until `restore`. */
  mute: () => void;
  restore: () => void;
}

/** Listens on a free port and passes everything on to the server of `url`. */
export async function tcpProxy(url: string): Promise<TcpProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "mute" = "open";

  const server = createServer((near) => {
    if (state === "cut") return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("data", (data) => state !== "mute" && to.write(data));
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    return undefined;
  });
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const proxied = new URL(url);
  proxied.hostname = "127.0.0.1";
  proxied.port = String(address.port);
  return {
    url: proxied.toString(),
    cut() {
      state = "cut";
      drop();
    },
    mute() {
      state = "mute";
    },
    restore() {
      state = "open";
      drop();
    },
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
      await once(server, "close");
    },
  };
}
