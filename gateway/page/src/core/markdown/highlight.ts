import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const languages = { bash, css, diff, go, java, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(["javascript", "js", "jsx"], { languageName: "typescript" });

/** Beyond so many characters, in all or in a line, the colours are not worth the wait: some rules look through the whole line for each word. */
const LIMIT = 8_000;
const LINE_LIMIT = 400;

/** Colours code as HTML; undefined where its language is not known, or it would take too long. */
export function highlight(code: string, language: string): string | undefined {
  if (code.length > LIMIT || !hljs.getLanguage(language)) return undefined;
  if (code.split("\n").some((line) => line.length > LINE_LIMIT)) return undefined;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
