import {
  answering,
  asking,
  type Changes,
  changing,
  type GatewayMutant,
  items,
  type Json,
  losing,
  meets,
} from "./mutant.js";

const ENTRY = "an entry of GET /sessions has all its fields, and keeps when it was made";
const TWELVE = "GET /sessions tells twelve new sessions, the last active first, one of them active";
const ENDED = "an ended session stays in GET /sessions, as ended";
const PAGES =
  "pages of GET /sessions go to the end by `limit` and `cursor`, without gaps or repeats";
const SEARCH =
  "`q` of GET /sessions finds part of a description in any case, and the beginning of an id";
const REFUSES =
  "GET /sessions refuses a `limit`, `cursor` or `q` that it does not take, by its name";
const CHAT = "POST /chat speaks to the session it names, and the active one stays";
const TURN = "POST /cancel stops the turn it names, and no other";
const CREATE = "POST /session gives the folder and the agent that were asked for, or is refused";

function entries(change: (entry: Json) => void): () => Changes {
  return changing("GET /sessions", (body) => items(body, "sessions").forEach(change));
}

function listed(change: (sessions: Json[]) => Json[]): () => Changes {
  return changing("GET /sessions", (body) => {
    body["sessions"] = change(items(body, "sessions"));
  });
}

function ignoring(route: Parameters<typeof asking>[0], field: string): () => Changes {
  return asking(route, ({ body }) => {
    delete body[field];
  });
}

/** Mistakes with GET /sessions. */
const listMutants: GatewayMutant[] = [
  ...[
    ...["session_id", "description", "created_at", "last_active", "is_active", "project_id"],
    ...["state", "surface"],
  ].map((field) => ({
    flaw: `entries have no ${field}`,
    noticedBy: ENTRY,
    changes: entries((entry) => {
      delete entry[field];
    }),
  })),
  {
    flaw: "every entry was made now",
    noticedBy: ENTRY,
    changes: entries((entry) => (entry["created_at"] = new Date().toISOString())),
  },
  {
    flaw: "last_active is when it was made",
    noticedBy: ENTRY,
    changes: entries((entry) => (entry["last_active"] = entry["created_at"])),
  },
  {
    flaw: "times are as in RFC 2822",
    noticedBy: ENTRY,
    changes: entries((entry) => {
      entry["created_at"] = new Date(String(entry["created_at"])).toUTCString();
    }),
  },
  {
    flaw: "times are numbers",
    noticedBy: ENTRY,
    changes: entries((entry) => (entry["created_at"] = Date.parse(String(entry["created_at"])))),
  },
  {
    flaw: "every surface is slack",
    noticedBy: ENTRY,
    changes: entries((entry) => (entry["surface"] = "slack")),
  },
  {
    flaw: "states are in capitals",
    noticedBy: ENTRY,
    changes: entries((entry) => (entry["state"] = String(entry["state"]).toUpperCase())),
  },
  {
    flaw: "an ended session is told as active",
    noticedBy: ENDED,
    changes: entries((entry) => (entry["state"] = "active")),
  },
  {
    flaw: "ended sessions are gone",
    noticedBy: ENDED,
    changes: listed((all) => all.filter(({ state }) => state === "active")),
  },
  {
    flaw: "the list has ten at most",
    noticedBy: TWELVE,
    changes: listed((all) => all.slice(0, 10)),
  },
  {
    flaw: "the last active is last",
    noticedBy: TWELVE,
    changes: listed((all) => all.toReversed()),
  },
  {
    flaw: "every session that is alive is told as the active one",
    noticedBy: TWELVE,
    changes: entries((entry) => (entry["is_active"] = entry["state"] === "active")),
  },
  {
    flaw: "the list has the order in which sessions were made",
    noticedBy: "a session that is spoken to becomes the first of GET /sessions",
    changes: listed((all) =>
      all.toSorted((a, b) => String(b["created_at"]).localeCompare(String(a["created_at"]))),
    ),
  },
  {
    flaw: "somebody else's session is listed with all others",
    noticedBy: PAGES,
    changes: listed((all) => {
      const [first] = all;
      return first ? [...all, { ...first, session_id: "not-yours" }] : all;
    }),
  },
  {
    flaw: "another surface's sessions are listed",
    noticedBy: "a session that another surface began is neither listed nor reached",
    changes: changing("GET /sessions", (body, { query }) => {
      const time = new Date().toISOString();
      const entry = {
        session_id: query.get("q"),
        description: "",
        project_id: "",
        state: "active",
      };
      const others = { created_at: time, last_active: time, is_active: false, surface: "slack" };
      if (items(body, "sessions").length === 0) body["sessions"] = [{ ...entry, ...others }];
    }),
  },
  {
    flaw: "`limit` of the list is ignored",
    noticedBy: PAGES,
    changes: losing("GET /sessions", "limit"),
  },
  {
    flaw: "`cursor` of the list is ignored",
    noticedBy: PAGES,
    changes: losing("GET /sessions", "cursor"),
  },
  {
    flaw: "there is never a next page",
    noticedBy: PAGES,
    changes: changing("GET /sessions", (body) => {
      delete body["next_cursor"];
    }),
  },
  {
    flaw: "the last page has a cursor too",
    noticedBy: PAGES,
    changes: changing("GET /sessions", (body) => {
      body["next_cursor"] ??= "1_00000000-0000-0000-0000-000000000000";
    }),
  },
  {
    flaw: "`q` is ignored",
    noticedBy: SEARCH,
    changes: losing("GET /sessions", "q"),
  },
  {
    flaw: "`q` looks at capitals",
    noticedBy: SEARCH,
    changes: changing("GET /sessions", (body, { query }) => {
      const q = query.get("q") ?? "";
      const found = ({ description, session_id }: Json) =>
        `${description} ${session_id}`.includes(q);
      body["sessions"] = items(body, "sessions").filter(found);
    }),
  },
  {
    flaw: "`q` takes wildcards",
    noticedBy: SEARCH,
    changes: asking("GET /sessions", ({ query }) => {
      query.set("q", (query.get("q") ?? "").replaceAll("%", ""));
    }),
  },
  {
    flaw: "a cursor that is none is taken for the beginning",
    noticedBy: REFUSES,
    changes: asking("GET /sessions", ({ query }) => {
      if (!query.get("cursor")?.includes("_")) query.delete("cursor");
    }),
  },
];

