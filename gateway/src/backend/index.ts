/** The session backend as the surfaces see it: typed calls, and errors with a policy. */
export {
  type Author,
  Reason,
  type Session,
  SessionState,
  type ToolCall,
  ToolStatus,
  type Turn,
  type TurnEvent,
  TurnState,
  type WatchResponse,
} from "@amp/proto";
export { type Backend, type BackendCall, openBackend } from "./backend.js";
export { backendCredentials, type TlsFiles } from "./credentials.js";
export { BackendError, type BackendErrorKind, isDead } from "./errors.js";
