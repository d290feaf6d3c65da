import { contractSettings } from "./settings.js";

/** vitest's globalSetup. @throws when no address is given, before anything runs. */
export default function requireAddress(): void {
  const { backendUrl, gatewayUrl } = contractSettings(process.env);
  if (backendUrl !== undefined || gatewayUrl !== undefined) return;
  throw new Error(
    "Nothing to test: set BACKEND_URL (host:port), GATEWAY_URL (http://host:port) or both.",
  );
}
