import { useEffect, useState } from "preact/hooks";
import type { Announcement } from "../core/announce.js";
import type { Chat } from "../core/chat.js";

/** The only live regions: streamed text is never one, or screen readers would read every piece of it. */
export function Announcer({ chat }: { chat: Chat }) {
  const [said, setSaid] = useState<Announcement>({});
  useEffect(
    () =>
      chat.onAnnouncement(
        (next) => (next.alert || next.status) && setSaid((last) => ({ ...last, ...next })),
      ),
    [chat],
  );
  return (
    <div class="hidden">
      <div role="status">{said.status}</div>
      <div role="alert">{said.alert}</div>
    </div>
  );
}
