import { z } from "zod";
import type { AgentEvent, Usage } from "../agent.js";
import { errorObject } from "./diagnosis.js";
import { brokenOff, empty, endless, filtered, unwantedTool, usedUp } from "./failures.js";
import { DONE } from "./payloads.js";
import type { Secrets } from "./words.js";

const Text = z.string().nullish();
const Tokens = z.number().int().nonnegative();
const Call = z.object({ name: z.string().nullish().catch(undefined) }).nullish();

/** Thoughts and usage are extras whose names and shapes differ: an odd one is ignored. */
const Part = z.object({
  content: Text,
  refusal: Text.catch(undefined),
  reasoning_content: Text.catch(undefined),
  reasoning: Text.catch(undefined),
  tool_calls: z
    .array(z.object({ function: Call }))
    .nullish()
    .catch(undefined),
  function_call: Call.catch(undefined),
});

/** A chunk of a stream (`delta`), or a body that came at once (`message`). */
const Chunk = z.object({
  error: z.unknown().optional(),
  choices: z
    .array(
      z.object({
        delta: Part.nullish(),
        message: Part.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens }).nullish().catch(undefined),
});

/** An answer that grows beyond this is a model that goes round in circles; in characters. */
const MAX_ANSWER = 1_000_000;

/** Said after an answer that the endpoint itself cut short, for no client can tell otherwise. */
const CUT_SHORT = new Map([
  ["length", "\n\n_(The answer was cut off: the model reached its length limit.)_"],
  ["content_filter", "\n\n_(The answer was cut off by the model's content filter.)_"],
]);

/** Why an answer is over that calls a tool. */
const CALLS = new Set(["tool_calls", "function_call"]);
const MAX_TOOL_NAME = 100;

/** What a tool's name looks like. A name of any other form is not shown. */
function toolName(name: string | null | undefined): string {
  const told = name?.slice(0, MAX_TOOL_NAME) ?? "";
  return /^[\w.:-]+$/.test(told) ? told : "";
}

/** Reads the chunks of one answer and judges whether it came to a good end. */
export class Answer {
  #characters = 0;
  #hasText = false;
  #finishReason: string | undefined;
  #done = false;
  #usage: Usage | undefined;
  /** The name of the tool that the model calls; empty if it tells none. */
  #tool: string | undefined;

  constructor(private readonly secrets: Secrets) {}

  /** Whether a text or a thought has come. */
  get begun(): boolean {
    return this.#characters > 0;
  }

  /** Whether all of the text has come; the usage may still follow. */
  get finished(): boolean {
    return this.#done || this.#finishReason !== undefined;
  }

  /** Whether nothing follows. */
  get done(): boolean {
    return this.#done;
  }

  /**
   * Takes the next payload and returns what it adds.
   * @throws SyntaxError, ZodError when it is not a chunk; AgentError when it tells of a failure.
   */
  read(payload: string): AgentEvent[] {
    if (payload === DONE) {
      this.#done = true;
      return [];
    }
    const { error, choices, usage } = Chunk.parse(JSON.parse(payload));
    if (error) throw errorObject(error, this.secrets);
    // Some endpoints count up in every chunk: the last count is the right one.
    if (usage) {
      this.#usage = { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens };
    }
    const choice = choices?.[0];
    if (choice?.finish_reason === "error") throw brokenOff();
    const part = choice?.delta ?? choice?.message;
    const events = part ? this.#events(part) : [];
    this.#finishReason = choice?.finish_reason || this.#finishReason;
    return events;
  }

  #events(part: z.infer<typeof Part>): AgentEvent[] {
    const call = part.tool_calls?.[0]?.function ?? part.function_call;
    if (call || part.tool_calls?.length) this.#tool ||= toolName(call?.name);
    const thought = part.reasoning_content || part.reasoning || "";
    const text = part.content || part.refusal || "";
    this.#characters += thought.length + text.length;
    if (this.#characters > MAX_ANSWER) throw endless();
    if (text.trim() !== "") this.#hasText = true;
    return [
      ...(thought === "" ? [] : [{ type: "thought" as const, text: thought }]),
      ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ];
  }

  /**
   * What is to be told at the end.
   * @throws AgentError when the answer is not whole, or there is none.
   */
  end(): AgentEvent[] {
    if (!this.finished) throw brokenOff();
    if (!this.#hasText) {
      if (this.#finishReason === "length") throw usedUp();
      if (this.#finishReason === "content_filter") throw filtered();
      if (this.#tool !== undefined || CALLS.has(this.#finishReason ?? "")) {
        throw unwantedTool(this.#tool);
      }
      throw empty();
    }
    const note = CUT_SHORT.get(this.#finishReason ?? "");
    return [
      ...(note === undefined ? [] : [{ type: "text" as const, text: note }]),
      ...(this.#usage ? [{ type: "usage" as const, usage: this.#usage }] : []),
    ];
  }
}
