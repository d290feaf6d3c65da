import { answering, asking, changing, type GatewayMutant } from "./mutant.js";

const NONE = "GET /session without a session is not connected, and says how to begin";
const NOT_JSON = "a body that is not JSON is refused, in JSON";
const RESUME_ENDED =
  "POST /session/resume of an ended session is 404 and says so; the active one stays";

/** Mistakes with what the original's clients know. */
export const originalMutants: GatewayMutant[] = [
  ...["/healthz", "/readyz"].map((path) => ({
    flaw: `${path} is 503`,
    noticedBy: `GET ${path} is 200`,
    changes: answering(`GET ${path}`, (answered) => {
      answered.status = 503;
    }),
  })),
  {
    flaw: "a body of another type is taken",
    noticedBy: NOT_JSON,
    changes: asking("POST /chat", ({ headers: asked }) => {
      asked["content-type"] = "application/json";
    }),
  },
  {
    flaw: "a body of another type is 400",
    noticedBy: NOT_JSON,
    changes: answering("POST /chat", (answered) => {
      if (answered.status === 415) answered.status = 400;
    }),
  },
  {
    flaw: "an unknown path is a page",
    noticedBy: "an unknown path of the API is 404, in JSON",
    changes: answering("GET /no-such-thing", ({ headers: told }) => {
      told["content-type"] = "text/html";
    }),
  },
  {
    flaw: "GET /session says in words of its own that there is none",
    noticedBy: NONE,
    changes: changing("GET /session", (body) => {
      body["message"] = "There is no session.";
    }),
  },
  {
    flaw: "GET /session without a session is 404",
    noticedBy: NONE,
    changes: answering("GET /session", (answered) => {
      if (answered.body["connected"] === false) answered.status = 404;
    }),
  },
  {
    flaw: "GET /session leaves out session_id when there is none",
    noticedBy: NONE,
    changes: changing("GET /session", (body) => {
      if (body["session_id"] === null) delete body["session_id"];
    }),
  },
  {
    flaw: "POST /chat without a session is 404",
    noticedBy: "POST /chat without a session is 409 and not connected",
    changes: answering("POST /chat", (answered) => {
      if (answered.status === 409) answered.status = 404;
    }),
  },
  {
    flaw: "POST /chat without a session says that one is connected",
    noticedBy: "POST /chat without a session is 409 and not connected",
    changes: answering("POST /chat", ({ status, body }) => {
      if (status === 409) body["session_connected"] = true;
    }),
  },
  {
    flaw: "POST /chat without a message has a text of its own",
    noticedBy: "POST /chat without a message is 400, session or not",
    changes: answering("POST /chat", ({ status, body }) => {
      if (status === 400) body["error"] = "Say something.";
    }),
  },
  {
    flaw: "a repeated POST /chat is a second turn",
    noticedBy: "POST /chat repeated with its request_id answers the stored reply",
    changes: asking("POST /chat", ({ body }) => {
      delete body["request_id"];
    }),
  },
  {
    flaw: "a repeated POST /session begins a second session",
    noticedBy: "POST /session repeated with its request_id answers the same session",
    changes: asking("POST /session", ({ body }) => {
      delete body["request_id"];
    }),
  },
  {
    flaw: "POST /session/resume says that it did it, and does not",
    noticedBy: "POST /session/resume makes a session put aside the active one again",
    changes: asking("POST /session/resume", ({ body: { session_id } }) => ({
      status: 200,
      headers: { "content-type": "application/json" },
      body: { session_id, resumed: true },
    })),
  },
  {
    flaw: "an ended session is resumed",
    noticedBy: RESUME_ENDED,
    changes: answering("POST /session/resume", (answered) => {
      answered.status = 200;
    }),
  },
  {
    flaw: "an ended session is told as unknown",
    noticedBy: RESUME_ENDED,
    changes: answering("POST /session/resume", ({ body }) => {
      body["error"] = "Session not found";
    }),
  },
  {
    flaw: "POST /end always says that it ended something",
    noticedBy: "POST /end ends the session once",
    changes: changing("POST /end", (body) => {
      body["ended"] = true;
    }),
  },
  {
    flaw: "POST /end always warns",
    noticedBy: "POST /end ends the session once",
    changes: changing("POST /end", (body) => {
      body["warning"] = "Later.";
    }),
  },
  {
    flaw: "an unsigned Slack delivery is 200",
    noticedBy: "every Slack route answers 401 to what is not signed, or all are 404",
    changes: answering("POST /slack/events", (answered) => {
      answered.status = 200;
    }),
  },
];
