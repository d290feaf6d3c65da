import { expect, test } from "vitest";
import { readLine } from "../commands/line.js";
import { newArguments } from "../commands/new.js";
import { wordsOf } from "../commands/words.js";
import { addressed } from "../work/addressed.js";
import { agentReply } from "./agent-reply.js";
import { escapeText, plainText } from "./escape.js";
import { neutralize } from "./neutralize.js";
import { splitMarkdown } from "./split.js";

const SHORT = 10_000;
/** How much longer the long text is: work that grows with the square takes 256 times as long. */
const TIMES = 16;
/** Far from both 16 and 256, so that neither a busy machine nor a slow first run decides. */
const MOST = 80;
/** Less than this says nothing about growth, in milliseconds of CPU time. */
const NOTHING_MS = 30;

const functions: Record<string, (text: string) => unknown> = {
  neutralize,
  agentReply,
  escapeText,
  plainText,
  splitMarkdown: (text) => splitMarkdown(text, 11_500),
  addressed: (text) => addressed(text, { id: "U0AMP", name: "amp" }),
  readLine: (text) => readLine(text, ["amp"]),
  newArguments: (text) => newArguments(wordsOf(text)),
};

const pieces = [
  ...[
    "<",
    "<@a|",
    "<!here|",
    "<!here^",
    "<<@U1>",
    "< ",
    "<\\",
    "<\n",
    "<@U0AMP",
    "<@U0AMP|",
    "<#C1|",
  ],
  ...[
    "<http:",
    "<https://a|",
    "<mailto:a",
    "<!subteam^",
    "<!--",
    ">",
    "|",
    "@",
    "@here",
    "@channel@",
  ],
  ...[
    "&",
    "&amp;",
    "&amp;amp;",
    "&#0",
    "&#x00",
    "&lt",
    "&lt;",
    "\\",
    "\n",
    " ",
    "\t",
    "\n ",
    "a",
    "é",
    "😀",
  ],
  ...[
    "`",
    "```\n",
    "``` ` \n",
    "~~~\n",
    "~",
    "|-|\n",
    "a|b\n-|-\n",
    ":-|",
    "| - ",
    "\\|",
    '"a ',
    "“ ",
    "--a=",
    "=",
    "new ",
    "<@U0AMP>*",
    "*<@U0AMP>",
    "\n&gt;",
    "*_",
    "[",
    "> ",
    "- ",
  ],
];

function cpuMs(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

test.each(Object.entries(functions))(
  "the time that %s takes grows with the length only",
  (_name, work) => {
    for (const piece of pieces) {
      for (const [first, last] of [
        ["", ""],
        ["x", "!x"],
        ["<@U0AMP> ", ">"],
      ]) {
        const text = (length: number) =>
          first + piece.repeat(Math.ceil(length / piece.length)).slice(0, length) + last;
        const [short, long] = [text(SHORT), text(SHORT * TIMES)];
        const took = cpuMs(() => work(long));
        if (took < NOTHING_MS) continue;
        expect(
          took /
            Math.max(
              cpuMs(() => work(short)),
              0.1,
            ),
          JSON.stringify(piece),
        ).toBeLessThan(MOST);
      }
    }
  },
  120_000,
);
