import { Component } from "preact";
import type { Chat } from "../core/chat.js";
import { isFinal, type Turn } from "../core/model.js";
import { CancelButton } from "./CancelButton.js";
import { Thought, ToolCard } from "./cards.js";
import { Markdown } from "./Markdown.js";
import { Message } from "./Message.js";
import { writer } from "./words.js";

interface Props {
  turn: Turn;
  chat: Chat;
  /** Whether its session still takes messages. */
  alive: boolean;
}

/** One message and its answer; drawn again only when the turn changed. */
export class TurnView extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return next.turn !== this.props.turn || next.alive !== this.props.alive;
  }

  override render({ turn, chat, alive }: Props) {
    const note = turn.state === "queued" ? "Waiting for its turn" : null;
    return (
      <>
        <Message text={turn.message} author={writer(turn.author)} note={note} />
        {turn.state !== "queued" && <Answer turn={turn} />}
        <Outcome turn={turn} again={alive ? () => chat.send(turn.message, NOTHING) : null} />
        {turn.state === "queued" && (
          <CancelButton chat={chat} seq={turn.seq} style="quiet take-back">
            Take back
          </CancelButton>
        )}
      </>
    );
  }
}

/** The session is there already. */
const NOTHING = { description: "", workingDir: "" };

function Answer({ turn }: { turn: Turn }) {
  const done = isFinal(turn);
  const empty = !turn.reply && !turn.thought && turn.tool_calls.length === 0;
  if (done && empty) return null;
  return (
    <article class="answer" aria-label="Answer" aria-busy={!done}>
      <h2 class="hidden">Answer</h2>
      {turn.thought && <Thought text={turn.thought} done={done || turn.reply !== ""} />}
      {turn.tool_calls.map((call) => (
        <ToolCard key={call.id} call={call} />
      ))}
      {turn.reply && <Markdown text={turn.reply} done={done} />}
      {!done && (
        <p class="working">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span class="hidden">The agent is answering</span>
        </p>
      )}
    </article>
  );
}

/** How a turn without an answer ended, and the way to try again. */
function Outcome({ turn, again }: { turn: Turn; again: (() => void) | null }) {
  if (turn.state !== "failed" && turn.state !== "cancelled" && turn.state !== "interrupted")
    return null;
  const text =
    turn.state === "cancelled" ? "Stopped." : (turn.failure?.message ?? "The agent failed.");
  return (
    <div class={turn.state === "cancelled" ? "outcome" : "outcome bad"}>
      <span>{text}</span>
      {again && (
        <button type="button" class="plain" onClick={again}>
          Send again
        </button>
      )}
    </div>
  );
}
