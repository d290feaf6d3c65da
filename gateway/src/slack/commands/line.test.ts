import fc from "fast-check";
import { expect, test } from "vitest";
import { type Line, readLine, readSlash } from "./line.js";
import { newArguments } from "./new.js";
import { wordsOf } from "./words.js";

const NAMES = ["amp", "/amp"];
const read = (text: string) => readLine(text, NAMES);

/** The command that a line surely is, with its arguments. */
function sure(line: Line): string | undefined {
  return line.kind === "command" && line.sure ? [line.name, ...line.args].join("|") : undefined;
}

test.each([
  ["help", ["", "help", "?", "??", "HELP", "  ", "/amp", "amp", "/help"]],
  ["list", ["list", "ls", "List", "list."]],
  ["sessions", ["sessions", "Sessions!"]],
  ["new", ["new", "start", "create", "New:"]],
  ["connect", ["connect", "attach", "join"]],
  ["status", ["status", "info", "status?", "status ?"]],
  ["end", ["end", "disconnect", "quit", "stop", "close"]],
  ["config", ["config"]],
])("%s and its aliases stand alone", (name, lines) => {
  for (const line of lines) expect(sure(read(line)), line).toBe(name);
});

test.each([
  ": new tea",
  ", new tea",
  "- new tea",
  "— new tea",
  "… new tea",
  "new tea",
  "NEW tea",
  "`new` tea",
  "`new tea`",
  "```new tea```",
  "*new* tea",
  "*new tea*",
  "_new_ tea",
  "~new~ tea",
  "*_new_* tea",
  "“new” tea",
  '"new tea"',
  "«new» tea",
  "new: tea",
  "/amp new tea",
  "/AMP new tea",
  "amp new tea",
  "@amp new tea",
  "`/amp new tea`",
  "`/amp` `new` tea",
  "/new tea",
  "\u200bnew tea\u2060",
  "\u00a0new\u00a0tea",
  "\n\nnew\ttea\n",
])("%j begins a session about tea", (text) => {
  expect(sure(read(text))).toBe("new|tea");
});

test.each([
  "stop using tabs, use spaces",
  "end of the story",
  "close the file",
  "quit smoking",
  "disconnect the database",
  "status of the build?",
  "help me with this",
  "config files are where?",
  "sessions are lost, why?",
  "info about oolong",
  "list the files in src",
  "list what is oolong?",
  "join us tomorrow",
  "connect to the database",
  "attach the logs",
  "what is the weather?",
  "amp hours?",
  "frob",
  "constructor",
  "__proto__",
  "toString",
  "newer",
  ":new:",
  ":stop: it",
  ":end:",
  "...",
  "!",
  "hello",
  "thanks",
  "yes",
  "no",
  "test",
  "“",
  "`",
  "*",
])("%j is said to the agent", (text) => {
  expect(read(text)).toEqual({ kind: "talk" });
});

