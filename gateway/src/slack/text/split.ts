/** An open code fence: how it began, and what closes it. */
interface Fence {
  opening: string;
  mark: string;
}

const FENCE = /^ {0,3}(`{3,40}|~{3,40})(.*)$/;
/** Longer info strings than this are not repeated, so that a fence never fills a part. */
const MAX_OPENING = 60;

/**
 * Splits Markdown into parts of at most `limit` characters, at a blank line if
 * there is one, else a line, else a space, else anywhere but within a
 * surrogate pair. A code fence that a cut goes through is closed before it and
 * opened again after it.
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
    const piece = prefix + rest.slice(0, cut).replace(/\n+$/, "");
    const fence = openFence(piece);
    parts.push(fence ? `${piece}\n${fence.mark}` : piece);
    prefix = fence ? `${fence.opening}\n` : "";
    rest = rest.slice(cut).replace(/^\n+/, "");
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

function openFence(text: string): Fence | undefined {
  let open: Fence | undefined;
  for (const line of text.split("\n")) {
    const [, mark, info] = FENCE.exec(line) ?? [];
    if (mark === undefined || info === undefined) continue;
    if (!open) {
      // A backtick fence has no backticks after it: that is inline code.
      if (mark.startsWith("`") && info.includes("`")) continue;
      const opening = mark + info;
      open =
        opening.length <= MAX_OPENING
          ? { opening, mark }
          : { opening: mark.slice(0, 3), mark: mark.slice(0, 3) };
    } else if (mark.startsWith(open.mark) && info.trim() === "") {
      open = undefined;
    }
  }
  return open;
}
