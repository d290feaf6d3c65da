/** Any JSON that the API answers. */
export type Json = Record<string, unknown>;

export interface Answer {
  status: number;
  body: Json;
}

/** One event of the stream. */
export interface ServerEvent {
  event: string;
  data: Json;
}

/** The web chat's HTTP API, with nothing added. */
export class WebClient {
  constructor(readonly url: string) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(path, { headers });
  }

  post(path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(path, {
      method: "POST",
      headers: body ? { "content-type": "application/json", ...headers } : headers,
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  delete(path: string): Promise<Answer> {
    return this.call(path, { method: "DELETE" });
  }

  async call(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.url}/apps/web-chat/api${path}`, init);
    return { status: response.status, body: (await response.json()) as Json };
  }

  /** Begins a session. Returns its id. */
  async begin(body: object = {}): Promise<string> {
    const { status, body: answer } = await this.post("/session", body);
    if (status !== 200) throw new Error(JSON.stringify(answer));
    return String(answer["session_id"]);
  }

  /** Opens the event stream; disposed with the returned object. */
  async events(sessionId?: string): Promise<EventReader> {
    const query = sessionId === undefined ? "" : `?session=${sessionId}`;
    const stop = new AbortController();
    const response = await fetch(`${this.url}/apps/web-chat/api/events${query}`, {
      signal: stop.signal,
    });
    if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
    return new EventReader(response.headers, response.body, stop);
  }
}

/** What an open event stream has told so far. */
export class EventReader implements AsyncDisposable {
  readonly seen: ServerEvent[] = [];
  /** Resolves when the server ended it or it was disposed. */
  readonly over: Promise<void>;

  constructor(
    readonly headers: Headers,
    body: ReadableStream<Uint8Array>,
    private readonly stop: AbortController,
  ) {
    this.over = this.read(body);
  }

  /** The data of the events of one kind. */
  of(event: string): Json[] {
    return this.seen.filter((each) => each.event === event).map(({ data }) => data);
  }

  /** The list of sessions, by all that was told of it. */
  list(): Json[] {
    let list: Json[] = [];
    for (const { event, data } of this.seen) {
      if (event === "sessions") list = data["sessions"] as Json[];
      if (event !== "session") continue;
      const entry = data["session"] as Json;
      list = [entry, ...list.filter(({ session_id }) => session_id !== entry["session_id"])];
      list.sort((a, b) => String(b["last_active"]).localeCompare(String(a["last_active"])));
    }
    return list;
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of body) {
        const messages = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
        rest = messages.pop() ?? "";
        for (const message of messages) {
          const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(message) ?? [];
          if (event && data) this.seen.push({ event, data: JSON.parse(data) as Json });
        }
      }
    } catch (error) {
      if (!this.stop.signal.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.over;
  }
}
