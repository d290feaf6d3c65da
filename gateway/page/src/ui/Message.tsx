import type { ComponentChildren } from "preact";

interface Props {
  text: string;
  /** Named when it is not the user of this page. */
  author?: string | null;
  /** What is still to happen to it. */
  note?: string | null;
  children?: ComponentChildren;
}

/** What a person wrote; shown as it was written, not as Markdown. */
export function Message({ text, author, note, children }: Props) {
  return (
    <article class={author ? "message theirs" : "message"} aria-label={author ?? "You"}>
      {author && <p class="author">{author}</p>}
      <p class="bubble">{text}</p>
      {(note || children) && (
        <p class="note">
          {note}
          {children}
        </p>
      )}
    </article>
  );
}
