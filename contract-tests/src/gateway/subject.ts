import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { BackendSubject } from "../backend/subject.js";
import { type Entry, MemoryList, SessionList, Transcript } from "./shapes.js";

/** A gateway under test. The cases use, and end, the active session of its web user. */
export interface GatewaySubject {
  /** `http://host:port`. */
  url: string;
  /** The backend behind it, for those cases that go behind its back. */
  backend: BackendSubject | undefined;
  /** How many milliseconds to wait for an answer or an event that has to come; a minute by default. */
  patienceMs?: number;
}

/** Where the web chat's API is. */
export const API = "/apps/web-chat/api";

/** What a request was answered with. */
export interface Answer {
  status: number;
  body: unknown;
}

/** A turn may take some seconds, a gateway that hangs for ever must not. */
export const PATIENCE_MS = 60_000;

export function get(subject: GatewaySubject, path: string): Promise<Answer> {
  return ask(subject, path, {});
}

export function post(
  subject: GatewaySubject,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(subject, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export function postText(
  subject: GatewaySubject,
  path: string,
  body: string,
  type: string,
): Promise<Answer> {
  return ask(subject, path, { method: "POST", headers: { "content-type": type }, body });
}

export function remove(subject: GatewaySubject, path: string): Promise<Answer> {
  return ask(subject, path, { method: "DELETE" });
}

async function ask(
  { url, patienceMs = PATIENCE_MS }: GatewaySubject,
  path: string,
  init: RequestInit,
): Promise<Answer> {
  const response = await fetch(url + path, {
    ...init,
    signal: AbortSignal.timeout(patienceMs),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, body: json ? JSON.parse(text) : text };
}

/**
 * Compares an answer with what was expected, field by field. Fields that are not
 * expected are ignored, since later versions may add some; one that is expected
 * to be undefined must not be there.
 */
export function assertAnswer({ status, body }: Answer, expected: number, fields: object): void {
  assert.deepEqual({ status, body: pick(body, fields) }, { status: expected, body: fields });
}

/** As much of the JSON as the example has. */
function pick(json: unknown, example: unknown): unknown {
  if (Array.isArray(example) && Array.isArray(json)) {
    return json.map((each, at) => (at in example ? pick(each, example[at]) : each));
  }
  if (!isObject(example) || !isObject(json) || Array.isArray(example)) return json;
  return Object.fromEntries(
    Object.entries(example)
      .filter(([field, value]) => field in json || value === undefined)
      .map(([field, value]) => [field, pick(json[field], value)]),
  );
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null;
}

/** Asserts an error: its status and its text, and what else is expected of its body. */
export function assertRefused(
  answer: Answer,
  status: number,
  error: string | RegExp,
  rest: object = {},
): void {
  const told = isObject(answer.body) ? answer.body["error"] : undefined;
  assert.ok(typeof told === "string" && told !== "", `no error in ${JSON.stringify(answer)}`);
  if (error instanceof RegExp) assert.match(told, error);
  assertAnswer(answer, status, { error: error instanceof RegExp ? told : error, ...rest });
}

/** The body of an answer that has to be 200. */
export function bodyOf<Shape extends z.ZodType>(answer: Answer, shape: Shape): z.infer<Shape> {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return shape.parse(answer.body);
}

/** A session as POST /session answers it. */
export interface NewSession {
  session_id: string;
  project_id: string;
  working_dir: string;
}

/** Begins a session, which is the active one from now on. */
export async function newSession(subject: GatewaySubject, body = {}): Promise<NewSession> {
  const answer = await post(subject, `${API}/session`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { session_id, project_id, working_dir } = answer.body as NewSession;
  for (const field of [session_id, project_id, working_dir]) assert.equal(typeof field, "string");
  return { session_id, project_id, working_dir };
}

/** Ends the active session, if there is one. */
export async function endActive(subject: GatewaySubject): Promise<void> {
  assert.equal((await post(subject, `${API}/end`, {})).status, 200);
}

/** Says something to the active session, or to another one, and returns the answer to it. */
export async function say(
  subject: GatewaySubject,
  message: string,
  sessionId?: string,
): Promise<string> {
  const answer = await post(subject, `${API}/chat`, { message, ...named(sessionId) });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return (answer.body as { response: string }).response;
}

/** Says something and returns the turn's seq as soon as it is accepted. */
export async function submit(
  subject: GatewaySubject,
  message: string,
  sessionId?: string,
): Promise<number> {
  const body = { message, request_id: randomUUID(), ...named(sessionId) };
  const answer = await post(subject, `${API}/chat`, body, { prefer: "respond-async" });
  const { seq } = answer.body as { seq: number };
  assertAnswer(answer, 202, { request_id: body.request_id, seq, session_connected: true });
  return seq;
}

function named(sessionId: string | undefined): { session_id?: string } {
  return sessionId === undefined ? {} : { session_id: sessionId };
}

/** The active session's id, null when there is none. */
export async function activeSession(subject: GatewaySubject): Promise<string | null> {
  const { body } = await get(subject, `${API}/session`);
  return (body as { session_id: string | null }).session_id;
}

/** A page of the list of sessions. */
export async function list(
  subject: GatewaySubject,
  query: Record<string, string> = {},
): Promise<SessionList> {
  return bodyOf(await get(subject, `${API}/sessions?${new URLSearchParams(query)}`), SessionList);
}

/** A session's entry in the list. */
export async function entryOf(subject: GatewaySubject, sessionId: string): Promise<Entry> {
  const { sessions } = await list(subject, { q: sessionId });
  const entry = sessions.find(({ session_id }) => session_id === sessionId);
  return entry ?? assert.fail(`${sessionId} is not listed`);
}

/** A stretch of a session's transcript. */
export async function transcript(
  subject: GatewaySubject,
  sessionId: string,
  query: Record<string, string> = {},
): Promise<Transcript> {
  const path = `${API}/sessions/${sessionId}/transcript?${new URLSearchParams(query)}`;
  return bodyOf(await get(subject, path), Transcript);
}

/** A page of the user's notes. */
export async function memories(
  subject: GatewaySubject,
  query: Record<string, string> = {},
): Promise<MemoryList> {
  return bodyOf(await get(subject, `${API}/memories?${new URLSearchParams(query)}`), MemoryList);
}
