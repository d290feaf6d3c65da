import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { answerAt, isResponseUrl } from "./response-url.js";

const SLACK = "https://slack.com/api/";
const STAND_IN = "http://127.0.0.1:4000/api/";

test.each([
  ["https://hooks.slack.com/commands/T1/2/3", SLACK, true],
  ["https://hooks.slack.com/actions/T1/2/3", SLACK, true],
  ["http://hooks.slack.com/commands/T1", SLACK, false],
  ["https://hooks.slack.com:8443/commands/T1", SLACK, false],
  ["https://hooks.slack.com.evil.example/x", SLACK, false],
  ["https://evil.example/hooks.slack.com", SLACK, false],
  ["https://hooks.slack.com@evil.example/x", SLACK, false],
  ["https://evil@hooks.slack.com/x", SLACK, false],
  ["https://evil.hooks.slack.com/x", SLACK, false],
  ["http://127.0.0.1:3000/apps/web-chat/api/session", SLACK, false],
  ["file:///etc/passwd", SLACK, false],
  ["", SLACK, false],
  ["http://127.0.0.1:4001/response", STAND_IN, true],
  ["http://127.0.0.2:4001/response", STAND_IN, false],
  ["https://hooks.slack.com/commands/T1", STAND_IN, false],
  ["https://hooks.slack.com/commands/T1", "https://notslack.com/api/", false],
])("%s with the API at %s: %s", (url, api, expected) => {
  expect(isResponseUrl(url, api)).toBe(expected);
});

test("no redirect is followed, and an error is one", async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? "");
    if (request.url === "/moved") response.writeHead(307, { location: "/elsewhere" });
    if (request.url === "/gone") response.writeHead(404);
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = typeof address === "object" && address ? `http://127.0.0.1:${address.port}` : "";
  await answerAt(`${url}/fine`, { text: "hello" });
  await expect(answerAt(`${url}/moved`, { text: "hello" })).rejects.toThrow();
  await expect(answerAt(`${url}/gone`, { text: "hello" })).rejects.toThrow("HTTP 404");
  expect(seen).toEqual(["/fine", "/moved", "/gone"]);
  server.close();
  await once(server, "close");
});
