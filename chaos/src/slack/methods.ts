import { BOT, CHANNELS, USERS } from "./identity.js";
import { refusal } from "./rules.js";
import type { Workspace } from "./workspace.js";

type Form = Record<string, string>;
type Answer = { ok: boolean } & Record<string, unknown>;
type Method = (workspace: Workspace, form: Form) => Answer;

const refuse = (error: string): Answer => ({ ok: false, error });

/**
 * The methods of Slack's Web API that the gateway calls, as
 * https://docs.slack.dev/reference/methods has them; metadata is kept, since
 * that is what finds a post whose answer was lost.
 */
export const METHODS: Record<string, Method> = {
  "auth.test": () => ({
    ok: true,
    user_id: BOT.id,
    bot_id: BOT.botId,
    team_id: BOT.team,
    url: "https://chaos.slack.com/",
  }),
  "chat.postMessage": (workspace, form) => {
    const { channel: named = "", text = "", thread_ts, blocks, metadata } = form;
    // To a user means into the direct messages with them.
    const channel = isPerson(named) ? directChannel(named) : named;
    if (!isChannel(channel)) return refuse("channel_not_found");
    if (thread_ts !== undefined && !workspace.find(channel, thread_ts)) {
      return refuse("thread_not_found");
    }
    const error = refusal(form);
    if (error !== undefined) return refuse(error);
    const message = workspace.write(channel, {
      text,
      bot_id: BOT.botId,
      user: BOT.id,
      ...(thread_ts !== undefined && { thread_ts }),
      ...(blocks !== undefined && { blocks: JSON.parse(blocks) as unknown }),
      ...(metadata !== undefined && { metadata: JSON.parse(metadata) as unknown }),
    });
    return { ok: true, channel, ts: message.ts, message };
  },
  "chat.postEphemeral": (_, form) => {
    const { channel = "", user = "" } = form;
    if (!isChannel(channel)) return refuse("channel_not_found");
    if (!isUser(user)) return refuse("user_not_in_channel");
    const error = refusal(form);
    return error === undefined ? { ok: true, message_ts: "1.000000" } : refuse(error);
  },
  "chat.update": (workspace, form) => {
    const { channel = "", ts = "", text = "", blocks } = form;
    const message = workspace.find(channel, ts);
    if (!message) return refuse("message_not_found");
    if (message.bot_id !== BOT.botId) return refuse("cant_update_message");
    const error = refusal(form);
    if (error !== undefined) return refuse(error);
    message.text = text;
    if (blocks !== undefined) message.blocks = JSON.parse(blocks);
    return { ok: true, channel, ts, text };
  },
  "conversations.history": (workspace, { channel = "", oldest = "0", limit = "100" }) => {
    if (!isChannel(channel)) return refuse("channel_not_found");
    const messages = workspace.history(channel, oldest).slice(0, Number(limit));
    return { ok: true, messages, has_more: false };
  },
  "conversations.replies": (workspace, { channel = "", ts = "", oldest = "0" }) => {
    if (!isChannel(channel)) return refuse("channel_not_found");
    if (!workspace.find(channel, ts)) return refuse("thread_not_found");
    return { ok: true, messages: workspace.replies(channel, ts, oldest), has_more: false };
  },
  "conversations.info": (_, { channel = "" }) =>
    isChannel(channel) ? { ok: true, channel: channelInfo(channel) } : refuse("channel_not_found"),
  "conversations.members": (_, { channel = "" }) =>
    isChannel(channel) ? { ok: true, ...page({ members: MEMBERS }) } : refuse("channel_not_found"),
  "conversations.open": (_, { users = "" }) =>
    isPerson(users)
      ? { ok: true, channel: { id: directChannel(users) } }
      : refuse("user_not_found"),
  "users.conversations": () => ({ ok: true, ...page({ channels: CHANNELS.map(channelInfo) }) }),
  "users.info": (_, { user = "" }) =>
    isUser(user) ? { ok: true, user: userInfo(user) } : refuse("user_not_found"),
  "reactions.add": (workspace, { channel = "", timestamp = "", name = "" }) => {
    if (name === "") return refuse("invalid_name");
    const message = workspace.find(channel, timestamp);
    if (!message) return refuse("message_not_found");
    if (message.reactions?.has(name)) return refuse("already_reacted");
    message.reactions ??= new Set();
    message.reactions.add(name);
    return { ok: true };
  },
  "reactions.remove": (workspace, { channel = "", timestamp = "", name = "" }) => {
    const message = workspace.find(channel, timestamp);
    if (!message) return refuse("message_not_found");
    return message.reactions?.delete(name) ? { ok: true } : refuse("no_reaction");
  },
};

const MEMBERS: readonly string[] = [BOT.id, ...USERS];

function isUser(id: string): boolean {
  return MEMBERS.includes(id);
}

function isPerson(id: string): boolean {
  return isUser(id) && id !== BOT.id;
}

/** The public channels, and the app's direct messages with each user. */
function isChannel(id: string): boolean {
  return [...CHANNELS, ...USERS.map(directChannel)].includes(id);
}

function directChannel(user: string): string {
  return user.replace(/^U/, "D");
}

function userInfo(id: string) {
  const name = id.slice(2).toLowerCase();
  return {
    id,
    team_id: BOT.team,
    name,
    real_name: name,
    deleted: false,
    is_admin: false,
    is_owner: false,
    is_bot: id === BOT.id,
    is_restricted: false,
    is_ultra_restricted: false,
    profile: { display_name: name, real_name: name },
  };
}

function channelInfo(id: string) {
  const isDirect = id.startsWith("D");
  return {
    id,
    name: id.slice(2).toLowerCase(),
    context_team_id: BOT.team,
    is_channel: !isDirect,
    is_group: false,
    is_im: isDirect,
    is_mpim: false,
    is_private: isDirect,
    is_archived: false,
    is_member: true,
    is_general: id === CHANNELS[0],
    is_shared: false,
    is_org_shared: false,
    is_ext_shared: false,
    ...(isDirect && { user: id.replace(/^D/, "U") }),
  };
}

/** The one page of a list. */
function page<T extends object>(list: T): T & { response_metadata: { next_cursor: string } } {
  return { ...list, response_metadata: { next_cursor: "" } };
}
