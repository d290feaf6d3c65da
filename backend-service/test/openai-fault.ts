import { inspect } from "node:util";
import { expect } from "vitest";
import type { AgentErrorKind } from "../src/agents/agent.js";
import { failure } from "./agent-asking.js";
import { type Exchange, json, startEndpoint, stream, streamWhole } from "./openai-endpoint.js";
import { KEY, testAgent } from "./openai-testing.js";

/** For endpoints that fall silent; the others have all the time that a busy machine takes. */
const IMPATIENT = { firstTokenTimeout: 1_000, idleTimeout: 500 };

/** What an endpoint does with a request. */
export type Respond = (exchange: Exchange) => void;

/**
 * What an endpoint does wrong, and what becomes of the turn: its kind, the text
 * that the user sees, how often the endpoint is asked in all, and what was told
 * of the answer before it failed.
 */
export type Fault = [
  name: string,
  respond: Respond,
  kind: AgentErrorKind,
  message: RegExp,
  attempts: number,
  told?: string,
];

/** Asks an endpoint with that fault. */
export async function expectFault(
  _name: string,
  respond: Respond,
  kind: AgentErrorKind,
  message: RegExp,
  attempts: number,
  told = "",
): Promise<void> {
  await using endpoint = await startEndpoint(respond);
  let text = "";
  const patience = kind === "timeout" ? IMPATIENT : {};
  const error = await failure(testAgent(endpoint.url, patience), "hello", {
    onEvent: (event) => {
      if (event.type === "text") text += event.text;
    },
  });
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(message);
  expect(error.message).not.toMatch(/sk-|org-internal|127\.0\.0\.1/i);
  // What is logged: the error with its causes.
  expect(inspect(error, { depth: null })).not.toMatch(/sk-|org-internal|hello/);
  expect(text).toBe(told);
  expect(endpoint.exchanges).toHaveLength(attempts);
}

/** Refuses with a status and an error object that quotes the key. */
export function refuses(status: number, error: object = {}, headers: Record<string, string> = {}) {
  const message = `Incorrect key ${KEY} in org-internal: model not found`;
  return ({ response }: Exchange) =>
    json(response, status, { error: { message, ...error } }, headers);
}

/** Answers with a whole body of another kind. */
export function answers(
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): Respond {
  return ({ response }) =>
    void response.writeHead(status, { "content-type": type, ...headers }).end(body);
}

/** Streams this and ends properly. */
export function streams(...parts: string[]): Respond {
  return ({ response }) => streamWhole(response, ...parts);
}

/** Streams this and says no more. */
export function hangs(...parts: string[]): Respond {
  return ({ response }) => stream(response, ...parts);
}

/** Streams this and resets the connection. */
export function resets(...parts: string[]): Respond {
  return ({ response }) => {
    stream(response, ...parts.slice(0, -1));
    // What was written must leave before the reset does.
    response.write(parts.at(-1) ?? "", () =>
      setImmediate(() => response.socket?.resetAndDestroy()),
    );
  };
}
