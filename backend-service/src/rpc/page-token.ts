import type { z } from "zod";
import { InvalidField } from "../sessions/errors.js";

/** Much longer than any that is given out. */
const MAX_TOKEN = 1_000;

/** An opaque token that holds where the next page begins. */
export function pageToken(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** What a token holds; undefined for an empty one. @throws InvalidField when it is not of ours. */
export function parsePageToken<T>(
  token: string,
  position: z.ZodType<T>,
  field = "page_token",
): T | undefined {
  if (!token) return undefined;
  if (token.length > MAX_TOKEN) throw new InvalidField(field, "is none that was given out");
  try {
    return position.parse(JSON.parse(Buffer.from(token, "base64url").toString()));
  } catch {
    throw new InvalidField(field, "is none that was given out");
  }
}
