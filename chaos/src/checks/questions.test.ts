import { beforeEach, expect, test } from "vitest";
import { isTooLate } from "../load/web-answers.js";
import { asksTheRight, noteAnswer, type Question, questionOf } from "../questions.js";
import { Log, type Message, noteReply } from "../record.js";
import { compareQuestions, type StoredApproval } from "./questions.js";

let log: Log;
let message: Message;
let question: Question;
let stored: StoredApproval;

const print = (text: string) => [{ type: "context", elements: [{ type: "mrkdwn", text }] }];
const buttons = { type: "actions", elements: [{ action_id: "a", value: "[1, 2, 3]" }] };

/** A question that was asked in Slack, answered, and is settled. */
beforeEach(() => {
  log = new Log();
  message = log.open("slack").next();
  message.asks = true;
  question = questionOf(message);
  question.given.add("allow by U0ADA").add("reject by U0BOB");
  question.told.add("allow");
  noteAnswer(message, `You said (turn 1): ${message.token}\n\nYour answer was: Allow.`);
  noteReply(message, 1);
  const blocks = print("*Allow*, answered by <@U0ADA>");
  question.posts.push({ type: "message", ts: "1.0", text: "", blocks });
  stored = { message: `approve ${message.token}`, option: "allow", user: "U0ADA" };
});

const problems = (...all: StoredApproval[]) => compareQuestions(all, log);
const found = (problem: string) => [expect.stringContaining(problem)];

test("one question with one answer that everybody was told is right", () => {
  expect(problems(stored)).toEqual([]);
});

test("so is one that its session's end left open", () => {
  Object.assign(message, { replies: [], excused: true });
  Object.assign(question, { told: new Set(), replied: new Set() });
  for (const post of question.posts) post.blocks = print("Nobody answered in time.");
  expect(problems({ ...stored, option: null, user: null })).toEqual([]);
});

test("a question that is stored twice, not at all, or about nothing is found", () => {
  expect(problems(stored, stored)).toEqual(found("is stored 2 times"));
  expect(problems()).toEqual(found("is not stored"));
  expect(problems(stored, { ...stored, message: "approve c9m9" })).toEqual(
    found("a question about nothing"),
  );
});

test("a question about a message that asks for none is found", () => {
  message.asks = false;
  expect(problems(stored)).toEqual(found("was not asked for"));
});

test("an answer that nobody gave is found", () => {
  question.given = new Set(["allow by U0BOB"]);
  expect(problems(stored)).toEqual(found("nobody gave: allow by U0ADA"));
});

test("whoever is told of another answer is found", () => {
  question.told.add("reject");
  expect(problems(stored)).toEqual(found("decided as allow, and told as reject"));
  question.told.delete("reject");
  noteAnswer(message, "Your answer was: Reject.");
  expect(problems(stored)).toEqual(found("decided as allow, and told as reject"));
});

test("a reply without an answer is found", () => {
  Object.assign(question, { told: new Set(), replied: new Set(), posts: [] });
  expect(problems({ ...stored, option: null, user: null })).toEqual(found("was passed over"));
});

test("a reply that tells no answer, or to a question that never was, is found", () => {
  question.replied.clear();
  expect(problems(stored)).toEqual(found("that the reply does not tell"));
  message.question = undefined;
  expect(problems()).toEqual(found("is not stored"));
});

test("a post that asks others than the author and who began is found", () => {
  const later = message.conversation.next();
  Object.assign(message, { user: "U0ADA" });
  Object.assign(later, { user: "U0BOB" });
  const asks = (asked: Message, text: string) =>
    asksTheRight(asked, { type: "message", ts: "1.0", text: "", blocks: print(text) });
  expect(asks(later, "Only <@U0BOB> or <@U0ADA> can answer.")).toBe(true);
  expect(asks(message, "Only <@U0ADA> can answer.")).toBe(true);
  expect(asks(later, "Only <@U0BOB> can answer.")).toBe(false);
  expect(asks(message, "Only <@U0ADA> or <@U0EVE> can answer.")).toBe(false);
});

test("a 409 of a living session is right only as another answer or an expiry", () => {
  const refused = (type: string, session_connected: boolean) =>
    isTooLate({ status: 409, body: { type, session_connected } }, message);
  expect(refused("APPROVAL_DECIDED", true)).toBe(true);
  expect(refused("APPROVAL_EXPIRED", true)).toBe(true);
  expect(refused("APPROVAL_DECIDED", false)).toBe(false);
  expect(refused("", false)).toBe(false);
  message.conversation.ending = {
    conversation: message.conversation,
    ended: 0,
    freed: undefined,
    inCalm: false,
  };
  expect(refused("", false)).toBe(true);
});

test("a second post, one that keeps its buttons, and one that shows something else are found", () => {
  const [post] = question.posts;
  if (!post) throw new Error("no post");
  question.posts.push(post);
  expect(problems(stored)).toEqual(found("was posted 2 times"));
  question.posts.pop();
  post.blocks = [buttons];
  expect(problems(stored)).toEqual(found("still has its buttons"));
  post.blocks = print("*Reject*, answered by <@U0BOB>");
  expect(problems(stored)).toEqual(found("shows *Reject*"));
});
