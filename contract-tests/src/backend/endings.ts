import assert from "node:assert/strict";
import { EndKind, type WatchEndingsResponse } from "@amp/proto";
import type { BackendSubject } from "./subject.js";
import { LONGEST_WATCH_MS } from "./watching.js";

/** A reader of endings that has begun. */
export interface EndingsReader {
  /** Where it began. */
  cursor: string;
  /** Reads on until this session is told; returns all endings, that one the last, and stops. */
  until(sessionId: string): Promise<WatchEndingsResponse[]>;
}

/** Reads endings; returns with the position, which has to come first. */
export async function readEndings({ client }: BackendSubject, cursor = ""): Promise<EndingsReader> {
  const stream = client.watchEndings({ cursor }, { timeout: LONGEST_WATCH_MS });
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
    for await (const response of stream) {
      // Others are positions, which come whenever it is quiet.
      if (response.sessionId !== "") told.push(response);
      if (response.sessionId === sessionId) return told;
    }
    return assert.fail("WatchEndings ended by itself");
  }

  return { cursor: first.cursor, until };
}
