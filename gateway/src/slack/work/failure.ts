import { type BackendError, Reason } from "../../backend/index.js";
import { escapeText } from "../text/escape.js";
import { neutralize } from "../text/neutralize.js";

/** What people are told when the backend could not be reached for long enough, or is out of order. */
export const NO_RESPONSE = "Error: Failed to get response from Amplifier session.";

/** What people are told of a call that failed and left the session alive. */
export function failureText({ kind, reason, message }: BackendError): string {
  if (reason === Reason.TURN_CANCELLED) return "_This turn was cancelled._";
  if (kind === "busy") {
    return "Error: Too many messages are waiting in this session. Wait for their answers, then send yours again.";
  }
  if (
    kind === "turn" ||
    kind === "late" ||
    kind === "invalid" ||
    reason === Reason.WORKING_DIR_FORBIDDEN
  ) {
    return `Error: ${escapeText(neutralize(message))}`;
  }
  return NO_RESPONSE;
}
