/** What an asker may see of the sessions that were begun in Slack. */
import type { Session } from "../../backend/index.js";
import type { Job } from "../inbox/job.js";
import { type Place, parsePlaceKey, UserId } from "../keys.js";
import { begunAt } from "../mappings/involved.js";
import type { View, Whereabouts } from "../policy.js";
import { type Bridge, patiently } from "../work/bridge.js";

/** The sessions that are looked through for those that an asker may see. */
const PAGE = 100;
const MOST_PAGES = 25;

/** A session of Slack's that the asker may see. */
export interface Seen {
  session: Session;
  at: Whereabouts;
}

/** The last active first, of the newest few thousand that the backend lists. */
export async function* seenSessions(
  bridge: Bridge,
  job: Job,
  view: View,
  filter: { project?: string; idPrefix?: string },
): AsyncGenerator<Seen> {
  let pageToken = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const request = { ...filter, surface: "slack", pageSize: PAGE, pageToken };
    const { sessions, nextPageToken } = await bridge.backend.list(request, patiently(bridge, job));
    const known = await begunAt(
      bridge.pool,
      sessions.map(({ sessionId }) => sessionId),
    );
    for (const session of sessions) {
      const at = known.get(session.sessionId) ?? whereaboutsOf(session);
      if (at && (await view.sees(at))) yield { session, at };
    }
    pageToken = nextPageToken;
    if (pageToken === "") return;
  }
}

/** Where a session says that it was begun; undefined if not in Slack. A channel may have another id by now: a mapping knows better. */
function whereaboutsOf({ origin }: Session): Whereabouts | undefined {
  if (origin?.surface !== "slack") return undefined;
  const place = parsePlaceKey(origin.conversation);
  const creator = UserId.safeParse(origin.user).data;
  return place && creator && { team: place.team, channel: place.channel, creator };
}

/** Added to an answer from which something may be missing. */
export function doubt({ unsure }: View): string {
  return unsure
    ? "\n_Slack did not tell me of all conversations whether you are in them; what I may not show is left out. Try again in a moment._"
    : "";
}

/** What a line says of a session's subject, in a post that others may read: nothing of private conversations elsewhere. */
export async function aboutIn(
  view: View,
  here: { place: Place; privately: boolean },
  { channel }: Pick<Whereabouts, "channel">,
  description: string,
): Promise<string> {
  if (description === "") return "";
  if (here.privately || (await view.mayBeNamed(channel, here.place.channel))) return description;
  return "(from a private conversation)";
}
