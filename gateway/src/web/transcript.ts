import type { Backend, BackendCall, Turn } from "../backend/index.js";

/** A stretch of a transcript. */
export interface Stretch {
  /** Oldest first. */
  turns: Turn[];
  /** Whether there are older ones. */
  hasMore: boolean;
}

/** Few enough that a page of the longest turns is no burden. */
const PAGE = 25;
/** A stretch ends early when its texts have so many characters. */
const ENOUGH_TEXT = 2_000_000;

/** Which stretch: at most `limit` turns before the turn `before`, by default the newest. */
export interface StretchRequest {
  limit: number;
  before?: number | undefined;
}

/** The newest turns that are asked for, of a session dead or alive; fewer if they are long, but at least one. */
export async function newestTurns(
  backend: Backend,
  sessionId: string,
  { limit, before = Number.POSITIVE_INFINITY }: StretchRequest,
  call: BackendCall,
): Promise<Stretch> {
  const newestFirst: Turn[] = [];
  // None is before the first turn; the backend takes 0 for the newest, and still says whether the session is there.
  const fromSeq = Number.isFinite(before) ? Math.max(before - 1, 1) : 0;
  let characters = 0;
  let pageToken = "";
  do {
    const request = { sessionId, newestFirst: true, pageSize: PAGE, pageToken, fromSeq };
    const page = await backend.listTurns(request, call);
    for (const turn of page.turns) {
      // Also of a backend that does not know `from_seq` yet, and begins with the newest.
      if (turn.seq >= before) continue;
      if (newestFirst.length === limit || characters > ENOUGH_TEXT) {
        return { turns: newestFirst.reverse(), hasMore: true };
      }
      newestFirst.push(turn);
      characters += turn.message.length + turn.reply.length + turn.thought.length;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return { turns: newestFirst.reverse(), hasMore: false };
}
