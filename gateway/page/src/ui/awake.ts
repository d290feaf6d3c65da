import type { Chat } from "../core/chat.js";

/** How long a hidden tab keeps its line, in milliseconds. */
const HIDDEN = 60_000;

/** Tries again at once when the network or the user is back; a tab that stays hidden lets go of its line. */
export function keepAwake(chat: Chat): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  window.addEventListener("offline", () => chat.offline());
  window.addEventListener("online", () => chat.reconnect());
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") chat.wake();
    else timer = setTimeout(() => chat.sleep(), HIDDEN);
  });
}
