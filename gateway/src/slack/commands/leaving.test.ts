import fc from "fast-check";
import { expect, test } from "vitest";
import { leavingCommand, leavingOf } from "./leaving.js";

const of = (text: string) => leavingOf(text, "U0AMP", ["amp", "/amp"]);
const AT = "<@U0AMP>";

test.each([
  "stop",
  "STOP",
  " Stop! ",
  "stop.",
  "*stop*",
  "_stop_",
  "`stop`",
  "~stop~",
  "```stop```",
  "“stop”",
  "stop!!!",
  "stop…",
  "stop?",
  "\u200bstop\u2060",
  "stop :octagonal_sign:",
  "stop 🛑",
  "ｓｔｏｐ",
])("%s without a mention is a stop where there is a session", (text) => {
  expect(of(text)).toEqual({ what: "stop", of: [], addressed: false });
});

test.each([
  `${AT} stop`,
  `${AT} stop!`,
  `${AT} stop.`,
  `${AT} *stop*`,
  `${AT}: stop`,
  `${AT}, stop please`,
  `${AT}\n\nSTOP`,
  `${AT} \`stop\``,
  `stop ${AT}`,
  `*${AT}* stop`,
  `please stop, ${AT}!`,
  "<@U0AMP|amp> stop",
  "amp stop",
  "Amp, stop!",
  "@amp stop",
  "stop amp",
  "/amp stop",
  `${AT} /amp stop`,
  `${AT} amp stop`,
  `${AT}\u2060 stop`,
])("%s is a stop", (text) => {
  expect(of(text)).toEqual({ what: "stop", of: [], addressed: true });
});

test.each(["stop it", "stop the turn", "stop this answer", "stop answering"])(
  "%s means the turn alone",
  (text) => {
    expect(of(`${AT} ${text}`)).toEqual({ what: "turn", of: [], addressed: true });
  },
);

test.each([
  `${AT} end`,
  `${AT} End.`,
  `${AT} end session`,
  `${AT} end the session`,
  `${AT} end this session, please`,
  `${AT} close the conversation`,
  `${AT} quit!`,
  `${AT} disconnect`,
  `${AT} stop the session`,
  `close ${AT}`,
  "amp end",
])("%s is an end", (text) => {
  expect(of(text)).toEqual({ what: "end", of: [], addressed: true });
});

test.each([
  [`${AT} end all`, ["all"]],
  [`${AT} end \`1854167d\``, ["1854167d"]],
  [`${AT} end 1854167D.`, ["1854167d"]],
  [`${AT} end session 1854167d`, ["1854167d"]],
  [`${AT} end abcdefab, 1a`, ["abcdefab", "1a"]],
  [`${AT} close 1854167d-0000-4000-8000-00000000000f`, ["1854167d-0000-4000-8000-00000000000f"]],
])("%s names sessions", (text, ids) => {
  expect(of(text)).toEqual({ what: "end", of: ids, addressed: true });
});

test.each([
  `${AT} stop using tabs, use spaces`,
  `${AT} end of the file is missing`,
  `${AT} close issue 12`,
  `${AT} close it`,
  `${AT} end bad`,
  `${AT} quit smoking`,
  `${AT} stopping`,
  `${AT} don't stop`,
  `${AT} stop <@U1>`,
  `<@U1> stop`,
  `<@U0AMPX> stop`,
  "stop the server please",
  "stop it",
  "end",
  "close",
  "quit",
  "the amp stop",
  "amp",
  AT,
  "",
  `\`${AT} stop\``,
  `\`\`\`${AT} stop\`\`\``,
  `&gt; ${AT} stop`,
  `&gt; stop`,
  `${AT} ${"stop ".repeat(100)}`,
])("%s is none", (text) => {
  expect(of(text)).toBeUndefined();
});

test("a command's own words are read alike", () => {
  expect(leavingCommand("stop")).toMatchObject({ what: "stop" });
  expect(leavingCommand(" Stop! ")).toMatchObject({ what: "stop" });
  expect(leavingCommand("end all")).toMatchObject({ what: "end", of: ["all"] });
  expect(leavingCommand("end of story")).toBeUndefined();
  expect(leavingCommand("")).toBeUndefined();
});

test("whatever the mark-up, reading ends soon and takes nothing that says more", () => {
  const piece = fc.constantFrom(AT, "stop", "amp", "*", "`", "&gt;", "<", ":x:", " ", "word", "\n");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join("");
      if (of(text)) expect(text.replaceAll(AT, "")).not.toContain("word");
    }),
  );
});
