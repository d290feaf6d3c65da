import { once } from "node:events";
import { createServer } from "node:http";

/** What the app posted. */
export interface Post {
  channel: string;
  thread: string | undefined;
  text: string;
  blocks: string;
  ts: string;
}

/** A Slack that takes every call at once and remembers what was posted: for many messages. */
export interface QuickSlack extends AsyncDisposable {
  /** For `SLACK_API_URL`. */
  apiUrl: string;
  posts: Post[];
  /** Calls of `chat.update` so far. */
  updates: number;
  /** Channels in which something was told to one person only, in their order. */
  whispers: string[];
}

/** Starts one on a free port of 127.0.0.1. */
export async function quickSlack(): Promise<QuickSlack> {
  const posts: Post[] = [];
  let clock = Math.floor(Date.now() / 1_000) * 1_000;
  const answers: Record<string, (call: URLSearchParams) => object> = {
    "auth.test": () => ({ user_id: "U0AMP", team_id: "T0LOCAL" }),
    "users.info": () => ({ user: { team_id: "T0LOCAL" } }),
    "conversations.info": () => ({ channel: { is_private: false } }),
    "conversations.members": () => ({ members: [] }),
    "chat.postEphemeral": (call) => {
      slack.whispers.push(call.get("channel") ?? "");
      return {};
    },
    "chat.update": () => {
      slack.updates += 1;
      return {};
    },
    "chat.postMessage": (call) => {
      clock += 1;
      const ts = `${Math.floor(clock / 1_000)}.${String(clock % 1_000).padStart(6, "0")}`;
      posts.push({
        channel: call.get("channel") ?? "",
        thread: call.get("thread_ts") ?? undefined,
        text: call.get("text") ?? "",
        blocks: call.get("blocks") ?? "",
        ts,
      });
      return { ts };
    },
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const method = (request.url ?? "").replace(/^\/api\//, "").replace(/\?.*/, "");
      const answer = answers[method]?.(new URLSearchParams(body)) ?? {};
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ok: true, ...answer }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const slack: QuickSlack = {
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    posts,
    updates: 0,
    whispers: [],
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return slack;
}

/** The value of the first button of a post. */
export function buttonOf({ blocks }: Pick<Post, "blocks">): string {
  const [, value] = /"value":("(?:[^"\\]|\\.)*")/.exec(blocks) ?? [];
  return String(JSON.parse(value ?? '""'));
}
