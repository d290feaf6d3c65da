import { useId, useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import type { Approval, ApprovalOption } from "../core/model.js";
import { useAction } from "./hooks.js";
import { Icon } from "./icons.js";
import { Markdown } from "./Markdown.js";
import { decision } from "./words.js";

interface Props {
  approval: Approval;
  chat: Chat;
  /** Whether it can still be answered. */
  open: boolean;
  /** Whether its tool call stands above it and tells the rest. */
  brief: boolean;
}

/** A question of the agent: one button an answer, and after that who gave it. */
export function Question({ approval, chat, open, brief }: Props) {
  const { approval_id: id, title, content } = approval;
  const heading = useId();
  const card = useRef<HTMLDivElement>(null);
  const clicked = useRef(false);
  const { busy, problem, run } = useAction();

  // Who answered by keyboard goes on from here, and not from the top of the page.
  useLayoutEffect(() => {
    const lost = document.activeElement === document.body || !document.activeElement;
    if (!open && clicked.current && lost) card.current?.focus({ preventScroll: true });
    if (!open) clicked.current = false;
  }, [open]);

  const answer = (option: ApprovalOption) => {
    if (busy) return;
    clicked.current = true;
    run(() => chat.resolve(id, option.option_id));
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields, and cannot be laid out freely.
    <div
      ref={card}
      role="group"
      class={brief ? "decision" : open ? "question" : "question closed"}
      tabIndex={-1}
      aria-labelledby={heading}
    >
      <p class="asks">
        <Icon name="ask" />
        {open ? "The agent asks, and waits for an answer" : decision(approval)}
      </p>
      <h3 id={heading} class={brief ? "hidden" : undefined}>
        {title}
      </h3>
      {content && !brief && <Markdown text={content} done />}
      {open && (
        <p class="answers">
          {approval.options.map((option) => (
            <button
              key={option.option_id}
              type="button"
              class={option.kind.startsWith("allow") ? "primary" : "plain refuse"}
              // Not `disabled`, which would take the focus away.
              aria-disabled={busy}
              onClick={() => answer(option)}
            >
              {option.label}
            </button>
          ))}
        </p>
      )}
      {open && problem && <p class="problem">{problem}</p>}
    </div>
  );
}
