import {
  answering,
  asking,
  type Changes,
  changing,
  type GatewayMutant,
  items,
  losing,
  meets,
  object,
  retelling,
} from "./mutant.js";

const LONG = "a message of 200,000 characters is taken whole; one more, or none, is 400";
const FAILED = "a turn that its agent failed is 500 with a type, and the session stays connected";
const CANCELLED =
  "POST /chat that waits for a cancelled turn is 500 with a type; the stream tells it";
const REMEMBER = "each phrase of remember stores what follows it, and says so exactly";
const RECALL = "each phrase of recall tells what was found, the oldest first, and says so exactly";
const NOTES = "GET /memories tells the newest first, by pages; DELETE deletes one for good";

function message(what: string): string {
  return `a message with ${what} is kept as it is, and so is the answer`;
}

function description(what: string): string {
  return `a description with ${what} is kept as it is`;
}

/** Changes a text of what is asked. */
function rewriting(
  route: "POST /chat" | "POST /session",
  field: string,
  change: (text: string) => string,
): () => Changes {
  return asking(route, ({ body }) => {
    if (body[field] !== undefined) body[field] = change(String(body[field]));
  });
}

/** Changes the text of the agent's answer. */
function answerText(change: (text: string) => string): () => Changes {
  return changing("POST /chat", (body) => {
    body["response"] = change(String(body["response"]));
  });
}

