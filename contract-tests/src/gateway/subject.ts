import assert from "node:assert/strict";
import type { BackendSubject } from "../backend/subject.js";

/** A gateway under test. The cases use, and end, the active session of its web user. */
export interface GatewaySubject {
  /** `http://host:port`. */
  url: string;
  /** The backend behind it, for those cases that go behind its back. */
  backend: BackendSubject | undefined;
}

/** Where the web chat's API is. */
export const API = "/apps/web-chat/api";

/** What a request was answered with. */
export interface Answer {
  status: number;
  body: unknown;
}

/** A turn may take some seconds, a gateway that hangs for ever must not. */
const LONGEST_REQUEST_MS = 20_000;

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

async function ask({ url }: GatewaySubject, path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url + path, {
    ...init,
    signal: AbortSignal.timeout(LONGEST_REQUEST_MS),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, body: json ? JSON.parse(text) : text };
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
  return answer.body as NewSession;
}

/** Ends the active session, if there is one. */
export async function endActive(subject: GatewaySubject): Promise<void> {
  assert.equal((await post(subject, `${API}/end`, {})).status, 200);
}
