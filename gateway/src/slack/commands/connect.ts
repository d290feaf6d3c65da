import { type Session, SessionState } from "../../backend/index.js";
import { escapeText } from "../text/escape.js";
import { patiently } from "../work/bridge.js";
import { startSession } from "../work/start.js";
import type { Command } from "./command.js";
import { dateText } from "./list.js";

const USAGE = "Usage: `connect &lt;session_id&gt;`\nProvide the session ID (or first 8 chars).";
/** How many of several that match are shown. */
const SHOWN = 5;

/** `connect <id or prefix>`: goes on with a session that began elsewhere, here or in a thread of its own. */
export const connect: Command = async (bridge, request) => {
  const { args, job, answer } = request;
  const [target] = args;
  if (target === undefined) return answer({ text: USAGE });
  const filter = { idPrefix: target, pageSize: SHOWN };
  const { sessions } = await bridge.backend.list(filter, patiently(bridge, job));
  const [session, another] = sessions;
  const shown = escapeText(target);
  if (!session) return answer({ text: `Session not found: \`${shown}\`` });
  if (another) return answer({ text: ambiguous(sessions) });
  if (session.state !== SessionState.ACTIVE) {
    return answer({ text: `Could not resume session \`${shown}\`: it has ended.` });
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

function ambiguous(sessions: Session[]): string {
  const lines = sessions.map(
    ({ sessionId, project, lastActiveAt }) =>
      `• \`${sessionId.slice(0, 12)}\` - ${escapeText(project)} (${dateText(lastActiveAt)})`,
  );
  return ["Multiple sessions match. Be more specific:\n", ...lines].join("\n");
}
