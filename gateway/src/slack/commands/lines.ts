import type { Mapping } from "../mappings/store.js";
import type { View } from "../policy.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import type { CommandRequest } from "./command.js";
import { aboutIn } from "./seen.js";

/** Lines of one answer. */
const MOST = 50;
const MAX_ABOUT = 80;

/** One line a conversation with a session, at most fifty, and how many more there are. */
export async function mappingLines(
  view: View,
  here: Pick<CommandRequest, "place" | "privately">,
  mappings: readonly Mapping[],
  nothing = "",
): Promise<string[]> {
  const lines = [];
  for (const { sessionId, channel, description } of mappings.slice(0, MOST)) {
    const about = await aboutIn(view, here, { channel }, cut(description, MAX_ABOUT));
    const said = escapeText(about) || nothing;
    lines.push(`• \`${sessionId.slice(0, 8)}\` in <#${channel}>${said && ` - ${said}`}`);
  }
  const more = mappings.length - lines.length;
  return more > 0 ? [...lines, `_and ${more} more_`] : lines;
}
