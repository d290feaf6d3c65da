import type { Ability } from "../backend/subject.js";
import type { Case } from "../case.js";
import { thinkingCases, toolCases } from "./cases/abilities.js";
import { approvalCases } from "./cases/approvals.js";
import { chatCases } from "./cases/chat.js";
import { deadCases } from "./cases/dead.js";
import { eventsCases } from "./cases/events.js";
import { failureCases } from "./cases/failures.js";
import { healthCases } from "./cases/health.js";
import { listCases } from "./cases/list.js";
import { memoryCases } from "./cases/memory.js";
import { safetyCases } from "./cases/safety.js";
import { sessionCases } from "./cases/session.js";
import { slackCases } from "./cases/slack.js";
import { targetCases } from "./cases/targets.js";
import { textCases } from "./cases/texts.js";
import { transcriptCases } from "./cases/transcript.js";
import type { GatewaySubject } from "./subject.js";

/** What of a gateway can be seen. */
export interface GatewayView {
  /** Whether the cases reach the backend behind it. */
  withBackend: boolean;
  /** What the agent behind it can show besides answering. */
  abilities: readonly Ability[];
}

const abilityCases: Record<Ability, Case<GatewaySubject>[]> = {
  asks: approvalCases,
  thinks: thinkingCases,
  tools: toolCases,
};

/** The rules that every gateway keeps, as far as they can be seen. */
export function gatewayCases({ withBackend, abilities }: GatewayView): Case<GatewaySubject>[] {
  return [
    ...healthCases,
    ...safetyCases,
    ...sessionCases,
    ...listCases,
    ...chatCases,
    ...failureCases,
    ...textCases,
    ...memoryCases,
    ...transcriptCases,
    ...targetCases,
    ...eventsCases,
    ...abilities.flatMap((ability) => abilityCases[ability]),
    ...slackCases,
    ...(withBackend ? deadCases : []),
  ];
}
