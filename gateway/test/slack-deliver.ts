import { createHmac } from "node:crypto";

/** The signing secret of the local Slack's app. */
const SECRET = "local-signing-secret";

/** Posts a body as Slack does, signed, as JSON or, if it is a string, as a form. */
export function deliver(
  url: string,
  body: object | string,
  headers: Record<string, string> = {},
  secret = SECRET,
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "x-www-form-urlencoded" : "json; charset=utf-8";
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const hash = createHmac("sha256", secret).update(`v0:${timestamp}:${text}`).digest("hex");
  return fetch(url, {
    method: "POST",
    body: text,
    headers: {
      "content-type": `application/${type}`,
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${hash}`,
      ...headers,
    },
  });
}

/** An event as Slack delivers it; a new event id each time. */
export function event(fields: object) {
  return {
    type: "event_callback",
    team_id: "T0LOCAL",
    api_app_id: "A0AMP",
    event_id: `Ev${Math.random().toString(36).slice(2).toUpperCase()}`,
    event: fields,
  };
}
