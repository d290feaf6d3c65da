import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { ListenAddress } from "@amp/service";
import { SettingError } from "@amp/service";

/** A listening HTTP server. Disposing it lets requests in work finish, for as long as the grace allows. */
export interface HttpServer extends AsyncDisposable {
  /** `http://host:port`. */
  url: string;
}

/** How a server listens. */
export interface HttpOptions {
  /** The setting that names the address. */
  setting: string;
  /** Milliseconds that requests in work may take at the end. */
  grace: number;
  /** Further connections are closed at once; no limit by default. */
  maxConnections?: number;
}

const IDLE_SWEEP_MS = 50;

/**
 * Milliseconds that a client may take for the headers, and for the whole
 * request; the answer may take as long as it likes. Node's own limits are
 * minutes, and it looks only twice a minute.
 */
const PATIENCE = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
};

/**
 * Listens at the address.
 * @throws SettingError naming the setting when the port is taken or not ours to take.
 */
export async function listenHttp(
  handler: RequestListener,
  { host, port }: ListenAddress,
  { setting, grace, maxConnections }: HttpOptions,
): Promise<HttpServer> {
  const server = createServer(PATIENCE, handler);
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
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
