import type { Location } from "../core/chat.js";

/** The session looked at stands in the address as `#id`, so that reload, back and bookmarks work. */
export const address: Location = {
  read: () => window.location.hash.slice(1) || null,
  write: (sessionId) => {
    if (sessionId === address.read()) return;
    const { pathname, search } = window.location;
    history.pushState(null, "", sessionId ? href(sessionId) : pathname + search);
  },
};

/** A link to a session. */
export function href(sessionId: string): string {
  return `#${sessionId}`;
}
