import type { ServerEvent } from "./model.js";

/** How often the screen follows the stream, in milliseconds: more often costs frames, less often looks jerky. */
export const FLUSH_INTERVAL = 45;

/** Collects events and hands them on together; neighbouring deltas of a turn are joined. */
export class EventBatch {
  private waiting: ServerEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly flushed: (events: ServerEvent[]) => void) {}

  add(event: ServerEvent): void {
    const joined = join(this.waiting.at(-1), event);
    if (joined) this.waiting.splice(-1, 1, joined);
    else this.waiting.push(event);
    this.timer ??= setTimeout(() => this.flush(), FLUSH_INTERVAL);
  }

  /** Forgets what waits. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = [];
  }

  private flush(): void {
    const events = this.waiting;
    this.clear();
    this.flushed(events);
  }
}

function join(before: ServerEvent | undefined, event: ServerEvent): ServerEvent | undefined {
  if (before?.event !== "turn" || event.event !== "turn") return undefined;
  const [a, b] = [before.data, event.data];
  if ((a.type !== "text" && a.type !== "thought") || a.type !== b.type || a.seq !== b.seq)
    return undefined;
  return { event: "turn", data: { ...a, text: a.text + b.text } };
}
