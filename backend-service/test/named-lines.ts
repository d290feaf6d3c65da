import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to PostgreSQL on which the connections of one application can go silent, all others going on. */
export interface NamedLines extends AsyncDisposable {
  /** The server's URL, through these lines. */
  url: string;
  /** Lets no byte through on the connections that the application has now. @returns how many. */
  silence(application: string): number;
}

/** Passes a free port of 127.0.0.1 on to the PostgreSQL of the URL; connections without TLS only. */
export async function namedLines(url: string): Promise<NamedLines> {
  const target = new URL(url);
  const lines = new Set<{ application: string; ends: Socket[] }>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const line = { application: "", ends: [near, far] };
    lines.add(line);
    // The first bytes are the startup message: names and values, each ended by NUL.
    near.once("data", (startup) => {
      const words = startup.toString("latin1").split("\0");
      line.application = words[words.indexOf("application_name") + 1] ?? "";
      far.write(startup);
      near.pipe(far).pipe(near);
    });
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      end
        .on("error", () => {})
        .once("close", () => {
          lines.delete(line);
          other.destroy();
        });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(address.port);
  return {
    url: through.toString(),
    silence(application) {
      const chosen = [...lines].filter((line) => line.application === application);
      for (const { ends } of chosen) for (const end of ends) end.unpipe().pause();
      return chosen.length;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const { ends } of lines) for (const end of ends) end.destroy();
      await once(server, "close");
    },
  };
}
