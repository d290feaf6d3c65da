import type { Approval, Aside, Note, SessionPage, Turn } from "./model.js";

/** Why a call was not done, and so what to do about it. */
export type Refusal =
  /** The session is over: keep the text and offer to go on. */
  | "ended"
  /** Nothing was decided: the same call may be made again. */
  | "transient"
  /** The call is wrong: making it again changes nothing. */
  | "rejected";

/** A call that the server did not do. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly refusal: Refusal,
    message: string,
    /** Whether no answer came at all. */
    readonly unreachable = false,
  ) {
    super(message);
  }
}

/** What a new session is begun with. */
export interface NewSession {
  description: string;
  /** Empty for the server's default. */
  workingDir: string;
}

/** The web chat's HTTP API. Every method throws {@link ApiError}. */
export type Api = ReturnType<typeof connectApi>;

/** How long a call may take, in milliseconds, before it is made again; a gateway tries for 10 s to reach an agent. */
const TIMEOUT = 14_000;
/** What the slowest line brings to the server, in characters a millisecond: long messages have so much more time. */
const SLOWEST = 10;

/** @param base where the API is, such as `/apps/web-chat/api` */
export function connectApi(
  base: string,
  fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
) {
  async function call<T>(
    path: string,
    body?: object,
    headers: Record<string, string> = {},
    method = body ? "POST" : "GET",
  ): Promise<T> {
    const text = body && JSON.stringify(body);
    const timeout = TIMEOUT + Math.ceil((text?.length ?? 0) / SLOWEST);
    const request: RequestInit = { method, headers, signal: AbortSignal.timeout(timeout) };
    if (text) {
      request.body = text;
      headers["Content-Type"] = "application/json";
    }
    let response: Response;
    let answer: { error?: string; session_connected?: boolean } | undefined;
    try {
      response = await fetch(`${base}${path}`, request);
      answer = await response.json().catch(() => undefined);
    } catch {
      throw new ApiError("transient", "The server cannot be reached.", true);
    }
    const problem = reason(response, answer?.error);
    if (!response.ok) {
      throw new ApiError(refusal(response.status, answer?.session_connected), problem);
    }
    if (answer === undefined) throw new ApiError("transient", problem);
    return answer as T;
  }

  return {
    events: (sessionId: string | null) =>
      sessionId ? `${base}/events?session=${encodeURIComponent(sessionId)}` : `${base}/events`,
    /** The session that the user was last in, if it is alive. */
    current: () => call<{ connected: boolean; session_id: string | null }>("/session"),
    /** A further page of the user's sessions. */
    sessions: (cursor: string) =>
      call<SessionPage>(`/sessions?limit=100&cursor=${encodeURIComponent(cursor)}`),
    /** Repeated with the same request id, answers the same session. */
    create: (session: NewSession, requestId: string) =>
      call<{ session_id: string }>("/session", {
        description: session.description,
        request_id: requestId,
        ...(session.workingDir && { working_dir: session.workingDir }),
      }),
    /**
     * Done once the message is accepted for good; repeated with the same request
     * id, it is still one message. One for the user's memory has its response at once.
     */
    send: (sessionId: string, message: string, requestId: string) =>
      call<{ response?: string }>(
        "/chat",
        { session_id: sessionId, message, request_id: requestId },
        { Prefer: "respond-async" },
      ),
    end: (sessionId: string) => call<{ ended: boolean }>("/end", { session_id: sessionId }),
    cancel: (sessionId: string, seq: number) =>
      call<{ cancelled: boolean }>("/cancel", { session_id: sessionId, seq }),
    /** The same answer may be given again; another one, or one that comes too late, is rejected. */
    resolve: (sessionId: string, approvalId: string, optionId: string) =>
      call<{ approval: Approval }>("/approval", {
        session_id: sessionId,
        approval_id: approvalId,
        option_id: optionId,
      }),
    /** The user's notes, the newest first; those before one, by default all. */
    notes: (before?: string) =>
      call<{ memories: Note[]; has_more: boolean }>(
        `/memories${before ? `?before=${before}` : ""}`,
      ),
    deleteNote: (id: string) =>
      call<{ deleted: boolean }>(`/memories/${id}`, undefined, {}, "DELETE"),
    /** The turns before one, oldest first. */
    older: (sessionId: string, before: number) =>
      call<{ turns: Turn[]; memories?: Aside[]; has_more: boolean }>(
        `/sessions/${encodeURIComponent(sessionId)}/transcript?before=${before}&limit=100`,
      ),
  };
}

/** For the user. What a 503 tells is for operators; what stands between may answer with a page of its own. */
function reason({ status, statusText }: Response, error: string | undefined): string {
  if (status === 503) return "The agents are away for a moment.";
  // The page has a label for this field.
  return (
    error?.replace(/\bworking_dir\b/g, "Working folder") ??
    `The server answered ${status} ${statusText}`
  );
}

function refusal(status: number, alive: boolean | undefined): Refusal {
  if (status === 409) return alive ? "rejected" : "ended";
  return status === 429 || status >= 500 ? "transient" : "rejected";
}
