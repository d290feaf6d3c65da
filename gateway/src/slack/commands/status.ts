import { findMapping, listActive, type Mapping } from "../mappings/store.js";
import { escapeText } from "../text/escape.js";
import { blocks, section } from "../text/message.js";
import type { Command } from "./command.js";

/** The session of this conversation, or else the user's sessions. */
export const status: Command = async ({ pool }, { place, user, answer }) => {
  const here = await findMapping(pool, place);
  if (here) return answer(blocks("Amplifier", section(statusText(here))));
  const own = await listActive(pool, { team: place.team, user });
  if (own.length === 0) {
    return answer({ text: "_No active sessions. Use `new` to start one._" });
  }
  const lines = own.map(
    ({ sessionId, channel, description }) =>
      `• \`${sessionId.slice(0, 8)}\` in <#${channel}> - ${escapeText(description) || "no description"}`,
  );
  await answer({ text: ["*Your active sessions:*\n", ...lines].join("\n") });
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
