import { useEffect, useState } from "preact/hooks";
import type { Announcement } from "../core/announce.js";
import type { Chat } from "../core/chat.js";

/** The only live regions: streamed text is never one, or screen readers would read every piece of it. */
export function Announcer({ chat }: { chat: Chat }) {
  const [said, setSaid] = useState<Announcement & { alerts: number }>({ alerts: 0 });
  useEffect(
    () =>
      chat.onAnnouncement((next) => {
        if (!next.alert && !next.status) return;
        setSaid((last) => ({ ...last, ...next, alerts: last.alerts + (next.alert ? 1 : 0) }));
      }),
    [chat],
  );
  return (
    <div class="hidden">
      <div role="status">{said.status}</div>
      <div role="alert">
        {/* A new element each time: the agent may ask the same again, and that has to be said again. */}
        <span key={said.alerts}>{said.alert}</span>
      </div>
    </div>
  );
}
