import type { Author, Session, SessionEntry } from "../core/model.js";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** How long ago, such as "5 min. ago". */
export function ago(time: string, now: number): string {
  const passed = now - Date.parse(time);
  const [unit, length] = UNITS.find(([, length]) => passed >= length) ?? ["minute", 0];
  return length ? relative.format(-Math.floor(passed / length), unit) : "just now";
}

/** The surface's name for people. */
export function surfaceName(surface: string): string {
  return surface === "web" ? "Web" : surface.charAt(0).toUpperCase() + surface.slice(1);
}

/** Who wrote, when it was not the user of this page. */
export function writer(author: Author | null): string | null {
  if (!author || author.surface === "web" || !author.surface) return null;
  return `${author.display_name || author.user} on ${surfaceName(author.surface)}`;
}

/** What a session is called. */
export function sessionTitle(session: Session | SessionEntry): string {
  return session.description || `Session ${session.session_id.slice(0, 8)}`;
}
