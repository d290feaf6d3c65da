import {
  answering,
  type GatewayMutant,
  items,
  losing,
  object,
  omitting,
  retelling,
  type Told,
  telling,
} from "./mutant.js";

const SNAPSHOT = "a snapshot of a session with three turns equals its transcript";
const END = "GET /events of a session tells its end, and nothing of it after that";
const LIST = "an open event stream tells sessions that are new, put aside, spoken to and ended";
const HEAD = "GET /events is an event stream that nobody may store, and begins with the sessions";
const NAMED = "GET /events of the session it names tells its turns, and none of the active one";
const LATE =
  "a client that opens the stream in mid-turn is told what came before, and goes on from there";

/** Mistakes with the state that a stream begins with, and with its end. */
export const streamMutants: GatewayMutant[] = [
  ...["turns", "session", "has_more", "memories"].map((field) => ({
    flaw: `the snapshot has no ${field}`,
    noticedBy: SNAPSHOT,
    changes: retelling("snapshot", (data) => {
      delete data[field];
    }),
  })),
  {
    flaw: "the snapshot never has turns",
    noticedBy: SNAPSHOT,
    changes: retelling("snapshot", (data) => ({ ...data, turns: [] })),
  },
  {
    flaw: "the snapshot has the newest turn first",
    noticedBy: SNAPSHOT,
    changes: retelling("snapshot", (data) => ({
      ...data,
      turns: items(data, "turns").toReversed(),
    })),
  },
  {
    flaw: "the snapshot has the newest turn only",
    noticedBy: SNAPSHOT,
    changes: retelling("snapshot", (data) => ({ ...data, turns: items(data, "turns").slice(-1) })),
  },
  {
    flaw: "the snapshot always says that there is more",
    noticedBy: SNAPSHOT,
    changes: retelling("snapshot", (data) => ({ ...data, has_more: true })),
  },
  {
    flaw: "the snapshot does not have what the running turn has said",
    noticedBy: LATE,
    changes: retelling("snapshot", (data) => {
      for (const turn of items(data, "turns")) turn["reply"] = "";
    }),
  },
  {
    flaw: "the snapshot leaves out turns that are not over",
    noticedBy: LATE,
    changes: retelling("snapshot", (data) => ({
      ...data,
      turns: items(data, "turns").filter(({ finished_at }) => finished_at !== null),
    })),
  },
  {
    flaw: "the snapshot of an ended session says that it is active",
    noticedBy: "GET /events of an ended session tells its last snapshot",
    changes: retelling("snapshot", (data) => {
      object(data, "session")["state"] = "active";
    }),
  },
  {
    flaw: "the end of the session is told twice",
    noticedBy: END,
    changes: telling((told) => (told.event === "ended" ? [told, told] : [told])),
  },
  {
    flaw: "a snapshot comes after the end of the session",
    noticedBy: END,
    changes: () => ({
      stream: () => {
        let snapshot: Told[] = [];
        return (told) => {
          if (told.event === "snapshot") snapshot = [told];
          return told.event === "ended" ? [told, ...snapshot] : [told];
        };
      },
    }),
  },
  {
    flaw: "the end of the session is not told",
    noticedBy: END,
    changes: omitting(({ event }) => event === "ended"),
  },
  {
    flaw: "the end says that the session is active",
    noticedBy: END,
    changes: retelling("ended", (data) => {
      object(data, "session")["state"] = "active";
    }),
  },
  {
    flaw: "the sessions are told once only",
    noticedBy: LIST,
    changes: omitting(({ event }) => event === "session"),
  },
  {
    flaw: "an open stream tells new sessions, and none that changed",
    noticedBy: LIST,
    changes: () => ({
      stream: () => {
        const known = new Set();
        return (told) => {
          if (told.event !== "session") return [told];
          const { session_id } = object(told.data, "session");
          return known.has(session_id) || !known.add(session_id) ? [] : [told];
        };
      },
    }),
  },
  {
    flaw: "an entry that changed is told without its state",
    noticedBy: LIST,
    changes: retelling("session", (data) => {
      delete object(data, "session")["state"];
    }),
  },
  {
    flaw: "the stream does not begin with the sessions",
    noticedBy: HEAD,
    changes: telling((told) => {
      if (told.event !== "sessions") return [told];
      return [{ event: "session", data: { session: items(told.data, "sessions")[0] } }, told];
    }),
  },
  {
    flaw: "the stream begins with an empty list",
    noticedBy: HEAD,
    changes: retelling("sessions", () => ({ sessions: [] })),
  },
  {
    flaw: "the stream is plain text",
    noticedBy: HEAD,
    changes: answering("GET /events", ({ headers }) => {
      headers["content-type"] = "text/plain";
    }),
  },
  {
    flaw: "the stream may be stored",
    noticedBy: HEAD,
    changes: answering("GET /events", ({ headers }) => {
      headers["cache-control"] = "max-age=60";
    }),
  },
  {
    flaw: "the stream does not say how often its line shows life",
    noticedBy: "GET /events says how often it shows that the line is not dead, and shows it",
    changes: answering("GET /events", ({ headers }) => {
      delete headers["heartbeat"];
    }),
  },
  {
    flaw: "the stream of a session is always that of the active one",
    noticedBy: NAMED,
    changes: () => {
      let active = "";
      return {
        ask({ method, path, query, body: _ }) {
          if (path === "/events" && method === "GET" && query.has("session") && active) {
            query.set("session", active);
          }
          return undefined;
        },
        answer({ body }, { method, path }) {
          if (method === "POST" && path === "/session") active = String(body["session_id"]);
        },
      };
    },
  },
  {
    flaw: "the stream of an unknown session is 200",
    noticedBy: "the transcript and the events of an unknown session are 404",
    changes: answering("GET /events", (answered) => {
      answered.status = 200;
    }),
  },
  {
    flaw: "the stream does not know its session",
    noticedBy: NAMED,
    changes: losing("GET /events", "session"),
  },
];
