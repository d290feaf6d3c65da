export { openAiAgent } from "./agent.js";
export { type OpenAiConfig, openAiConfig } from "./config.js";
