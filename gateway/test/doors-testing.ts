import { createHmac } from "node:crypto";
import { expect } from "vitest";

const SECRET = "local-signing-secret";

/** Slack's headers for a body. */
export function signed(body: Buffer | string, secret = SECRET): Record<string, string> {
  const time = String(Math.floor(Date.now() / 1_000));
  const hash = createHmac("sha256", secret).update(`v0:${time}:`).update(body).digest("hex");
  return {
    "content-type": "application/json",
    "x-slack-request-timestamp": time,
    "x-slack-signature": `v0=${hash}`,
  };
}

export async function post(url: string, headers: Record<string, string>, body: Buffer | string) {
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}

/** Neither a stack, nor a path, nor more than a few words. */
export function expectBare(text: string): void {
  expect(text).not.toMatch(/node_modules|\bat |\.ts|\.js|file:|\/work|<pre>/);
  expect(text.length).toBeLessThan(500);
  expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
}
