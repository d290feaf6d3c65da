import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import { openQuestions, type Turn } from "../core/model.js";
import { type ChatState, runningTurn } from "../core/state.js";
import { draftStorage, drafts, START } from "../core/storage.js";
import { CancelButton } from "./CancelButton.js";
import { Icon } from "./icons.js";

interface Props {
  chat: Chat;
  state: ChatState;
}

/** Where messages are written. What is typed is kept, for each session, until it is sent. */
export function Composer({ chat, state }: Props) {
  const place = state.place ?? START;
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const running = runningTurn(state);

  useEffect(() => {
    setText(drafts.read(draftStorage, place));
    box.current?.focus({ preventScroll: true });
  }, [place, state.draftRevision]);
  useLayoutEffect(() => {
    if (!box.current) return;
    box.current.style.height = "auto";
    box.current.style.height = `${box.current.scrollHeight}px`;
  }, [text]);

  const type = (value: string) => {
    setText(value);
    drafts.write(draftStorage, place, value);
  };
  const send = () => {
    const message = text.trim();
    if (!message) return;
    type("");
    chat.send(message, state.start);
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event) || onScreenKeyboard()) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="hidden" for="messageInput">
        Message
      </label>
      <textarea
        id="messageInput"
        ref={box}
        rows={1}
        placeholder={placeholder(running)}
        value={text}
        aria-describedby="composerHint"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="composer-bar">
        <span id="composerHint" class="faint">
          <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> breaks the line
        </span>
        {running && (
          <CancelButton chat={chat} seq={running.seq} style="plain">
            <Icon name="stop" /> Stop
          </CancelButton>
        )}
        <button type="submit" class="send" disabled={!text.trim()} aria-label="Send">
          <Icon name="arrow" />
        </button>
      </div>
    </form>
  );
}

function placeholder(running: Turn | undefined): string {
  if (!running) return "Write a message";
  return openQuestions(running).length > 0
    ? "The agent waits for your answer above"
    : "Write the next message";
}

/**
 * Whether the key goes to an input method. Safari ends the composition before it
 * tells of the Enter that did, with key code 229 (https://bugs.webkit.org/show_bug.cgi?id=165004).
 */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Keyboards on a screen have no Shift+Enter: there Enter breaks the line, and the button sends. */
function onScreenKeyboard(): boolean {
  return matchMedia("(hover: none) and (pointer: coarse)").matches;
}
