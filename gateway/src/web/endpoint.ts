import type { Request } from "express";
import { LOCAL_PERSON } from "../notes/person.js";
import type { WebContext } from "./context.js";

/** A request from a known user. */
export interface Call {
  user: string;
  request: Request;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

/** What is answered when all goes well. */
export interface Answer {
  status: number;
  body: object;
}

/** One operation of the API. @throws HttpError, or anything that `toHttpError` translates. */
export type Endpoint = (context: WebContext, call: Call) => Promise<Answer>;

/** The one user of WEB_AUTH=local. */
export const LOCAL_USER = LOCAL_PERSON;

/** 200 with this JSON. */
export function ok(body: object): Answer {
  return { status: 200, body };
}
