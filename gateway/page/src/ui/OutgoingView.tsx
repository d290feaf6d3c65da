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
    return <AsideView message={message.message} response={message.answer ?? ""} />;
  }
  const discard = (
    <button type="button" class="quiet" onClick={() => chat.discard(requestId)}>
      Discard
    </button>
  );
  if (state === "rejected") {
    return (
      <Message text={message.message} note={`${NOTES.rejected}: ${problem}`}>
        <button type="button" class="quiet" onClick={() => chat.reclaim(requestId)}>
          Edit
        </button>
        {discard}
      </Message>
    );
  }
  const stuck = state === "kept" || (state === "sending" && problem);
  return (
    <Message text={message.message} note={state === "sending" ? sending(message) : NOTES[state]}>
      {stuck && discard}
    </Message>
  );
}

/** What was said to the notes, which no agent heard of. */
export function AsideView({ message, response }: { message: string; response: string }) {
  return (
    <>
      <Message text={message} note="To your notes" />
      <article class="answer aside" aria-label="Memory">
        <Markdown text={response} done />
      </article>
    </>
  );
}

function sending({ problem, to }: Outgoing): string {
  if (problem) return `Kept, and tried again: ${problem}`;
  return to.kind === "new" ? "Starting the session" : "Sending";
}
