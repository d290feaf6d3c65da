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
import { fieldsOf } from "./blocks.js";
import { parseChange } from "./changes.js";
import { contentOf } from "./content.js";
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
  return unread(body, [event, command, click]);
}

/** Types of deliveries that this app works with. */
const OURS = new Set(["event_callback", "block_actions"]);

/** Names what of a delivery of a type that is ours could not be read; tells nothing of what it holds. */
function unread(body: unknown, tried: z.ZodSafeParseResult<unknown>[]): Ignored {
  const { type, command } = fieldsOf(body);
  if (!OURS.has(String(type)) && command === undefined) {
    return { ignored: "not a delivery this app works with" };
  }
  const at = type === "event_callback" ? 0 : command === undefined ? 2 : 1;
  const where = tried[at]?.error?.issues.map(({ path }) => path.join(".")).join(", ");
  return { ignored: `a delivery without what is needed: ${where ?? ""}`, malformed: true };
}

/** An id that Slack may leave out, or give as nothing: on Enterprise Grid it does. */
const idOrNone = <T extends z.ZodType>(id: T) => z.union([id, z.null(), z.literal("")]).optional();

/** Whom the event is for: the app's own user in that workspace. */
const Identified = z.object({ team_id: idOrNone(TeamId), user_id: idOrNone(UserId) });

const EventCallback = z.object({
  type: z.literal("event_callback"),
  team_id: idOrNone(TeamId),
  context_team_id: idOrNone(TeamId),
  authorizations: z.array(Identified).nullish(),
  event_id: z.string().optional().catch(undefined),
  event: z.looseObject({ type: z.string() }),
});

const Message = z.object({
  channel: ChannelId,
  user: UserId,
  ts: Ts,
  thread_ts: idOrNone(Ts),
  /** What the sender's Slack named it; the same when that sends it twice. */
  client_msg_id: z.string().optional().catch(undefined),
});

/** What becomes of conversations; undefined if the event tells of something else. */
function changeOf(body: z.infer<typeof EventCallback>): Accepted | Ignored | undefined {
  const recipient = body.authorizations?.[0];
  const team = recipient?.team_id || body.context_team_id || body.team_id;
  if (!team) return undefined;
  const self = recipient?.user_id || undefined;
  return parseChange({ team, self, eventId: body.event_id, event: body.event });
}

/** Posts reminders and notices. */
const SLACKBOT = "USLACKBOT";

/** The subtypes that are a person's own words; all others tell of something that happened. */
const WORDS = new Set([undefined, "file_share", "thread_broadcast", "me_message"]);

function parseEvent(
  body: z.infer<typeof EventCallback>,
  names: readonly string[],
): Accepted | Ignored {
  const { event } = body;
  const change = changeOf(body);
  if (change) return change;
  if (event.type !== "message" && event.type !== "app_mention") {
    return { ignored: `event ${event.type}` };
  }
  const subtype = typeof event["subtype"] === "string" ? event["subtype"] : undefined;
  if (!WORDS.has(subtype)) return { ignored: `message subtype ${subtype}` };
  const byApp = Boolean(event["bot_id"]);
  // What apps post in nobody's name has no user.
  if (byApp && !event["user"]) return { ignored: "written by a bot" };
  if (event["user"] === SLACKBOT) return { ignored: "written by Slackbot" };
  // Slack repeats a mention that was edited as a new app_mention.
  if (event["edited"]) return { ignored: "edited" };
  const message = Message.safeParse(event);
  if (!message.success) return unread(body, [message]);
  const content = contentOf(event);
  if (!content) return { ignored: "message without text" };
  const { text, attached, forwards, files } = content;

  const { channel, user, ts, thread_ts, client_msg_id } = message.data;
  // In a channel shared between workspaces the outer team_id may be the other one's.
  const recipient = body.authorizations?.[0];
  const team = recipient?.team_id || body.context_team_id || body.team_id;
  if (!team) return { ignored: "a message of no workspace", malformed: true };
  const self = recipient?.user_id || undefined;
  if (user === self) return { ignored: "written by the app itself" };
  const place = { team, channel, thread: thread_ts || null };
  return {
    delivery: {
      kind: "message",
      place,
      ts,
      user,
      text,
      ...(attached && { attached, forwards, files }),
      ...(byApp && { byApp }),
    },
    lane: leavingOf(text, self, names) ? endLane(place, ts) : messageLane(place, ts),
    dedupeKey: messageDedupeKey(team, channel, ts),
    gesture: client_msg_id && gestureKey(place, user, client_msg_id, text),
    mentioned: event.type === "app_mention",
    self,
  };
}

const Command = z.object({
  command: z.string(),
  text: z.string().nullish(),
  team_id: TeamId,
  channel_id: ChannelId,
  user_id: UserId,
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
});

function parseCommand(body: z.infer<typeof Command>): Accepted {
  const { team_id: team, channel_id: channel, user_id: user } = body;
  const place = { team, channel, thread: null };
  const lane = leavingCommand(body.text ?? "") ? endCommandLane : commandLane;
  return {
    delivery: {
      kind: "command",
      place,
      user,
      text: body.text ?? "",
      responseUrl: body.response_url,
    },
    lane: lane(team, channel, user),
    dedupeKey: triggerDedupeKey(body.trigger_id ?? digest(body)),
  };
}

const BlockActions = z.object({
  type: z.literal("block_actions"),
  /** Null where the app is installed in an organisation; then the user and the message tell. */
  team: z.object({ id: TeamId }).nullish(),
  user: z.object({ id: UserId, team_id: idOrNone(TeamId) }),
  channel: z.object({ id: ChannelId }),
  message: z.object({ ts: Ts, thread_ts: idOrNone(Ts), team: idOrNone(TeamId) }).optional(),
  /** All there is of a message that only one person sees. */
  container: z
    .object({ message_ts: Ts, thread_ts: idOrNone(Ts), is_ephemeral: z.boolean().nullish() })
    .optional()
    .catch(undefined),
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

function parseClick(body: z.infer<typeof BlockActions>): Accepted | Ignored {
  const team = body.team?.id || body.message?.team || body.user.team_id;
  if (!team) return { ignored: "a click of no workspace", malformed: true };
  const channel = body.channel.id;
  const { message, container } = body;
  const ts = message?.ts ?? container?.message_ts;
  if (ts === undefined) return { ignored: "a click on no message" };
  const ephemeral = container?.is_ephemeral ?? message === undefined;
  const [{ action_id: action, value }] = body.actions;
  const root = isDirectMessage(channel) || ephemeral ? null : ts;
  const thread = message?.thread_ts || container?.thread_ts || root;
  return {
    delivery: {
      kind: "click",
      place: { team, channel, thread },
      ts,
      ephemeral,
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
