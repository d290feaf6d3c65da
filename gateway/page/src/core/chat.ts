import { type Announcement, announce } from "./announce.js";
import type { Api, NewSession } from "./api.js";
import { EventBatch } from "./batch.js";
import { newId } from "./ids.js";
import type { Note } from "./model.js";
import { Outbox } from "./outbox.js";
import { type Destination, placeOf } from "./outgoing.js";
import { type Action, type ChatState, initialState, reduce, seenRequests } from "./state.js";
import { drafts, START, type Storage } from "./storage.js";
import { type EventLine, openStream } from "./stream.js";

/** Where the page keeps which session it looks at, so that a reload comes back to it. */
export interface Location {
  read(): string | null;
  write(sessionId: string | null): void;
}

/** The running page without its looks: the state, and what a user can do. */
export class Chat {
  private state = initialState;
  private readonly listeners = new Set<() => void>();
  private readonly heralds = new Set<(announcement: Announcement) => void>();
  private readonly outbox: Outbox;
  private readonly batch = new EventBatch((events) => {
    this.dispatch({ type: "events", events });
    this.outbox.forget(new Set(seenRequests(this.state)));
  });
  private line: EventLine | undefined;
  private asleep = false;

  constructor(
    private readonly api: Api,
    private readonly location: Location,
    storage: Storage,
    private readonly draftStorage: Storage = storage,
  ) {
    this.outbox = new Outbox(api, storage, {
      changed: (outgoing) => this.dispatch({ type: "outgoing", outgoing }),
      created: (creationId, sessionId) => {
        const place = `new:${creationId}`;
        this.moveDraft(place, sessionId);
        if (this.state.place === place) this.open(sessionId);
      },
      // What cannot be sent may not come either: the line shows how it is.
      unreachable: () => {
        if (this.state.connection === "open") this.follow();
      },
      ended: (sessionId) => this.dispatch({ type: "died", sessionId }),
    });
  }

  /**
   * Shows the session that the address names; else one that was being begun when
   * the page was left; else the one that the user was last in, unless the user
   * is quicker.
   */
  async start(): Promise<void> {
    this.outbox.restore();
    const beginning = this.state.outgoing.find(({ to }) => to.kind === "new");
    this.open(this.location.read() ?? (beginning ? placeOf(beginning.to) : null));
    if (this.state.place) return;
    const line = this.line;
    const current = await this.api.current().catch(() => undefined);
    const untouched = this.line === line && !drafts.read(this.draftStorage, START);
    if (current?.session_id && untouched) this.open(current.session_id);
  }

  readonly snapshot = (): ChatState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Tells what screen readers should say. */
  onAnnouncement(herald: (announcement: Announcement) => void): () => void {
    this.heralds.add(herald);
    return () => this.heralds.delete(herald);
  }

  /** Looks at another place; null is the start screen, with nothing said of the next session but what is given. */
  open(place: string | null, start?: NewSession): void {
    this.dispatch({ type: "opened", place, start });
    this.location.write(place?.startsWith("new:") ? null : place);
    this.follow();
  }

  /** What the start screen says of the next session. */
  setStart(start: NewSession): void {
    this.dispatch({ type: "options", start });
  }

  /** Writes to the place looked at; from the start screen, to a session begun for it. */
  send(message: string, session: NewSession): void {
    const { place } = this.state;
    if (!place) {
      const named = { ...session, description: session.description || title(message) };
      const to: Destination = { kind: "new", creationId: newId(), session: named };
      this.open(placeOf(to));
      this.outbox.send(to, message);
      return;
    }
    const beginning = this.state.outgoing.find(({ to }) => placeOf(to) === place);
    this.outbox.send(beginning?.to ?? { kind: "session", sessionId: place }, message);
  }

  /**
   * Begins a session without a message; what is being typed goes along, unless
   * the user looks elsewhere by then.
   * @param creationId the same one begins the same session
   */
  async begin(session: NewSession, creationId: string): Promise<void> {
    const { place } = this.state;
    const { session_id } = await this.api.create(session, creationId);
    if (this.state.place !== place) return;
    this.moveDraft(place ?? START, session_id);
    this.open(session_id);
  }

  /** Goes on from a dead session in a new one, with the messages that met its end and what is being typed. */
  async goOn(creationId: string): Promise<void> {
    const { session, outgoing, place } = this.state;
    if (!place) return;
    const next = {
      description: session?.description ?? "",
      workingDir: session?.working_dir ?? "",
    };
    const kept = outgoing.some(({ state, to }) => state === "kept" && placeOf(to) === place);
    if (!kept) return this.begin(next, creationId);
    const to: Destination = { kind: "new", creationId, session: next };
    this.moveDraft(place, placeOf(to));
    this.open(placeOf(to));
    this.outbox.redirect(place, to);
  }

