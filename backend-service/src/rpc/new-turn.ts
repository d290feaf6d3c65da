import { randomUUID } from "node:crypto";
import type { SendRequest, SendStreamRequest } from "@amp/proto";
import type { NewTurn } from "../store/turns.js";
import { field } from "./fields.js";

/** The turn that a Send or SendStream asks for. @throws InvalidField */
export function newTurn(request: SendRequest | SendStreamRequest): NewTurn {
  return {
    sessionId: field.sessionId(request.sessionId),
    message: field.message(request.message),
    requestId: field.requestId(request.requestId) || randomUUID(),
    author: field.author(request.author),
  };
}
