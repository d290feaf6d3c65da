/** The session backend as the surfaces see it: typed calls, and errors with a policy. */
export {
  type Approval,
  ApprovalOptionKind,
  ApprovalState,
  type Author,
  Reason,
  type Session,
  SessionState,
  type ToolCall,
  ToolStatus,
  type Turn,
  type TurnEvent,
  TurnState,
} from "@amp/proto";
export { type Backend, openBackend } from "./backend.js";
export type { BackendCall, OnCall } from "./calls.js";
export { backendCredentials, type TlsFiles } from "./credentials.js";
export type { Ending } from "./endings.js";
export { BackendError, isDead } from "./errors.js";
