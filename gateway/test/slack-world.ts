import { idle } from "./endings-system.js";
import { deliver } from "./slack-deliver.js";
import type { SlackSystem } from "./slack-system.js";

/** Somebody, as `users.info` tells of them. */
export interface Person {
  id: string;
  team?: string;
  info?: Record<string, unknown>;
}

/** A conversation, as `conversations.info` and `conversations.members` tell of it. */
export interface Conversation {
  id: string;
  isPrivate: boolean;
  members: string[];
}

/** A post of the app's. */
export interface Post {
  channel: string;
  thread: string | null;
  text: string;
  /** Text and blocks, as they were sent. */
  all: string;
  /** Whom alone it is for. */
  only: string | null;
  ts: string;
}

const TEAM = "T0LOCAL";

/**
 * Slack with more people and conversations than the local one has. Its Web API
 * answers in the place of Slack's; people act by signed HTTP deliveries.
 */
export class SlackWorld {
  private readonly posts: Post[] = [];
  private last = 1_000;

  constructor(
    private readonly system: SlackSystem,
    people: Person[],
    conversations: Conversation[],
  ) {
    const { proxy } = system;
    const found = (args: URLSearchParams) =>
      conversations.find(({ id }) => id === args.get("channel"));
    proxy.stand("users.info", (args) => {
      const person = people.find(({ id }) => id === args.get("user"));
      if (!person) return { ok: false, error: "user_not_found" };
      const { id, team = TEAM, info } = person;
      return { ok: true, user: { id, team_id: team, ...info } };
    });
    proxy.stand("conversations.info", (args) => {
      const channel = found(args);
      if (!channel) return { ok: false, error: "channel_not_found" };
      return { ok: true, channel: { id: channel.id, is_private: channel.isPrivate } };
    });
    proxy.stand("conversations.members", (args) => {
      const channel = found(args);
      if (!channel) return { ok: false, error: "channel_not_found" };
      // A page each, so that pages are read.
      const at = Number(args.get("cursor") ?? 0);
      const next = at + 1 < channel.members.length ? String(at + 1) : "";
      const members = channel.members.slice(at, at + 1);
      return { ok: true, members, response_metadata: { next_cursor: next } };
    });
    for (const method of ["chat.postMessage", "chat.postEphemeral"]) {
      proxy.stand(method, (args) => {
        const ts = this.nextTs();
        const text = args.get("text") ?? "";
        this.posts.push({
          channel: args.get("channel") ?? "",
          thread: args.get("thread_ts"),
          text,
          all: text + (args.get("blocks") ?? ""),
          only: args.get("user"),
          ts,
        });
        return { ok: true, ts, message_ts: ts };
      });
    }
    proxy.stand("reactions.add", () => ({ ok: true }));
    proxy.stand("chat.update", () => ({ ok: true }));
  }

  /** A `ts` that nothing else has. */
  nextTs(): string {
    this.last += 1;
    return `${this.last}.000001`;
  }

  /** Somebody writes a message. Returns its `ts`, and what the app posted until it had worked everything. */
  async write(user: string, channel: string, text: string, thread?: string, team = TEAM) {
    const ts = this.nextTs();
    const posts = await this.during({
      type: "event_callback",
      team_id: team,
      authorizations: [{ team_id: team, user_id: "U0AMP", is_bot: true }],
      event: { type: "message", channel, user, text, ts, ...(thread && { thread_ts: thread }) },
    });
    return { ts, posts };
  }

  /** Somebody uses the slash command. */
  slash(user: string, channel: string, text: string, team = TEAM): Promise<Post[]> {
    const form = { command: "/amp", text, team_id: team, channel_id: channel, user_id: user };
    return this.during(new URLSearchParams({ ...form, trigger_id: this.nextTs() }).toString());
  }

  /** Somebody clicks a button of a message. */
  click(
    user: string,
    { channel, thread, ts, only }: Pick<Post, "channel" | "thread" | "ts" | "only">,
    action: { action_id: string; value: string },
    team = TEAM,
  ): Promise<Post[]> {
    const at = { message_ts: ts, ...(thread !== null && { thread_ts: thread }) };
    const payload = {
      type: "block_actions",
      team: { id: team },
      user: { id: user },
      channel: { id: channel },
      container: { type: "message", channel_id: channel, is_ephemeral: only !== null, ...at },
      ...(only === null && { message: { ts, ...(thread !== null && { thread_ts: thread }) } }),
      actions: [{ type: "button", ...action }],
      trigger_id: this.nextTs(),
    };
    return this.during(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
  }

  /** Delivers a body, and returns what the app posted until it had worked everything. */
  async during(body: object | string): Promise<Post[]> {
    const before = this.posts.length;
    const response = await deliver(`${this.system.gateway.url}/slack/events`, body);
    if (response.status !== 200) throw new Error(`not taken: ${response.status}`);
    await idle(this.system);
    return this.posts.slice(before);
  }
}

/** The button of a post whose action begins so. */
export function buttonOf({ text, all }: Post, action: string) {
  const found = buttonsIn(JSON.parse(all.slice(text.length) || "[]")).find(({ action_id }) =>
    action_id.startsWith(action),
  );
  if (!found) throw new Error(`no button ${action}`);
  return found;
}

function buttonsIn(part: unknown): { action_id: string; value: string }[] {
  if (typeof part !== "object" || part === null) return [];
  if ("action_id" in part && "value" in part) {
    return [{ action_id: String(part.action_id), value: String(part.value) }];
  }
  return Object.values(part).flatMap(buttonsIn);
}
