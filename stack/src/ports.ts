import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ListenAddress } from "@amp/service";

/** A TCP port that nobody listens on now, on 127.0.0.1 unless told otherwise. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  return tryListen({ host, port: 0 });
}

/**
 * Makes sure that the address can be listened on, and returns it; port 0
 * becomes a free one. A program that is just going away gets a moment to do so.
 * @throws the error of the last try.
 */
export async function claimAddress({ host, port }: ListenAddress): Promise<ListenAddress> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { host, port: await tryListen({ host, port }) };
    } catch (error) {
      if (attempt === 10) throw error;
      await delay(250);
    }
  }
}

/** Whether somebody accepts connections there. */
export async function accepts({ host, port }: ListenAddress): Promise<boolean> {
  const socket = connect({ host: reachableHost(host), port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The address as a client on this machine writes it. */
export function clientAddress({ host, port }: ListenAddress): string {
  return listenAddress({ host: reachableHost(host), port });
}

/** The address as a setting has it. */
export function listenAddress({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

async function tryListen({ host, port }: ListenAddress): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}
