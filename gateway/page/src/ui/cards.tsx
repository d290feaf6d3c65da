import type { ToolCall } from "../core/model.js";
import { Icon } from "./icons.js";
import { Markdown } from "./Markdown.js";

/** What the agent thought, folded. */
export function Thought({ text, done }: { text: string; done: boolean }) {
  return (
    <details class="card">
      <summary>
        <Icon name="spark" />
        <span class="card-title">{done ? "Thoughts" : "Thinking"}</span>
      </summary>
      <div class="card-body thought">{text}</div>
    </details>
  );
}

const STATUS = {
  pending: "waiting",
  in_progress: "working",
  completed: "done",
  failed: "failed",
} as const;

/** One use of a tool, folded. */
export function ToolCard({ call }: { call: ToolCall }) {
  return (
    <details class="card">
      <summary>
        <Icon name="tool" />
        <span class="card-title">{call.title}</span>
        <span class="chip" data-status={call.status}>
          {STATUS[call.status]}
        </span>
      </summary>
      <div class="card-body">
        {call.content ? (
          <Markdown text={call.content} done={call.status !== "in_progress"} />
        ) : (
          <p class="faint">Nothing to show.</p>
        )}
      </div>
    </details>
  );
}
