import { type Session, SessionState } from "../../backend/index.js";
import { findMapping } from "../mappings/store.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { startSession, takenText } from "../work/start.js";
import type { Command } from "./command.js";
import { dateText } from "./dates.js";
import { doubt, seenSessions } from "./seen.js";
import { unquoted } from "./words.js";

const USAGE = "Usage: `connect &lt;session_id&gt;`\nProvide the session ID (or first 8 chars).";
/** How many of several that match are shown. */
const SHOWN = 5;
/** No session has a longer id. */
const LONGEST_ID = 200;

/** `connect <id or prefix>`: goes on with a session that began elsewhere, here or in a thread of its own. */
export const connect: Command = async (bridge, request) => {
  const { args, job, place, user, answer } = request;
  const target = sessionId(args[0] ?? "");
  if (target === "") return answer({ text: USAGE });
  const shown = escapeText(cut(target, LONGEST_ID));
  if (target.length > LONGEST_ID) return answer({ text: `Session not found: \`${shown}\`` });
  const view = bridge.policy.viewOf(place.team, user);
  const sessions: Session[] = [];
  const filter = { idPrefix: target.toLowerCase() };
  for await (const { session } of seenSessions(bridge, job, view, filter)) {
    if (sessions.push(session) === SHOWN) break;
  }
  const [session, another] = sessions;
  if (!session) return answer({ text: `Session not found: \`${shown}\`${doubt(view)}` });
  if (another) return answer({ text: ambiguous(sessions) });
  if (session.state !== SessionState.ACTIVE) {
    return answer({ text: `Could not resume session \`${shown}\`: it has ended.` });
  }
  // A second click on the same button, too.
  const here = await findMapping(bridge.pool, place);
  if (here?.active && here.sessionId === session.sessionId) {
    return answer({ text: takenText(here.sessionId) });
  }
  await startSession(bridge, {
    ...request,
    begins: false,
    open: async () => session,
    text: ({ sessionId, project, description }) => {
      const about = description && `\n_${escapeText(description)}_`;
      return `Connected to session \`${sessionId.slice(0, 8)}\` (${escapeText(project)})${about}`;
    },
  });
};

/** An id without what people write around it, as the app itself does in its lists. */
function sessionId(word: string): string {
  if (word.length > LONGEST_ID) return word;
  return unquoted(word).replace(/^[*_~`#([]+|[*_~`.,;:!?…)\]]+$/g, "");
}

function ambiguous(sessions: Session[]): string {
  const lines = sessions.map(
    ({ sessionId, project, lastActiveAt }) =>
      `• \`${sessionId.slice(0, 12)}\` - ${escapeText(project)} (${dateText(lastActiveAt)})`,
  );
  return ["Multiple sessions match. Be more specific:\n", ...lines].join("\n");
}
