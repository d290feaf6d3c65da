import { useState } from "preact/hooks";
import type { Chat } from "../core/chat.js";
import type { Note } from "../core/model.js";
import { useAction } from "./hooks.js";

/** What the user asked to be remembered: read when it is unfolded, and deleted here. */
export function Notes({ chat }: { chat: Chat }) {
  const [notes, setNotes] = useState<Note[]>([]);
  const [more, setMore] = useState(false);
  const { busy, problem, run } = useAction();
  const load = (known: Note[]) =>
    run(async () => {
      const { memories, has_more } = await chat.notes(known.at(-1)?.id);
      setNotes([...known, ...memories]);
      setMore(has_more);
    });
  const remove = (id: string) =>
    run(async () => {
      await chat.deleteNote(id);
      setNotes((known) => known.filter((note) => note.id !== id));
    });
  return (
    <details class="notes" onToggle={(event) => event.currentTarget.open && load([])}>
      <summary>Notes</summary>
      <ul>
        {notes.map(({ id, content }) => (
          <li key={id}>
            <span title={content}>
              {content.length > 200 ? `${content.slice(0, 199)}…` : content}
            </span>
            <button
              type="button"
              class="quiet"
              aria-label={`Delete ${id}`}
              onClick={() => remove(id)}
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
      {notes.length === 0 && !busy && (
        <p class="faint none">None yet. Write "remember: ..." to keep something.</p>
      )}
      {more && (
        <button type="button" class="plain more" disabled={busy} onClick={() => load(notes)}>
          Show more
        </button>
      )}
      {problem && <p class="problem">{problem}</p>}
    </details>
  );
}
