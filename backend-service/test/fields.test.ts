import { mkdir, rmdir, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, newSession, type TestBackend, tempDir, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

let running: TestBackend;
let sessionId: string;

beforeAll(async () => {
  running = await testBackend();
  sessionId = await newSession(running.sessions);
});
afterAll(() => running[Symbol.asyncDispose]());

const long = "x".repeat(1_001);

describe("every field that cannot be accepted is named", () => {
  test.each([
    ["agent", { agent: "nobody" }],
    ["working_dir", { workingDir: "relative/path" }],
    ["working_dir", { workingDir: `${process.cwd()}/not/there` }],
    ["working_dir", { workingDir: `${process.cwd()}/package.json` }],
    ["description", { description: long }],
    ["agent", { agent: "demo\0" }],
    ["working_dir", { workingDir: "/tmp\0" }],
    ["request_id", { requestId: "x".repeat(201) }],
    ["origin.surface", { origin: { surface: long } }],
  ])("Create: %s", async (field, request) => {
    const expected = { code: status.INVALID_ARGUMENT, reason: "INVALID_FIELD", field };
    expect(await failure(running.sessions.create(request))).toEqual(expected);
  });

  test.each([
    ["message", { message: "" }],
    ["message", { message: " \n " }],
    ["message", { message: "x".repeat(200_001) }],
    ["request_id", { message: "x", requestId: "\0" }],
    ["author.display_name", { message: "x", author: { displayName: long } }],
  ])("Send, SendStream: %s", async (field, request) => {
    const expected = { code: status.INVALID_ARGUMENT, reason: "INVALID_FIELD", field };
    const { sessions } = running;
    expect(await failure(sessions.send({ sessionId, ...request }))).toEqual(expected);
    expect(await failure(sessions.sendStream({ sessionId, ...request }).next())).toEqual(expected);
  });

  test("the rest", async () => {
    const { sessions } = running;
    const calls: [string, Promise<unknown>][] = [
      ["session_id", sessions.send({ message: "x" })],
      ["session_id", sessions.get({ sessionId: " " })],
      ["session_id", sessions.watch({ sessionId: "\0" }).next()],
      ["reason", sessions.end({ sessionId, reason: long })],
      ["seq", sessions.cancel({ sessionId, seq: -1 })],
      ["page_size", sessions.list({ pageSize: 201 })],
      ["page_size", sessions.listTurns({ sessionId, pageSize: -1 })],
      ["page_token", sessions.list({ pageToken: "nonsense" })],
      ["page_token", sessions.listTurns({ sessionId, pageToken: "WzFd" })],
      ["state", sessions.list({ state: 7 as 1 })],
    ];
    for (const [field, call] of calls) {
      expect(await failure(call)).toMatchObject({ code: status.INVALID_ARGUMENT, field });
    }
  });

  test("what somebody wrote is cleaned of NUL characters, visibly, and taken", async () => {
    const { sessions } = running;
    const dirty = { surface: "t\0", user: "\0u", displayName: "A\0da" };
    const { session } = await sessions.create({ description: "a\0b", origin: { user: "\0" } });
    expect(session).toMatchObject({ description: "a\uFFFDb", origin: { user: "\uFFFD" } });
    const { turn } = await sessions.send({ sessionId, message: "\0 x \0", author: dirty });
    const author = { surface: "t\uFFFD", user: "\uFFFDu", displayName: "A\uFFFDda" };
    expect(turn).toMatchObject({ message: "\uFFFD x \uFFFD", author });
    expect(turn?.reply).toContain("\uFFFD x \uFFFD");
    const { session: other } = await sessions.create({});
    const ended = await sessions.end({ sessionId: other?.sessionId ?? "", reason: "be\0cause" });
    expect(ended).toEqual({ ended: true });
  });

  test("a message of the greatest length is taken", async () => {
    const message = "y".repeat(200_000);
    expect((await running.sessions.send({ sessionId, message })).reply).toContain(message);
  });
});

describe("working directories", () => {
  test("lie under a root, after symlinks; the first root is the default", async () => {
    await using root = await tempDir();
    await using outside = await tempDir();
    await symlink(outside.path, path.join(root.path, "way-out"));
    await symlink(root.path, path.join(outside.path, "way-in"));
    await using other = await testBackend({ WORKSPACE_ROOTS: root.path });
    const { sessions } = other;
    const forbidden = { code: status.PERMISSION_DENIED, reason: "WORKING_DIR_FORBIDDEN" };
    for (const dir of [
      outside.path,
      "/",
      `${root.path}/../x`,
      `${root.path}/way-out`,
      `${root.path}x`,
      "~",
      `${outside.path}/missing`,
    ]) {
      expect(await failure(sessions.create({ workingDir: dir }))).toMatchObject(forbidden);
    }
    for (const dir of ["", root.path, `${outside.path}/way-in`]) {
      const { session } = await sessions.create({ workingDir: dir });
      expect(session).toMatchObject({ workingDir: root.path, project: path.basename(root.path) });
    }
  });

  test("through a link in a root nothing is told of what exists outside", async () => {
    await using root = await tempDir();
    await using outside = await tempDir();
    await mkdir(path.join(outside.path, "there"));
    await writeFile(path.join(outside.path, "file"), "");
    await mkdir(path.join(root.path, "inside"));
    for (const [name, target] of [
      ["out", outside.path],
      ["dangling", path.join(outside.path, "missing")],
      ["relative", path.join("..", path.basename(outside.path), "missing")],
      ["chain", path.join(root.path, "dangling")],
      ["to-file", path.join(outside.path, "file")],
      ["loop", path.join(root.path, "loop")],
    ] as const) {
      await symlink(target, path.join(root.path, name));
    }
    await using other = await testBackend({ WORKSPACE_ROOTS: root.path });
    const told = (dir: string) =>
      failure(other.sessions.create({ workingDir: path.join(root.path, dir) }));
    const forbidden = { code: status.PERMISSION_DENIED, reason: "WORKING_DIR_FORBIDDEN" };
    for (const dir of [
      "out/there",
      "out/missing",
      "out/missing/deeper",
      "out/file",
      "out/file/deeper",
      "dangling",
      "dangling/deeper",
      "relative",
      "chain",
      "to-file",
      "to-file/deeper",
      "loop",
      "inside/../out/missing",
    ]) {
      expect(await told(dir), dir).toMatchObject(forbidden);
    }
    for (const dir of ["missing", "inside/missing", "inside/missing/deeper"]) {
      expect(await told(dir), dir).toMatchObject({ reason: "INVALID_FIELD", field: "working_dir" });
    }
  });

  test("are looked at again by an agent that works in them", async () => {
    await using root = await tempDir();
    await using outside = await tempDir();
    const dir = path.join(root.path, "project");
    await mkdir(dir);
    const env = { WORKSPACE_ROOTS: root.path };
    await using other = await testBackend(env, { agents: [steeredAgent()] });
    const { sessions } = other;
    const { session } = await sessions.create({ workingDir: dir });
    const ask = { sessionId: session?.sessionId ?? "", message: "where" };
    expect((await sessions.send(ask)).reply).toBe(dir);
    await rmdir(dir);
    expect(await failure(sessions.send(ask))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: "TURN_FAILED",
    });
    await symlink(outside.path, dir);
    expect(await failure(sessions.send(ask))).toMatchObject({ code: status.FAILED_PRECONDITION });
    // An agent that needs no folder goes on.
    expect((await sessions.send({ ...ask, message: "talk" })).reply).toBe("echo: talk");
  });

  test("may begin with a tilde", async () => {
    await using other = await testBackend({ WORKSPACE_ROOTS: os.homedir() });
    const { session } = await other.sessions.create({ workingDir: "~/" });
    expect(session?.project).toBe(path.basename(os.homedir()));
  });
});
