import { setTimeout as delay } from "node:timers/promises";
import { Agent as ConnectionPool } from "undici";
import type { Agent, AgentContext, AgentEvent } from "../agent.js";
import { complete } from "./completion.js";
import type { OpenAiConfig } from "./config.js";
import { conversation } from "./conversation.js";
import { retryDelay } from "./retry.js";

/**
 * The agent `openai`: any endpoint that speaks OpenAI's streaming chat
 * completions (https://platform.openai.com/docs/api-reference/chat-streaming).
 *
 * Its only memory is the stored transcript, and its answers touch nothing, so a
 * turn may be run again at will. A request that fails in passing is repeated a
 * few times, as long as nothing was told of its answer.
 */
export function openAiAgent(config: OpenAiConfig): Agent {
  // Idle connections are closed after seconds and do not keep the process alive.
  const pool = new ConnectionPool({
    connect: { timeout: config.connectTimeout },
    // Ours are finer: undici's own would cut off a model that thinks for five minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  async function* prompt(
    context: AgentContext,
    message: string,
    signal: AbortSignal,
  ): AsyncGenerator<AgentEvent, void, undefined> {
    const past = await context.history({
      turns: config.historyTurns,
      characters: config.historyCharacters,
    });
    const messages = conversation(config, past, message);
    for (let attempt = 0; ; attempt++) {
      let told = false;
      try {
        for await (const event of complete(config, pool, messages, signal)) {
          told = true;
          yield event;
        }
        return;
      } catch (error) {
        const wait = told ? undefined : retryDelay(error, attempt, config.retryDelays);
        if (wait === undefined) throw error;
        await delay(wait, undefined, { signal });
      }
    }
  }

  return {
    name: "openai",
    repeatable: true,
    open: async (context) => ({
      prompt: (message, signal) => prompt(context, message, signal),
      close: async () => {},
    }),
  };
}
