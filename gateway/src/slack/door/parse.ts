import { createHash } from "node:crypto";
import { z } from "zod";
import { leavingCommand, leavingOf } from "../commands/leaving.js";
import {
  ChannelId,
  clickLane,
  commandLane,
  endCommandLane,
  endLane,
  gestureKey,
  isDirectMessage,
  messageDedupeKey,
  messageLane,
  TeamId,
  Ts,
  triggerDedupeKey,
  UserId,
} from "../keys.js";
import type { Accepted, Ignored } from "./delivery.js";

/**
 * Parses the body of a delivery, as Slack's documentation of events, slash
 * commands and interactivity has it (https://docs.slack.dev/apis/).
 * @param names what the app may be called by, without a mention
 */
export function parseDelivery(body: unknown, names: readonly string[] = []): Accepted | Ignored {
  const event = EventCallback.safeParse(body);
  if (event.success) return parseEvent(event.data, names);
  const command = Command.safeParse(body);
  if (command.success) return parseCommand(command.data);
  const click = BlockActions.safeParse(body);
  if (click.success) return parseClick(click.data);
  return { ignored: "not a delivery this app works with" };
}

/** Whom the event is for: the app's own user in that workspace. */
const Identified = z.object({ team_id: TeamId, user_id: UserId.optional() });

const EventCallback = z.object({
  type: z.literal("event_callback"),
  team_id: TeamId,
  context_team_id: TeamId.optional(),
  authorizations: z.array(Identified).optional(),
  event: z.looseObject({ type: z.string() }),
});

const Message = z.object({
  channel: ChannelId,
  user: UserId,
  text: z.string(),
  ts: Ts,
  thread_ts: Ts.optional(),
  /** What the sender's Slack named it; the same when that sends it twice. */
  client_msg_id: z.string().optional().catch(undefined),
});

/** The subtypes that are a person's own words; all others tell of something that happened. */
const WORDS = new Set([undefined, "file_share", "thread_broadcast", "me_message"]);

function parseEvent(
  body: z.infer<typeof EventCallback>,
  names: readonly string[],
): Accepted | Ignored {
  const { event } = body;
  if (event.type !== "message" && event.type !== "app_mention") {
    return { ignored: `event ${event.type}` };
  }
  const subtype = typeof event["subtype"] === "string" ? event["subtype"] : undefined;
  if (!WORDS.has(subtype)) return { ignored: `message subtype ${subtype}` };
  if (event["bot_id"] !== undefined) return { ignored: "written by a bot" };
  // Slack repeats a mention that was edited as a new app_mention.
  if (event["edited"] !== undefined) return { ignored: "edited" };
  const message = Message.safeParse(event);
  if (!message.success || message.data.text.trim() === "")
    return { ignored: "message without text" };

  const { channel, user, text, ts, thread_ts, client_msg_id } = message.data;
  // In a channel shared between workspaces the outer team_id may be the other one's.
  const recipient = body.authorizations?.[0];
  const team = recipient?.team_id ?? body.context_team_id ?? body.team_id;
  const place = { team, channel, thread: thread_ts ?? null };
  return {
    delivery: { kind: "message", place, ts, user, text },
    lane: leavingOf(text, recipient?.user_id, names) ? endLane(place, ts) : messageLane(place, ts),
    dedupeKey: messageDedupeKey(team, channel, ts),
    gesture: client_msg_id && gestureKey(place, user, client_msg_id, text),
    mentioned: event.type === "app_mention",
    self: recipient?.user_id,
  };
}

const Command = z.object({
  command: z.string(),
  text: z.string().default(""),
  team_id: TeamId,
  channel_id: ChannelId,
  user_id: UserId,
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
});

function parseCommand(body: z.infer<typeof Command>): Accepted {
  const { team_id: team, channel_id: channel, user_id: user } = body;
  const place = { team, channel, thread: null };
  const lane = leavingCommand(body.text) ? endCommandLane : commandLane;
  return {
    delivery: { kind: "command", place, user, text: body.text, responseUrl: body.response_url },
    lane: lane(team, channel, user),
    dedupeKey: triggerDedupeKey(body.trigger_id ?? digest(body)),
  };
}

const BlockActions = z.object({
  type: z.literal("block_actions"),
  team: z.object({ id: TeamId }),
  user: z.object({ id: UserId }),
  channel: z.object({ id: ChannelId }),
  message: z.object({ ts: Ts, thread_ts: Ts.optional() }),
  actions: z.tuple(
    [
      z.object({
        action_id: z.string(),
        value: z.string().default(""),
        action_ts: z.string().optional(),
      }),
    ],
    z.unknown(),
  ),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
});

function parseClick(body: z.infer<typeof BlockActions>): Accepted {
  const team = body.team.id;
  const channel = body.channel.id;
  const { ts, thread_ts } = body.message;
  const [{ action_id: action, value }] = body.actions;
  const thread = thread_ts ?? (isDirectMessage(channel) ? null : ts);
  return {
    delivery: {
      kind: "click",
      place: { team, channel, thread },
      user: body.user.id,
      action,
      value,
      responseUrl: body.response_url,
    },
    lane: clickLane(team, channel, ts),
    dedupeKey: triggerDedupeKey(body.trigger_id ?? digest(body)),
  };
}

function digest(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
