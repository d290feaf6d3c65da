import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDelivery } from "./parse.js";

const event = (fields: object, envelope: object = {}) => ({
  type: "event_callback",
  team_id: "T1",
  event_id: "Ev1",
  event: { type: "message", channel: "C1", user: "U1", text: "hi", ts: "1.000100", ...fields },
  ...envelope,
});

test("message and app_mention of one post are one delivery", () => {
  const message = parseDelivery(event({}));
  expect(message).toEqual({
    delivery: {
      kind: "message",
      place: { team: "T1", channel: "C1", thread: null },
      ts: "1.000100",
      user: "U1",
      text: "hi",
    },
    lane: "T1:C1:1.000100",
    dedupeKey: "message:T1:C1:1.000100",
    mentioned: false,
  });
  const mention = parseDelivery(event({ type: "app_mention" }, { event_id: "Ev2" }));
  expect(mention).toEqual({ ...message, mentioned: true });
});

test("a thread is its own lane, which its first message shares; direct messages are one", () => {
  expect(parseDelivery(event({ ts: "2.000100", thread_ts: "1.000100" }))).toMatchObject({
    lane: "T1:C1:1.000100",
  });
  expect(parseDelivery(event({ channel: "D1" }))).toMatchObject({ lane: "T1:D1:-" });
});

test("the workspace is the one that the app is installed in", () => {
  const shared = { context_team_id: "T2", authorizations: [{ team_id: "T3" }] };
  expect(parseDelivery(event({}, shared))).toMatchObject({ delivery: { place: { team: "T3" } } });
});

test.each([
  [{ bot_id: "B1", user: undefined }, "written by a bot"],
  [{ bot_id: "B1", user: null }, "written by a bot"],
  [{ user: "USLACKBOT" }, "written by Slackbot"],
  [{ attachments: [{ from_url: "https://a.example" }], text: "" }, "message without text"],
  [{ subtype: "bot_message" }, "message subtype bot_message"],
  [{ subtype: "message_changed" }, "message subtype message_changed"],
  [{ subtype: "message_deleted" }, "message subtype message_deleted"],
  [{ subtype: "channel_join" }, "message subtype channel_join"],
  [{ type: "app_mention", edited: { user: "U1" } }, "edited"],
  [{ text: "  " }, "message without text"],
  [{ type: "reaction_added" }, "event reaction_added"],
])("%j is ignored", (fields, ignored) => {
  expect(parseDelivery(event(fields))).toEqual({ ignored });
});

test("what Slack leaves empty is as if it were not there", () => {
  const empty = { bot_id: null, edited: null, subtype: null, files: null };
  const plain = parseDelivery(event({}));
  for (const thread_ts of [null, "", undefined]) {
    expect(parseDelivery(event({ ...empty, thread_ts }))).toEqual(plain);
  }
});

test("the app's own words are none; a person's by way of an app are to be checked", () => {
  const authorizations = [{ team_id: "T1", user_id: "U1" }];
  expect(parseDelivery(event({}, { authorizations }))).toEqual({
    ignored: "written by the app itself",
  });
  expect(parseDelivery(event({ bot_id: "B1", app_id: "A1" }))).toMatchObject({
    delivery: { user: "U1", text: "hi", byApp: true },
  });
});

test.each([
  { authorizations: null, context_team_id: null },
  { authorizations: [], context_team_id: null },
  {
    authorizations: [
      {
        enterprise_id: "E0",
        team_id: null,
        user_id: "U0AMP",
        is_bot: true,
        is_enterprise_install: true,
      },
    ],
  },
  { authorizations: [{ team_id: null, user_id: null }], context_team_id: "T1", team_id: null },
  { authorizations: [{ team_id: "T1", user_id: null }], team_id: undefined },
])("on Enterprise Grid the workspace is found: %j", (envelope) => {
  expect(parseDelivery(event({}, envelope))).toMatchObject({
    delivery: { place: { team: "T1" }, text: "hi" },
  });
});

test.each([
  event({}, { team_id: null, authorizations: null }),
  event({ channel: "general" }),
  event({ ts: 5 }),
  { type: "block_actions", user: { id: "U1" } },
  { command: "/amp", text: "x", channel_id: "C1" },
])("what looks like ours and cannot be read is for the operator to know (%#)", (body) => {
  const read = parseDelivery(body);
  expect(read).toMatchObject({ ignored: expect.any(String), malformed: true });
});

test("other deliveries are not", () => {
  for (const body of [{ type: "view_submission" }, { type: "block_suggestion" }, {}, null, "x"]) {
    expect(parseDelivery(body)).not.toHaveProperty("malformed");
  }
});

test("a person's words with a file or sent to the channel too are not", () => {
  for (const subtype of ["file_share", "thread_broadcast", "me_message"]) {
    expect(parseDelivery(event({ subtype }))).toHaveProperty("delivery");
  }
});

test("a slash command", () => {
  const body = {
    command: "/amp",
    text: "new tea",
    team_id: "T1",
    channel_id: "C1",
    user_id: "U1",
    trigger_id: "1.2.x",
    response_url: "https://hooks.example/1",
  };
  expect(parseDelivery(body)).toEqual({
    delivery: {
      kind: "command",
      place: { team: "T1", channel: "C1", thread: null },
      user: "U1",
      text: "new tea",
      responseUrl: "https://hooks.example/1",
    },
    lane: "T1:C1:command:U1",
    dedupeKey: "trigger:1.2.x",
  });
});

test("a click is not in its conversation's lane, so that it never waits behind a turn", () => {
  const body = {
    type: "block_actions",
    team: { id: "T1" },
    user: { id: "U1" },
    channel: { id: "C1" },
    message: { ts: "2.000100", thread_ts: "1.000100" },
    actions: [{ action_id: "connect_session_x", value: "xyz" }],
    trigger_id: "t",
  };
  expect(parseDelivery(body)).toMatchObject({
    delivery: { kind: "click", place: { thread: "1.000100" }, value: "xyz" },
    lane: "T1:C1:click:2.000100",
  });
  const grid = { ...body, team: null, enterprise: { id: "E0" }, user: { id: "U1", team_id: "T1" } };
  expect(parseDelivery(grid)).toMatchObject({
    delivery: { place: { team: "T1", thread: "1.000100" } },
  });
  const noted = { ...grid, user: { id: "U1" }, message: { ...body.message, team: "T1" } };
  expect(parseDelivery(noted)).toMatchObject({ delivery: { place: { team: "T1" } } });
  expect(parseDelivery({ ...grid, user: { id: "U1" } })).toMatchObject({ malformed: true });
});

test("anything else is ignored, and nothing throws", () => {
  const fields = fc.record({ type: fc.string(), text: fc.string(), ts: fc.string() });
  const body = fc.oneof(
    fc.anything(),
    fields.map((each) => event(each)),
  );
  fc.assert(
    fc.property(body, (each) => {
      expect(parseDelivery(each)).toBeDefined();
    }),
  );
});
