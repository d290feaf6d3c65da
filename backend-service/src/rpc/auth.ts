import { createHash, timingSafeEqual } from "node:crypto";
import { Reason } from "@amp/proto";
import { type Metadata, status } from "@grpc/grpc-js";
import { Refusal } from "./errors.js";

/** A bearer token, and the name of the caller that it belongs to. */
export interface CallerToken {
  /** For the log. Several tokens may have one name, while a token is being replaced. */
  caller: string;
  token: string;
}

/** Finds out by its bearer token who makes a call. */
export class CallerTokens {
  readonly #callers: { caller: string; digest: Buffer }[];

  /** @param tokens those that are accepted; empty: none is asked for */
  constructor(tokens: CallerToken[]) {
    this.#callers = tokens.map(({ caller, token }) => ({ caller, digest: sha256(token) }));
  }

  /**
   * The caller's name; undefined when no tokens are configured.
   * @throws Refusal with UNAUTHENTICATED when the token is missing or wrong
   */
  identify(metadata: Metadata): string | undefined {
    if (this.#callers.length === 0) return undefined;
    const header = metadata.get("authorization")[0]?.toString() ?? "";
    const given = /^Bearer +(\S+)$/i.exec(header)?.[1];
    if (given === undefined) {
      const text = "A bearer token is needed.";
      throw new Refusal(status.UNAUTHENTICATED, Reason.TOKEN_MISSING, text);
    }
    // Every token is compared, as digests of one length, so that the time tells nothing.
    const digest = sha256(given);
    const [match] = this.#callers.filter((each) => timingSafeEqual(each.digest, digest));
    if (match) return match.caller;
    throw new Refusal(status.UNAUTHENTICATED, Reason.TOKEN_INVALID, "The bearer token is wrong.");
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
