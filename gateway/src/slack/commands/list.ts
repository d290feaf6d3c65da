import type { Session } from "../../backend/index.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { blocks, button, header, section } from "../text/message.js";
import { patiently } from "../work/bridge.js";
import type { Command } from "./command.js";
import { unquoted } from "./words.js";

const MOST = 15;
/** Escaped it may be five times as long, and a section takes 3,000. */
const MAX_ABOUT = 500;

/** The action of a session's Connect button begins so, and ends with the first 8 characters of its id. */
export const CONNECT_ACTION = "connect_session_";

/** `list [project]`: the latest sessions, from whichever surface, each with a button to connect to it. */
export const list: Command = async (bridge, { job, args, answer }) => {
  const project = args.map(unquoted).join(" ");
  const filter = { project, pageSize: MOST };
  const { sessions } = await bridge.backend.list(filter, patiently(bridge, job));
  if (sessions.length === 0) return answer({ text: "_No sessions found._" });
  await answer(blocks("Amplifier", header("Amplifier Sessions"), ...sessions.map(entry)));
};

function entry(session: Session) {
  const { sessionId, project, description, lastActiveAt } = session;
  const id8 = sessionId.slice(0, 8);
  const time = lastActiveAt && `${dateText(lastActiveAt)} UTC`;
  const label = [`\`${id8}\``, escapeText(project), time].filter(Boolean);
  const about = description && `\n${escapeText(cut(description, MAX_ABOUT))}`;
  return {
    ...section(label.join(" | ") + about),
    accessory: button("Connect", CONNECT_ACTION + id8, sessionId),
  };
}

/** Month/day hours:minutes, in UTC. */
export function dateText(date: Date | undefined): string {
  if (!date) return "";
  const text = date.toISOString();
  return `${text.slice(5, 7)}/${text.slice(8, 10)} ${text.slice(11, 16)}`;
}
