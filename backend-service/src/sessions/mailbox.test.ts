import { expect, test } from "vitest";
import { SessionError } from "./errors.js";
import type { SessionEvent } from "./events.js";
import { Mailbox } from "./mailbox.js";

const text = (seq: number, words: string): SessionEvent => ({ seq, type: "text", text: words });

async function read(mailbox: Mailbox): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const event of mailbox) events.push(event);
  return events;
}

test("unread text of one turn is put together, in its order among the rest", async () => {
  const mailbox = new Mailbox("s");
  const thought: SessionEvent = { seq: 1, type: "thought", text: "hm" };
  for (const event of [text(1, "a"), text(1, "b"), thought, text(1, "c"), text(2, "d")]) {
    mailbox.push(event);
  }
  mailbox.end();
  expect(await read(mailbox)).toEqual([text(1, "ab"), thought, text(1, "c"), text(2, "d")]);
});

test("a waiting listener is woken, and gets what came before the end", async () => {
  const mailbox = new Mailbox("s");
  const reading = read(mailbox);
  mailbox.push(text(1, "late"));
  mailbox.end();
  mailbox.push(text(1, "too late"));
  expect(await reading).toEqual([text(1, "late")]);
});

test("the first end counts", async () => {
  const mailbox = new Mailbox("s");
  mailbox.end(new SessionError("draining", "s"));
  mailbox.end();
  await expect(read(mailbox)).rejects.toMatchObject({ kind: "draining" });
});

test("a listener that falls too far behind is cut off and keeps no memory", async () => {
  const mailbox = new Mailbox("s");
  for (let n = 0; n < 5_000; n++) mailbox.push(text(n, "x"));
  await expect(read(mailbox)).rejects.toMatchObject({ kind: "too_slow" });
});
