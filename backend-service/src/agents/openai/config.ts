import { type Environment, SettingError, Settings } from "@amp/service";

/** How to reach an OpenAI-compatible endpoint, and how long to wait for it. Times are milliseconds. */
export interface OpenAiConfig {
  /** Where chat completions are asked for. */
  url: string;
  /** Sent as a bearer token; without one, no such header is sent. */
  apiKey: string | undefined;
  model: string;
  systemPrompt: string | undefined;
  /** From the call until the connection, TLS included, stands. */
  connectTimeout: number;
  /** From the call until the first text or thought; comments that keep a connection alive do not count. */
  firstTokenTimeout: number;
  /** Between two pieces of an answer that has begun. */
  idleTimeout: number;
  /** At most so many past turns are sent along, the newest. */
  historyTurns: number;
  /** At most so many characters of past turns are sent along. */
  historyCharacters: number;
  /** The wait before each further attempt; there are as many. Only for an answer that has not begun. */
  retryDelays: readonly number[];
}

/** Beyond this a timer of Node.js overflows; no answer is worth it. */
const LONGEST_WAIT = 86_400_000;

/**
 * Reads `OPENAI_*`; undefined without `OPENAI_BASE_URL`.
 * @throws SettingError when one of them is missing or malformed.
 */
export function openAiConfig(env: Environment): OpenAiConfig | undefined {
  const settings = new Settings(env);
  const baseUrl = settings.optional("OPENAI_BASE_URL");
  if (baseUrl === undefined) return undefined;
  return {
    url: completionsUrl(baseUrl),
    apiKey: apiKey(settings),
    model: settings.required("OPENAI_MODEL", "OPENAI_BASE_URL needs to know which model to ask"),
    systemPrompt: settings.optional("OPENAI_SYSTEM_PROMPT"),
    connectTimeout: wait(settings, "OPENAI_CONNECT_TIMEOUT", "10s"),
    // Models that think without telling are silent for long.
    firstTokenTimeout: wait(settings, "OPENAI_FIRST_TOKEN_TIMEOUT", "2m"),
    idleTimeout: wait(settings, "OPENAI_IDLE_TIMEOUT", "60s"),
    historyTurns: settings.integer("OPENAI_HISTORY_TURNS", 50),
    // Some 12,000 tokens: room enough in a window of 16,000.
    historyCharacters: settings.integer("OPENAI_HISTORY_CHARACTERS", 48_000),
    retryDelays: [500, 2_000],
  };
}

/** The base URL ends before `/chat/completions`; its query, such as an API version, is kept. */
function completionsUrl(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new SettingError("OPENAI_BASE_URL", "must be a URL such as https://host/v1");
  }
  if (url.username || url.password) {
    throw new SettingError("OPENAI_BASE_URL", "must not hold credentials: use OPENAI_API_KEY");
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/chat/completions`;
  url.hash = "";
  return url.toString();
}

/** The message of the error does not repeat the key. */
function apiKey(settings: Settings): string | undefined {
  const key = settings.optional("OPENAI_API_KEY");
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new SettingError("OPENAI_API_KEY", "must be printable ASCII without spaces");
  }
  return key;
}

function wait(settings: Settings, variable: string, fallback: string): number {
  const milliseconds = settings.duration(variable, fallback);
  if (milliseconds < 1 || milliseconds > LONGEST_WAIT) {
    throw new SettingError(variable, "must be from 1ms to 1d");
  }
  return milliseconds;
}
