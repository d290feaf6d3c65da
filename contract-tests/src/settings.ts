import type { Ability } from "./backend/subject.js";

/** What is to be tested, from the environment. */
export interface ContractSettings {
  /** `host:port` of a backend. */
  backendUrl: string | undefined;
  /** Sent to the backend as a bearer token. */
  backendToken: string | undefined;
  /** `http://host:port` of a gateway. */
  gatewayUrl: string | undefined;
  /** The agent that sessions are created with; the backend's default when undefined. */
  agent: string | undefined;
  /** What that agent can show besides answering. */
  abilities: Ability[];
}

/** Set, to anything: the agent has the ability. */
const ABILITIES: Record<Ability, string> = {
  asks: "CONTRACT_ASKS",
  thinks: "CONTRACT_THINKS",
  tools: "CONTRACT_TOOLS",
};

/** Reads the settings. */
export function contractSettings(env: NodeJS.ProcessEnv): ContractSettings {
  return {
    backendUrl: env["BACKEND_URL"] || undefined,
    backendToken: env["BACKEND_TOKEN"] || undefined,
    gatewayUrl: env["GATEWAY_URL"]?.replace(/\/+$/, "") || undefined,
    agent: env["CONTRACT_AGENT"] || undefined,
    abilities: (Object.keys(ABILITIES) as Ability[]).filter((each) => env[ABILITIES[each]]),
  };
}
