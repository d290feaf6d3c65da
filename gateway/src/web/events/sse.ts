import type { Response } from "express";

/** A comment line that often tells a client that the line is not dead; the header Heartbeat says how often, in seconds. */
const HEARTBEAT_MS = 5_000;
/** A client that took nothing for so long is gone, or stopped. */
const STALLED_MS = 60_000;

/**
 * One client's event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * What a slow client has not read is bounded: `send` waits for it, and one that
 * takes nothing for a minute is cut off.
 */
export class EventStream {
  private readonly heartbeat: NodeJS.Timeout;
  private stalled: NodeJS.Timeout | undefined;
  private writable = Promise.resolve();

  constructor(private readonly response: Response) {
    response.socket?.setKeepAlive(true, HEARTBEAT_MS);
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      // Proxies and compression would hold events back.
      "Cache-Control": "no-cache, no-transform",
      "X-Accel-Buffering": "no",
      Heartbeat: `${HEARTBEAT_MS / 1_000}`,
    });
    response.flushHeaders();
    this.heartbeat = setInterval(() => {
      if (this.stalled === undefined) this.write(":\n\n");
    }, HEARTBEAT_MS);
    response.once("close", () => {
      clearInterval(this.heartbeat);
      clearTimeout(this.stalled);
    });
  }

  /** Sends an event once the client has read those before, but for a buffer's worth. */
  async send(event: string, data: object): Promise<void> {
    await this.writable;
    if (!this.response.writable) return;
    this.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    await this.writable;
  }

  /** No more will come. */
  end(): void {
    this.response.end();
  }

  private write(chunk: string): void {
    if (this.response.write(chunk) || this.stalled !== undefined) return;
    this.stalled = setTimeout(() => this.response.destroy(), STALLED_MS);
    this.writable = new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(this.stalled);
        this.stalled = undefined;
        this.response.off("drain", goOn).off("close", goOn);
        resolve();
      };
      this.response.once("drain", goOn).once("close", goOn);
    });
  }
}
