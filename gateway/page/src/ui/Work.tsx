import { Fragment } from "preact";
import type { Chat } from "../core/chat.js";
import { type Approval, isFinal, type Turn } from "../core/model.js";
import { ToolCard } from "./cards.js";
import { Question } from "./Question.js";

interface Props {
  turn: Turn;
  chat: Chat;
  /** Whether its session still takes messages. */
  alive: boolean;
}

/** What the agent did, and asked for. A question stands in for its tool call until it is answered. */
export function Work({ turn, chat, alive }: Props) {
  const { tool_calls, approvals = [] } = turn;
  const isOpen = ({ state }: Approval) => state === "pending" && alive && !isFinal(turn);
  const question = (approval: Approval, beside: boolean) => {
    const open = isOpen(approval);
    const props = { approval, chat, open, brief: beside && !open };
    return <Question key={approval.approval_id} {...props} />;
  };
  const calls = new Set(tool_calls.map(({ id }) => id));
  return (
    <>
      {tool_calls.map((call) => {
        const asked = approvals.filter(({ tool_call_id }) => tool_call_id === call.id);
        return (
          <Fragment key={call.id}>
            {!asked.some(isOpen) && <ToolCard call={call} />}
            {asked.map((approval) => question(approval, true))}
          </Fragment>
        );
      })}
      {approvals
        .filter(({ tool_call_id }) => !calls.has(tool_call_id))
        .map((approval) => question(approval, false))}
    </>
  );
}
