import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { errorDetails, Reason } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertInvalid, isServiceError } from "../failure.js";
import { drain, getSession, newSession, say } from "../steps.js";
import type { BackendSubject } from "../subject.js";

const tooLong = (limit: number) => "x".repeat(limit + 1);

/** Fields that cannot be: INVALID_ARGUMENT names them, and nothing happened. */
export const invalidCases: Case<BackendSubject>[] = [
  {
    name: "Create refuses an unknown agent, a relative folder, and texts over their limits",
    async run({ client }) {
      await assertInvalid(client.create({ agent: `no-${randomUUID()}` }), "agent");
      await assertInvalid(client.create({ workingDir: "relative/folder" }), "working_dir");
      await assertInvalid(client.create({ description: tooLong(1_000) }), "description");
      await assertInvalid(client.create({ requestId: tooLong(200) }), "request_id");
    },
  },
  {
    name: "Send and SendStream refuse an empty or too long message and too long a request_id",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      for (const [request, field] of [
        [{ sessionId, message: "" }, "message"],
        [{ sessionId, message: tooLong(200_000) }, "message"],
        [{ sessionId, message: "hello", requestId: tooLong(200) }, "request_id"],
      ] as const) {
        await assertInvalid(client.send(request), field, sessionId);
        await assertInvalid(drain(client.sendStream(request)), field, sessionId);
      }
      assert.equal((await getSession(subject, sessionId)).turnCount, 0);
    },
  },
  {
    name: "End refuses too long a reason, and does not end",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await assertInvalid(
        subject.client.end({ sessionId, reason: tooLong(1_000) }),
        "reason",
        sessionId,
      );
      assert.ok((await subject.client.end({ sessionId })).ended);
    },
  },
  {
    name: "ResolveApproval refuses an unknown approval_id as it refuses an empty or too long one",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      await say(subject, sessionId, "nothing to ask");
      for (const approvalId of ["", tooLong(200), "unknown", randomUUID(), "žádná 🐎"]) {
        const call = client.resolveApproval({ sessionId, approvalId, optionId: "allow" });
        await assertInvalid(call, "approval_id", sessionId);
      }
    },
  },
  {
    name: "texts as long as their limits are taken",
    async run(subject) {
      const { sessionId } = await newSession(subject, {
        description: "é".repeat(1_000),
        requestId: randomUUID().padEnd(200, "x"),
      });
      const requestId = "y".repeat(200);
      const { turn } = await subject.client.send({ sessionId, message: "at the limit", requestId });
      assert.equal(turn?.requestId, requestId);
      await subject.client.end({ sessionId, reason: "z".repeat(1_000) });
      assert.equal((await getSession(subject, sessionId)).endReason, "z".repeat(1_000));
    },
  },
  {
    name: "a NUL character in what people write is kept or becomes U+FFFD, and is never refused",
    async run(subject) {
      const { client } = subject;
      const text = "\0before\0\0after\0";
      const author = { surface: "test", user: "ada\0", displayName: text };
      const origin = { surface: "test", user: "ada\0", conversation: text };
      const session = await newSession(subject, { description: text, origin });
      const { sessionId } = session;
      assertAsWritten(session.description, text);
      assertAsWritten(session.origin?.user, "ada\0");
      assertAsWritten(session.origin?.conversation, text);
      const { turn } = await client.send({ sessionId, message: text, author });
      assertAsWritten(turn?.message, text);
      assertAsWritten(turn?.author?.displayName, text);
      await drain(client.sendStream({ sessionId, message: "\0", author }));
      await client.end({ sessionId, reason: text });
      assertAsWritten((await getSession(subject, sessionId)).endReason, text);
    },
  },
  {
    name: "a NUL character in an id is either kept or refused by the name of its field",
    async run(subject) {
      const { client } = subject;
      const text = "before\0after";
      const { sessionId } = await newSession(subject);
      await keptOrRefused(newSession(subject, { requestId: `${randomUUID()}\0` }), "request_id");
      await keptOrRefused(client.list({ surface: text }), "surface");
      const answer = { sessionId, approvalId: text, optionId: "allow" };
      await assertInvalid(client.resolveApproval(answer), "approval_id", sessionId);
      // Two ids that differ in it are never one.
      const send = { sessionId, message: "once" };
      const first = await client.send({ ...send, requestId: "same\uFFFD" });
      const second = await client.send({ ...send, requestId: "same\0" }).catch(refusedRequestId);
      assert.notEqual(second?.turn?.seq, first.turn?.seq);
    },
  },
];

function assertAsWritten(read: string | undefined, written: string): void {
  assert.ok(
    read === written || read === written.replaceAll("\0", "\uFFFD"),
    `${JSON.stringify(written)} came back as ${JSON.stringify(read)}`,
  );
}

function refusedRequestId(error: unknown): undefined {
  assertRefused(error, "request_id");
}

async function keptOrRefused(call: Promise<unknown>, field: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error !== undefined) assertRefused(error, field);
}

function assertRefused(error: unknown, field: string): void {
  if (!isServiceError(error)) throw error;
  const { reason, metadata } = errorDetails(error) ?? {};
  assert.deepEqual(
    { status: status[error.code], reason, field: metadata?.["field"] },
    { status: "INVALID_ARGUMENT", reason: Reason.INVALID_FIELD, field },
  );
}
