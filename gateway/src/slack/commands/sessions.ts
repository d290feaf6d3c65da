import { listActive, type Mapping } from "../mappings/store.js";
import type { Command } from "./command.js";
import { mappingLines } from "./lines.js";
import { doubt } from "./seen.js";

/** Every conversation of the workspace that has a session and that the user can read. */
export const sessions: Command = async ({ pool, policy }, request) => {
  const { place, user, tell } = request;
  const view = policy.viewOf(place.team, user);
  const seen: Mapping[] = [];
  for (const mapping of await listActive(pool, { team: place.team })) {
    if (await view.sees({ ...mapping, creator: mapping.createdBy })) seen.push(mapping);
  }
  if (seen.length === 0) return tell({ text: `_No active bridge sessions._${doubt(view)}` });
  const lines = await mappingLines(view, request, seen);
  const text = [`*Active Bridge Sessions* (${seen.length}):\n`, ...lines].join("\n");
  await tell({ text: text + doubt(view) });
};
