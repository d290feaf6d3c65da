/** What a cut goes through and what therefore ends before it and begins again after it. */
interface Open {
  /** Lines that the next part begins with, each with its line end; empty if there are none. */
  again: string;
  /** The line that ends it before the cut; empty if none is needed. */
  closing: string;
}

const NOTHING: Open = { again: "", closing: "" };
const FENCE = /^ {0,3}(`{3,40}|~{3,40})(.*)$/;
/** Longer info strings than this are not repeated, so that a fence never fills a part. */
const MAX_OPENING = 60;

/**
 * Splits Markdown into parts of at most `limit` characters, at a blank line if
 * there is one, else a line, else a space, else anywhere but within a
 * surrogate pair. A code fence that a cut goes through is closed before it and
 * opened again after it; a table that is cut between its rows begins again
 * with its header, unless that takes more than a quarter of a part.
 * @param limit at least 200
 */
export function splitMarkdown(text: string, limit: number): string[] {
  const parts: string[] = [];
  let prefix = "";
  let rest = text;
  while (prefix.length + rest.length > limit) {
    // Room for a closing fence, which is as long as an opening one at most.
    const room = limit - prefix.length - MAX_OPENING - 1;
    const cut = cutAt(rest, room);
    const piece = prefix + withoutLastLineEnds(rest.slice(0, cut));
    const after = rest.slice(cut).replace(/^\n+/, "");
    const isWholeLine = rest[cut - 1] === "\n" && rest[cut] !== "\n";
    const open = whatIsOpen(piece, limit / 4, isWholeLine ? after : undefined);
    parts.push(open.closing === "" ? piece : `${piece}\n${open.closing}`);
    prefix = open.again;
    rest = after;
  }
  if (rest !== "") parts.push(prefix + rest);
  return parts;
}

/** Where to cut: after the last blank line, line end or space in the second half, else at the room's end. */
function cutAt(text: string, room: number): number {
  const head = text.slice(0, room);
  for (const separator of ["\n\n", "\n", " "]) {
    const at = head.lastIndexOf(separator);
    if (at >= room / 2) return at + separator.length;
  }
  const last = text.charCodeAt(room - 1);
  return last >= 0xd800 && last <= 0xdbff ? room - 1 : room;
}

/** A regular expression would look at each of many line ends anew. */
function withoutLastLineEnds(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n") end -= 1;
  return text.slice(0, end);
}

/**
 * The fence or the table that is open at the end of the text.
 * @param longest the longest header of a table that is repeated
 * @param after what comes next, if the text ends with a whole line and that is the next one
 */
function whatIsOpen(text: string, longest: number, after: string | undefined): Open {
  let fence: { opening: string; mark: string } | undefined;
  let header: string | undefined;
  let before = "";
  for (const line of text.split("\n")) {
    const [, mark, info] = FENCE.exec(line) ?? [];
    if (fence) {
      if (mark?.startsWith(fence.mark) && info?.trim() === "") fence = undefined;
    } else if (
      mark !== undefined &&
      info !== undefined &&
      !(mark[0] === "`" && info.includes("`"))
    ) {
      // A backtick fence has no backticks after it: that is inline code.
      const opening = mark + info;
      const short = mark.slice(0, 3);
      fence = opening.length <= MAX_OPENING ? { opening, mark } : { opening: short, mark: short };
      header = undefined;
    } else if (header === undefined) {
      if (isTable(before, line)) header = `${before}\n${line}\n`;
    } else if (line.trim() === "") header = undefined;
    before = line;
  }
  if (fence) return { again: `${fence.opening}\n`, closing: fence.mark };
  if (header === undefined || header.length > longest || !after?.includes("|")) return NOTHING;
  const [next = ""] = after.split("\n", 1);
  return next.includes("|") ? { again: header, closing: "" } : NOTHING;
}

/** Whether two lines begin a table: its header, and dashes with as many cells. */
function isTable(header: string, dashes: string): boolean {
  if (!dashes.includes("-") || !/^[\s|:-]+$/.test(dashes) || !header.includes("|")) return false;
  const columns = cells(dashes);
  return columns.every((cell) => /^:?-+:?$/.test(cell)) && columns.length === cells(header).length;
}

function cells(row: string): string[] {
  const inner = row.trim().replace(/^\|/, "").replace(/\|$/, "");
  // A backslash before a bar makes it part of its cell.
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}
