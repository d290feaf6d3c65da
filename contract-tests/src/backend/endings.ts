import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { EndKind, type WatchEndingsResponse } from "@amp/proto";
import type { BackendSubject } from "./subject.js";
import { LONGEST_WATCH_MS } from "./watching.js";

/** A reader of endings that has begun. */
export interface EndingsReader {
  /** Where it began. */
  cursor: string;
  /** Reads on until this session is told; returns all endings, that one the last, and stops. */
  until(sessionId: string): Promise<WatchEndingsResponse[]>;
  /** Reads on until a position is told; returns its cursor. */
  position(): Promise<string>;
}

/** A position is due after 15 s; the rest is for a busy machine. */
const LONGEST_SILENCE_MS = 30_000;

/**
 * Reads endings; returns with the position, which has to come first.
 * @param longest milliseconds after which a reader that waits gives up
 */
export async function readEndings(
  { client }: BackendSubject,
  cursor = "",
  longest = LONGEST_WATCH_MS,
): Promise<EndingsReader> {
  const stream = client.watchEndings({ cursor }, { timeout: longest });
  const { value: first } = await stream.next();
  assert.ok(first, "WatchEndings ended by itself");
  assert.notEqual(first.cursor, "", "a position without a cursor");
  assert.deepEqual(first, {
    cursor: first.cursor,
    sessionId: "",
    kind: EndKind.UNSPECIFIED,
    reason: "",
    endedAt: undefined,
  });

  async function until(sessionId: string): Promise<WatchEndingsResponse[]> {
    const told: WatchEndingsResponse[] = [];
    for (;;) {
      const { value: response } = await stream.next();
      if (!response) return assert.fail("WatchEndings ended by itself");
      // Others are positions, which come whenever it is quiet.
      if (response.sessionId !== "") told.push(response);
      if (response.sessionId === sessionId) return told;
    }
  }

  async function position(): Promise<string> {
    for (;;) {
      const silence = new AbortController();
      const response = await Promise.race([
        stream.next().then(({ value }) => value),
        delay(LONGEST_SILENCE_MS, "silence" as const, { signal: silence.signal }),
      ]).finally(() => silence.abort());
      if (!response) return assert.fail("WatchEndings ended by itself");
      if (response === "silence") return assert.fail("nothing was told for 30 seconds");
      if (response.sessionId === "") return response.cursor;
    }
  }

  return { cursor: first.cursor, until, position };
}
