/** Asks the backend of this container for its health (grpc.health.v1); exits 0 if it serves. */
import { readFileSync } from "node:fs";
import { Client, credentials } from "@grpc/grpc-js";

const port = process.env.BACKEND_LISTEN?.split(":").at(-1) ?? "50051";
const { BACKEND_TLS_CERT: cert, BACKEND_TLS_KEY: key } = process.env;
// With TLS, the certificate is the server's own: it is trusted as it is, whatever name it has.
const channel = cert
  ? credentials.createSsl(readFileSync(cert), readFileSync(key), readFileSync(cert), {
      checkServerIdentity: () => undefined,
    })
  : credentials.createInsecure();
const client = new Client(`127.0.0.1:${port}`, channel, { "grpc.enable_http_proxy": 0 });

/** An encoded HealthCheckResponse whose status, its only field, is SERVING. */
const SERVING = Buffer.from([0x08, 0x01]);

client.makeUnaryRequest(
  "/grpc.health.v1.Health/Check",
  (request) => request,
  (response) => response,
  Buffer.alloc(0),
  { deadline: Date.now() + 2_000 },
  (error, response) => process.exit(!error && response?.equals(SERVING) ? 0 : 1),
);
