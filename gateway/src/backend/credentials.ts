import { readFile } from "node:fs/promises";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";

/** Files in PEM; each may be missing. */
export interface TlsFiles {
  /** Whom to trust; the system's authorities when missing. */
  ca: string | undefined;
  /** Our own certificate and key, for mutual TLS. */
  cert: string | undefined;
  key: string | undefined;
}

/** TLS as soon as one file is named, plaintext otherwise. @throws when a file cannot be read. */
export async function backendCredentials({ ca, cert, key }: TlsFiles): Promise<ChannelCredentials> {
  const read = async (file: string | undefined) => (file ? readFile(file) : null);
  if (!ca && !cert && !key) return credentials.createInsecure();
  return credentials.createSsl(await read(ca), await read(key), await read(cert));
}
