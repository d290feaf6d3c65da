import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import { useAction } from "./hooks.js";

interface Props {
  chat: Chat;
  seq: number;
  style: string;
  children: ComponentChildren;
}

/** Cancels a turn; what comes of it is told by the event stream. */
export function CancelButton({ chat, seq, style, children }: Props) {
  const clicked = useRef(false);
  // The button goes with its turn. Who pressed it by keyboard goes on from the message box, not from the top of the page.
  useEffect(
    () => () => {
      if (clicked.current) setTimeout(focusBox);
    },
    [],
  );
  const { busy, problem, run } = useAction();
  return (
    <button
      type="button"
      class={style}
      // Not `disabled`, which would take the focus away.
      aria-disabled={busy}
      onClick={() => {
        clicked.current = true;
        if (!busy) run(() => chat.cancel(seq));
      }}
    >
      {problem ? `Try again: ${problem}` : children}
    </button>
  );
}

function focusBox(): void {
  const lost = document.activeElement === document.body || !document.activeElement;
  if (lost) document.getElementById("messageInput")?.focus({ preventScroll: true });
}
