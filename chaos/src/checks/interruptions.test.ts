import { beforeEach, expect, test } from "vitest";
import { type Conversation, Log, type Message } from "../record.js";
import { checkActs, compareInterruptions } from "./interruptions.js";

let log: Log;
let thread: Conversation;
let message: Message;

beforeEach(() => {
  log = new Log();
  thread = log.open("slack");
  message = thread.next();
  message.accepted = 1;
});

const turn = { message: "slow 1 c1m1", agent: "acting", runs: null };

test("an interrupted turn that was told is right", () => {
  thread.interruptions = 1;
  expect(compareInterruptions([turn], log)).toEqual([]);
  expect(message.interrupted).toBe(true);
});

test("one that was not told is found, unless its session was ended or it was given up", () => {
  expect(compareInterruptions([turn], log)).toEqual([expect.stringMatching(/told of 0/)]);
  message.excused = true;
  expect(compareInterruptions([turn], log)).toEqual([]);
  message.excused = false;
  message.accepted = undefined;
  expect(compareInterruptions([turn], log)).toEqual([]);
});

test("telling what was not interrupted is found", () => {
  thread.interruptions = 1;
  message.interrupted = true;
  expect(compareInterruptions([], log)).toEqual([expect.stringMatching(/told of 1/)]);
  expect(message.interrupted).toBe(false);
});

test("an agent that may be asked again is interrupted after three runs only", () => {
  thread.interruptions = 1;
  const demo = { ...turn, agent: "demo" };
  expect(compareInterruptions([demo], log)).toHaveLength(1);
  expect(compareInterruptions([{ ...demo, runs: "3" }], log)).toEqual([]);
});

test("acting twice is found, and acting on nothing", () => {
  expect(checkActs('"c1m1"\n', log)).toEqual([]);
  expect(checkActs('"c1m1"\n"slow 1 c1m1"\n"c9m9"\n', log)).toEqual([
    expect.stringMatching(/nothing that was sent: c9m9/),
    expect.stringMatching(/acted 2 times on c1m1/),
  ]);
});
