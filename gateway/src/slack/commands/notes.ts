import { LONGEST_NOTE, Notes } from "../../notes/notes.js";
import { LOCAL_PERSON } from "../../notes/person.js";
import type { TeamId, UserId } from "../keys.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import type { Bridge } from "../work/bridge.js";
import type { Command } from "./command.js";

/** How many notes an answer shows, the newest, and so many characters of each. */
const MOST_SHOWN = 10;
const MOST_TEXT = 300;

const REMEMBER_USAGE = "Usage: `remember &lt;text&gt;`\nExample: `remember we ship on Mondays`";
const RECALL_USAGE = "Usage: `recall &lt;query&gt;`\nExample: `recall shipping`";

/** `remember <text>`: keeps a note of its user. */
export const remember: Command = async (bridge, { job, user, place, args, answer }) => {
  const text = noteText(args);
  if (text === "") return answer({ text: REMEMBER_USAGE });
  if (text.length > LONGEST_NOTE) {
    return answer({ text: `A note has at most ${LONGEST_NOTE} characters.` });
  }
  const notes = new Notes(bridge.pool);
  const note = await notes.add(person(bridge, place.team, user), text, job.requestId);
  const kept = `Remembered \`${note.id}\` (category: _${note.category}_, tags: ${note.tags.join(", ")})`;
  await answer({ text: `${kept}\n${quoted(note.content)}` });
};

/** `recall <query>`: tells the notes of its user that match. */
export const recall: Command = async (bridge, { user, place, args, answer }) => {
  const query = noteText(args);
  if (query === "") return answer({ text: RECALL_USAGE });
  const found = await new Notes(bridge.pool).search(person(bridge, place.team, user), query);
  if (found.length === 0) {
    const about = escapeText(cut(query, MOST_TEXT));
    return answer({ text: `_No memories found matching '${about}'._` });
  }
  const shown = found.slice(-MOST_SHOWN).map(({ id, category, content }) => {
    return `• \`${id}\` (_${category}_) ${escapeText(cut(content.replace(/\s+/g, " "), MOST_TEXT))}`;
  });
  await answer({ text: [`*Found ${found.length} memory(ies):*`, ...shown].join("\n") });
};

/** Whose notes they are: their own, or the web chat's, if that is the same person. */
function person({ config }: Bridge, team: TeamId, user: UserId): string {
  return user === config.webUser ? LOCAL_PERSON : `slack:${team}:${user}`;
}

/** As on the page, "this:" and "that:" may stand before it. */
function noteText(args: string[]): string {
  return args
    .join(" ")
    .replace(/^(?:this|that):/i, "")
    .trim();
}

function quoted(text: string): string {
  return escapeText(cut(text, MOST_TEXT))
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}
