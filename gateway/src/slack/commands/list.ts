import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { blocks, button, context, header, section } from "../text/message.js";
import type { Command } from "./command.js";
import { dateText } from "./dates.js";
import { aboutIn, doubt, type Seen, seenSessions } from "./seen.js";
import { unquoted } from "./words.js";

const MOST = 15;
/** Escaped it may be five times as long, and a section takes 3,000. */
const MAX_ABOUT = 500;
const MORE = "_There are more: name a project, or give an id to `connect`._";

/** The action of a session's Connect button begins so, and ends with the first 8 characters of its id. */
export const CONNECT_ACTION = "connect_session_";

/** `list [project]`: the latest sessions of Slack's that the user may see, each with a button to connect to it. */
export const list: Command = async (bridge, request) => {
  const { job, place, user, args, tell } = request;
  const view = bridge.policy.viewOf(place.team, user);
  const project = args.map(unquoted).join(" ");
  const entries = [];
  let more = false;
  for await (const seen of seenSessions(bridge, job, view, { project })) {
    more = entries.length === MOST;
    if (more) break;
    const about = await aboutIn(view, request, seen.at, seen.session.description);
    entries.push(entry(seen, about));
  }
  const note = (more ? MORE : "") + doubt(view);
  if (entries.length === 0) return tell({ text: `_No sessions found._${note}` });
  const notes = note === "" ? [] : [context(note.trim())];
  await tell(blocks("Amplifier", header("Amplifier Sessions"), ...entries, ...notes));
};

function entry({ session }: Seen, about: string) {
  const { sessionId, project, lastActiveAt } = session;
  const id8 = sessionId.slice(0, 8);
  const time = lastActiveAt && `${dateText(lastActiveAt)} UTC`;
  const label = [`\`${id8}\``, escapeText(project), time].filter(Boolean);
  const line = about && `\n${escapeText(cut(about, MAX_ABOUT))}`;
  return {
    ...section(label.join(" | ") + line),
    accessory: button("Connect", CONNECT_ACTION + id8, sessionId),
  };
}
