import type { Agent } from "../src/agents/agent.js";
import { type OpenAiConfig, openAiAgent, openAiConfig } from "../src/agents/openai/index.js";

/** No text that a user sees may hold it. */
export const KEY = "sk-secret-0123456789";

/** The agent for an endpoint, with the usual patience but not the usual back-off. */
export function testAgent(url: string, overrides: Partial<OpenAiConfig> = {}): Agent {
  const env = { OPENAI_BASE_URL: url, OPENAI_API_KEY: KEY, OPENAI_MODEL: "test-model" };
  const config = openAiConfig(env);
  if (!config) throw new Error("no configuration");
  return openAiAgent({ ...config, retryDelays: [10, 20], ...overrides });
}
