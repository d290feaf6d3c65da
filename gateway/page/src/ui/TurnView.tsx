import { Component } from "preact";
import type { Chat } from "../core/chat.js";
import { isFinal, openQuestions, type Turn } from "../core/model.js";
import { CancelButton } from "./CancelButton.js";
import { Thought } from "./cards.js";
import { Markdown } from "./Markdown.js";
import { Message } from "./Message.js";
import { Work } from "./Work.js";
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
        {turn.state !== "queued" && <Answer turn={turn} chat={chat} alive={alive} />}
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

/** A turn as it stands, where it cannot be drawn as usual. */
export function PlainTurn({ turn }: { turn: Turn }) {
  return (
    <>
      <Message text={turn.message} author={writer(turn.author)} />
      <article class="answer" aria-label="Answer">
        <p class="as-it-is">{turn.reply}</p>
      </article>
    </>
  );
}

/** The session is there already. */
const NOTHING = { description: "", workingDir: "" };

function Answer({ turn, chat, alive }: Props) {
  const done = isFinal(turn);
  const { thought, reply, tool_calls, approvals = [] } = turn;
  const empty = !reply && !thought && tool_calls.length === 0 && approvals.length === 0;
  if (done && empty) return null;
  const waits = openQuestions(turn).length > 0;
  return (
    // Screen readers may pass over what is busy, but have to find the question.
    <article class="answer" aria-label="Answer" aria-busy={!done && !waits}>
      <h2 class="hidden">Answer</h2>
      {thought && <Thought text={thought} done={done || reply !== ""} />}
      <Work turn={turn} chat={chat} alive={alive} />
      {reply && <Markdown text={reply} done={done} />}
      {!done && !waits && (
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
