import { isFinal, openQuestions, type Turn } from "./model.js";
import type { ChatState } from "./state.js";

/** What screen readers are told: `status` when they are ready for it, `alert` at once. */
export interface Announcement {
  status?: string;
  alert?: string;
}

/** Answers longer than this many characters are announced by their length only. */
const READ_ALOUD = 400;

/**
 * What a change of the page means in words; never the single pieces of a
 * stream. What is there when a session is opened is not news, but for the
 * answer to a message that was just sent, and a question that waits for one.
 */
export function announce(before: ChatState, after: ChatState): Announcement {
  if (before.place !== after.place) return {};
  if (before.session?.state === "active" && after.session?.state === "ended") {
    return { alert: "The session has ended." };
  }
  const answered = after.outgoing.find(
    ({ state, requestId }) =>
      state === "answered" &&
      before.outgoing.some((one) => one.requestId === requestId && one.state !== "answered"),
  );
  if (answered) return { status: `Answer: ${answered.answer}` };
  const states = new Map(before.turns.map(({ seq, state }) => [seq, state]));
  const sent = new Set(before.outgoing.map(({ requestId }) => requestId));
  const news = after.turns.findLast(
    ({ seq, state, request_id }) =>
      states.get(seq) !== state && (before.session !== null || sent.has(request_id)),
  );
  const asked = new Set(questions(before).map(({ approval_id }) => approval_id));
  const question = questions(after).find(({ approval_id }) => !asked.has(approval_id));
  return {
    ...(news && { status: tell(news) }),
    ...(question && { alert: `The agent asks: ${question.title}` }),
  };
}

const questions = ({ turns }: ChatState) => turns.flatMap(openQuestions);

function tell(turn: Turn): string {
  if (turn.state === "completed") {
    if (turn.reply.length < READ_ALOUD) return `Answer: ${turn.reply}`;
    return `The agent answered with ${turn.reply.split(/\s+/).length} words.`;
  }
  if (turn.state === "cancelled") return "The answer was stopped.";
  if (isFinal(turn)) return `The answer failed: ${turn.failure?.message ?? "no reason given"}`;
  return turn.state === "running" ? "The agent is answering." : "The message waits for its turn.";
}
