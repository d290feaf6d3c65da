import type { Case } from "../case.js";
import { answerCases } from "./cases/approval-answers.js";
import { waitingCases } from "./cases/approval-waiting.js";
import { approvalCases } from "./cases/approvals.js";
import { cancelCases } from "./cases/cancel.js";
import { createCases } from "./cases/create.js";
import { deadCases } from "./cases/dead.js";
import { endCases } from "./cases/end.js";
import { endingsCases } from "./cases/endings.js";
import { failedTurnCases } from "./cases/failed-turn.js";
import { independenceCases } from "./cases/independence.js";
import { invalidCases } from "./cases/invalid.js";
import { keptCases } from "./cases/kept.js";
import { listCases } from "./cases/list.js";
import { listIdsCases } from "./cases/list-ids.js";
import { listTurnsCases } from "./cases/list-turns.js";
import { modelCases } from "./cases/model.js";
import { queueCases } from "./cases/queue.js";
import { quietCases } from "./cases/quiet.js";
import { sendCases } from "./cases/send.js";
import { sendStreamCases } from "./cases/send-stream.js";
import { serverCases } from "./cases/server.js";
import { thinkingCases } from "./cases/thinking.js";
import { tokenCases } from "./cases/token.js";
import { toolCases } from "./cases/tools.js";
import { watchCases } from "./cases/watch.js";
import type { Ability, BackendSubject, BackendTarget } from "./subject.js";

/** The rules that every backend keeps, whatever agent answers. */
export const coreCases: Case<BackendSubject>[] = [
  ...createCases,
  ...sendCases,
  ...keptCases,
  ...sendStreamCases,
  ...failedTurnCases,
  ...independenceCases,
  ...queueCases,
  ...cancelCases,
  ...endCases,
  ...deadCases,
  ...listCases,
  ...listIdsCases,
  ...listTurnsCases,
  ...watchCases,
  ...endingsCases,
  ...invalidCases,
  ...serverCases,
  ...quietCases,
  ...modelCases,
];

/** The rules of what an agent can show besides answering. */
export const abilityCases: Record<Ability, Case<BackendSubject>[]> = {
  asks: [...approvalCases, ...answerCases, ...waitingCases],
  thinks: thinkingCases,
  tools: toolCases,
};

/** The rules that hold for a backend that is spoken to so. */
export function backendCases({
  token,
  abilities = [],
}: Pick<BackendTarget, "token" | "abilities">): Case<BackendSubject>[] {
  return [
    ...coreCases,
    ...(token === undefined ? [] : tokenCases),
    ...abilities.flatMap((ability) => abilityCases[ability]),
  ];
}
