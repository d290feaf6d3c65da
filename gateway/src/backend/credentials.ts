import { checkTls, readSettingFile } from "@amp/service";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";

/** Files in PEM; each may be missing. */
export interface TlsFiles {
  /** Whom to trust; the system's authorities when missing. */
  ca: string | undefined;
  /** Our own certificate and key, for mutual TLS. */
  cert: string | undefined;
  key: string | undefined;
}

const VARIABLES = { ca: "BACKEND_TLS_CA", cert: "BACKEND_TLS_CERT", key: "BACKEND_TLS_KEY" };

/**
 * TLS as soon as one file is named, plaintext otherwise.
 * @throws SettingError that names the variable of a file that cannot be used.
 */
export async function backendCredentials(files: TlsFiles): Promise<ChannelCredentials> {
  if (!files.ca && !files.cert && !files.key) return credentials.createInsecure();
  const read = async (name: keyof TlsFiles) => {
    const file = files[name];
    return file ? readSettingFile(VARIABLES[name], file) : undefined;
  };
  const pem = { ca: await read("ca"), cert: await read("cert"), key: await read("key") };
  checkTls(pem, VARIABLES);
  return credentials.createSsl(pem.ca ?? null, pem.key ?? null, pem.cert ?? null);
}
