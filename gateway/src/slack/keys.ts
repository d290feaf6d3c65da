/**
 * Slack's ids and the keys made of them. All are opaque to the rest of the
 * surface: they are checked, built and compared here and nowhere else.
 */
import { createHash } from "node:crypto";
import { z } from "zod";

/** Slack's ids have some 11 characters. What is far longer is none, and would not fit into an index. */
const id = z
  .string()
  .max(100)
  .regex(/^[A-Z0-9]+$/);
export const TeamId = id.brand("TeamId");
export type TeamId = z.infer<typeof TeamId>;
export const ChannelId = id.brand("ChannelId");
export type ChannelId = z.infer<typeof ChannelId>;
export const UserId = id.brand("UserId");
export type UserId = z.infer<typeof UserId>;
/** A message's id within its channel: seconds since the epoch, with six decimals. */
export const Ts = z
  .string()
  .max(100)
  .regex(/^\d+\.\d+$/)
  .brand("Ts");
export type Ts = z.infer<typeof Ts>;

/** A conversation: a thread, or with no thread the whole channel. One never stands for the other. */
export interface Place {
  team: TeamId;
  channel: ChannelId;
  thread: Ts | null;
}

/** The place's name in logs and in a session's origin. */
export function placeKey({ team, channel, thread }: Place): string {
  return `${team}:${channel}:${thread ?? "-"}`;
}

/** The place that `placeKey` named; undefined if it is no such name. */
export function parsePlaceKey(key: string): Place | undefined {
  const [team, channel, thread, ...rest] = key.split(":");
  if (rest.length > 0) return undefined;
  const parsed = PlaceParts.safeParse({ team, channel, thread: thread === "-" ? null : thread });
  return parsed.data;
}

const PlaceParts = z.object({ team: TeamId, channel: ChannelId, thread: Ts.nullable() });

/** Whether the channel is a person's direct messages with the app. */
export function isDirectMessage(channel: ChannelId): boolean {
  return channel.startsWith("D");
}

/** Whether the channel is given by the person whose direct messages with the app are meant. */
export function isUser(channel: ChannelId): boolean {
  return /^[UW]/.test(channel);
}

/**
 * The lane of a message. A message that is not in a thread stands for the
 * thread it may begin, but direct messages are one conversation.
 */
export function messageLane(place: Place, ts: Ts): string {
  const thread = place.thread ?? (isDirectMessage(place.channel) ? null : ts);
  return placeKey({ ...place, thread });
}

/** Whether the rows of a lane may wait for a turn, as only those of a conversation do. */
export function isConversationLane(lane: string): boolean {
  return lane.split(":").length === 3;
}

/** The lane of a message that stops a turn or ends a session; not the conversation's, so that it does not wait behind the turn that it is to stop. */
export function endLane(place: Place, ts: Ts): string {
  return `${messageLane(place, ts)}:end`;
}

/** The lane of a slash command: those of one person in one channel are worked in order. */
export function commandLane(team: TeamId, channel: ChannelId, user: UserId): string {
  return `${team}:${channel}:command:${user}`;
}

/** The lane of a slash command that does so; it waits for no other command of its user. */
export function endCommandLane(team: TeamId, channel: ChannelId, user: UserId): string {
  return `${commandLane(team, channel, user)}:end`;
}

/** The lane of what becomes of a channel, or of all. */
export function changeLane(team: TeamId, channel: ChannelId | null): string {
  return `${team}:${channel ?? "-"}:-:change`;
}

/** The lane of the buttons of one message; not the conversation's, so that no click waits behind a running turn. */
export function clickLane(team: TeamId, channel: ChannelId, ts: Ts): string {
  return `${team}:${channel}:click:${ts}`;
}

/** One for `message` and `app_mention`, which Slack sends both for one post, and for their retries. */
export function messageDedupeKey(team: TeamId, channel: ChannelId, ts: Ts): string {
  return `message:${team}:${channel}:${ts}`;
}

/** What Slack names once for each command and click. */
export function triggerDedupeKey(triggerId: string): string {
  return `trigger:${triggerId.length > 200 ? digest(triggerId) : triggerId}`;
}

/**
 * One for messages under different `ts` that a person sent once: their Slack
 * sent it again with the id that it gave the message.
 */
export function gestureKey(place: Place, user: UserId, clientMsgId: string, text: string): string {
  return digest(JSON.stringify([placeKey(place), user, clientMsgId, text]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The one notice of a mapping's end. */
export function endedDedupeKey(mappingId: number): string {
  return `ended:${mappingId}`;
}

/** The lane of a question of the agent; not the conversation's, in which the turn that asks is at work. */
export function questionLane(place: Place, approvalId: string): string {
  return `${placeKey(place)}:question:${approvalId}`;
}

/** What is done once with a question: it is asked, or settled. */
export function questionDedupeKey(sessionId: string, approvalId: string, step: string): string {
  return `question:${sessionId}:${approvalId}:${step}`;
}

/** A message that is to be worked a second time, by someone's click. */
export function againDedupeKey(inboxId: number): string {
  return `again:${inboxId}`;
}
