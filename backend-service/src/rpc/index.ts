import type { SessionServiceServer } from "@amp/proto";
import { cancel } from "./cancel.js";
import type { RpcContext } from "./context.js";
import { create } from "./create.js";
import { end } from "./end.js";
import { get } from "./get.js";
import { list } from "./list.js";
import { listTurns } from "./list-turns.js";
import { resolveApproval } from "./resolve-approval.js";
import { send } from "./send.js";
import { sendStream } from "./send-stream.js";
import { watch } from "./watch.js";
import { watchEndings } from "./watch-endings.js";

/** `SessionService`, one file an RPC. */
export function sessionService(context: RpcContext): SessionServiceServer {
  return {
    create: create(context),
    send: send(context),
    sendStream: sendStream(context),
    end: end(context),
    get: get(context),
    list: list(context),
    listTurns: listTurns(context),
    watch: watch(context),
    watchEndings: watchEndings(context),
    cancel: cancel(context),
    resolveApproval: resolveApproval(context),
  };
}
