import { parseConfig as backendConfig } from "@amp/backend-service";
import { Reason, richError } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../src/config.js";
import { foreignHost, isLocalHost, mayBeRebound } from "../src/local-host.js";
import { mayBeSigned } from "../src/slack/door/signature.js";

const SHORT = 10_000;
/** Work that grows with the square takes 256 times as long for a text of this many times the length. */
const TIMES = 16;
/** Far from both 16 and 256, so that neither a busy machine nor a slow first run decides. */
const MOST = 80;
/** Less than this says nothing about growth, in milliseconds of CPU time. */
const NOTHING_MS = 30;

const now = String(Math.floor(Date.now() / 1_000));
const DATABASE_URL = "postgres://db/x";

/** Whether it throws is of no interest here. */
function quietly(work: () => unknown): void {
  try {
    work();
  } catch {}
}

/** All that looks at a text which somebody outside chose, and at settings, before anything else does. */
const parsers: Record<string, (text: string) => unknown> = {
  isLocalHost,
  "foreignHost by Host": (text) => foreignHost({ host: text }),
  "foreignHost by X-Forwarded-Host": (text) => foreignHost({ "x-forwarded-host": text }),
  mayBeRebound: (text) => mayBeRebound({ host: text, "x-forwarded-host": text }, ["a.example"]),
  "a signature": (text) =>
    mayBeSigned("s", { "x-slack-signature": text, "x-slack-request-timestamp": now }),
  "the time of a signature": (text) =>
    mayBeSigned("s", {
      "x-slack-signature": `v0=${"0".repeat(64)}`,
      "x-slack-request-timestamp": text,
    }),
  "the text of an error": (text) =>
    richError(status.INTERNAL, text, { reason: Reason.INTERNAL, metadata: { session_id: text } }),
  BACKEND_TOKENS: (text) => backendConfig({ DATABASE_URL, BACKEND_TOKENS: text }),
  BACKEND_URL: (text) => parseConfig({ DATABASE_URL, BACKEND_URL: text }),
  GATEWAY_LISTEN: (text) => parseConfig({ DATABASE_URL, GATEWAY_LISTEN: text }),
  SLACK_API_URL: (text) =>
    parseConfig({ DATABASE_URL, SLACK_BOT_TOKEN: "b", SLACK_APP_TOKEN: "a", SLACK_API_URL: text }),
  DATABASE_URL: (text) => parseConfig({ DATABASE_URL: text }),
};

const PIECES = [
  ..."[]{}:;,./\\\"'@#%?&=-_ \t\n0aZ\u00e9\u{1F600}\0",
  "[::",
  "localhost",
  "127.0.0.1",
  ":80",
  "a.",
  "v0=",
  "00",
  "Bearer ",
  "http://",
  "https://a/",
  "postgres://",
  "a:b,",
  "::1",
  "x@y",
  "%ff",
  "%2F",
  "ipv4:1.1.1.1:1,",
  "dns:///",
  "remember ",
  "what do you ",
];

function cpuMs(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2; run += 1) {
    const before = process.cpuUsage();
    quietly(work);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

function expectLinear(work: (text: string) => unknown, text: (length: number) => string): void {
  const took = cpuMs(() => work(text(SHORT * TIMES)));
  if (took < NOTHING_MS) return;
  const before = Math.max(
    cpuMs(() => work(text(SHORT))),
    1,
  );
  expect(took / before, JSON.stringify(text(60))).toBeLessThan(MOST);
}

test.each(Object.entries(parsers))(
  "the time that %s takes grows with the length only",
  (_name, work) => {
    const arrangement = fc.tuple(
      fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 }),
      fc.constantFrom("", ...PIECES),
      fc.constantFrom("", "!", ...PIECES),
    );
    const check = (piece: string, first: string, last: string) =>
      expectLinear(
        work,
        (length) => first + piece.repeat(Math.ceil(length / piece.length)).slice(0, length) + last,
      );
    for (const piece of PIECES) check(piece, "", "!");
    fc.assert(
      fc.property(arrangement, ([pieces, first, last]) => check(pieces.join(""), first, last)),
      { numRuns: 60 },
    );
  },
  60_000,
);
