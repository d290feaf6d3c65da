import { type Backend, parseConfig as backendConfig, startBackend } from "@amp/backend-service";
import { type Gateway, parseConfig as gatewayConfig, startGateway } from "@amp/gateway";
import { type TestDatabase, testDatabase } from "@amp/stack/testing";
import { afterAll, beforeAll } from "vitest";

/** Starts our gateway and a backend for the cases of the surrounding block; returns where they listen. */
export function bootGateway(settings: Record<string, string>) {
  let database: TestDatabase;
  let backend: Backend;
  let gateway: Gateway;
  beforeAll(async () => {
    database = await testDatabase();
    const common = { DATABASE_URL: database.url, LOG_LEVEL: "error" };
    backend = await startBackend(backendConfig({ ...common, BACKEND_LISTEN: "127.0.0.1:0" }));
    gateway = await startGateway(
      gatewayConfig({
        ...common,
        ...{ GATEWAY_LISTEN: "127.0.0.1:0", BACKEND_URL: backend.address },
        ...settings,
      }),
    );
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await backend?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });
  return () => ({ url: gateway.url, backend: { address: backend.address } });
}
