/**
 * What is looked at before a call reaches its handler, in this order:
 *
 *   metadata -- longer than the limit             --> INVALID_ARGUMENT
 *   metadata -- of SessionService, without token  --> UNAUTHENTICATED
 *   message  -- not whole within the time         --> DEADLINE_EXCEEDED
 *   message  -- cannot be decoded                 --> INVALID_ARGUMENT
 *
 * grpc-js reads a call's message only after its metadata has passed here, so
 * that callers without a token make this process hold none.
 */
import { Reason, richError, SessionServiceService } from "@amp/proto";
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerMethodDefinition,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import type { Logger } from "pino";
import { InvalidField } from "../sessions/errors.js";
import type { CallerTokens } from "./auth.js";
import { type RpcError, toRpcError } from "./errors.js";
import { RefusalLog } from "./refusal-log.js";

/** What the door works with. */
export interface DoorOptions {
  tokens: CallerTokens;
  /** How long a caller may take to send its request, in milliseconds. */
  receiveTimeoutMs: number;
  logger: Logger;
}

/** As HTTP/2 counts them: names, values, and 32 bytes for each pair. */
const MAX_METADATA_BYTES = 32_768;
const PAIR_BYTES = 32;

type AuthContext = ReturnType<ServerInterceptingCall["getAuthContext"]>;

/** Stands for a message that is none of its method's. */
const UNREADABLE = Symbol("unreadable");

const METHODS: ServiceDefinition = SessionServiceService;

/** The methods that need a token. */
const GUARDED = new Set(Object.values(METHODS).map(({ path }) => path));

/** `SessionService`, with messages that cannot be decoded left to the door. */
export const guardedService: ServiceDefinition = Object.fromEntries(
  Object.entries(METHODS).map(([name, method]) => [
    name,
    { ...method, requestDeserialize: tolerant(method.requestDeserialize) },
  ]),
);

/** Makes the interceptor. The log has one line for each call that it let in. */
export function door({ tokens, receiveTimeoutMs, logger }: DoorOptions): ServerInterceptor {
  const refusals = new RefusalLog(logger);
  return (method: ServerMethodDefinition<unknown, unknown>, call) => {
    const begunAt = performance.now();
    const guarded = GUARDED.has(method.path);
    let caller = "unknown";
    let receiving: NodeJS.Timeout | undefined;
    let logged = false;

    function log(code: status): void {
      clearTimeout(receiving);
      if (logged) return;
      logged = true;
      const line = { caller, method: method.path, code: status[code] };
      if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
        refusals.add({ ...line, peer: call.getPeer() });
      } else if (guarded) {
        logger.debug({ ...line, ms: Math.round(performance.now() - begunAt) }, "call");
      }
    }
    function refuse(error: RpcError): void {
      log(error.code);
      call.sendStatus(error);
    }

    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, proceed) {
            try {
              checkSize(metadata);
              if (guarded) {
                caller = tokens.identify(metadata) ?? certified(call.getAuthContext()) ?? "anyone";
              }
            } catch (error) {
              return refuse(toRpcError(error, "", logger));
            }
            if (!method.requestStream) {
              receiving = setTimeout(() => refuse(tooSlow(receiveTimeoutMs)), receiveTimeoutMs);
            }
            proceed(metadata);
          },
          onReceiveMessage(message, proceed) {
            if (message !== UNREADABLE) return proceed(message);
            const problem = new InvalidField("request", "is no message of this method");
            refuse(toRpcError(problem, "", logger));
          },
          onReceiveHalfClose(proceed) {
            clearTimeout(receiving);
            proceed();
          },
          onCancel() {
            log(status.CANCELLED);
          },
        });
      },
      sendStatus(answer, next) {
        log(answer.code);
        next(answer);
      },
    });
  };
}

/** @throws InvalidField, which names the longest when all of them together are too long */
function checkSize(metadata: Metadata): void {
  let total = 0;
  let longest = { name: "", bytes: 0 };
  for (const name of Object.keys(metadata.getMap())) {
    let bytes = 0;
    for (const value of metadata.get(name)) bytes += PAIR_BYTES + name.length + value.length;
    if (bytes > longest.bytes) longest = { name, bytes };
    total += bytes;
  }
  if (total <= MAX_METADATA_BYTES) return;
  const name = longest.name.slice(0, 100);
  throw new InvalidField(
    `metadata ${name}`,
    `makes the metadata longer than ${MAX_METADATA_BYTES} bytes`,
  );
}

function tooSlow(milliseconds: number): RpcError {
  return richError(
    status.DEADLINE_EXCEEDED,
    `The request was not received within ${milliseconds / 1_000} s.`,
    { reason: Reason.INVALID_FIELD, metadata: { field: "request" } },
  );
}

/** The name in the caller's certificate, if it was asked for one. */
function certified({ sslPeerCertificate }: AuthContext): string | undefined {
  return [sslPeerCertificate?.subject.CN ?? []].flat()[0];
}

function tolerant<Message>(decode: (bytes: Buffer) => Message) {
  return (bytes: Buffer): Message | typeof UNREADABLE => {
    try {
      return decode(bytes);
    } catch {
      return UNREADABLE;
    }
  };
}
