import { expect, test } from "vitest";
import { drain, eventually, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

test("a watcher gets a snapshot, then the turns of everybody, then the end", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const watching = sessions.watch({ sessionId });
  const first = await watching.next();
  expect(first.value?.event).toMatchObject({ $case: "snapshot", value: { openTurns: [] } });
  const rest = drain(watching);
  const author = { surface: "slack", user: "U1", displayName: "Ada" };
  await sessions.send({ sessionId, message: "tool", author });
  await sessions.send({ sessionId, message: "think" });
  await sessions.end({ sessionId });
  const { items, error } = await rest;
  expect(error).toBeUndefined();
  const cases = items.map(({ event }) =>
    event?.$case === "turn" ? `${event.value.seq} ${event.value.event?.$case}` : event?.$case,
  );
  expect(cases.slice(0, 2)).toEqual(["1 queued", "1 started"]);
  expect(cases).toContain("1 toolCall");
  expect(cases).toContain("2 thoughtDelta");
  expect(cases.slice(-2)).toEqual(["2 completed", "ended"]);
  expect(items[0]?.event).toMatchObject({ value: { event: { value: { author } } } });
});

test("the snapshot holds what runs, as far as it is told, and what waits", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const held = sessions.send({ sessionId, message: "hold on" });
  await eventually(async () =>
    expect((await sessions.listTurns({ sessionId })).turns[0]?.reply).toBe("begun "),
  );
  const waiting = sessions.send({ sessionId, message: "two" });
  await eventually(async () =>
    expect((await sessions.listTurns({ sessionId })).turns.map((turn) => turn.state)).toEqual([
      2, 1,
    ]),
  );
  const watching = sessions.watch({ sessionId });
  const snapshot = await watching.next();
  expect(snapshot.value?.event).toMatchObject({
    $case: "snapshot",
    value: {
      openTurns: [
        { seq: 1, state: 2, reply: "begun " },
        { seq: 2, state: 1, reply: "" },
      ],
    },
  });
  agent.release("hold on");
  await Promise.all([held, waiting]);
  const deltas: string[] = [];
  for await (const { event } of watching) {
    const told = event?.$case === "turn" ? event.value.event : undefined;
    if (told?.$case === "textDelta") deltas.push(told.value.text);
    if (told?.$case === "completed" && told.value.seq === 2) break;
  }
  expect(deltas).toEqual(["done", "echo: two"]);
});
