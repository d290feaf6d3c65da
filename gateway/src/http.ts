import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { ListenAddress } from "@amp/service";
import { SettingError } from "@amp/service";

/** A listening HTTP server. Disposing it lets requests in work finish, for as long as the grace allows. */
export interface HttpServer extends AsyncDisposable {
  /** `http://host:port`. */
  url: string;
}

const IDLE_SWEEP_MS = 50;

/**
 * Listens at the address.
 * @param setting names the address
 * @throws SettingError naming the setting when the port is taken or not ours to take.
 */
export async function listenHttp(
  handler: RequestListener,
  { host, port }: ListenAddress,
  grace: number,
  setting = "GATEWAY_LISTEN",
): Promise<HttpServer> {
  const server = createServer(handler);
  server.listen(port, host);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new SettingError(setting, `cannot be used: ${error.message}`);
  });
  const bound = server.address();
  const actual = typeof bound === "object" && bound ? bound.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      // A kept-alive connection becomes idle when its last answer has been sent.
      const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
      const timer = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearInterval(sweep);
      clearTimeout(timer);
    },
  };
}
