import type { Ref } from "preact";
import type { Chat } from "../core/chat.js";
import type { SessionEntry } from "../core/model.js";
import type { ChatState } from "../core/state.js";
import { href } from "./address.js";
import { useAction, useNow } from "./hooks.js";
import { Icon } from "./icons.js";
import { Notes } from "./Notes.js";
import { ago, sessionTitle, surfaceName } from "./words.js";

interface Props {
  menu: Ref<HTMLElement>;
  chat: Chat;
  state: ChatState;
  open: boolean;
  close: () => void;
}

/** The user's sessions. Beside the conversation, or over it where there is no room. */
export function Sidebar({ menu, chat, state, open, close }: Props) {
  const entries = state.sessions?.entries ?? [];
  const active = entries.filter((entry) => entry.state === "active");
  const ended = entries.filter((entry) => entry.state === "ended");
  const more = useAction();
  return (
    <nav ref={menu} class={open ? "sidebar open" : "sidebar"} aria-label="Sessions">
      <div class="brand">
        <span class="mark">
          <Icon name="bridge" />
        </span>
        Amp Bridge
        <button type="button" class="round menu" aria-label="Close" onClick={close}>
          <Icon name="cross" />
        </button>
      </div>
      <button
        type="button"
        class="new"
        onClick={() => {
          chat.open(null);
          close();
        }}
      >
        <Icon name="plus" /> New session
      </button>
      <div class="entries">
        {active.length > 0 && <Entries entries={active} place={state.place} close={close} />}
        {state.sessions && active.length === 0 && <p class="faint none">No open sessions.</p>}
        {ended.length > 0 && (
          <details>
            <summary>
              Ended ({ended.length}
              {state.sessions?.next ? "+" : ""})
            </summary>
            <Entries entries={ended} place={state.place} close={close} />
          </details>
        )}
        {state.sessions?.next && (
          <button
            type="button"
            class="plain more"
            disabled={more.busy}
            onClick={() => more.run(() => chat.moreSessions())}
          >
            {more.problem ?? "Show more"}
          </button>
        )}
        <Notes chat={chat} />
      </div>
    </nav>
  );
}

function Entries({
  entries,
  place,
  close,
}: {
  entries: SessionEntry[];
  place: string | null;
  close: () => void;
}) {
  const now = useNow();
  return (
    <ul>
      {entries.map((entry) => (
        <li key={entry.session_id}>
          <a
            href={href(entry.session_id)}
            aria-current={entry.session_id === place ? "page" : undefined}
            onClick={close}
          >
            <span class="entry-title">{sessionTitle(entry)}</span>
            <span class="faint">
              {entry.surface && entry.surface !== "web" && `${surfaceName(entry.surface)} · `}
              {ago(entry.last_active, now)}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}
