import { findMapping, listActive, type Mapping } from "../mappings/store.js";
import { escapeText } from "../text/escape.js";
import { blocks, section } from "../text/message.js";
import type { Command } from "./command.js";
import { mappingLines } from "./lines.js";

/** The session of this conversation, or else the user's sessions. */
export const status: Command = async ({ pool, policy }, request) => {
  const { place, user, tell } = request;
  const here = await findMapping(pool, place);
  if (here) return tell(blocks("Amplifier", section(statusText(here))));
  const own = await listActive(pool, { team: place.team, user });
  if (own.length === 0) {
    return tell({ text: "_No active sessions. Use `new` to start one._" });
  }
  const view = policy.viewOf(place.team, user);
  const lines = await mappingLines(view, request, own, "no description");
  await tell({ text: ["*Your active sessions:*\n", ...lines].join("\n") });
};

function statusText({ active, sessionId, project, description }: Mapping): string {
  const [emoji, word] = active
    ? [":large_green_circle:", "Active"]
    : [":white_circle:", "Inactive"];
  return [
    `${emoji} *Session Status: ${word}*`,
    `ID: \`${sessionId.slice(0, 8)}\``,
    ...(project ? [`Project: ${escapeText(project)}`] : []),
    ...(description ? [`Description: ${escapeText(description)}`] : []),
  ].join("\n");
}
