import type { SessionEntry, SessionPage } from "./model.js";

/** The user's sessions, as far as they were told: the last active first. */
export interface SessionList {
  entries: SessionEntry[];
  /** Where the next page begins; undefined when there is none. */
  next: string | undefined;
}

/** The newest sessions were told again; those of later pages stay. */
export function withFirstPage(list: SessionList | null, page: SessionPage): SessionList {
  const last = page.sessions.at(-1);
  const told = new Set(page.sessions.map(({ session_id }) => session_id));
  const later =
    page.next_cursor && last
      ? (list?.entries ?? []).filter(
          (entry) => !told.has(entry.session_id) && order(last, entry) < 0,
        )
      : [];
  const next = later.length > 0 ? list?.next : page.next_cursor;
  return { entries: [...page.sessions, ...later], next };
}

/** The next page was read. */
export function withPage(list: SessionList, page: SessionPage): SessionList {
  const known = new Set(list.entries.map(({ session_id }) => session_id));
  const news = page.sessions.filter(({ session_id }) => !known.has(session_id));
  return { entries: [...list.entries, ...news], next: page.next_cursor };
}

/** One entry changed. */
export function withEntry(list: SessionList, entry: SessionEntry): SessionList {
  const others = list.entries.filter(({ session_id }) => session_id !== entry.session_id);
  const place = others.findIndex((other) => order(entry, other) < 0);
  others.splice(place < 0 ? others.length : place, 0, entry);
  return { ...list, entries: others };
}

function order(a: SessionEntry, b: SessionEntry): number {
  return Date.parse(b.last_active) - Date.parse(a.last_active);
}
