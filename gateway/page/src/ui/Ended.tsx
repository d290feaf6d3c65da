import { useRef } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import { newId } from "../core/ids.js";
import { type ChatState, unseen } from "../core/state.js";
import { useAction } from "./hooks.js";

/** Stands where messages were written, once the session is over: one click goes on. */
export function Ended({ chat, state }: { chat: Chat; state: ChatState }) {
  const creationId = useRef(newId());
  const { busy, problem, run } = useAction();
  const kept = unseen(state).filter((message) => message.state === "kept").length;
  return (
    <section class="ended" aria-label="Session ended">
      <div>
        <h2>This session has ended</h2>
        <p class="faint">{problem ?? explain(state.session?.end_reason, kept)}</p>
      </div>
      <button
        type="button"
        class="primary"
        disabled={busy}
        onClick={() => run(() => chat.goOn(creationId.current))}
      >
        Start a new session
      </button>
    </section>
  );
}

function explain(reason: string | undefined, kept: number): string {
  if (kept === 1) return "Your message was kept. It will be sent to the new session.";
  if (kept > 1) return `Your ${kept} messages were kept. They will be sent to the new session.`;
  return reason ? `Reason: ${reason}` : "It can be read, but takes no more messages.";
}
