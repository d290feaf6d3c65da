import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { EndKind, type WatchEndingsResponse } from "@amp/proto";
import type { Case } from "../../case.js";
import { readEndings } from "../endings.js";
import { assertInvalid } from "../failure.js";
import { getSession, newSession } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** Long enough for a position even where others end sessions now and then. */
const QUIET_MS = 150_000;

/**
 * WatchEndings: every end once, in one order, from any cursor. Sessions of others may end meanwhile.
 *
 * An End that was answered comes before one that is asked for afterwards, so that whoever was told of
 * the later one was told of all before.
 */
export const endingsCases: Case<BackendSubject>[] = [
  {
    name: "WatchEndings begins with a position, from now on or from a cursor",
    async run(subject) {
      const first = await readEndings(subject);
      const sessionId = await endedSession(subject);
      const told = await first.until(sessionId);
      const second = await readEndings(subject, first.cursor);
      assert.deepEqual(await second.until(sessionId), told);
      const third = await readEndings(subject, second.cursor);
      assert.deepEqual(await third.until(sessionId), told);
    },
  },
  {
    name: "WatchEndings without a cursor begins with the next session that ends",
    async run(subject) {
      const before = await endedSession(subject);
      const { until } = await readEndings(subject);
      const told = await until(await endedSession(subject));
      assert.deepEqual(of(told, [before]), []);
    },
  },
  {
    name: "WatchEndings tells how, why and when sessions ended, in the order of their ends",
    async run(subject) {
      const ids = await newSessions(subject, 4);
      const { until } = await readEndings(subject);
      for (const sessionId of ids)
        await subject.client.end({ sessionId, reason: `of ${sessionId}` });
      const told = of(await until(ids.at(-1) ?? ""), ids);
      const ended = await Promise.all(ids.map((sessionId) => getSession(subject, sessionId)));
      assert.deepEqual(
        told.map(({ cursor: _, ...ending }) => ending),
        ended.map(({ sessionId, endedAt }) => {
          return { sessionId, kind: EndKind.ENDED, reason: `of ${sessionId}`, endedAt };
        }),
      );
    },
  },
  {
    name: "WatchEndings goes on from each cursor with exactly the later endings",
    async run(subject) {
      const ids = await newSessions(subject, 5);
      const { cursor: start, until } = await readEndings(subject);
      for (const sessionId of ids) await subject.client.end({ sessionId });
      const last = ids.at(-1) ?? "";
      const told = await until(last);
      const cursors = [start, ...told.map(({ cursor }) => cursor)].slice(0, -1);
      for (const [dealtWith, cursor] of cursors.entries()) {
        const later = await (await readEndings(subject, cursor)).until(last);
        assert.deepEqual(later, told.slice(dealtWith));
      }
    },
  },
  {
    name: "a reader of WatchEndings that missed 60 endings is told all of them",
    async run(subject) {
      const ids = await newSessions(subject, 60);
      const { cursor } = await readEndings(subject);
      await Promise.all(ids.map((sessionId) => subject.client.end({ sessionId })));
      const late = await readEndings(subject, cursor);
      const told = of(await late.until(await endedSession(subject)), ids);
      assert.deepEqual(told.map(({ sessionId }) => sessionId).sort(), ids.toSorted());
    },
  },
  {
    name: "WatchEndings tells a position after at most 15 quiet seconds, and goes on",
    async run(subject) {
      const quiet = await readEndings(subject, "", QUIET_MS);
      // Others may end sessions meanwhile: a position comes after 15 s without any.
      const position = await quiet.position();
      const sessionId = await endedSession(subject);
      assert.equal((await quiet.until(sessionId)).at(-1)?.sessionId, sessionId);
      const again = await readEndings(subject, position);
      assert.equal((await again.until(sessionId)).at(-1)?.sessionId, sessionId);
    },
  },
  {
    name: "readers of WatchEndings are told the same in the same order",
    async run(subject) {
      const ids = await newSessions(subject, 20);
      const one = await readEndings(subject);
      const two = await readEndings(subject, one.cursor);
      await Promise.all(ids.map((sessionId) => subject.client.end({ sessionId })));
      const last = await endedSession(subject);
      const told = await one.until(last);
      assert.deepEqual(await two.until(last), told);
      assert.deepEqual(new Set(of(told, ids).map(({ sessionId }) => sessionId)), new Set(ids));
    },
  },
  {
    name: "WatchEndings tells one end of a session, however many Ends it got; none of an unknown one",
    async run(subject) {
      const ids = await newSessions(subject, 3);
      const unknown = randomUUID();
      const { until } = await readEndings(subject);
      const ends = [...ids, unknown].flatMap((sessionId) =>
        Array.from({ length: 10 }, () => subject.client.end({ sessionId })),
      );
      await Promise.all(ends);
      const told = of(await until(await endedSession(subject)), [...ids, unknown]);
      assert.deepEqual(told.map(({ sessionId }) => sessionId).sort(), ids.toSorted());
    },
  },
  {
    name: "WatchEndings refuses a cursor that cannot be",
    async run({ client }) {
      await assertInvalid(client.watchEndings({ cursor: "no cursor of yours" }).next(), "cursor");
    },
  },
];

async function newSessions(subject: BackendSubject, count: number): Promise<string[]> {
  const creating = Array.from({ length: count }, () => newSession(subject));
  return (await Promise.all(creating)).map(({ sessionId }) => sessionId);
}

async function endedSession(subject: BackendSubject): Promise<string> {
  const { sessionId } = await newSession(subject);
  await subject.client.end({ sessionId });
  return sessionId;
}

function of(told: WatchEndingsResponse[], ids: string[]): WatchEndingsResponse[] {
  return told.filter(({ sessionId }) => ids.includes(sessionId));
}
