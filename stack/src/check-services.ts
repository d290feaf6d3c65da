import { parseConfig as parseBackendConfig } from "@amp/backend-service/config";
import { parseConfig as parseGatewayConfig } from "@amp/gateway/config";
import type { Environment } from "@amp/service";

/** Stands for the database that `npm start` brings, whose URL nobody knows yet. */
const OWN_DATABASE = "postgres://127.0.0.1/own";

/**
 * Reads the settings of both services as they will read them themselves, so
 * that a wrong one is an error before anything is started.
 * @throws SettingError that names the variable.
 */
export function checkServiceSettings(backend: Environment, gateway: Environment): void {
  parseBackendConfig({ DATABASE_URL: OWN_DATABASE, ...backend });
  parseGatewayConfig({ DATABASE_URL: OWN_DATABASE, ...gateway });
}
