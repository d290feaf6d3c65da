import {
  answering,
  asking,
  changing,
  type GatewayMutant,
  items,
  type Json,
  losing,
  meets,
} from "./mutant.js";

const WHOLE = "a transcript has the turns whole, the oldest first";
const OPEN = "a transcript has also the turns that are not over, in their places";
const PAGES = "pages of a transcript go back by `before` and `limit`, without gaps or repeats";
const REFUSES = "a transcript refuses a `before` or `limit` that it does not take, by its name";
const ENDED = "an ended session has its transcript still";

const TRANSCRIPT = "GET /sessions/*/transcript";

/** Changes each turn of a transcript. */
function turns(change: (turn: Json) => void) {
  return changing(TRANSCRIPT, (body) => items(body, "turns").forEach(change));
}

/** Mistakes with transcripts. */
export const transcriptMutants: GatewayMutant[] = [
  {
    flaw: "`before` is ignored",
    noticedBy: PAGES,
    changes: losing(TRANSCRIPT, "before"),
  },
  {
    flaw: "`before` includes the turn itself",
    noticedBy: PAGES,
    changes: asking(TRANSCRIPT, ({ query }) => {
      const before = Number(query.get("before") ?? "0");
      if (before > 0) query.set("before", String(before + 1));
    }),
  },
  {
    flaw: "`limit` is ignored",
    noticedBy: PAGES,
    changes: losing(TRANSCRIPT, "limit"),
  },
  {
    flaw: "a page has one turn more than its limit",
    noticedBy: PAGES,
    changes: asking(TRANSCRIPT, ({ query }) => {
      const limit = Number(query.get("limit") ?? "50");
      query.set("limit", String(limit + 1));
    }),
  },
  {
    flaw: "a page has the oldest turns before `before`",
    noticedBy: PAGES,
    changes: () => ({
      ask(asked) {
        if (meets(TRANSCRIPT, asked)) asked.query.delete("limit");
        return undefined;
      },
      answer({ body }, asked) {
        if (meets(TRANSCRIPT, asked)) body["turns"] = items(body, "turns").slice(0, 2);
      },
    }),
  },
  {
    flaw: "any `limit` is taken",
    noticedBy: REFUSES,
    changes: asking(TRANSCRIPT, ({ query }) => {
      const limit = Number(query.get("limit") ?? "50");
      query.set("limit", String(Math.min(Math.max(limit || 50, 1), 200)));
    }),
  },
  {
    flaw: "the refusal of a `limit` does not name it",
    noticedBy: REFUSES,
    changes: answering(TRANSCRIPT, ({ status, body }) => {
      if (status === 400) body["error"] = "The request is wrong";
    }),
  },
  {
    flaw: "the newest turn is first",
    noticedBy: WHOLE,
    changes: changing(TRANSCRIPT, (body) => {
      body["turns"] = items(body, "turns").toReversed();
    }),
  },
  {
    flaw: "there is always more",
    noticedBy: WHOLE,
    changes: changing(TRANSCRIPT, (body) => {
      body["has_more"] = true;
    }),
  },
  {
    flaw: "there is never more",
    noticedBy: PAGES,
    changes: changing(TRANSCRIPT, (body) => {
      body["has_more"] = false;
    }),
  },
  ...["session_id", "turns", "memories", "has_more"].map((field) => ({
    flaw: `a transcript has no ${field}`,
    noticedBy: WHOLE,
    changes: changing(TRANSCRIPT, (body) => {
      delete body[field];
    }),
  })),
  ...["reply", "message", "request_id", "author", "state", "created_at", "tool_calls"].map(
    (field) => ({
      flaw: `the turns of a transcript have no ${field}`,
      noticedBy: WHOLE,
      changes: turns((turn) => {
        delete turn[field];
      }),
    }),
  ),
  { flaw: "replies are empty", noticedBy: WHOLE, changes: turns((turn) => (turn["reply"] = "")) },
  {
    flaw: "turns are of nobody",
    noticedBy: WHOLE,
    changes: turns((turn) => (turn["author"] = null)),
  },
  {
    flaw: "each turn is over when it is accepted",
    noticedBy: OPEN,
    changes: turns((turn) => (turn["finished_at"] ??= turn["created_at"])),
  },
  {
    flaw: "turns that are not over are left out",
    noticedBy: OPEN,
    changes: changing(TRANSCRIPT, (body) => {
      body["turns"] = items(body, "turns").filter(({ finished_at }) => finished_at !== null);
    }),
  },
  {
    flaw: "an ended session has no transcript",
    noticedBy: ENDED,
    changes: () => {
      const ended = new Set<string>();
      return {
        answer(answered, asked) {
          if (meets("POST /end", asked)) ended.add(String(answered.body["session_id"]));
          const [, , id = ""] = asked.path.split("/");
          if (meets(TRANSCRIPT, asked) && ended.has(id)) answered.status = 404;
        },
      };
    },
  },
  {
    flaw: "an unknown session has an empty transcript",
    noticedBy: "the transcript and the events of an unknown session are 404",
    changes: answering(TRANSCRIPT, (answered) => {
      answered.status = 200;
    }),
  },
  {
    flaw: "the transcript is always that of the newest session",
    noticedBy: "each of two transcripts has the turns of its own session",
    changes: () => {
      let newest = "";
      return {
        ask(asked) {
          if (meets(TRANSCRIPT, asked)) asked.path = `/sessions/${newest}/transcript`;
          return undefined;
        },
        answer({ body }, asked) {
          if (meets("POST /session", asked)) newest = String(body["session_id"]);
        },
      };
    },
  },
];
