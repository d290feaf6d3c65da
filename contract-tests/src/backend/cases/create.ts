import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { EndKind, Reason, SessionState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails } from "../failure.js";
import { getSession, listIds, newSession } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { nearlyEqualIds } from "../texts.js";

/** Create: what a new session looks like, and that a repeat makes no second one. */
export const createCases: Case<BackendSubject>[] = [
  {
    name: "Create begins an active, empty session that Get reads back",
    async run(subject) {
      const origin = { surface: "contract", user: "U1", conversation: "C1:1.2" };
      const session = await newSession(subject, { description: "First", origin });
      assert.equal(session.sessionId.length, 36);
      assert.notEqual(session.agent, "");
      // A backend may run on Windows.
      const { isAbsolute, basename } = session.workingDir.startsWith("/") ? path.posix : path.win32;
      assert.ok(isAbsolute(session.workingDir), `${session.workingDir} is not absolute`);
      assert.equal(session.project, basename(session.workingDir));
      assert.equal(session.description, "First");
      assert.deepEqual(session.origin, origin);
      assert.equal(session.state, SessionState.ACTIVE);
      assert.ok(
        session.createdAt && session.lastActiveAt,
        "created_at or last_active_at is absent",
      );
      assert.equal(session.endedAt, undefined);
      assert.equal(session.endKind, EndKind.UNSPECIFIED);
      assert.equal(session.endReason, "");
      assert.equal(session.turnCount, 0);
      assert.equal(session.openTurns, 0);
      assert.deepEqual(await getSession(subject, session.sessionId), session);
    },
  },
  {
    name: "Create without a request_id begins another session each time",
    async run(subject) {
      const sessions = await Promise.all([1, 2, 3].map(() => newSession(subject)));
      assert.equal(new Set(sessions.map((session) => session.sessionId)).size, 3);
    },
  },
  {
    name: "20 concurrent Creates with one request_id begin one session",
    async run(subject) {
      const origin = { surface: randomUUID() };
      const request = { requestId: randomUUID(), description: "Once", origin };
      const repeats = Array.from({ length: 20 }, () => newSession(subject, request));
      const [first, ...others] = await Promise.all(repeats);
      for (const other of others) assert.deepEqual(other, first);
      assert.deepEqual(await listIds(subject, { surface: origin.surface }), [first?.sessionId]);
    },
  },
  {
    name: "Create repeated with other fields answers the session as the first call began it",
    async run(subject) {
      const requestId = randomUUID();
      const origin = { surface: "contract", user: "U1", conversation: "C1" };
      const first = await newSession(subject, { requestId, description: "First", origin });
      for (const other of [
        { description: "Second" },
        { origin: { surface: "another", user: "U2", conversation: "C2" } },
        { description: "", origin: undefined },
      ]) {
        assert.deepEqual(await newSession(subject, { requestId, ...other }), first);
      }
      assert.deepEqual(await getSession(subject, first.sessionId), first);
    },
  },
  {
    name: "Create with request_ids that nearly match begins a session each",
    async run(subject) {
      const ids = nearlyEqualIds();
      const sessions = await Promise.all(
        ids.map((requestId) => newSession(subject, { requestId })),
      );
      assert.equal(new Set(sessions.map(({ sessionId }) => sessionId)).size, ids.length);
      const [again] = await Promise.all([newSession(subject, { requestId: ids[0] ?? "" })]);
      assert.equal(again.sessionId, sessions[0]?.sessionId);
    },
  },
  {
    name: "Create repeated after the end answers the ended session",
    async run(subject) {
      const requestId = randomUUID();
      const { sessionId } = await newSession(subject, { requestId });
      await subject.client.end({ sessionId });
      const repeated = await newSession(subject, { requestId });
      assert.equal(repeated.sessionId, sessionId);
      assert.equal(repeated.state, SessionState.ENDED);
    },
  },
  {
    name: "Create takes the working_dir of another session",
    async run(subject) {
      const { workingDir } = await newSession(subject);
      assert.equal((await newSession(subject, { workingDir })).workingDir, workingDir);
    },
  },
  {
    name: "Create in a folder that is not allowed is PERMISSION_DENIED, WORKING_DIR_FORBIDDEN",
    async run({ client }) {
      const outside = client.create({ workingDir: "/" });
      // A backend may allow every folder.
      const [{ status: outcome }] = await Promise.allSettled([outside]);
      if (outcome === "fulfilled") return;
      await assertFails(outside, status.PERMISSION_DENIED, Reason.WORKING_DIR_FORBIDDEN);
    },
  },
  {
    name: "Create keeps texts in any script",
    async run(subject) {
      const description = 'Žluťoučký kůň 🐎 日本語 עברית \u0301 "quotes" \\ 100% _x_';
      const { sessionId } = await newSession(subject, { description });
      assert.equal((await getSession(subject, sessionId)).description, description);
    },
  },
];
