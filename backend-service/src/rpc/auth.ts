import { createHash, timingSafeEqual } from "node:crypto";
import { Reason } from "@amp/proto";
import { type Metadata, status } from "@grpc/grpc-js";
import { Refusal } from "./errors.js";

/** Checks the bearer token of a call. @throws Refusal; never when no tokens are configured. */
export function authenticate(metadata: Metadata, tokens: string[]): void {
  if (tokens.length === 0) return;
  const header = metadata.get("authorization")[0]?.toString() ?? "";
  const given = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (!given) {
    const text = "A bearer token is needed.";
    throw new Refusal(status.UNAUTHENTICATED, Reason.TOKEN_MISSING, text);
  }
  // Every token is compared, as digests of one length: the time tells nothing.
  const digest = sha256(given);
  const matches = tokens.filter((token) => timingSafeEqual(sha256(token), digest));
  if (matches.length === 0) {
    throw new Refusal(status.UNAUTHENTICATED, Reason.TOKEN_INVALID, "The bearer token is wrong.");
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
