import { expect, test } from "vitest";
import { addressed } from "./addressed.js";

const call = (text: string) => addressed(text, { id: "U1", name: "amp" });

test.each([
  ["<@U1> new tea", "new tea"],
  ["<@U1|amp>  new", "new"],
  ["<@U1>", ""],
  ["<@U1>\u200b new", "new"],
  ["<@U1>\u2060\u00a0new\ufeff", "new"],
  ["<@U1>: new", "new"],
  ["<@U1>, what is tea?", "what is tea?"],
  ["<@U1> :tea:", ":tea:"],
  ["*<@U1>* new tea", "new tea"],
  ["*<@U1> new tea*", "*new tea*"],
  ["*_<@U1>_* new", "new"],
  ["<@U1> *new*", "*new*"],
  ["<@U1> `new`", "`new`"],
  ["<@U1> <@U1> new", "new"],
  ["stop <@U1>", "stop"],
  ["<@U1> stop <@U1|amp>", "stop"],
  ["hey <@U1> look", "hey <@U1> look"],
  ["thanks, <@U1>!", "thanks, <@U1>!"],
  ["<@U1> amp hours?", "amp hours?"],
  ["<@U1> say `<@U1> new` to it", "say `<@U1> new` to it"],
  ["&gt; quoted\n<@U1> what of it?", "&gt; quoted\n<@U1> what of it?"],
  ["`a` <@U1> `b`", "`a` <@U1> `b`"],
  ["a ` <@U1> new", "a ` <@U1> new"],
  ["```a``` <@U1>", "```a```"],
  ["```unclosed <@U1>", "```unclosed"],
  ["a &gt; <@U1>", "a &gt;"],
])("%s mentions the app", (text, rest) => {
  expect(call(text)).toEqual({ mentioned: true, rest });
});

test.each([
  ["Amp list", "list"],
  ["@amp list", "list"],
  ["amp: list", "list"],
  ["Amp, help!", "help!"],
  ["`amp` stop", "stop"],
  ["*@amp* stop", "stop"],
  ["AMP pages are slow", "pages are slow"],
  ["amp", ""],
])("%s names the app", (text, rest) => {
  expect(call(text)).toEqual({ mentioned: false, rest });
});

test.each([
  "<@U12> new",
  "ampere is a unit",
  "the amp list",
  "amp's",
  "list",
  "",
  "`<@U1> new`",
  "to call it write `<@U1> new`",
  "```<@U1> new```",
  "```\n<@U1> new\n```",
  "look: ```a\n<@U1>``` there",
  "&gt; <@U1> new",
  "&gt;<@U1> new",
  "> <@U1> new",
  "hm\n&gt; <@U1> new",
  "&gt;&gt;&gt; a\n<@U1> new",
  "<@U1",
])("%s addresses somebody else, or nobody", (text) => {
  expect(call(text)).toBeUndefined();
});
