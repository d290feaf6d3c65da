/**
 * Calls that only the owner of their session can serve.
 *
 * A call is tried here first; the store knows the owner, and a session that
 * nobody keeps is taken. When another replica keeps it, the call is passed on to
 * that one, with all its caller gave, and what it answers is passed back. A call
 * that was passed on already is not passed on again: it fails, and the replica
 * that it came from looks again. That one looks again, too, when the owner cannot
 * be reached, until it has taken the session over or lost its patience.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type CallOptions, errorDetails, Reason, type SessionClient } from "@amp/proto";
import { type ServiceError, status } from "@grpc/grpc-js";
import { OwnedElsewhere, SessionError } from "../sessions/errors.js";
import type { Owner } from "../store/model.js";
import type { RpcContext } from "./context.js";
import { ForwardedFailure } from "./errors.js";
import type { Caller } from "./handler.js";

/** Marks a call that came from another replica. */
const FORWARDED = "amp-forwarded";

/** Between two looks for an owner that cannot be reached. */
const PAUSE_MS = 150;

/** Answers of a replica that does not have the session, or not for long. */
const LOOK_AGAIN = new Set<string | undefined>([
  Reason.OWNED_ELSEWHERE,
  Reason.LEASE_LOST,
  Reason.DRAINING,
  Reason.DATABASE_UNAVAILABLE,
]);

type Surroundings = Pick<RpcContext, "peers" | "patienceMs" | "draining" | "logger">;

type There<Response> = (owner: SessionClient, options: CallOptions) => Promise<Response>;

/** A unary call, as it is served here and by its owner. */
export interface Answering<Response> {
  here: () => Promise<Response>;
  there: There<Response>;
}

/** A stream, as it is served here and by its owner. */
export interface Telling<Response> {
  here: () => AsyncIterable<Response>;
  there: (owner: SessionClient, options: CallOptions) => AsyncIterable<Response>;
  /** Whether the stream may begin again, when something was `told` or not. */
  again: (told: boolean) => boolean;
}

/** The answer of the session's owner. @throws what the owner fails with */
export async function answerAtOwner<Response>(
  context: Surroundings,
  caller: Caller,
  { here, there }: Answering<Response>,
): Promise<Response> {
  const telling: Telling<Response> = {
    here: () => once(here()),
    there: (owner, options) => once(there(owner, options)),
    again: () => true,
  };
  for await (const response of tellFromOwner(context, caller, telling)) return response;
  throw new Error("a call ended without an answer");
}

/** What the session's owner tells, from whichever replica. @throws what the owner fails with */
export async function* tellFromOwner<Response>(
  context: Surroundings,
  caller: Caller,
  { here, there, again }: Telling<Response>,
): AsyncGenerator<Response, void, undefined> {
  let told = false;
  let giveUpAt = 0;
  for (;;) {
    const begunAt = performance.now();
    let elsewhere: OwnedElsewhere;
    try {
      for await (const response of here()) {
        told = true;
        yield response;
      }
      return;
    } catch (error) {
      if (!(error instanceof OwnedElsewhere) || isForwarded(caller)) throw error;
      elsewhere = error;
    }
    if (context.draining.aborted) throw new SessionError("draining", elsewhere.sessionId);
    if (elsewhere.owner) {
      try {
        for await (const response of forward(context, caller, elsewhere.owner, there)) {
          told = true;
          yield response;
        }
        return;
      } catch (error) {
        notAnswered(error, elsewhere.owner, context);
      }
    }
    const now = performance.now();
    // Only of failures in a row: a call that went well for long may take all the time anew.
    if (now - begunAt > context.patienceMs || giveUpAt === 0) giveUpAt = now + context.patienceMs;
    if (caller.signal.aborted || now > giveUpAt || !again(told)) throw elsewhere;
    await delay(PAUSE_MS, undefined, { signal: caller.signal }).catch(() => {});
  }
}

/**
 * What another replica answers to a call that could be answered here, if less
 * well: undefined when it does not, or when the caller is a replica itself.
 */
export async function askOwner<Response>(
  context: Surroundings,
  caller: Caller,
  owner: Owner,
  there: There<Response>,
): Promise<Response | undefined> {
  if (isForwarded(caller)) return undefined;
  const asking = (client: SessionClient, options: CallOptions) => once(there(client, options));
  try {
    for await (const response of forward(context, caller, owner, asking)) return response;
  } catch (error) {
    notAnswered(error, owner, context);
  }
  return undefined;
}

async function* forward<Response>(
  { peers }: Surroundings,
  caller: Caller,
  owner: Owner,
  there: Telling<Response>["there"],
): AsyncGenerator<Response, void, undefined> {
  using call = peers.call(owner, caller.signal);
  const metadata = caller.metadata.clone();
  metadata.set(FORWARDED, "1");
  const timeout = Number.isFinite(caller.deadline) ? caller.deadline - Date.now() : undefined;
  yield* there(call.client, { metadata, timeout, signal: call.signal });
}

function isForwarded({ metadata }: Caller): boolean {
  return metadata.get(FORWARDED).length > 0;
}

/** Goes on when the owner did not answer. @throws its answer, if it did */
function notAnswered(error: unknown, owner: Owner, { logger }: Surroundings): void {
  if (!isServiceError(error)) throw error;
  if (isAnswer(error)) throw new ForwardedFailure(error);
  logger.debug({ err: error, owner }, "the owner of a session did not answer");
}

/** Whether the owner's answer is the call's; anything but our service's own words is none. */
function isAnswer(error: ServiceError): boolean {
  if (error.code === status.DEADLINE_EXCEEDED) return true;
  const details = errorDetails(error);
  return details !== undefined && !LOOK_AGAIN.has(details.reason);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}

async function* once<T>(answer: Promise<T>): AsyncGenerator<T, void, undefined> {
  yield await answer;
}
