import { createParser } from "eventsource-parser";
import { backoff, nap } from "./backoff.js";
import type { ServerEvent } from "./model.js";

/** How the line to the server stands. `gone`: the server knows no such session. */
export type Connection = "connecting" | "open" | "lost" | "gone";

export interface StreamListener {
  event(event: ServerEvent): void;
  connection(state: Connection): void;
}

/** A line that is kept open until it is closed. */
export interface EventLine {
  /** Tries again at once instead of after a pause. */
  wake(): void;
  close(): void;
}

/** How long a line may be silent, in milliseconds, until the server says how often its heart beats. */
const SILENCE = 40_000;
/** How many heartbeats may be missed before the line counts as dead, and how long a first answer may take. */
const MISSED = 2;
const FIRST_ANSWER = 12_000;

/**
 * Follows an event stream for as long as it is open. Each connection begins
 * with a snapshot, so that reconnecting needs no history. fetch is used and not
 * EventSource: that cannot see heartbeats, and so never notices a line that
 * died while the machine slept, nor can it see why a server refuses.
 */
export function openStream(
  url: string,
  listener: StreamListener,
  fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
): EventLine {
  const closed = new AbortController();
  let pause = nap(0);
  void follow();
  return { wake: () => pause.wake(), close: () => closed.abort() };

  async function follow(): Promise<void> {
    let attempt = 0;
    listener.connection("connecting");
    while (!closed.signal.aborted) {
      try {
        await connect(() => {
          attempt = 0;
        });
      } catch {
        // Told by the state: why a line broke is nothing that a reader could act on.
      }
      if (closed.signal.aborted) return;
      listener.connection("lost");
      attempt += 1;
      pause = nap(backoff(attempt));
      await pause.over;
    }
  }

  async function connect(opened: () => void): Promise<void> {
    const dead = new AbortController();
    const watchdog = new Watchdog(FIRST_ANSWER, () => dead.abort());
    try {
      const response = await fetch(url, {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: AbortSignal.any([closed.signal, dead.signal]),
      });
      if (response.status === 404) {
        listener.connection("gone");
        closed.abort();
      }
      if (!response.ok || !response.body) return;
      const heartbeat = Number(response.headers.get("Heartbeat")) * 1_000;
      watchdog.allow(heartbeat > 0 ? heartbeat * MISSED + 1_000 : SILENCE);
      opened();
      listener.connection("open");
      const parser = createParser({ onEvent: ({ event, data }) => deliver(event, data) });
      const text = new TextDecoder();
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        watchdog.reset();
        parser.feed(text.decode(part.value, { stream: true }));
      }
    } finally {
      watchdog.stop();
      dead.abort();
    }
  }

  function deliver(event: string | undefined, data: string): void {
    if (!closed.signal.aborted) listener.event({ event, data: JSON.parse(data) } as ServerEvent);
  }
}

/** Calls back once when it was not reset for a time. */
class Watchdog {
  private timer: ReturnType<typeof setTimeout>;
  constructor(
    private milliseconds: number,
    private readonly bark: () => void,
  ) {
    this.timer = setTimeout(bark, milliseconds);
  }
  allow(milliseconds: number): void {
    this.milliseconds = milliseconds;
    this.reset();
  }
  reset(): void {
    this.stop();
    this.timer = setTimeout(this.bark, this.milliseconds);
  }
  stop(): void {
    clearTimeout(this.timer);
  }
}
