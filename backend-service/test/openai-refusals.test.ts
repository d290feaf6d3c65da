/** What endpoints refuse, and what becomes of the turn. */
import { test } from "vitest";
import { answers, expectFault, type Fault, refuses } from "./openai-fault.js";

const WINDOW = { code: "context_length_exceeded" };
const QUOTA = { code: "insufficient_quota", type: "insufficient_quota" };
const RATE = { code: "rate_limit_exceeded", type: "requests" };

const faults: Fault[] = [
  ["401", refuses(401), "misconfigured", /OPENAI_API_KEY/, 1],
  ["403", refuses(403), "misconfigured", /OPENAI_API_KEY/, 1],
  ["402", refuses(402), "misconfigured", /quota/, 1],
  ["404", refuses(404), "misconfigured", /OPENAI_BASE_URL and OPENAI_MODEL/, 1],
  ["404 in HTML", answers(404, "text/html", "<p>"), "misconfigured", /OPENAI_BASE_URL/, 1],
  ["405", refuses(405), "misconfigured", /OPENAI_BASE_URL/, 1],
  ["a redirect", refuses(301, {}, { location: "/" }), "misconfigured", /OPENAI_BASE_URL/, 1],
  ["an unknown model", refuses(400, { code: "model_not_found" }), "misconfigured", /_MODEL/, 1],
  [
    "what it says",
    refuses(404),
    "misconfigured",
    /says: Incorrect key \[hidden\] in \[hidden\]: model not found\.$/,
    1,
  ],
  [
    "a compressed 401",
    answers(401, "application/json", "{}", { "content-encoding": "gzip" }),
    "misconfigured",
    /OPENAI_API_KEY\.$/,
    1,
  ],
  [
    "plain text",
    answers(404, "text/plain", "404 page not found"),
    "misconfigured",
    /says: 404 page not found\.$/,
    1,
  ],
  [
    "text that is HTML",
    answers(404, "text/html", "404 page"),
    "misconfigured",
    /OPENAI_MODEL\.$/,
    1,
  ],
  [
    "a list",
    answers(400, "application/json", '[{"error":{"message":"API key not valid"}}]'),
    "rejected",
    /says: API key not valid\.$/,
    1,
  ],
  ["no quota", refuses(429, QUOTA), "misconfigured", /quota/, 1],
  ["400", refuses(400), "rejected", /refuses this message/, 1],
  ["422", refuses(422), "rejected", /refuses this message/, 1],
  ["413", refuses(413), "rejected", /too long/, 1],
  ["a full window", refuses(400, WINDOW), "rejected", /too long/, 1],
  ["a filter", refuses(400, { code: "content_filter" }), "rejected", /filter/, 1],
  ["429", refuses(429), "unavailable", /busy/, 3],
  ["429, soon", refuses(429, RATE, { "retry-after": "0" }), "unavailable", /busy/, 3],
  ["429, late", refuses(429, RATE, { "retry-after": "30" }), "unavailable", /again in 30 s/, 1],
  ["500", refuses(500), "unavailable", /has a problem/, 3],
  ["503, late", refuses(503, {}, { "retry-after": "60" }), "unavailable", /has a problem/, 1],
  ["502 in HTML", answers(502, "text/html", "<h1>Bad</h1>"), "unavailable", /has a problem/, 3],
  [
    "401 whose body never ends",
    ({ response }) => void response.writeHead(401).write("{"),
    "misconfigured",
    /OPENAI_API_KEY/,
    1,
  ],
];

test.concurrent.each(faults)("%s", expectFault);
