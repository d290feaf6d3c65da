import type { GatewayMutant } from "./mutant.js";
import { approvalMutants } from "./mutants-approvals.js";
import { originalMutants } from "./mutants-original.js";
import { safetyMutants } from "./mutants-safety.js";
import { listAndTargetMutants } from "./mutants-sessions.js";
import { streamMutants } from "./mutants-streams.js";
import { sayingMutants } from "./mutants-texts.js";
import { transcriptMutants } from "./mutants-transcripts.js";
import { turnMutants } from "./mutants-turns.js";

/** Mistakes that somebody who writes a gateway may well make. */
export const gatewayMutants: GatewayMutant[] = [
  ...safetyMutants,
  ...originalMutants,
  ...listAndTargetMutants,
  ...sayingMutants,
  ...transcriptMutants,
  ...approvalMutants,
  ...turnMutants,
  ...streamMutants,
];
