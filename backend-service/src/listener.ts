import { fileDescriptors } from "@amp/proto";
import { checkTls, type ListenAddress, readSettingFile, SettingError } from "@amp/service";
import { type ChannelCredentials, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import type { BackendConfig, TlsFiles } from "./config.js";
import { type DoorOptions, door } from "./rpc/door.js";

/** The names that health is asked about: the process as a whole, and the service. */
const HEALTH_NAMES = ["", "amp.session.v1.SessionService"];

/** Health of the service, by the standard protocol. */
export interface Health {
  set(serving: boolean): void;
}

const OPTIONS = {
  // A caller that went away without a word is noticed within seconds.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // Three times the 5,000 turns that one gateway may have under way at one replica.
  "grpc.max_concurrent_streams": 15_000,
};

/** A server with reflection and health, not yet listening and not yet healthy. */
export async function newServer(options: DoorOptions): Promise<{ server: Server; health: Health }> {
  const server = new Server({ ...OPTIONS, interceptors: [door(options)] });
  const health = new HealthImplementation();
  health.addToServer(server);
  // In the shape of a package definition, of which reflection reads the descriptors only.
  const descriptors = {
    format: "Protocol Buffer 3 DescriptorProto" as const,
    type: {},
    fileDescriptorProtos: await fileDescriptors(),
  };
  new ReflectionService({ descriptors }).addToServer(server);
  const set = (serving: boolean) => {
    for (const name of HEALTH_NAMES) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  };
  set(false);
  return { server, health: { set } };
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Listens; answers the address, with the port that was chosen. */
export async function bind(server: Server, { listen, tls }: BackendConfig): Promise<string> {
  const credentials = tls ? await tlsCredentials(tls) : ServerCredentials.createInsecure();
  return new Promise((resolve, reject) => {
    server.bindAsync(formatAddress(listen), credentials, (error, port) => {
      if (!error) return resolve(formatAddress({ ...listen, port }));
      const problem = `${formatAddress(listen)} cannot be listened on: ${error.message}`;
      return reject(new SettingError("BACKEND_LISTEN", problem));
    });
  });
}

/** How to call the other replicas: as they are called here, with our own certificate. */
export async function peerCredentials({ tls }: BackendConfig): Promise<ChannelCredentials> {
  if (!tls) return credentials.createInsecure();
  const { ca, cert, key } = await readTls(tls, "BACKEND_TLS_CA", tls.ca);
  return credentials.createSsl(ca ?? null, key, cert);
}

/**
 * Only suites whose key exchange has forward secrecy: who records traffic and
 * gets hold of the key later can read none of it.
 */
const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE+AESGCM",
  "ECDHE+CHACHA20",
].join(":");

/** As `ServerCredentials.createSsl` makes them, which takes no suites. */
class TlsCredentials extends ServerCredentials {
  constructor(files: { ca: Buffer | undefined; cert: Buffer; key: Buffer }) {
    const { ca, ...pair } = files;
    const requestCert = ca !== undefined;
    super({ requestCert, ciphers: CIPHERS, minVersion: "TLSv1.2" }, { ca, ...pair });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

async function tlsCredentials(tls: TlsFiles): Promise<ServerCredentials> {
  return new TlsCredentials(await readTls(tls, "BACKEND_TLS_CLIENT_CA", tls.clientCa));
}

/** @throws SettingError that names the variable of a file that cannot be used */
async function readTls(tls: TlsFiles, caVariable: string, caFile: string | undefined) {
  const variables = { ca: caVariable, cert: "BACKEND_TLS_CERT", key: "BACKEND_TLS_KEY" };
  const pem = {
    ca: caFile ? await readSettingFile(variables.ca, caFile) : undefined,
    cert: await readSettingFile(variables.cert, tls.cert),
    key: await readSettingFile(variables.key, tls.key),
  };
  checkTls(pem, variables);
  return pem;
}
