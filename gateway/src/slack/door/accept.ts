import { storableJson } from "@amp/postgres";
import type pg from "pg";
import type { Logger } from "pino";
import { leavingOf } from "../commands/leaving.js";
import { namesOf, type SlackConfig } from "../config.js";
import { enqueue } from "../inbox/store.js";
import { isDirectMessage, type UserId } from "../keys.js";
import { addressed } from "../work/addressed.js";
import type { Accepted } from "./delivery.js";
import { parseDelivery } from "./parse.js";

/** What the storing of deliveries needs. */
export interface AcceptOptions {
  pool: pg.Pool;
  logger: Logger;
  config: SlackConfig;
  /** Who the app is, once Slack told. */
  identity: Promise<UserId>;
}

/**
 * Makes what stores a delivery; what resolves is safe. The delivery is cleaned
 * of what PostgreSQL refuses and parsed here, once. What people say to each
 * other is not stored, unless it may be said in a conversation of a session.
 */
export function acceptor({ pool, logger, config, identity }: AcceptOptions) {
  let known: UserId | undefined;
  identity.then(
    (self) => {
      known = self;
    },
    () => {},
  );

  return async function accept(delivered: unknown): Promise<void> {
    const body = storableJson(delivered);
    const accepted = parseDelivery(body, namesOf(config));
    if ("ignored" in accepted) {
      const { ignored: reason, malformed } = accepted;
      if (malformed) logger.warn({ reason }, "cannot read a Slack delivery");
      else logger.debug({ reason }, "ignored a Slack delivery");
      return;
    }
    const { delivery, lane, dedupeKey, gesture } = accepted;
    if (delivery.kind === "message" && delivery.user === known) return;
    const row = { dedupeKey, lane, gesture, kind: "delivery", content: delivery } as const;
    const stored = { ...row, body: withoutOwnType(body) };
    if (delivery.kind === "gone" && delivery.channel !== null && delivery.thread !== null) {
      const { team, channel, thread } = delivery;
      return enqueue(pool, { ...stored, onlyIfOurs: { team, channel, thread } });
    }
    if (delivery.kind !== "message" || isForUs(accepted, known, config)) {
      return enqueue(pool, stored);
    }
    const { place } = delivery;
    if (place.thread !== null) return enqueue(pool, { ...stored, onlyIfOurs: place });
    logger.debug("ignored a message that is none of ours");
  };
}

/** Whether a message is for us wherever it was written; it is while nobody knows who we are. */
function isForUs(accepted: Accepted, known: UserId | undefined, config: SlackConfig): boolean {
  const { delivery, mentioned, self } = accepted;
  if (delivery.kind !== "message" || mentioned || isDirectMessage(delivery.place.channel)) {
    return true;
  }
  const { text } = delivery;
  const selves = [known, self].filter((id) => id !== undefined);
  const addresses = (id: UserId) =>
    addressed(text, { id, name: config.botName }) ||
    leavingOf(text, id, namesOf(config))?.addressed;
  return selves.length === 0 || selves.some(addresses);
}

/** A gateway of the version before takes a body of such a type for a row of its own. */
function withoutOwnType(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("type" in body)) return body;
  return String(body.type).startsWith("amp_") ? { ...body, type: undefined } : body;
}
