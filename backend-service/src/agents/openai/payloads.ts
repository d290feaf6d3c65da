import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Response } from "undici";
import { nonsense } from "./failures.js";

/** What ends a stream of chunks. */
export const DONE = "[DONE]";

/** No event of a stream and no body that came at once may be larger; in characters. */
const MAX_PAYLOAD = 1_048_576;

/**
 * The JSON texts of an answer, one a chunk, and DONE if the endpoint said so.
 * An endpoint that does not stream answers with one body: that, and DONE.
 */
export async function* payloads(response: Response): AsyncGenerator<string, void, undefined> {
  const type = response.headers.get("content-type") ?? "";
  if (/\bhtml\b/i.test(type)) throw nonsense(new Error(`content-type ${type}`));
  if (/\bjson\b/i.test(type)) {
    yield await boundedText(response);
    yield DONE;
    return;
  }
  // Some endpoints stream events without saying so: anything else is read as events.
  const events = texts(response).pipeThrough(
    new EventSourceParserStream({ maxBufferSize: MAX_PAYLOAD }),
  );
  for await (const { data } of events) {
    const payload = data.trim();
    if (payload !== "") yield payload;
  }
}

/** The whole body. */
export async function boundedText(response: Response): Promise<string> {
  let whole = "";
  for await (const text of texts(response)) {
    whole += text;
    if (whole.length > MAX_PAYLOAD) throw nonsense(new Error("the body is too large"));
  }
  return whole;
}

function texts(response: Response) {
  if (!response.body) throw nonsense(new Error("no body"));
  return response.body.pipeThrough(new TextDecoderStream());
}
