import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";

/** Starts a plain load balancer: each request goes to the next server, whoever sends it. */
export async function balancer(port: number, targets: string[]): Promise<AsyncDisposable> {
  let turn = 0;
  const server = createServer((request, response) => {
    const target = targets[turn++ % targets.length] ?? "";
    const { method, headers, url } = request;
    const onward = httpRequest(target + url, { method: method ?? "GET", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.once("close", () => onward.destroy());
    request.pipe(onward);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
