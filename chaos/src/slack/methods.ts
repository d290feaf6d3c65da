import type { Workspace } from "./workspace.js";

export const BOT = { id: "U0AMP", botId: "B0AMP", team: "T0CHAOS", token: "xoxb-chaos" } as const;

type Form = Record<string, string>;
type Answer = { ok: boolean } & Record<string, unknown>;
type Method = (workspace: Workspace, form: Form) => Answer;

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
  "chat.postMessage": (workspace, { channel = "", text = "", thread_ts, blocks, metadata }) => {
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
  "chat.postEphemeral": () => ({ ok: true, message_ts: "1.000000" }),
  "chat.update": (workspace, { channel = "", ts = "", text = "", blocks }) => {
    const message = workspace.find(channel, ts);
    if (!message) return { ok: false, error: "message_not_found" };
    message.text = text;
    if (blocks !== undefined) message.blocks = JSON.parse(blocks);
    return { ok: true, channel, ts, text };
  },
  "conversations.history": (workspace, { channel = "", oldest = "0", limit = "100" }) => {
    const messages = workspace.history(channel, oldest).slice(0, Number(limit));
    return { ok: true, messages, has_more: false };
  },
  "conversations.replies": (workspace, { channel = "", ts = "", oldest = "0" }) => {
    if (!workspace.find(channel, ts)) return { ok: false, error: "thread_not_found" };
    return { ok: true, messages: workspace.replies(channel, ts, oldest), has_more: false };
  },
  "reactions.add": () => ({ ok: true }),
  "reactions.remove": () => ({ ok: true }),
};
