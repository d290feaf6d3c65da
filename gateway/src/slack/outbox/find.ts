import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { outcomeOf } from "../api/outcome.js";
import { ChannelId, isUser, Ts } from "../keys.js";
import type { Reply } from "./store.js";

/** The type of the metadata by which a post is found again. Other apps can read it: it holds nothing but the id. */
export const METADATA_TYPE = "amp_reply";

/** How far our clock and Slack's may be apart, with the time that a try takes, in seconds. */
const CLOCK_SKEW_S = 90;

/** Looks in Slack for a reply that may have been posted. Returns its `ts`. */
export async function findPosted(client: WebClient, reply: Reply): Promise<Ts | undefined> {
  const oldest = String(reply.triedAt / 1_000 - CLOCK_SKEW_S);
  const { thread } = reply;
  const channel = isUser(reply.channel) ? await directMessages(client, reply) : reply.channel;
  if (channel === undefined) return undefined;
  const where = { channel, oldest, limit: 200, include_all_metadata: true };
  let cursor = "";
  do {
    const page = await (thread === null
      ? client.conversations.history({ ...where, cursor })
      : client.conversations.replies({ ...where, ts: thread, cursor }));
    for (const message of page.messages ?? []) {
      const ours = OurPost.safeParse(message);
      if (ours.success && ours.data.metadata.event_payload.id === reply.id) return ours.data.ts;
      // What people write has an id of their client.
      const byApp = !("client_msg_id" in message);
      if (reply.message.unmarked && byApp && message.text === reply.message.text) {
        return Ts.parse(message.ts);
      }
    }
    cursor = page.response_metadata?.next_cursor ?? "";
  } while (cursor !== "");
  return undefined;
}

/**
 * The app's direct messages with the person that a reply is addressed to: Slack
 * looks nothing up by a person's id. Undefined also where the app may not list them.
 */
async function directMessages(client: WebClient, reply: Reply): Promise<ChannelId | undefined> {
  let cursor = "";
  do {
    const page = await client.conversations
      .list({ types: "im", limit: 1_000, cursor })
      .catch((error: unknown) => {
        if (outcomeOf(error).reason === "missing_scope") return undefined;
        throw error;
      });
    if (!page) return undefined;
    for (const { id, user } of page.channels ?? []) {
      if (user === String(reply.channel)) return ChannelId.parse(id);
    }
    cursor = page.response_metadata?.next_cursor ?? "";
  } while (cursor !== "");
  return undefined;
}

const OurPost = z.object({
  ts: Ts,
  metadata: z.object({
    event_type: z.literal(METADATA_TYPE),
    event_payload: z.object({ id: z.string() }),
  }),
});
