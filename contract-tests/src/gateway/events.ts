import assert from "node:assert/strict";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { API, type GatewaySubject } from "./subject.js";

/** One event of a stream, its data parsed. */
interface StreamEvent {
  event: string;
  data: unknown;
}

/** An event stream that is being read. Disposing it hangs up. */
export interface OpenEvents extends Disposable {
  headers: Headers;
  /** Reads on until an event meets the condition. @throws when none does within seconds. */
  until(condition: (event: StreamEvent) => boolean): Promise<StreamEvent>;
}

const LONGEST_WAIT_MS = 15_000;

/** Opens the web chat's event stream. */
export async function openEvents({ url }: GatewaySubject, sessionId?: string): Promise<OpenEvents> {
  const hangUp = new AbortController();
  const query = sessionId === undefined ? "" : `?session=${sessionId}`;
  const signal = AbortSignal.any([hangUp.signal, AbortSignal.timeout(LONGEST_WAIT_MS)]);
  const response = await fetch(`${url}${API}/events${query}`, { signal });
  assert.equal(response.status, 200);
  assert.ok(response.body);
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();

  async function until(condition: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    for (;;) {
      const { done, value } = await events.read();
      if (done) return assert.fail("the stream ended before the event came");
      const event = { event: value.event ?? "message", data: JSON.parse(value.data) };
      if (condition(event)) return event;
    }
  }

  return { headers: response.headers, until, [Symbol.dispose]: () => hangUp.abort() };
}