/** Mistakes with what requests name. */
const targetMutants: GatewayMutant[] = [
  {
    flaw: "POST /chat ignores session_id",
    noticedBy: CHAT,
    changes: ignoring("POST /chat", "session_id"),
  },
  {
    flaw: "POST /chat makes the session it names the active one",
    noticedBy: CHAT,
    changes: () => ({
      async answer(_, asked) {
        const { session_id } = asked.body;
        if (!meets("POST /chat", asked) || session_id === undefined) return;
        await asked.alsoPost("/session/resume", { session_id });
      },
    }),
  },
  {
    flaw: "POST /cancel ignores session_id",
    noticedBy: "POST /cancel stops in the session it names",
    changes: ignoring("POST /cancel", "session_id"),
  },
  { flaw: "POST /cancel ignores seq", noticedBy: TURN, changes: ignoring("POST /cancel", "seq") },
  {
    flaw: "POST /cancel takes any seq",
    noticedBy: TURN,
    changes: asking("POST /cancel", ({ body }) => {
      if (body["seq"] !== undefined) body["seq"] = Math.max(1, Math.floor(Number(body["seq"])));
    }),
  },
  {
    flaw: "POST /end ignores session_id",
    noticedBy: "POST /end ends the session it names, and the active one stays",
    changes: ignoring("POST /end", "session_id"),
  },
  { flaw: "the agent is ignored", noticedBy: CREATE, changes: ignoring("POST /session", "agent") },
  {
    flaw: "the folder is ignored",
    noticedBy: CREATE,
    changes: ignoring("POST /session", "working_dir"),
  },
  {
    flaw: "the refusal of a folder does not name the field",
    noticedBy: CREATE,
    changes: answering("POST /session", ({ status, body }) => {
      if (status >= 400) body["error"] = "This cannot be done.";
    }),
  },
  ...["POST /chat", "POST /cancel", "POST /approval", "POST /end", "POST /session/resume"].flatMap(
    (route) => [
      {
        flaw: `${route} of an unknown session is 409`,
        noticedBy: `${route} of an unknown session is 404`,
        changes: answering(route as "POST /chat", (answered) => {
          if (answered.status === 404) answered.status = 409;
        }),
      },
      {
        flaw: `${route} of an unknown session has a text of its own`,
        noticedBy: `${route} of an unknown session is 404`,
        changes: answering(route as "POST /chat", ({ status, body }) => {
          if (status === 404) body["error"] = "Not found";
        }),
      },
    ],
  ),
];

/** Mistakes with sessions: how they are listed, and named. */
export const listAndTargetMutants: GatewayMutant[] = [...listMutants, ...targetMutants];
