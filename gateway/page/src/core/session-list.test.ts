import { expect, it } from "vitest";
import type { SessionEntry } from "./model.js";
import { type SessionList, withEntry, withFirstPage, withPage } from "./session-list.js";

function entry(id: string, minute: number): SessionEntry {
  const time = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const common = { description: id, project_id: "", surface: "web", is_active: false };
  return { session_id: id, created_at: time, last_active: time, state: "active", ...common };
}

const ids = (list: SessionList) => list.entries.map(({ session_id }) => session_id);
const first = { sessions: [entry("c", 3), entry("b", 2)], next_cursor: "after-b" };
const second = { sessions: [entry("a", 1)] };

it("grows by pages, and each session is in it once", () => {
  const list = withPage(withFirstPage(null, first), {
    ...second,
    sessions: [entry("b", 2), entry("a", 1)],
  });
  expect(ids(list)).toEqual(["c", "b", "a"]);
  expect(list.next).toBeUndefined();
});

it("keeps later pages when the line comes back, and their place", () => {
  const all = withPage(withFirstPage(null, first), second);
  const again = withFirstPage(all, {
    sessions: [entry("d", 4), entry("c", 3)],
    next_cursor: "after-c",
  });
  expect(ids(again)).toEqual(["d", "c", "b", "a"]);
  expect(again.next).toBeUndefined();
});

it("forgets what the whole list does not have", () => {
  const all = withPage(withFirstPage(null, first), second);
  expect(ids(withFirstPage(all, { sessions: [entry("c", 3)] }))).toEqual(["c"]);
  // A gateway of the version before tells the whole list each time.
  expect(ids(withFirstPage(all, { sessions: [entry("b", 2)] }))).toEqual(["b"]);
});

it("moves an entry that changed to its place, and takes a new one", () => {
  const list = withFirstPage(null, first);
  expect(ids(withEntry(list, entry("b", 5)))).toEqual(["b", "c"]);
  expect(ids(withEntry(list, entry("new", 9)))).toEqual(["new", "c", "b"]);
  expect(ids(withEntry(list, entry("old", 0)))).toEqual(["c", "b", "old"]);
});
