import { reactTo } from "../api/reactions.js";
import { commandOf, runCommand } from "../commands/index.js";
import { leavingCommand } from "../commands/leaving.js";
import { readSlash } from "../commands/line.js";
import { leave } from "../commands/stop.js";
import { namesOf } from "../config.js";
import type { Ask } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import { isDirectMessage } from "../keys.js";
import { abandon, isTaken, reservationOf } from "../mappings/store.js";
import { plainText } from "../text/escape.js";
import { addressed } from "./addressed.js";
import { type Address, answerTo, type Bridge, draft } from "./bridge.js";
import { routeClick } from "./click.js";
import { NO_RESPONSE } from "./failure.js";
import { isPerson } from "./person.js";
import { routeMessage } from "./route.js";
import { NO_PLACE } from "./start.js";

/**
 * Does what a delivery asks for, in two steps: first what is to be replied is
 * decided and stored, with whatever it says being done; then it is posted. An
 * attempt that finds the first step done goes on with the second.
 */
export async function workDelivery(
  bridge: Bridge,
  job: Job,
  delivery: Ask,
  botUserId: string,
): Promise<void> {
  const { outbox, client, logger } = bridge;
  const reactions =
    delivery.kind === "message"
      ? reactTo(client, logger, delivery.place.channel, delivery.ts)
      : undefined;
  let busy = false;
  if (!(await outbox.isDecided(job))) {
    await decide(bridge, job, delivery, botUserId, () => {
      busy = true;
      reactions?.add("hourglass_flowing_sand");
    });
  }
  await outbox.deliver(job, delivery.user);
  if (reactions) {
    const outcome = await outbox.outcome(job);
    if (outcome === "shown") reactions.add("white_check_mark");
    if (busy || outcome !== "none") reactions.remove("hourglass_flowing_sand");
  }
  await giveBack(bridge, job, (sessionId) => bridge.backend.end(sessionId, NO_PLACE));
}

async function decide(
  bridge: Bridge,
  job: Job,
  delivery: Ask,
  botUserId: string,
  onOurs: () => void,
): Promise<void> {
  switch (delivery.kind) {
    case "message":
      if (delivery.byApp && !(await isPerson(bridge, delivery.user))) return;
      return routeMessage(bridge, job, delivery, botUserId, onOurs);
    case "command": {
      const { user, place } = delivery;
      const line = readSlash(plainText(delivery.text), namesOf(bridge.config));
      const args = line.kind === "command" ? line.args : [];
      const leaving = leavingCommand(delivery.text);
      const command = leaving ? leave(leaving) : commandOf(line);
      const address = addressOf(delivery);
      return runCommand(bridge, command, { job, user, place, address, args, slash: true });
    }
    case "click":
      return routeClick(bridge, job, delivery);
  }
}

/**
 * Gives back what was held for a delivery that is given up, and tells its user.
 * @param botUserId undefined while it was never found out
 */
export async function giveUpDelivery(
  bridge: Bridge,
  job: Job,
  delivery: Ask,
  botUserId: string | undefined,
): Promise<void> {
  const { outbox, backend, client, logger } = bridge;
  const decided = await outbox.isDecided(job);
  const held = await giveBack(bridge, job, (sessionId) =>
    backend.end(sessionId, NO_PLACE).catch((error: unknown) => {
      logger.warn({ err: error, session: sessionId }, "cannot end it; left to its idle time");
    }),
  );
  // The replies would say that the session began.
  if (held && decided) return;
  if (!(await isForUs(bridge, delivery, botUserId))) return;
  if (delivery.kind === "message") {
    reactTo(client, logger, delivery.place.channel, delivery.ts).remove("hourglass_flowing_sand");
  }
  await outbox.decide(job, async () => [
    { ...draft(addressOf(delivery), { text: NO_RESPONSE }), failed: true, gaveUp: true },
  ]);
  await outbox.deliver(job, delivery.user);
}

/** Gives back what an attempt at the delivery reserved and nothing stands for. Returns whether there was something. */
async function giveBack(
  { pool }: Bridge,
  job: Job,
  endSession: (sessionId: string) => Promise<unknown>,
): Promise<boolean> {
  const reservation = await reservationOf(pool, job.id);
  if (reservation !== undefined) await abandon(pool, reservation, endSession);
  return reservation !== undefined;
}

/** Whether whoever wrote it waits for us, as far as can be told when the work on it fails. */
async function isForUs(
  { pool, config }: Bridge,
  delivery: Ask,
  botUserId: string | undefined,
): Promise<boolean> {
  if (delivery.kind !== "message") return true;
  const { place, text } = delivery;
  if (isDirectMessage(place.channel)) return true;
  const app = { id: botUserId ?? "", name: config.botName };
  if (addressed(text, app)?.mentioned) return true;
  return isTaken(pool, place);
}

function addressOf(delivery: Ask): Address {
  if (delivery.kind === "message") return answerTo(delivery);
  const { channel, thread } = delivery.place;
  return { channel, thread, responseUrl: delivery.responseUrl };
}
