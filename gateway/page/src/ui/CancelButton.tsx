import type { ComponentChildren } from "preact";
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
  const { busy, problem, run } = useAction();
  return (
    <button type="button" class={style} disabled={busy} onClick={() => run(() => chat.cancel(seq))}>
      {problem ? `Try again: ${problem}` : children}
    </button>
  );
}
