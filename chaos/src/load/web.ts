import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { noteAnswer } from "../questions.js";
import { type Conversation, type Message, noteReply } from "../record.js";
import type { Line } from "./talker.js";
import { WebAnswers, type WebApproval } from "./web-answers.js";
import { post, REPEAT_MS, type WebContext } from "./web-request.js";

/** The server sends a sign of life every 15 s. */
const SILENCE_MS = 40_000;
/** Who waits for the reply with the request, instead of for the event stream. */
const WAITING_PERCENT = 30;
/** How often the agent is one whose turns may not be run again. */
const ACTING_PERCENT = 40;

/** A chat as the page has it: requests repeated with their id until they are accepted, and an event stream. */
export class WebChat implements Line {
  private readonly closed = new AbortController();
  private readonly answers: WebAnswers;

  private constructor(
    private readonly context: WebContext,
    readonly conversation: Conversation,
    private readonly session: string,
  ) {
    this.answers = new WebAnswers(context, session, this.closed.signal);
    void this.follow();
  }

  static async begin(context: WebContext): Promise<WebChat> {
    const agent = context.random.chance(ACTING_PERCENT) ? "acting" : "demo";
    const body = { request_id: randomUUID(), description: "chaos", agent };
    for (;;) {
      const answer = await post(context, "/session", body);
      if (answer?.status === 200) {
        return new WebChat(context, context.log.open("web"), String(answer.body["session_id"]));
      }
      await delay(REPEAT_MS);
    }
  }

  async sessionId(): Promise<string> {
    return this.session;
  }

  async send(message: Message, text: string): Promise<void> {
    const headers = this.context.random.chance(WAITING_PERCENT) ? {} : { prefer: "respond-async" };
    const body = { session_id: this.session, message: text, request_id: randomUUID() };
    while (!this.closed.signal.aborted) {
      const answer = await post(this.context, "/chat", body, headers);
      if (answer?.status === 200 || answer?.status === 202) {
        message.accepted = performance.now();
        if (answer.status === 200) this.checkReply(message, String(answer.body["response"]));
        return;
      }
      if (answer?.body["type"] === "TURN_INTERRUPTED") {
        message.accepted = performance.now();
        return;
      }
      if (answer?.status === 409) {
        if (!this.conversation.ending) this.conversation.oddities.push("409 for a living session");
        return;
      }
      // What is not worth a repeat is a defect, but for a turn that an ending cut off.
      if (answer && answer.status !== 503 && !this.conversation.ending) {
        this.conversation.oddities.push(`${answer.status} ${JSON.stringify(answer.body)}`);
        return;
      }
      await delay(REPEAT_MS);
    }
  }

  private checkReply(message: Message, reply: string): void {
    const { token } = message;
    noteAnswer(message, reply);
    if (!reply.includes(token)) this.conversation.oddities.push(`${token} got: ${reply}`);
  }

  /** Reads the event stream, and opens it again wherever it breaks, until closed. */
  private async follow(): Promise<void> {
    const { urls, random } = this.context;
    while (!this.closed.signal.aborted) {
      const url = `${random.pick(urls)}/apps/web-chat/api/events?session=${this.session}`;
      await this.read(url).catch(() => {});
      await delay(REPEAT_MS);
    }
  }

  private async read(url: string): Promise<void> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const signal = AbortSignal.any([this.closed.signal, silence.signal]);
      const { body } = await fetch(url, { signal });
      const parser = createParser({
        onEvent: ({ event, data }) => this.sort(event, JSON.parse(data) as Told),
      });
      const decoder = new TextDecoder();
      for await (const chunk of body ?? []) {
        timer.refresh();
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private sort(event: string | undefined, told: Told): void {
    if (event === "snapshot") for (const turn of told.turns ?? []) this.note(turn);
    else if (event === "turn" && told.turn) this.note(told.turn);
    else if (event === "turn" && told.approval) this.asked(told.approval);
  }

  /** The details of a question hold the message. */
  private asked(approval: WebApproval): void {
    const asked = this.context.log.find(approval.content);
    if (asked?.conversation === this.conversation && asked.asks) {
      this.answers.note(asked, approval);
    } else this.conversation.oddities.push(`a question: ${approval.content}`);
  }

  private note({ seq, state, message, reply, approvals }: Turn): void {
    const { conversation, context } = this;
    for (const approval of approvals) this.asked(approval);
    if (state === "queued" || state === "running") return;
    const asked = context.log.find(message);
    if (asked?.conversation !== conversation) conversation.oddities.push(`a turn: ${message}`);
    else if (state === "completed" && reply.includes(asked.token)) {
      noteAnswer(asked, reply);
      noteReply(asked, seq);
    } else if (state === "interrupted") {
      if (!asked.interrupted) conversation.interruptions += 1;
      asked.interrupted = true;
    } else if (state !== "cancelled" || !conversation.ending) {
      conversation.oddities.push(`turn ${seq} is ${state}: ${reply}`);
    }
  }

  close(): void {
    this.closed.abort();
  }
}

interface Turn {
  seq: number;
  state: string;
  message: string;
  reply: string;
  approvals: WebApproval[];
}

interface Told {
  turns?: Turn[];
  turn?: Turn;
  approval?: WebApproval;
}
