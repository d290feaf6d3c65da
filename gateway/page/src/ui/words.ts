import type { Approval, Author, Session, SessionEntry } from "../core/model.js";

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

/** What became of a question, such as "Allowed by you". */
export function decision({ state, options, option_id, decided_by }: Approval): string {
  if (state !== "decided") return "Nobody answered in time.";
  const chosen = options.find((option) => option.option_id === option_id);
  const who = decided_by?.surface === "web" ? "you" : writer(decided_by);
  const by = who ? ` by ${who}` : "";
  const allowed = chosen?.kind.startsWith("allow");
  const alike = options.filter(({ kind }) => kind.startsWith("allow") === allowed);
  // Where there is a choice between several, only its label tells which it was.
  if (!chosen || alike.length > 1) return `${chosen?.label ?? option_id}${by && `,${by}`}`;
  return `${allowed ? "Allowed" : "Rejected"}${by}`;
}

/** What a session is called. */
export function sessionTitle(session: Session | SessionEntry): string {
  return session.description || `Session ${session.session_id.slice(0, 8)}`;
}
