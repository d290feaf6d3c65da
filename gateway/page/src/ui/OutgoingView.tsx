import type { Chat } from "../core/chat.js";
import type { Outgoing } from "../core/outgoing.js";
import { Markdown } from "./Markdown.js";
import { Message } from "./Message.js";

const NOTES = {
  accepted: "Sent",
  kept: "Not sent: the session had ended",
  rejected: "Not sent",
} as const;

/** A message that is not in the transcript, or not yet. */
export function OutgoingView({ message, chat }: { message: Outgoing; chat: Chat }) {
  const { requestId, state, problem } = message;
  if (state === "answered") {
    return (
      <>
        <Message text={message.message} />
        <article class="answer" aria-label="Memory">
          <Markdown text={message.answer ?? ""} done />
        </article>
      </>
    );
  }
  if (state === "rejected") {
    return (
      <Message text={message.message} note={`${NOTES.rejected}: ${problem}`}>
        <button type="button" class="quiet" onClick={() => chat.reclaim(requestId)}>
          Edit
        </button>
      </Message>
    );
  }
  return (
    <Message text={message.message} note={state === "sending" ? sending(message) : NOTES[state]} />
  );
}

function sending({ problem, to }: Outgoing): string {
  if (problem) return `Kept, and tried again: ${problem}`;
  return to.kind === "new" ? "Starting the session" : "Sending";
}
