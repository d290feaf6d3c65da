import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { SettingError } from "./settings.js";

/** The content of a file that a setting names. @throws SettingError that names the variable */
export async function readSettingFile(variable: string, file: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw new SettingError(variable, `cannot be read: ${cause.message}`);
  });
}

/** Makes sure that TLS can use the files' contents. @throws SettingError that names the variable */
export function checkTls(
  {
    ca,
    cert,
    key,
  }: { ca?: Buffer | undefined; cert?: Buffer | undefined; key?: Buffer | undefined },
  variables: { ca: string; cert: string; key: string },
): void {
  const attempt = (variable: string, options: Parameters<typeof createSecureContext>[0]) => {
    try {
      createSecureContext(options);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new SettingError(variable, `cannot be used for TLS: ${problem}`);
    }
  };
  if (ca) {
    // OpenSSL takes no notice of a file without any certificate.
    if (!ca.includes("-----BEGIN ")) throw new SettingError(variables.ca, "is no PEM file");
    attempt(variables.ca, { ca });
  }
  if (cert) attempt(variables.cert, { cert });
  if (key) attempt(variables.key, { cert, key });
}
