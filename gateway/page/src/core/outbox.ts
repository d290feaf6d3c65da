import { type Api, ApiError } from "./api.js";
import { backoff, nap } from "./backoff.js";
import { newId } from "./ids.js";
import { type Destination, type Outgoing, placeOf } from "./outgoing.js";
import { readStored, type Storage, storedKeys, writeStored } from "./storage.js";

export interface OutboxListener {
  /** The messages, whole, after every change. */
  changed(messages: readonly Outgoing[]): void;
  /** A session that messages waited for has begun. */
  created(creationId: string, sessionId: string): void;
  /** The server gives no answer. */
  unreachable(): void;
  /** A message met a dead session. */
  ended(sessionId: string): void;
}

/** One entry a message: tabs share the storage and must not overwrite each other's. */
const PREFIX = "amp.outbox.";

/**
 * Brings messages to the server. Each is written down before it is sent and
 * stays until the server has accepted it, so that neither a lost line nor a
 * closed tab loses one; as it keeps its request id, sending it again, from a
 * second tab too, never makes two of it.
 */
export class Outbox {
  private messages: Outgoing[] = [];
  /** Places that are being worked. */
  private readonly busy = new Set<string>();
  private readonly pauses = new Set<() => void>();

  constructor(
    private readonly api: Api,
    private readonly storage: Storage,
    private readonly listener: OutboxListener,
  ) {}

  /** Takes up what an earlier page left behind. */
  restore(): void {
    this.messages = storedKeys(this.storage, PREFIX)
      .flatMap((key) => readStored<Outgoing>(this.storage, key) ?? [])
      .sort((a, b) => a.writtenAt - b.writtenAt);
    this.changed();
    for (const message of this.messages) this.work(placeOf(message.to));
  }

  /** Answers the message's request id. */
  send(to: Destination, message: string): string {
    const requestId = newId();
    const writtenAt = Date.now();
    this.messages.push({ requestId, to, message, writtenAt, state: "sending", problem: null });
    this.changed();
    this.work(placeOf(to));
    return requestId;
  }

  /** Sends what a dead session kept to another place. */
  redirect(sessionId: string, to: Destination): void {
    for (const message of this.messages) {
      if (message.state === "kept" && placeOf(message.to) === sessionId) {
        Object.assign(message, { to, state: "sending", problem: null });
      }
    }
    this.changed();
    this.work(placeOf(to));
  }

  /** Lets go of messages: seen in the transcript, or given up by the user. */
  forget(requestIds: ReadonlySet<string>): void {
    const left = this.messages.filter(({ requestId }) => !requestIds.has(requestId));
    if (left.length === this.messages.length) return;
    for (const requestId of requestIds) writeStored(this.storage, PREFIX + requestId, undefined);
    this.messages = left;
    this.changed();
  }

  /** Tries at once what waits for a better moment. */
  wake(): void {
    for (const wake of this.pauses) wake();
  }

  private work(place: string): void {
    if (this.busy.has(place)) return;
    this.busy.add(place);
    void this.drain(place).finally(() => this.busy.delete(place));
  }

  private async drain(place: string): Promise<void> {
    let attempt = 0;
    for (let next = this.first(place); next; next = this.first(place)) {
      try {
        await this.advance(next);
        attempt = 0;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        attempt += 1;
        if (error.unreachable) this.listener.unreachable();
        if (error.refusal === "transient") await this.pause(attempt, next, error.message);
        else this.refuse(next, error);
      }
    }
  }

  private first(place: string): Outgoing | undefined {
    return this.messages.find(({ to, state }) => state === "sending" && placeOf(to) === place);
  }

  /** One step: begins the session if it is still to be begun, else sends the message. */
  private async advance(message: Outgoing): Promise<void> {
    const { to } = message;
    if (to.kind === "session") {
      const { response } = await this.api.send(to.sessionId, message.message, message.requestId);
      const outcome =
        response === undefined ? { state: "accepted" } : { state: "answered", answer: response };
      Object.assign(message, { ...outcome, problem: null });
      this.changed();
      return;
    }
    const { session_id } = await this.api.create(to.session, to.creationId);
    for (const other of this.messages) {
      if (placeOf(other.to) === placeOf(to)) other.to = { kind: "session", sessionId: session_id };
    }
    this.listener.created(to.creationId, session_id);
    this.changed();
    this.work(session_id);
  }

  private async pause(attempt: number, message: Outgoing, problem: string): Promise<void> {
    message.problem = problem;
    this.changed();
    const { over, wake } = nap(backoff(attempt));
    this.pauses.add(wake);
    await over;
    this.pauses.delete(wake);
  }

  private refuse(message: Outgoing, error: ApiError): void {
    const { to } = message;
    if (error.refusal === "ended" && to.kind === "session") {
      for (const other of this.messages) {
        const waits = other.state === "sending" && placeOf(other.to) === to.sessionId;
        if (waits) Object.assign(other, { state: "kept", problem: null });
      }
      this.listener.ended(to.sessionId);
    } else {
      Object.assign(message, { state: "rejected", problem: error.message });
    }
    this.changed();
  }

  private changed(): void {
    for (const message of this.messages) {
      const settled = message.state === "accepted" || message.state === "answered";
      writeStored(this.storage, PREFIX + message.requestId, settled ? undefined : message);
    }
    this.listener.changed(this.messages.map((message) => ({ ...message })));
  }
}
