import { type Endpoint, ok } from "../endpoint.js";
import { entryJson } from "../json.js";

/** GET /sessions: all sessions of the user, the last active first. */
export const listSessions: Endpoint = async ({ mappings }, { user }) =>
  ok({ sessions: (await mappings.list(user)).map(entryJson) });