test("an alias with words behind it is a command only where no session listens", () => {
  for (const text of ["start the server", "create a file", "ls src", "ls -la"]) {
    expect(read(text), text).toMatchObject({ kind: "command", sure: false });
  }
  for (const text of ["new design", "list amp", "join 1854167d", "attach `1854167D`."]) {
    expect(read(text.replaceAll(/[`.]/g, "")), text).toMatchObject({ kind: "command", sure: true });
  }
});

test.each([
  ["hlep", "help", true],
  ["stpo", "stop", true],
  ["stopp", "stop", true],
  ["sesions", "sessions", true],
  ["Conect!", "connect", true],
  ["`nwe`", "new", true],
  ["edn", "end", true],
  ["last", "list", false],
  ["send", undefined, false],
  ["news", undefined, false],
  ["now", undefined, false],
  ["discover", undefined, false],
  ["projects", undefined, false],
])("%s may have been meant for %s", (text, meant, slip) => {
  const line = read(text);
  if (meant) expect(line).toMatchObject({ kind: "unknown", meant, sure: slip });
  else expect(line.kind === "talk" || (line.kind === "unknown" && !line.sure)).toBe(true);
});

test("a slash command is a command, whatever follows", () => {
  expect(readSlash("new tea", NAMES)).toMatchObject({ name: "new", args: ["tea"] });
  expect(readSlash("*help* me", NAMES)).toMatchObject({ name: "help" });
  expect(readSlash("`list`", NAMES)).toMatchObject({ name: "list" });
  expect(readSlash("amp status", NAMES)).toMatchObject({ name: "status" });
  expect(readSlash("frob it", NAMES)).toMatchObject({ kind: "unknown", word: "frob" });
  expect(readSlash("hlep", NAMES)).toMatchObject({ kind: "unknown", meant: undefined });
});

test.each([
  ["--dir /srv/proj tea", "/srv/proj", "tea"],
  ["tea --dir /srv/proj", "/srv/proj", "tea"],
  ["—dir /srv/proj tea", "/srv/proj", "tea"],
  ["–dir /srv/proj tea", "/srv/proj", "tea"],
  ["-dir /srv/proj tea", "/srv/proj", "tea"],
  ["−dir /srv/proj tea", "/srv/proj", "tea"],
  ["‐‐dir /srv/proj tea", "/srv/proj", "tea"],
  ["－－dir /srv/proj tea", "/srv/proj", "tea"],
  ["--Dir /srv/proj tea", "/srv/proj", "tea"],
  ["--DIR=/srv/proj tea", "/srv/proj", "tea"],
  ["—dir=/srv/proj tea", "/srv/proj", "tea"],
  ["--dir=/srv/a=b tea", "/srv/a=b", "tea"],
  ['--dir "/srv/my project" tea', "/srv/my project", "tea"],
  ["--dir '/srv/my project' tea", "/srv/my project", "tea"],
  ["--dir “/srv/my project” tea", "/srv/my project", "tea"],
  ["--dir ”/srv/my project” tea", "/srv/my project", "tea"],
  ["--dir ‘/srv/my project’ tea", "/srv/my project", "tea"],
  ["--dir „/srv/my project“ tea", "/srv/my project", "tea"],
  ["--dir «/srv/my project» tea", "/srv/my project", "tea"],
  ["--dir `/srv/my project` tea", "/srv/my project", "tea"],
  ["--dir=“/srv/my project” tea", "/srv/my project", "tea"],
  ['--dir="/srv/proj" tea', "/srv/proj", "tea"],
  ["--dir /srv/o'neil tea", "/srv/o'neil", "tea"],
  ['"tea time" --dir /srv/proj', "/srv/proj", "tea time"],
  ["--dir /srv/proj", "/srv/proj", ""],
  ["--dir /srv/proj -- --dry tea", "/srv/proj", "--dry tea"],
])("new %s", (text, dir, description) => {
  expect(newArguments(wordsOf(text))).toEqual({ dirs: [dir], description });
});

test.each([
  "--dir",
  "--dir=",
  '--dir ""',
  "--dir= tea",
  "—dir",
  "--dir --dir",
  "--dir -x",
  "tea --dir",
])("new %s misses a value", (text) => {
  expect(newArguments(wordsOf(text)).dirs).toContain("");
});

test.each([
  "tea - with milk",
  "tea — with milk",
  "a-b c",
  "5 -3 = 2",
  "don't panic",
  "'tis late",
  'the "big one" now',
  "say “hello there” twice",
  "3 * 4",
])("new %s is a description as it stands", (text) => {
  expect(newArguments(wordsOf(text))).toEqual({ dirs: [], description: text });
});

test("reading never fails; what is quoted comes through", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(text, (each) => {
      expect(read(each)).toBeDefined();
      expect(readSlash(each, NAMES)).toBeDefined();
    }),
  );
  const path = fc.stringMatching(/^\/[a-z0-9 /.=-]{0,20}[a-z]$/);
  const quotes = fc.constantFrom('""', "''", "``", "“”", "‘’", "«»", "„“", "””");
  const dashes = fc.constantFrom("--", "—", "–", "-", "−");
  fc.assert(
    fc.property(path, quotes, dashes, fc.constantFrom(" ", "="), (dir, pair, dash, between) => {
      const line = `${dash}dir${between}${pair[0]}${dir}${pair[1]} tea`;
      expect(newArguments(wordsOf(line))).toEqual({ dirs: [dir], description: "tea" });
    }),
  );
});

test("words lose nothing but the blanks between them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(wordsOf(text).join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
    }),
  );
});

test.each([
  ["remember the milk", "remember", ["the milk"]],
  ["remember: we ship\non Mondays --now", "remember", ["we ship\non Mondays --now"]],
  ["Recall shipping dates", "recall", ["shipping dates"]],
  ["remember", "remember", []],
  ["recall", "recall", []],
])("%j is for the notes", (text, name, args) => {
  expect(read(text)).toEqual({ kind: "command", name, args, sure: true });
});
