import { useState } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import type { Session } from "../core/model.js";
import type { ChatState } from "../core/state.js";
import { useAction } from "./hooks.js";
import { Icon } from "./icons.js";
import { sessionTitle, surfaceName } from "./words.js";

interface Props {
  chat: Chat;
  state: ChatState;
  menuOpen: boolean;
  openMenu: () => void;
}

/** What is looked at, how the line stands, and the end of it. */
export function Header({ chat, state, menuOpen, openMenu }: Props) {
  const { session, place } = state;
  const known = session ?? state.sessions?.entries.find(({ session_id }) => session_id === place);
  return (
    <header class="topbar">
      <button
        type="button"
        class="round menu"
        aria-label="Sessions"
        aria-expanded={menuOpen}
        onClick={openMenu}
      >
        <Icon name="menu" />
      </button>
      <div class="title">
        <h1>{known ? sessionTitle(known) : "New session"}</h1>
        {session && <Facts session={session} />}
      </div>
      <Line state={state} />
      {session?.state === "active" && <End key={place} chat={chat} />}
    </header>
  );
}

function Facts({ session }: { session: Session }) {
  const from =
    session.surface && session.surface !== "web" ? `from ${surfaceName(session.surface)}` : "";
  const facts = [session.agent, session.project_id, from].filter(Boolean);
  return (
    <p class="faint" title={session.working_dir}>
      {facts.join(" · ")}
    </p>
  );
}

function Line({ state }: { state: ChatState }) {
  if (state.session?.state === "ended") return <span class="line">Ended</span>;
  const line = { connecting: "Connecting", open: "Live", lost: "Reconnecting", gone: "" }[
    state.connection
  ];
  return line ? (
    <span class="line" data-connection={state.trouble ? "lost" : state.connection}>
      {state.trouble ? "Agents away" : line}
    </span>
  ) : null;
}

/** Ends the session; asks in place, since it is for good. */
function End({ chat }: { chat: Chat }) {
  const [asking, setAsking] = useState(false);
  const { busy, problem, run } = useAction();
  if (!asking) {
    return (
      <button type="button" class="plain" onClick={() => setAsking(true)}>
        End<span class="wide"> session</span>
      </button>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms.
    <div class="confirm" role="group" aria-label="End this session?">
      <span class="wide">{problem ?? "End for good?"}</span>
      <button
        type="button"
        class="danger"
        ref={focus}
        disabled={busy}
        onClick={() => run(() => chat.end())}
      >
        End<span class="hidden"> session for good</span>
      </button>
      <button type="button" class="plain" onClick={() => setAsking(false)}>
        Keep
      </button>
    </div>
  );
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}
