import { useEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import type { ChatState } from "../core/state.js";
import { Announcer } from "./Announcer.js";
import { Boundary } from "./Boundary.js";
import { Composer } from "./Composer.js";
import { Ended } from "./Ended.js";
import { Header } from "./Header.js";
import { useChatState } from "./hooks.js";
import { Sidebar } from "./Sidebar.js";
import { Start } from "./Start.js";
import { Transcript } from "./Transcript.js";

/** The whole page. */
export function App({ chat }: { chat: Chat }) {
  const state = useChatState(chat);
  const [menuOpen, setMenuOpen] = useState(false);
  const menu = useRef<HTMLElement>(null);
  useEffect(
    () => (menuOpen ? whenLeft(menu.current, () => setMenuOpen(false)) : undefined),
    [menuOpen],
  );
  return (
    <div class="page">
      <Sidebar
        menu={menu}
        chat={chat}
        state={state}
        open={menuOpen}
        close={() => setMenuOpen(false)}
      />
      <main>
        <Header chat={chat} state={state} menuOpen={menuOpen} openMenu={() => setMenuOpen(true)} />
        <div class="conversation" inert={menuOpen}>
          <Boundary of={state.place} instead={<Broken />}>
            <Conversation chat={chat} state={state} />
          </Boundary>
        </div>
      </main>
      <Announcer chat={chat} />
    </div>
  );
}

/** Moves the focus into the menu, and calls back when it is left by Escape or by a click beside it. */
function whenLeft(menu: HTMLElement | null, leave: () => void): () => void {
  const before = document.activeElement;
  menu?.querySelector<HTMLElement>("button, a")?.focus();
  const onKey = ({ key }: KeyboardEvent) => key === "Escape" && leave();
  const onPointer = ({ target }: Event) =>
    target instanceof Node && !menu?.contains(target) && leave();
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPointer);
  return () => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("pointerdown", onPointer);
    if (menu?.contains(document.activeElement) && before instanceof HTMLElement) before.focus();
  };
}

function Conversation({ chat, state }: { chat: Chat; state: ChatState }) {
  if (state.connection === "gone") return <Gone chat={chat} />;
  const ended = state.session?.state === "ended";
  return (
    <>
      {state.place ? (
        <Transcript key={state.place} chat={chat} state={state} />
      ) : (
        <Start key={state.draftRevision} chat={chat} session={state.start} />
      )}
      <footer>
        <div class="column">
          {state.trouble && !ended && (
            <p class="trouble">
              {state.trouble} What you write is kept and sent as soon as possible.
            </p>
          )}
          {ended ? (
            <Ended key={state.place} chat={chat} state={state} />
          ) : (
            <Composer chat={chat} state={state} />
          )}
        </div>
      </footer>
    </>
  );
}

function Broken() {
  return (
    <div id="chatArea" class="start">
      <p class="column problem">This conversation cannot be shown. Reload the page to try again.</p>
    </div>
  );
}

function Gone({ chat }: { chat: Chat }) {
  return (
    <div id="chatArea" class="start">
      <div class="column">
        <h2>There is no such session</h2>
        <p class="lead">It was deleted, or belongs to somebody else.</p>
        <button type="button" class="primary" onClick={() => chat.open(null)}>
          Start a new session
        </button>
      </div>
    </div>
  );
}
