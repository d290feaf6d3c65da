import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A line to a server that can be cut, as by a killed process, or go mute, as by a pulled plug. */
export interface TcpProxy extends AsyncDisposable {
  port: number;
  /** Breaks every connection, and refuses new ones until mended. */
  cut(): void;
  /** Lets no byte through, either way, and no new connection; nobody is told. */
  mute(): void;
  mend(): void;
}

/** Starts one on a free port of 127.0.0.1. */
export async function tcpProxy(host: string, port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let broken = false;
  let silent = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    return socket;
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    keep(near);
    if (broken) return near.destroy();
    if (silent) return;
    const far = keep(connect(port, host));
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return {
    port: address.port,
    cut() {
      broken = true;
      cut();
    },
    mute() {
      silent = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      if (silent) cut();
      broken = false;
      silent = false;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}
