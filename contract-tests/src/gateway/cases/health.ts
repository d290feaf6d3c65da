import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { API, assertRefused, type GatewaySubject, get, postText } from "../subject.js";

const NOT_JSON = "The body must be JSON, with Content-Type: application/json";

/** What a load balancer and a browser ask first, and what they get who ask wrongly. */
export const healthCases: Case<GatewaySubject>[] = [
  ...["/healthz", "/readyz"].map((path) => ({
    name: `GET ${path} is 200`,
    async run(subject: GatewaySubject) {
      assert.equal((await get(subject, path)).status, 200);
    },
  })),
  {
    name: "GET /apps/web-chat/ is a page",
    async run({ url }) {
      const response = await fetch(`${url}/apps/web-chat/`);
      await response.text();
      assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
    },
  },
  {
    name: "an unknown path of the API is 404, in JSON",
    async run(subject) {
      assertRefused(await get(subject, `${API}/no-such-thing`), 404, /./);
    },
  },
  {
    name: "a body that is not JSON is refused, in JSON",
    async run(subject) {
      const chat = (body: string, type: string) => postText(subject, `${API}/chat`, body, type);
      assertRefused(await chat('{"message":', "application/json"), 400, /./);
      assertRefused(await chat("[]", "application/json"), 400, /./);
      for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
        assertRefused(await chat('{"message":"hi"}', type), 415, NOT_JSON);
      }
    },
  },
];
