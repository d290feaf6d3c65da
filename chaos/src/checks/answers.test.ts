import { beforeEach, expect, test } from "vitest";
import { type Conversation, Log, type Message, noteReply } from "../record.js";
import { checkAnswers } from "./answers.js";

let log: Log;
let thread: Conversation;

beforeEach(() => {
  log = new Log();
  thread = log.open("slack");
});

function accepted(): Message {
  const message = thread.next();
  message.accepted = performance.now();
  return message;
}

test("one answer each, in order, is right; so is none to what was not accepted", () => {
  noteReply(accepted(), 1);
  thread.next();
  const last = accepted();
  noteReply(last, 2);
  noteReply(last, 2);
  expect(checkAnswers(log)).toEqual([]);
});

test("a lost message is found", () => {
  accepted();
  expect(checkAnswers(log)).toEqual([expect.stringMatching(/^c1m1 .* was never answered$/)]);
});

test("an interrupted message needs no answer, and must have none", () => {
  const message = accepted();
  message.interrupted = true;
  expect(checkAnswers(log)).toEqual([]);
  noteReply(message, 1);
  expect(checkAnswers(log)).toEqual([expect.stringMatching(/was interrupted and answered$/)]);
});

test("a second answer is found, also to what was not accepted", () => {
  const message = thread.next();
  noteReply(message, 1);
  noteReply(message, 2);
  expect(checkAnswers(log)).toEqual([expect.stringMatching(/was answered 2 times$/)]);
});

test("a wrong order is found", () => {
  noteReply(accepted(), 2);
  noteReply(accepted(), 1);
  expect(checkAnswers(log)).toEqual([expect.stringMatching(/answered before an earlier message$/)]);
});

test("what was given up may come in late", () => {
  noteReply(thread.next(), 2);
  noteReply(accepted(), 1);
  expect(checkAnswers(log)).toEqual([]);
});

test("what nobody asked for is found", () => {
  thread.oddities.push("Error: something");
  log.oddities.push("in C1: hello");
  expect(checkAnswers(log)).toHaveLength(2);
});

test("an ended session: told once, its mapping gone, its last message excused", () => {
  accepted().excused = true;
  thread.ending = { conversation: thread, ended: 0, freed: 100, inCalm: true };
  log.endings.push(thread.ending);
  expect(checkAnswers(log)).toEqual([expect.stringMatching(/told 0 times/)]);
  thread.notices = 1;
  expect(checkAnswers(log)).toEqual([]);
});

test("a zombie is found, and one that lives too long", () => {
  const web = log.open("web");
  const ending = { conversation: web, ended: 0, freed: 6_000, inCalm: true };
  log.endings.push(ending, { ...ending, freed: undefined }, { ...ending, inCalm: false });
  expect(checkAnswers(log)).toEqual([
    expect.stringMatching(/stayed mapped to a dead session for 6.0 s/),
    expect.stringMatching(/stayed mapped to a dead session$/),
  ]);
});
