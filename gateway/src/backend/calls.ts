import type { CallOptions } from "@amp/proto";
import type { Availability } from "./availability.js";
import { BackendError, type BackendErrorKind, toBackendError } from "./errors.js";
import { Patience } from "./patience.js";

/** How a call to the backend is made. */
export interface BackendCall {
  /** Gives the call up; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long an unreachable backend is tried again, in milliseconds; 0 by default. */
  window?: number | undefined;
}

/** Told of every try: what was called, and what became of it; of a stream, that it began and how it broke. */
export type OnCall = (
  method: string,
  kind: "ok" | BackendErrorKind,
  error?: BackendError | undefined,
) => void;

/** An answer that takes longer than this comes from a backend that hangs. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A turn takes as long as it takes; keepalive notices a backend that is gone. */
export const NO_TIMEOUT = Number.POSITIVE_INFINITY;

/** Makes calls that are safe to repeat: lets them through the breaker, repeats them, and translates what fails. */
export class Calls {
  constructor(
    private readonly availability: Availability,
    private readonly onCall: OnCall,
  ) {}

  /** A call with one answer. */
  async unary<Request, Response>(
    name: string,
    method: (request: Request, options: CallOptions) => Promise<Response>,
    request: Request,
    { signal, window = 0 }: BackendCall = {},
    timeout = ANSWER_TIMEOUT_MS,
  ): Promise<Response> {
    const patience = new Patience(window, signal, this.availability);
    for (;;) {
      try {
        await this.availability.pass(signal);
        const response = await method(request, { signal, timeout });
        this.onCall(name, "ok");
        return response;
      } catch (error) {
        await patience.wait(await this.failed(name, error, signal));
      }
    }
  }

  /** A call with a stream of answers; begun anew within the window after each break. */
  async *stream<Request, Response>(
    name: string,
    method: (request: Request, options: CallOptions) => AsyncIterable<Response>,
    request: Request,
    { signal, window = 0 }: BackendCall = {},
  ): AsyncGenerator<Response, void, undefined> {
    const patience = new Patience(window, signal, this.availability);
    for (;;) {
      let answered = false;
      try {
        await this.availability.pass(signal);
        for await (const response of method(request, { signal })) {
          if (!answered) this.onCall(name, "ok");
          answered = true;
          patience.progress();
          yield response;
        }
        return;
      } catch (error) {
        await patience.wait(await this.failed(name, error, signal));
      }
    }
  }

  private async failed(
    name: string,
    thrown: unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const error = toBackendError(thrown);
    if (error !== thrown && error instanceof BackendError) {
      await this.availability.failed(error);
      this.onCall(name, error.kind, error);
    }
    return error;
  }
}
