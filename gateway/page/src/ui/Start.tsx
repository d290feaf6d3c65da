import { useRef } from "preact/hooks";
import type { NewSession } from "../core/api.js";
import type { Chat } from "../core/chat.js";
import { newId } from "../core/ids.js";
import { useAction } from "./hooks.js";

interface Props {
  chat: Chat;
  session: NewSession;
}

/** What stands there before a session does. */
export function Start({ chat, session }: Props) {
  const change = (next: NewSession) => chat.setStart(next);
  // What was said before is seen, and can be corrected.
  const open = useRef(session.description !== "" || session.workingDir !== "");
  const creationId = useRef(newId());
  const { busy, problem, run } = useAction();
  return (
    <div id="chatArea" class="start">
      <div class="column">
        <h2>What shall we work on?</h2>
        <p class="lead">
          Write a message to begin. The conversation stays, whatever happens to this tab.
        </p>
        <details class="options" open={open.current}>
          <summary>Options</summary>
          <label>
            Name
            <input
              value={session.description}
              maxLength={1_000}
              placeholder="The first message, if left empty"
              onInput={(event) => change({ ...session, description: event.currentTarget.value })}
            />
          </label>
          <label>
            Working folder
            <input
              value={session.workingDir}
              placeholder="The server's default, if left empty"
              spellcheck={false}
              autocapitalize="off"
              onInput={(event) => change({ ...session, workingDir: event.currentTarget.value })}
            />
          </label>
          <button
            type="button"
            class="plain"
            disabled={busy}
            onClick={() => run(() => chat.begin(session, creationId.current))}
          >
            Start without a message
          </button>
          {problem && (
            <p class="problem" role="alert">
              {problem}
            </p>
          )}
        </details>
      </div>
    </div>
  );
}
