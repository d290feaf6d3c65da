import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import {
  API,
  assertRefused,
  entryOf,
  type GatewaySubject,
  newSession,
  post,
  postText,
  say,
  transcript,
} from "../subject.js";

const LONGEST_MESSAGE = 200_000;
const LONGEST_DESCRIPTION = 1_000;

/** What people write, and what programs are tempted to change in it. */
const TEXTS: [what: string, text: string][] = [
  ["blanks and new lines at both ends", " \t\n\u00a0 in the middle \u00a0\r\n\n "],
  ["letters composed and decomposed", "\u00e9 and e\u0301, \u212b and \u00c5, \ufb01"],
  ["HTML", `<b onclick="x()">&amp; 'it' &lt; <script>alert(1)</script></b> <!-- -->`],
  ["Markdown", "# *a* _b_ `c` **d** ~~e~~ [f](https://g.example) \\* | - > ```\nh\n```"],
  ["scripts of all kinds", "Grüße שלום مرحبا 你好 नमस्ते 👩‍👩‍👧‍👦 🏳️‍🌈 \u202ertl\u202c \u200b\ufeff."],
  ["control characters", "a\u0001b\u0007c\u001b[31md\u007fe\u0085f\u2028g\u2029h"],
  ["line ends of all kinds", "a\nb\r\nc\rd\n\ne"],
  ["what looks like an event stream", "x\n\ndata: {}\n\nevent: ended\ndata: {}\n\n: y"],
  ["what looks like JSON", '{"error": "no", "a": "\\u00e4\\n"} %00 %s $(x) {{y}} \\'],
  ["noncharacters", "\ufffe \uffff \u{1fffe} \u{10ffff}"],
];

/** Texts arrive, and come back, as they were written. */
export const textCases: Case<GatewaySubject>[] = [
  ...TEXTS.map(([what, text]) => ({
    name: `a message with ${what} is kept as it is, and so is the answer`,
    async run(subject: GatewaySubject) {
      const { session_id } = await newSession(subject);
      const response = await say(subject, text);
      assert.ok(response.includes(text), `the answer has something else: ${escaped(response)}`);
      const { turns } = await transcript(subject, session_id);
      assert.equal(turns[0]?.message, text);
      assert.equal(turns[0]?.reply, response);
      using stream = await openEvents(subject, session_id);
      const told = stream.turns.get(1)?.turn;
      assert.deepEqual([told?.message, told?.reply], [text, response]);
      await say(subject, text);
      const { turn } = await stream.finished(2);
      assert.equal(turn.message, text);
      assert.ok(turn.reply.includes(text), "the event has another answer");
    },
  })),
  ...TEXTS.map(([what, description]) => ({
    name: `a description with ${what} is kept as it is`,
    async run(subject: GatewaySubject) {
      const { session_id } = await newSession(subject, { description });
      assert.equal((await entryOf(subject, session_id)).description, description);
      using stream = await openEvents(subject, session_id);
      assert.equal(stream.snapshot?.session.description, description);
    },
  })),
  {
    name: "a message of 200,000 characters is taken whole; one more, or none, is 400",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const longest = "é".repeat(LONGEST_MESSAGE);
      const response = await say(subject, longest);
      assert.ok(response.includes(longest), "the answer is cut");
      const { turns } = await transcript(subject, session_id);
      assert.ok(turns[0]?.message === longest, "the message is cut");
      assert.ok(turns[0].reply === response, "the reply is cut");
      const tooLong = await post(subject, `${API}/chat`, { message: `${longest}!` });
      assertRefused(tooLong, 400, /^message /);
      assert.equal((await transcript(subject, session_id)).turns.length, 1);
    },
  },
  {
    name: "200,000 characters are taken however they are escaped; a body above 2 MB is 413",
    async run(subject) {
      await newSession(subject);
      const body = `{"message":"${"\\u00e9".repeat(LONGEST_MESSAGE)}"}`;
      const taken = await postText(subject, `${API}/chat`, body, "application/json");
      assert.equal(taken.status, 200);
      const tooLarge = `{"message":"${"x".repeat(2 * 1024 * 1024)}"}`;
      const refused = await postText(subject, `${API}/chat`, tooLarge, "application/json");
      assertRefused(refused, 413, "The body is larger than 2mb");
    },
  },
  {
    name: "a description of 1,000 characters is taken whole; one more is 400",
    async run(subject) {
      const description = "ü".repeat(LONGEST_DESCRIPTION);
      const { session_id } = await newSession(subject, { description });
      assert.equal((await entryOf(subject, session_id)).description, description);
      const tooLong = { description: `${description}!` };
      assertRefused(await post(subject, `${API}/session`, tooLong), 400, /^description /);
    },
  },
  {
    name: "a session without a description is called Web chat session",
    async run(subject) {
      const { session_id } = await newSession(subject);
      assert.equal((await entryOf(subject, session_id)).description, "Web chat session");
    },
  },
  {
    name: "NUL characters and halves of surrogate pairs become U+FFFD, and are 400 in an id",
    async run(subject) {
      const body = '{"description":"a\\u0000b"}';
      await postText(subject, `${API}/session`, body, "application/json");
      for (const [written, kept] of [
        ["a\\u0000b", "a\ufffdb"],
        ["a\\ud83db", "a\ufffdb"],
        ["a\\udc0eb", "a\ufffdb"],
        ["a\\ud83d\\udc0eb", "a🐎b"],
      ]) {
        const message = `{"message":"${written}"}`;
        const answer = await postText(subject, `${API}/chat`, message, "application/json");
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        const { response, session_id } = answer.body as { response: string; session_id: string };
        assert.ok(response.includes(kept ?? ""), escaped(response));
        assert.equal((await transcript(subject, session_id)).turns.at(-1)?.message, kept);
        assert.equal((await entryOf(subject, session_id)).description, "a\ufffdb");
      }
      for (const id of ['"request_id":"a\\u0000b"', '"session_id":"a\\ud800b"']) {
        const withId = `{"message":"m",${id}}`;
        const refused = await postText(subject, `${API}/chat`, withId, "application/json");
        assertRefused(refused, 400, /^(request|session)_id /);
      }
    },
  },
];

function escaped(text: string): string {
  return JSON.stringify(text).slice(0, 300);
}