  /** Takes a message that will never be accepted back to where messages are written. */
  reclaim(requestId: string): void {
    const message = this.state.outgoing.find((one) => one.requestId === requestId);
    if (!message) return;
    const place = message.to.kind === "new" ? START : message.to.sessionId;
    const typed = drafts.read(this.draftStorage, place);
    drafts.write(
      this.draftStorage,
      place,
      typed ? `${message.message}\n${typed}` : message.message,
    );
    this.outbox.forget(new Set([requestId]));
    if (message.to.kind !== "new") {
      this.dispatch({ type: "drafted" });
      return;
    }
    const { session } = message.to;
    const named = session.description !== title(message.message);
    this.open(null, named ? session : { ...session, description: "" });
  }

  /** Gives up a message that is not sent. */
  discard(requestId: string): void {
    this.outbox.forget(new Set([requestId]));
    const { place, outgoing } = this.state;
    const left = outgoing.some(({ to }) => placeOf(to) === place);
    if (place?.startsWith("new:") && !left) this.open(null);
  }

  async end(): Promise<void> {
    if (this.state.place) await this.api.end(this.state.place);
  }

  async cancel(seq: number): Promise<void> {
    if (this.state.place) await this.api.cancel(this.state.place, seq);
  }

  /**
   * Answers a question of the agent. Whoever else looks at the session is told by
   * the event stream; here it also shows while that is broken.
   */
  async resolve(approvalId: string, optionId: string): Promise<void> {
    const { place } = this.state;
    if (!place) return;
    try {
      const { approval } = await this.api.resolve(place, approvalId, optionId);
      if (this.state.place !== place) return;
      this.batch.add({ event: "turn", data: { seq: approval.seq, type: "approval", approval } });
    } catch (error) {
      if (error instanceof Error) this.tell({ alert: error.message });
      throw error;
    }
  }

  async loadOlder(): Promise<void> {
    const { place, turns } = this.state;
    const first = turns[0];
    if (!place || !first) return;
    const { turns: older, memories, has_more } = await this.api.older(place, first.seq);
    const asides = memories ?? [];
    this.dispatch({ type: "older", place, turns: older, asides, hasMore: has_more });
  }

  /** Reads the next page of the user's sessions. */
  async moreSessions(): Promise<void> {
    const next = this.state.sessions?.next;
    if (!next) return;
    this.dispatch({ type: "moreSessions", page: await this.api.sessions(next) });
  }

  /** The user is back: everything that waits is tried at once. */
  wake(): void {
    this.outbox.wake();
    if (this.asleep) this.follow();
    else this.line?.wake();
  }

  /** The network changed: the line may be dead without a sign. */
  reconnect(): void {
    this.outbox.wake();
    this.follow();
  }

  /** There is no network: nothing can come. */
  offline(): void {
    this.line?.close();
    this.dispatch({ type: "connection", connection: "lost" });
  }

  /** The user's notes, the newest first; those before one, by default all. */
  notes(before?: string): Promise<{ memories: Note[]; has_more: boolean }> {
    return this.api.notes(before);
  }

  /** Deletes one of the user's notes for good. */
  async deleteNote(id: string): Promise<void> {
    await this.api.deleteNote(id);
  }

  /** Lets go of the line until {@link wake}: browsers allow six to one server, over all tabs. */
  sleep(): void {
    this.asleep = true;
    this.line?.close();
  }

  private moveDraft(from: string, to: string): void {
    const text = drafts.read(this.draftStorage, from);
    if (!text) return;
    drafts.write(this.draftStorage, to, text);
    drafts.write(this.draftStorage, from, "");
  }

  private follow(): void {
    this.asleep = false;
    this.line?.close();
    this.batch.clear();
    const { place } = this.state;
    const sessionId = place?.startsWith("new:") ? null : place;
    this.line = openStream(this.api.events(sessionId), {
      event: (event) => this.batch.add(event),
      connection: (connection) => this.dispatch({ type: "connection", connection }),
    });
  }

  private dispatch(action: Action): void {
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state === before) return;
    this.tell(announce(before, this.state));
    for (const listener of this.listeners) listener();
  }

  private tell(announcement: Announcement): void {
    for (const herald of this.heralds) herald(announcement);
  }
}

/** What a session is called after its first message. */
function title(message: string): string {
  const characters = [...(message.trim().split("\n", 1)[0] ?? "")];
  return characters.length > 80 ? `${characters.slice(0, 79).join("")}…` : characters.join("");
}
