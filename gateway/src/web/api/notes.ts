import { z } from "zod";
import { noteNumber } from "../../notes/notes.js";
import { fields, read } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { HttpError } from "../errors.js";

const LIMIT = { error: "limit must be a whole number from 1 to 200" };
const Query = fields({
  limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(200, LIMIT).default(50),
  before: z
    .string({ error: "before must be the id of a memory" })
    .transform(noteNumber)
    .refine((number) => number !== undefined, { error: "before must be the id of a memory" })
    .optional(),
});

/** GET /memories: the user's notes, the newest first. */
export const listNotes: Endpoint = async ({ notes }, { user, request }) => {
  const { limit, before } = read(Query, request.query);
  const found = await notes.list(user, limit + 1, before);
  return ok({ memories: found.slice(0, limit), has_more: found.length > limit });
};

/** DELETE /memories/:id: deletes one for good. */
export const deleteNote: Endpoint = async ({ notes }, { user, request }) => {
  const id = String(request.params["id"]);
  if (await notes.delete(user, id)) return ok({ deleted: true, id });
  throw new HttpError(404, { error: `Memory '${id}' not found` });
};
