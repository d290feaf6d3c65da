import { type ErrorRequestHandler, type Request, type Response, Router } from "express";
import { approval } from "./api/approval.js";
import { cancel } from "./api/cancel.js";
import { chat } from "./api/chat.js";
import { createSession } from "./api/create-session.js";
import { end } from "./api/end.js";
import { events } from "./api/events.js";
import { listSessions } from "./api/list-sessions.js";
import { deleteNote, listNotes } from "./api/notes.js";
import { resumeSession } from "./api/resume-session.js";
import { sessionStatus } from "./api/session-status.js";
import { transcript } from "./api/transcript.js";
import { jsonBody, requestError } from "./body.js";
import type { WebContext } from "./context.js";
import { type Endpoint, LOCAL_USER } from "./endpoint.js";
import { HttpError, toHttpError } from "./errors.js";

/** The HTTP API, relative to its prefix. */
export function apiRoutes(context: WebContext): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });
  router.get("/events", (request, response) => events(context, call(request, response), response));
  router.use(jsonBody);
  const routes: [method: "get" | "post" | "delete", path: string, endpoint: Endpoint][] = [
    ["get", "/session", sessionStatus],
    ["post", "/session", createSession],
    ["post", "/session/resume", resumeSession],
    ["get", "/sessions", listSessions],
    ["get", "/sessions/:id/transcript", transcript],
    ["post", "/chat", chat],
    ["post", "/approval", approval],
    ["post", "/cancel", cancel],
    ["post", "/end", end],
    ["get", "/memories", listNotes],
    ["delete", "/memories/:id", deleteNote],
  ];
  for (const [method, path, endpoint] of routes) {
    router[method](path, async (request, response) => {
      const { status, body } = await endpoint(context, call(request, response));
      response.status(status).json(body);
    });
  }
  router.use((request) => {
    const url = request.originalUrl.slice(0, 200);
    throw new HttpError(404, { error: `There is no ${request.method} ${url}` });
  });
  router.use(answerErrors(context));
  return router;
}

function call(request: Request, response: Response) {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return { user: LOCAL_USER, request, signal: gone.signal };
}

function answerErrors({ logger }: WebContext): ErrorRequestHandler {
  // Four parameters make it an error handler.
  return (error: unknown, request, response, _next) => {
    // The client went away, and that was the error.
    if (response.destroyed) return;
    const { status, body } = requestError(error) ?? toHttpError(error);
    if (status >= 500) {
      logger.warn({ err: error, path: request.path, status }, "a web chat request failed");
    }
    // Of a stream that was begun, only the end can still be told.
    if (response.headersSent) response.destroy();
    else response.status(status).json(body);
  };
}
