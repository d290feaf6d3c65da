import { listActive } from "../mappings/store.js";
import { escapeText } from "../text/escape.js";
import type { Command } from "./command.js";

/** Every conversation of the workspace that has a session. */
export const sessions: Command = async ({ pool }, { place, answer }) => {
  const active = await listActive(pool, { team: place.team });
  if (active.length === 0) return answer({ text: "_No active bridge sessions._" });
  const lines = active.map(({ sessionId, channel, description }) => {
    const about = description && ` - ${escapeText(description)}`;
    return `• \`${sessionId.slice(0, 8)}\` in <#${channel}>${about}`;
  });
  await answer({ text: [`*Active Bridge Sessions* (${active.length}):\n`, ...lines].join("\n") });
};
