import {
  type GatewayMutant,
  isTurn,
  type Json,
  object,
  omitting,
  retelling,
  retellingTurn,
  type Told,
  telling,
} from "./mutant.js";

const TURNS = "each turn of a session is told from its acceptance to its one end";
const PIECES =
  "GET /events of a session tells its snapshot, then a turn whose pieces make up the reply";
const FAILING =
  "a failing turn with Prefer: respond-async is 202, and the stream tells that it failed";
const CANCELLED = "a turn that is cancelled while it waits is told as cancelled, and never starts";
const THOUGHTS = "thoughts are told apart from the reply, and are in the transcript";
const TOOLS = "tool calls are told whole, and again when they change, and are in the transcript";

/** Mistakes with what is told of turns. */
export const turnMutants: GatewayMutant[] = [
  ...[
    [
      "queued",
      "a turn that waits is told at once as queued, and starts when the one before is over",
    ],
    ["started", TURNS],
    ["text", PIECES],
    ["completed", TURNS],
    ["failed", FAILING],
    ["cancelled", CANCELLED],
    ["thought", THOUGHTS],
    ["tool", TOOLS],
  ].map(([type = "", noticedBy = ""]) => ({
    flaw: `the stream has no ${type}`,
    noticedBy,
    changes: omitting((told) => isTurn(told, type)),
  })),
  {
    flaw: "the seq of the events counts from 0",
    noticedBy: TURNS,
    changes: retelling("turn", (data) => ({ ...data, seq: Number(data["seq"]) - 1 })),
  },
  {
    flaw: "the seq of the events is one too high",
    noticedBy: TURNS,
    changes: retelling("turn", (data) => ({ ...data, seq: Number(data["seq"]) + 1 })),
  },
  {
    flaw: "the events have no seq",
    noticedBy: TURNS,
    changes: retelling("turn", ({ seq: _, ...data }) => data),
  },
  {
    flaw: "the seq of the events is a text",
    noticedBy: TURNS,
    changes: retelling("turn", (data) => ({ ...data, seq: String(data["seq"]) })),
  },
  {
    flaw: "a failed turn is told as completed",
    noticedBy: FAILING,
    changes: retellingTurn("failed", (data) => ({ ...data, type: "completed" })),
  },
  {
    flaw: "a cancelled turn is told as failed",
    noticedBy: CANCELLED,
    changes: retellingTurn("cancelled", (data) => ({ ...data, type: "failed" })),
  },
  {
    flaw: "the end of a turn is told twice",
    noticedBy: TURNS,
    changes: telling((told) => (isTurn(told, "completed") ? [told, told] : [told])),
  },
  {
    flaw: "a completed turn is told as running",
    noticedBy: TURNS,
    changes: retellingTurn("completed", (data) => {
      object(data, "turn")["state"] = "running";
    }),
  },
  {
    flaw: "a completed turn is told without when it was over",
    noticedBy: TURNS,
    changes: retellingTurn("completed", (data) => {
      object(data, "turn")["finished_at"] = null;
    }),
  },
  {
    flaw: "a completed turn is told without its reply",
    noticedBy: TURNS,
    changes: retellingTurn("completed", (data) => {
      object(data, "turn")["reply"] = "";
    }),
  },
  {
    flaw: "the last piece of the text comes after the end of the turn",
    noticedBy: TURNS,
    changes: () => ({
      stream: () => {
        let held: Told[] = [];
        return (told) => {
          const before = held;
          held = isTurn(told, "text") ? [told] : [];
          if (isTurn(told, "completed")) return [told, ...before];
          return held.length > 0 ? before : [...before, told];
        };
      },
    }),
  },
  {
    flaw: "each piece has the whole text so far",
    noticedBy: PIECES,
    changes: () => ({
      stream: () => {
        let text = "";
        return ({ event, data }) => {
          if (!isTurn({ event, data }, "text")) return [{ event, data }];
          text += String(data["text"]);
          return [{ event, data: { ...data, text } }];
        };
      },
    }),
  },
  {
    flaw: "each piece is told twice",
    noticedBy: PIECES,
    changes: telling((told) => (isTurn(told, "text") ? [told, told] : [told])),
  },
  {
    flaw: "thoughts are told as the reply",
    noticedBy: THOUGHTS,
    changes: retellingTurn("thought", (data) => ({ ...data, type: "text" })),
  },
  {
    flaw: "a tool call is told once only",
    noticedBy: TOOLS,
    changes: omitting((told) => {
      return isTurn(told, "tool") && object(told.data, "call")["status"] !== "pending";
    }),
  },
  {
    flaw: "a tool call is told without its id",
    noticedBy: TOOLS,
    changes: retellingTurn("tool", (data) => {
      delete object(data, "call")["id"];
    }),
  },
  {
    flaw: "a turn of another session is told",
    noticedBy: TURNS,
    changes: telling((told) => {
      if (!isTurn(told, "completed")) return [told];
      const turn: Json = { ...object(told.data, "turn"), message: "of another one", seq: 7 };
      return [told, { event: "turn", data: { seq: 7, type: "queued", turn } }];
    }),
  },
  {
    flaw: "a turn is told without its message",
    noticedBy: TURNS,
    changes: retellingTurn("queued", (data) => {
      delete object(data, "turn")["message"];
    }),
  },
  {
    flaw: "the events have no name",
    noticedBy: TURNS,
    changes: telling(({ data }) => [{ event: "message", data }]),
  },
];