const BLANKS = "blanks and new lines at both ends";
const LETTERS = "letters composed and decomposed";
const trim = (text: string) => text.trim() || text;
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const plain = (text: string) => text.replaceAll(/[*_`#~]/g, "");
const noControls = (text: string) => text.replaceAll(/[^\P{Cc}\s]/gu, "");
const oneLineEnd = (text: string) => text.replaceAll("\r\n", "\n");
const noMarks = (text: string) => text.replaceAll(/[\u200b\ufeff\u202a-\u202e]/g, "");

/** Mistakes with what people write, and with what agents answer. */
const textMutants: GatewayMutant[] = [
  ...(
    [
      ["are trimmed", BLANKS, trim],
      ["are composed", LETTERS, (text: string) => text.normalize("NFC")],
      ["are composed for compatibility", LETTERS, (text: string) => text.normalize("NFKC")],
      ["have their HTML escaped", "HTML", escaped],
      ["lose their tags", "HTML", (text: string) => text.replaceAll(/<[^>]*>/g, "")],
      ["lose their Markdown", "Markdown", plain],
      ["lose their control characters", "control characters", noControls],
      ["have one kind of line end", "line ends of all kinds", oneLineEnd],
      ["lose their invisible characters", "scripts of all kinds", noMarks],
    ] as const
  ).flatMap(([what, kind, change]) => [
    {
      flaw: `messages ${what}`,
      noticedBy: message(kind),
      changes: rewriting("POST /chat", "message", change),
    },
    {
      flaw: `descriptions ${what}`,
      noticedBy: description(kind),
      changes: rewriting("POST /session", "description", change),
    },
    { flaw: `answers ${what}`, noticedBy: message(kind), changes: answerText(change) },
  ]),
  {
    flaw: "replies have their HTML escaped in the stream",
    noticedBy: message("HTML"),
    changes: retelling("snapshot", (data) => {
      for (const turn of items(data, "turns")) turn["reply"] = escaped(String(turn["reply"]));
    }),
  },
  {
    flaw: "messages have their HTML escaped in the transcript",
    noticedBy: message("HTML"),
    changes: changing("GET /sessions/*/transcript", (body) => {
      for (const turn of items(body, "turns")) turn["message"] = escaped(String(turn["message"]));
    }),
  },
  {
    flaw: "a body above 100 kB is 413",
    noticedBy: LONG,
    changes: answering("POST /chat", (answered, { body }) => {
      if (String(body["message"]).length > 100_000) answered.status = 413;
    }),
  },
  {
    flaw: "messages are cut at 100,000 characters",
    noticedBy: LONG,
    changes: rewriting("POST /chat", "message", (text) => text.slice(0, 100_000)),
  },
  {
    flaw: "answers are cut at 40,000 characters",
    noticedBy: LONG,
    changes: answerText((text) => text.slice(0, 40_000)),
  },
  {
    flaw: "messages that are too long are cut",
    noticedBy: LONG,
    changes: rewriting("POST /chat", "message", (text) => text.slice(0, 200_000)),
  },
  {
    flaw: "descriptions are cut at 100 characters",
    noticedBy: "a description of 1,000 characters is taken whole; one more is 400",
    changes: rewriting("POST /session", "description", (text) => text.slice(0, 100)),
  },
  {
    flaw: "NUL characters are taken away",
    noticedBy: "NUL characters and halves of surrogate pairs become U+FFFD, and are 400 in an id",
    changes: rewriting("POST /chat", "message", (text) => text.replaceAll("\0", "")),
  },
];

/** Mistakes with turns that do not complete. */
const failureMutants: GatewayMutant[] = [
  ...[503, 502, 400, 200].map((status) => ({
    flaw: `a failed turn is ${status}`,
    noticedBy: FAILED,
    changes: answering("POST /chat", (answered) => {
      if (answered.status === 500) answered.status = status;
    }),
  })),
  ...(
    [
      ["type", undefined],
      ["type", "INTERNAL"],
      ["session_connected", undefined],
      ["session_connected", false],
      ["error", ""],
      ["error", { message: "It failed." }],
      ["error", "Error: It failed.\n    at chat (/app/gateway/src/chat.ts:12:3)"],
    ] as const
  ).map(([field, value]) => ({
    flaw: `the ${field} of a failed turn is ${JSON.stringify(value)}`,
    noticedBy: FAILED,
    changes: answering("POST /chat", ({ status, body }) => {
      if (status === 500) body[field] = value;
    }),
  })),
  {
    flaw: "the transcript does not tell why a turn failed",
    noticedBy: FAILED,
    changes: changing("GET /sessions/*/transcript", (body) => {
      for (const turn of items(body, "turns")) turn["failure"] = null;
    }),
  },
  {
    flaw: "a cancelled turn is answered as failed",
    noticedBy: CANCELLED,
    changes: answering("POST /chat", ({ status, body }) => {
      if (status === 500) body["type"] = "TURN_FAILED";
    }),
  },
  {
    flaw: "a cancelled turn is answered as if it were complete",
    noticedBy: CANCELLED,
    changes: answering("POST /chat", (answered) => {
      if (answered.status === 500) answered.status = 200;
    }),
  },
  {
    flaw: "a turn whose session ended is answered as failed",
    noticedBy: "POST /chat that waits when its session ends is 409 and not connected",
    changes: answering("POST /chat", (answered) => {
      if (answered.status === 409) answered.status = 500;
    }),
  },
  {
    flaw: "Prefer: respond-async is ignored",
    noticedBy:
      "a failing turn with Prefer: respond-async is 202, and the stream tells that it failed",
    changes: asking("POST /chat", ({ headers }) => {
      delete headers["prefer"];
    }),
  },
];

/** Mistakes with notes. */
const memoryMutants: GatewayMutant[] = [
  ...["response", "memory_action", "memory_result", "session_connected"].map((field) => ({
    flaw: `memory answers have no ${field}`,
    noticedBy: RECALL,
    changes: changing("POST /chat", (body) => {
      delete body[field];
    }),
  })),
  {
    flaw: "remember has a text of its own",
    noticedBy: REMEMBER,
    changes: answerText((text) => text.replace("Remembered!", "OK,")),
  },
  {
    flaw: "recall has a text of its own",
    noticedBy: RECALL,
    changes: answerText((text) => text.replace("memory(ies)", "memories")),
  },
  {
    flaw: "recall that finds nothing has a text of its own",
    noticedBy: "recall that finds nothing says so exactly",
    changes: answerText((text) => text.replace(/^No memories.*/, "Nothing.")),
  },
  {
    flaw: "recall finds nothing",
    noticedBy: RECALL,
    changes: changing("POST /chat", (body) => {
      if (body["memory_action"] === "recall") body["memory_result"] = [];
    }),
  },
  {
    flaw: "recall tells the newest first",
    noticedBy: RECALL,
    changes: changing("POST /chat", (body) => {
      if (body["memory_action"] !== "recall") return;
      body["memory_result"] = items(body, "memory_result").toReversed();
    }),
  },
  {
    flaw: "notes are trimmed to one line",
    noticedBy: REMEMBER,
    changes: changing("POST /chat", (body) => {
      const memory = object(body, "memory_result");
      if (body["memory_action"] === "remember") {
        memory["content"] = String(memory["content"]).split("\n")[0];
      }
    }),
  },
  {
    flaw: "a backslash does not keep a phrase from the notes",
    noticedBy:
      "what only looks like a memory phrase is for the agent, and so is one with a backslash",
    changes: rewriting("POST /chat", "message", (text) => text.replace(/^\\/, "")),
  },
  {
    flaw: "memory phrases go to the agent",
    noticedBy: REMEMBER,
    changes: rewriting("POST /chat", "message", (text) => `\\${text}`),
  },
  {
    flaw: "a repeated remember remembers twice",
    noticedBy: "remember repeated with its request_id remembers once",
    changes: asking("POST /chat", ({ body }) => {
      delete body["request_id"];
    }),
  },
  {
    flaw: "a transcript has no notes",
    noticedBy: "in a session a memory phrase is kept for the transcript, and reaches no agent",
    changes: changing("GET /sessions/*/transcript", (body) => {
      body["memories"] = [];
    }),
  },
  {
    flaw: "GET /memories tells the oldest first",
    noticedBy: NOTES,
    changes: changing("GET /memories", (body) => {
      body["memories"] = items(body, "memories").toReversed();
    }),
  },
  ...["limit", "before"].map((field) => ({
    flaw: `\`${field}\` of GET /memories is ignored`,
    noticedBy: NOTES,
    changes: losing("GET /memories", field),
  })),
  {
    flaw: "DELETE /memories/:id says that it did it, and does not",
    noticedBy: NOTES,
    changes: () => ({
      ask(asked) {
        if (!meets("DELETE /memories/*", asked)) return undefined;
        const headers = { "content-type": "application/json" };
        return { status: 200, headers, body: { deleted: true, id: asked.path.split("/")[2] } };
      },
    }),
  },
];

/** Mistakes with texts, failures and notes. */
export const sayingMutants: GatewayMutant[] = [...textMutants, ...failureMutants, ...memoryMutants];
