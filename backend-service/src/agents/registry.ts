import { SettingError } from "@amp/service";
import type { Agent } from "./agent.js";

/** The agents that sessions may choose, by name. */
export interface AgentRegistry {
  agents: ReadonlyMap<string, Agent>;
  /** For who chooses none. */
  defaultAgent: string;
}

/**
 * @param agents the first one is the default, unless `defaultAgent` names another.
 * @throws SettingError when `defaultAgent` names none of them.
 */
export function agentRegistry(agents: Agent[], defaultAgent?: string): AgentRegistry {
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  const chosen = defaultAgent ?? agents[0]?.name;
  if (chosen === undefined || !byName.has(chosen)) {
    const names = [...byName.keys()].join(", ");
    throw new SettingError("DEFAULT_AGENT", `names "${chosen}", which is none of: ${names}`);
  }
  return { agents: byName, defaultAgent: chosen };
}
