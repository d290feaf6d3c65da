import type { IncomingMessage } from "node:http";

/** A body that is not taken. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One body; the longest deliveries of Slack are a tenth of it. */
const MAX_BODY = 1_000_000;
/** All bodies that are being read. */
const MAX_ALL = 16_000_000;

/** A body on its way. */
interface Reading {
  bytes: number;
  giveUp: (refused: BodyRefused) => void;
}

/**
 * Reads request bodies as they are, never inflated. Their signature can be
 * checked only when they are whole, so that what strangers send has to be held
 * until then; when all of it becomes too much, the longest one is given up:
 * Slack's own are short.
 */
export class BodyReader {
  private readonly readings = new Set<Reading>();
  private held = 0;

  /** @throws BodyRefused */
  async read(request: IncomingMessage): Promise<Buffer> {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
      throw new BodyRefused(415, "A body with a Content-Encoding is not taken");
    }
    if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) throw tooLarge();
    const chunks: Buffer[] = [];
    const reading: Reading = { bytes: 0, giveUp: () => {} };
    this.readings.add(reading);
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        reading.giveUp = (refused) => {
          // Nothing of it is kept while the rest comes in.
          chunks.length = 0;
          reject(refused);
        };
        request.on("data", (chunk: Buffer) => {
          if (!this.readings.has(reading)) return;
          chunks.push(chunk);
          this.grow(reading, chunk.length);
        });
        request.once("end", () => resolve(Buffer.concat(chunks)));
        request.once("close", () => reading.giveUp(new BodyRefused(400, "The body is incomplete")));
      });
    } finally {
      this.forget(reading);
    }
  }

  private grow(reading: Reading, bytes: number): void {
    reading.bytes += bytes;
    this.held += bytes;
    if (reading.bytes > MAX_BODY) {
      this.drop(reading, tooLarge());
    } else if (this.held > MAX_ALL) {
      const longest = [...this.readings].reduce((a, b) => (b.bytes > a.bytes ? b : a));
      this.drop(longest, new BodyRefused(503, "Too many bodies at once, send again"));
    }
  }

  private drop(reading: Reading, refused: BodyRefused): void {
    this.forget(reading);
    reading.giveUp(refused);
  }

  private forget(reading: Reading): void {
    if (this.readings.delete(reading)) this.held -= reading.bytes;
  }
}

function tooLarge(): BodyRefused {
  return new BodyRefused(413, `The body is larger than ${MAX_BODY} bytes`);
}
