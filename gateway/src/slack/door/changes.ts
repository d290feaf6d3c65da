import { createHash } from "node:crypto";
import { z } from "zod";
import { ChannelId, changeLane, type TeamId, Ts, UserId } from "../keys.js";
import type { Accepted, Ignored } from "./delivery.js";

/** What becomes of a channel, by the event's type, in words for whoever reads the ended session. */
const GONE: Readonly<Record<string, string>> = {
  channel_archive: "its channel was archived",
  group_archive: "its channel was archived",
  channel_deleted: "its channel was deleted",
  group_deleted: "its channel was deleted",
  channel_left: "the app left its channel",
  group_left: "the app left its channel",
};

const Gone = z.object({ channel: ChannelId });
const Left = z.object({ channel: ChannelId, user: UserId });
const Moved = z.object({ old_channel_id: ChannelId, new_channel_id: ChannelId });
const Deleted = z.object({ channel: ChannelId, deleted_ts: Ts });
/** A deleted message that has replies leaves a tombstone. */
const Tombstone = z.object({
  channel: ChannelId,
  message: z.object({ ts: Ts, subtype: z.literal("tombstone") }),
});
const Revoked = z.object({ tokens: z.object({ bot: z.array(z.string()).min(1) }) });

/** An event with what its envelope tells of it. */
export interface ChangeEvent {
  team: TeamId;
  /** The app's own user, where the envelope tells it. */
  self: UserId | undefined;
  eventId: string | undefined;
  event: Record<string, unknown> & { type: string };
}

/**
 * Reads an event by which conversations go or move (https://docs.slack.dev/reference/events).
 * Undefined if it is none of these.
 */
export function parseChange({
  team,
  self,
  eventId,
  event,
}: ChangeEvent): Accepted | Ignored | undefined {
  const key = eventId ?? createHash("sha256").update(JSON.stringify(event)).digest("hex");
  const gone = (channel: ChannelId | null, thread: Ts | null, why: string): Accepted => ({
    delivery: { kind: "gone", team, channel, thread, why },
    lane: changeLane(team, channel),
    dedupeKey: `change:${team}:${key}`,
  });
  const unread: Ignored = { ignored: `event ${event.type}` };
  const why = GONE[event.type];
  if (why !== undefined) {
    const { data } = Gone.safeParse(event);
    return data ? gone(data.channel, null, why) : unread;
  }
  switch (event.type) {
    case "member_left_channel": {
      const { data } = Left.safeParse(event);
      if (!data || data.user !== self) return unread;
      return gone(data.channel, null, "the app left its channel");
    }
    case "tokens_revoked":
      return Revoked.safeParse(event).success ? gone(null, null, "the app was removed") : unread;
    case "app_uninstalled":
      return gone(null, null, "the app was removed");
    case "channel_id_changed": {
      const { data } = Moved.safeParse(event);
      if (!data) return unread;
      return {
        delivery: { kind: "moved", team, from: data.old_channel_id, to: data.new_channel_id },
        lane: changeLane(team, data.old_channel_id),
        dedupeKey: `change:${team}:${key}`,
      };
    }
    case "message": {
      const deleted = Deleted.safeParse(event).data;
      const tombstone = Tombstone.safeParse(event).data;
      const root = "the first message of its thread was deleted";
      if (event["subtype"] === "message_deleted" && deleted) {
        return gone(deleted.channel, deleted.deleted_ts, root);
      }
      if (event["subtype"] === "message_changed" && tombstone) {
        return gone(tombstone.channel, tombstone.message.ts, root);
      }
      return undefined;
    }
    default:
      return undefined;
  }
}
