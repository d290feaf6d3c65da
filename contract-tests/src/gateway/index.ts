import type { Case } from "../case.js";
import { chatCases } from "./cases/chat.js";
import { deadCases } from "./cases/dead.js";
import { eventsCases } from "./cases/events.js";
import { healthCases } from "./cases/health.js";
import { sessionCases } from "./cases/session.js";
import { slackCases } from "./cases/slack.js";
import type { GatewaySubject } from "./subject.js";

/** The rules that every gateway keeps; some can only be seen with the backend at hand. */
export function gatewayCases(withBackend: boolean): Case<GatewaySubject>[] {
  return [
    ...healthCases,
    ...sessionCases,
    ...chatCases,
    ...eventsCases,
    ...slackCases,
    ...(withBackend ? deadCases : []),
  ];
}
