import type { ChannelId, Place, TeamId, Ts, UserId } from "../keys.js";

/** What Slack delivers, parsed once into what the surface works with. */
export type Delivery = Ask | Change;

/** Somebody wants something. */
export type Ask = SlackMessage | SlashCommand | ButtonClick;

/** Something became of conversations. */
export type Change = ConversationGone | ConversationMoved;

/** Conversations that are no more, or that the app is not in any more. */
export interface ConversationGone {
  kind: "gone";
  team: TeamId;
  /** Null: all of the workspace. */
  channel: ChannelId | null;
  /** Null: all of the channel. */
  thread: Ts | null;
  /** For whoever reads the ended session. */
  why: string;
}

/** A channel that has another id from now on. */
export interface ConversationMoved {
  kind: "moved";
  team: TeamId;
  from: ChannelId;
  to: ChannelId;
}

/** Someone wrote something where the app can read it. */
export interface SlackMessage {
  kind: "message";
  place: Place;
  ts: Ts;
  user: UserId;
  /** In Slack's own markup; empty if there are no words. */
  text: string;
  /** What came with the words, in the same markup: forwarded messages and the names of files. */
  attached?: string | undefined;
  /** Whether a message was forwarded with it: then it is no command. */
  forwards?: boolean | undefined;
  /** The names of its files, which cannot be read. */
  files?: string[] | undefined;
  /** Whether an app posted it, perhaps in a person's name. */
  byApp?: boolean | undefined;
}

/** Someone used the slash command, which Slack has in channels only, not in threads. */
export interface SlashCommand {
  kind: "command";
  place: Place;
  user: UserId;
  text: string;
  /** Takes answers also in a channel that the app is not in. */
  responseUrl: string | undefined;
}

/** Someone clicked a button of one of the app's messages. */
export interface ButtonClick {
  kind: "click";
  /**
   * The thread that the message is in, or the one it may begin; direct messages
   * are one conversation, and under a message that one person sees no thread begins.
   */
  place: Place;
  /** The message with the button. */
  ts: Ts;
  /** Whether the user alone sees that message. */
  ephemeral: boolean;
  user: UserId;
  action: string;
  value: string;
  /** Takes answers also in a channel that the app is not in. */
  responseUrl: string | undefined;
}

/** A delivery with what the inbox needs to know of it. */
export interface Accepted {
  /** Plain JSON: it is stored as it is, and worked by whichever gateway comes first. */
  delivery: Delivery;
  lane: string;
  dedupeKey: string;
  /** What two messages share that a person sent once. */
  gesture?: string | undefined;
  /** Slack says that the message mentions the app. */
  mentioned?: boolean;
  /** The app's own user, where the delivery tells it. */
  self?: UserId | undefined;
}

/** A delivery that is none of ours, and why. */
export interface Ignored {
  ignored: string;
  /** Whether it looks like one of ours that could not be read: an operator is to hear of it. */
  malformed?: boolean;
}

/** Whether a delivery tells of a change, and nobody waits for an answer. */
export function isChange(delivery: Delivery): delivery is Change {
  return delivery.kind === "gone" || delivery.kind === "moved";
}
