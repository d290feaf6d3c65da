import { z } from "zod";
import { fields, read, text } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { pageJson, placeFrom } from "../json.js";

const LIMIT = { error: "limit must be a whole number from 1 to 500" };
const Query = fields({
  limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(500, LIMIT).default(200),
  cursor: z
    .string({ error: "cursor must be a string" })
    .transform(placeFrom)
    .refine((place) => place !== undefined, { error: "cursor is none that was answered" })
    .optional(),
  q: text("q", 200).default(""),
});

/** GET /sessions: the sessions of the user, the last active first, by pages; those that match `q`. */
export const listSessions: Endpoint = async ({ lists }, { user, request }) => {
  const { limit, cursor, q } = read(Query, request.query);
  return ok(pageJson(await lists.page(user, { limit, cursor, q: q.trim() })));
};
