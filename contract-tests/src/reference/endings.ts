import { EventEmitter, once } from "node:events";
import { type Session, WatchEndingsResponse } from "@amp/proto";
import { check, cursorTooOld } from "./errors.js";

const HEARTBEAT_MS = 15_000;

/** All endings there were, in order. A cursor is how many of them are dealt with. */
export class MemoryEndings {
  private readonly all: WatchEndingsResponse[] = [];
  private readonly news = new EventEmitter().setMaxListeners(0);

  /** Puts an ended session to the endings. */
  add({ sessionId, endKind, endReason, endedAt }: Session): void {
    const cursor = String(this.all.length + 1);
    this.all.push({ cursor, sessionId, kind: endKind, reason: endReason, endedAt });
    this.news.emit("ending");
  }

  /** A position, then the endings after the cursor, or from now on. @throws when there is no such place. */
  async *read(cursor: string, signal: AbortSignal): AsyncGenerator<WatchEndingsResponse> {
    check(/^\d*$/.test(cursor), "cursor");
    let dealtWith = cursor === "" ? this.all.length : Number(cursor);
    if (dealtWith > this.all.length) throw cursorTooOld();
    const position = () => WatchEndingsResponse.fromPartial({ cursor: String(dealtWith) });
    yield position();
    while (!signal.aborted) {
      for (const ending of this.all.slice(dealtWith)) {
        dealtWith += 1;
        yield ending;
      }
      if (dealtWith < this.all.length) continue;
      const silence = AbortSignal.timeout(HEARTBEAT_MS);
      const waiting = AbortSignal.any([signal, silence]);
      await once(this.news, "ending", { signal: waiting }).catch(() => {});
      if (silence.aborted) yield position();
    }
  }
}
