import { createHmac } from "node:crypto";
import type { Random } from "../random.js";
import type { Door, Envelope } from "./envelope.js";
import { SIGNING_SECRET } from "./identity.js";
import type { Sockets } from "./sockets.js";

/** Slack counts a delivery as failed that is not acknowledged within 3 s. */
const PATIENCE_MS = 3_000;

/** Signed requests to one gateway. */
export function httpDoor(gateway: string): Door {
  return async (envelope, attempt) => {
    const { type, body } = encode(envelope);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac("sha256", SIGNING_SECRET)
      .update(`v0:${timestamp}:${body}`)
      .digest("hex");
    const retry = { "x-slack-retry-num": String(attempt), "x-slack-retry-reason": "http_timeout" };
    try {
      const response = await fetch(`${gateway}/slack/events`, {
        method: "POST",
        headers: {
          "content-type": type,
          "x-slack-request-timestamp": timestamp,
          "x-slack-signature": `v0=${signature}`,
          ...(attempt > 0 && retry),
        },
        body,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  };
}

/** Socket Mode, by any of the connections. */
export function socketDoor(sockets: Sockets, random: Random): Door {
  return (envelope, attempt) =>
    sockets.deliver(envelope, attempt, (count) => random.between(0, Math.max(0, count - 1)));
}

function encode({ type, payload }: Envelope): { type: string; body: string } {
  if (type === "events_api") return { type: "application/json", body: JSON.stringify(payload) };
  const form =
    type === "interactive"
      ? { payload: JSON.stringify(payload) }
      : (payload as Record<string, string>);
  return {
    type: "application/x-www-form-urlencoded",
    body: new URLSearchParams(form).toString(),
  };
}
