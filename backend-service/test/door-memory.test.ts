import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { promisify } from "node:util";
import { freePort, testDatabase } from "@amp/stack/testing";
import { expect, test } from "vitest";
import { bootProcess, kill } from "./process.js";

const run = promisify(execFile);

/** Bytes of memory that the process occupies. */
async function residentSize(pid: number | undefined): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout) * 1_024;
}

const MIB = 2 ** 20;

test("150 calls without a token, each with 3.9 of 4 MiB sent, make the backend hold next to nothing", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const backend = await bootProcess(database.url, port, { BACKEND_TOKENS: "gateway:secret" });
  // In megabytes: what this side may have waiting to be sent.
  const options = { maxSessionMemory: 1_000 };
  const connections = [1, 2].map(() => connect(`http://127.0.0.1:${port}`, options));
  try {
    await Promise.all(connections.map((connection) => once(connection, "remoteSettings")));
    const before = await residentSize(backend.pid);
    const prefix = Buffer.from([0, 0, 0x40, 0, 0]);
    const part = Buffer.alloc(Math.floor(3.9 * MIB));
    const answers = Array.from({ length: 150 }, async (_, n) => {
      const stream = connections[n % 2]?.request({
        ":method": "POST",
        ":path": "/amp.session.v1.SessionService/Send",
        "content-type": "application/grpc",
        te: "trailers",
      });
      if (!stream) throw new Error("no stream");
      const answered = once(stream, "response");
      stream.write(prefix);
      // All of it is taken off the line, and the request stays open.
      const written = new Promise((resolve) => stream.write(part, resolve));
      const [headers] = (await answered) as [Record<string, string>];
      await written;
      return headers["grpc-status"];
    });
    expect(new Set(await Promise.all(answers))).toEqual(new Set(["16"]));
    const grown = (await residentSize(backend.pid)) - before;
    expect(grown).toBeLessThan(150 * MIB);
  } finally {
    for (const connection of connections) connection.destroy();
    await kill(backend);
  }
});
