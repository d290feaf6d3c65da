import {
  answering,
  asking,
  changing,
  type GatewayMutant,
  isTurn,
  items,
  meets,
  object,
  omitting,
  retelling,
} from "./mutant.js";

const AGAIN = "the same answer again is answered the same; another one is 409, and changes nothing";
const EXPIRED = "a question whose turn was cancelled is told as expired; an answer to it is 409";
const ALLOWED = "a question is told, answered by POST /approval (allow), and told again";
const REJECTED = "a question is told, answered by POST /approval (reject), and told again";
const FIELDS =
  "POST /approval refuses what the question does not have, by its name, and it waits on";

/** Mistakes with questions of the agent. */
export const approvalMutants: GatewayMutant[] = [
  {
    flaw: "POST /approval is always 500",
    noticedBy: ALLOWED,
    changes: answering("POST /approval", (answered) => {
      answered.status = 500;
    }),
  },
  {
    flaw: "questions are not told",
    noticedBy: ALLOWED,
    changes: omitting((told) => isTurn(told, "approval")),
  },
  {
    flaw: "answers to questions are not told",
    noticedBy: ALLOWED,
    changes: omitting(
      (told) => isTurn(told, "approval") && object(told.data, "approval")["state"] !== "pending",
    ),
  },
  ...["title", "options", "seq", "approval_id", "requested_at"].map((field) => ({
    flaw: `a question is told without its ${field}`,
    noticedBy: ALLOWED,
    changes: retelling("turn", (data) => {
      if (data["type"] === "approval") delete object(data, "approval")[field];
    }),
  })),
  ...(
    [
      ["state", "pending"],
      ["option_id", ""],
      ["decided_by", null],
      ["resolved_at", null],
    ] as const
  ).map(([field, value]) => ({
    flaw: `the answer of POST /approval has the ${field} from before`,
    noticedBy: ALLOWED,
    changes: changing("POST /approval", (body) => {
      object(body, "approval")[field] = value;
    }),
  })),
  {
    flaw: "every answer allows",
    noticedBy: REJECTED,
    changes: asking("POST /approval", ({ body }) => {
      if (body["option_id"] === "reject") body["option_id"] = "allow";
    }),
  },
  {
    flaw: "every option is told as one that allows",
    noticedBy: REJECTED,
    changes: retelling("turn", (data) => {
      if (data["type"] !== "approval") return;
      for (const option of items(object(data, "approval"), "options"))
        option["kind"] = "allow_once";
    }),
  },
  {
    flaw: "another answer is 200",
    noticedBy: AGAIN,
    changes: answering("POST /approval", (answered) => {
      if (answered.status === 409) answered.status = 200;
    }),
  },
  {
    flaw: "the same answer again is 409",
    noticedBy: AGAIN,
    changes: () => {
      const answered = new Set();
      return {
        answer(told, asked) {
          if (!meets("POST /approval", asked)) return;
          const { approval_id } = asked.body;
          if (answered.has(approval_id)) told.status = 409;
          answered.add(approval_id);
        },
      };
    },
  },
  ...["type", "session_connected", "error"].map((field) => ({
    flaw: `the 409 of a question has no ${field}`,
    noticedBy: AGAIN,
    changes: answering("POST /approval", ({ status, body }) => {
      if (status === 409) delete body[field];
    }),
  })),
  {
    flaw: "a question that nobody waits for is told as decided",
    noticedBy: EXPIRED,
    changes: answering("POST /approval", ({ status, body }) => {
      if (status === 409) body["type"] = "APPROVAL_DECIDED";
    }),
  },
  {
    flaw: "POST /approval ignores session_id",
    noticedBy: "POST /approval answers in the session it names",
    changes: asking("POST /approval", ({ body }) => {
      delete body["session_id"];
    }),
  },
  {
    flaw: "an answer that the question does not have is 200",
    noticedBy: FIELDS,
    changes: answering("POST /approval", (answered) => {
      if (answered.status === 400) answered.status = 200;
    }),
  },
  {
    flaw: "the snapshot does not have the question that waits",
    noticedBy: "a snapshot and the transcript have the question that waits",
    changes: retelling("snapshot", (data) => {
      for (const turn of items(data, "turns")) turn["approvals"] = [];
    }),
  },
  {
    flaw: "questions come all at once as the first one",
    noticedBy: "questions come one after the other, each answered by itself",
    changes: retelling("turn", (data) => {
      if (data["type"] === "approval") object(data, "approval")["approval_id"] = "the-only-one";
    }),
  },
];
