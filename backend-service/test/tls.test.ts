import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { connectSessions } from "@amp/proto";
import { credentials, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { failure, testBackend } from "./backend.js";

/** A CA whose key was thrown away, and a pair each for a server and a client, for 127.0.0.1 only. */
const file = (name: string) => fileURLToPath(new URL(`tls/${name}`, import.meta.url));

/** Names the server: RFC 6066 has no place for an address. */
const channel = { "grpc.ssl_target_name_override": "localhost" };

test("TLS, and a certificate of the client's own when a CA for it is given", async () => {
  const [ca, cert, key] = await Promise.all(
    ["ca.crt", "client.crt", "client.key"].map((name) => readFile(file(name))),
  );
  if (!ca || !cert || !key) throw new Error("no certificates");
  const server = {
    BACKEND_TLS_CERT: file("server.crt"),
    BACKEND_TLS_KEY: file("server.key"),
  };
  await using open = await testBackend(server);
  await using mutual = await testBackend({ ...server, BACKEND_TLS_CLIENT_CA: file("ca.crt") });
  const anonymous = credentials.createSsl(ca);
  const known = credentials.createSsl(ca, key, cert);
  const toOpen = connectSessions(open.backend.address, { credentials: anonymous, channel });
  const stranger = connectSessions(mutual.backend.address, { credentials: anonymous, channel });
  const friend = connectSessions(mutual.backend.address, { credentials: known, channel });
  expect(await toOpen.list({})).toMatchObject({ sessions: [] });
  expect(await friend.list({})).toMatchObject({ sessions: [] });
  expect(await failure(stranger.list({}))).toMatchObject({ code: status.UNAVAILABLE });
  expect(await failure(open.sessions.list({}))).toMatchObject({ code: status.UNAVAILABLE });
  for (const client of [toOpen, stranger, friend]) client.close();
});

test.each([
  ["ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2", true],
  ["TLS_AES_128_GCM_SHA256", "TLSv1.3", true],
  ["AES128-SHA", "TLSv1.2", false],
  ["AES256-SHA256", "TLSv1.2", false],
  ["AES128-GCM-SHA256", "TLSv1.2", false],
  ["AES256-GCM-SHA384", "TLSv1.2", false],
  ["ECDHE-RSA-AES128-SHA", "TLSv1.2", false],
  ["ECDHE-RSA-AES256-SHA:@SECLEVEL=0", "TLSv1.1", false],
] as const)("%s of %s is taken: %s", async (ciphers, version, taken) => {
  // An RSA key, so that the suites without forward secrecy could be used.
  const server = { BACKEND_TLS_CERT: file("rsa.crt"), BACKEND_TLS_KEY: file("rsa.key") };
  await using running = await testBackend(server);
  const [host = "", port] = running.backend.address.split(":");
  const versions = { minVersion: version, maxVersion: version };
  const socket = connect({
    host,
    port: Number(port),
    ciphers,
    ...versions,
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
  });
  const outcome = once(socket, "secureConnect").then(
    () => true,
    () => false,
  );
  expect(await outcome).toBe(taken);
  socket.destroy();
});

test("a certificate that cannot be read is an error that names its setting", async () => {
  const env = { BACKEND_TLS_CERT: file("none.crt"), BACKEND_TLS_KEY: file("server.key") };
  await expect(testBackend(env)).rejects.toThrow(/^BACKEND_TLS_CERT cannot be read/);
});
