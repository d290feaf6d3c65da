/** A message as the local Slack stores it. */
export interface LocalSlackMessage {
  ts: string;
  channel: string;
  user?: string;
  bot_id?: string;
  text?: string;
  blocks?: unknown[];
  thread_ts?: string;
  reactions?: { name: string; users: string[]; count: number }[];
}

/** One delivery to the app, call by the app, or note. */
export interface LocalSlackLogEntry {
  direction: "to_bot" | "from_bot" | "internal";
  /** Such as web_api, events_api, slash_commands, interactive, ack. */
  kind: string;
  summary: string;
  detail?: unknown;
}

/** Acts as people of the workspace, and looks at what happened. Calls return once delivered. */
export interface LocalSlackControl {
  message(post: {
    channel: string;
    user: string;
    text: string;
    thread_ts?: string;
  }): Promise<LocalSlackMessage>;
  /** `command` with its slash. */
  command(use: { channel: string; user: string; command: string; text?: string }): Promise<void>;
  /** A click; `action` is the element's block action, at least `{ action_id, type, value? }`. */
  interact(click: {
    channel: string;
    messageTs: string;
    user: string;
    action: Record<string, unknown>;
  }): Promise<void>;
  reaction(add: { channel: string; ts: string; user: string; name: string }): Promise<void>;
  editMessage(edit: { channel: string; ts: string; user: string; text: string }): Promise<void>;
  deleteMessage(which: { channel: string; ts: string; user: string }): Promise<void>;
  openHome(visit: { user: string }): Promise<void>;
  /** Every message of a channel, threads included, oldest first. */
  messages(channel: string): Promise<LocalSlackMessage[]>;
  log(): Promise<LocalSlackLogEntry[]>;
}

/** The control API of the local Slack at `url`. */
export function localSlackControl(url: string): LocalSlackControl {
  async function call(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${url}/_control/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    if (!response.ok) throw new Error(`local-slack ${path}: ${await response.text()}`);
    return response.json();
  }
  const act = (path: string) => async (body: object) => void (await call("POST", path, body));

  return {
    async message(post) {
      const { message } = (await call("POST", "message", post)) as { message: LocalSlackMessage };
      return message;
    },
    command: act("command"),
    interact: act("interact"),
    reaction: act("reaction"),
    editMessage: act("edit-message"),
    deleteMessage: act("delete-message"),
    openHome: act("open-home"),
    async messages(channel) {
      const found = await call("GET", `messages/${encodeURIComponent(channel)}`);
      return (found as { messages: LocalSlackMessage[] }).messages;
    },
    async log() {
      return ((await call("GET", "log")) as { log: LocalSlackLogEntry[] }).log;
    },
  };
}
