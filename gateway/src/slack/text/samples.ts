/**
 * What of a message is shown as code or as a quotation: its author shows it to
 * others, and addresses nobody with it.
 */

/** From the first character of a sample to the one behind its last. */
type Range = readonly [from: number, to: number];

const FENCE = "```";
const QUOTE = /^(?:&gt;|>)/;
const LONG_QUOTE = /^(?:&gt;|>){3}/;

/** Whether a position of the markup is in a sample. Asked for rising positions only. */
export function sampleFinder(markup: string): (position: number) => boolean {
  const ranges = samples(markup);
  let next = 0;
  return (position) => {
    while ((ranges[next]?.[1] ?? Number.POSITIVE_INFINITY) <= position) next += 1;
    return (ranges[next]?.[0] ?? Number.POSITIVE_INFINITY) <= position;
  };
}

/** Reads the markup once, from its beginning to its end. */
function samples(markup: string): Range[] {
  const ranges: Range[] = [];
  let at = 0;
  let unclosed = false;
  let line = -1;
  while (at < markup.length) {
    const lineBegins = at === 0 || markup[at - 1] === "\n";
    if (line < at) line = endOfLine(markup, at);
    if (lineBegins && QUOTE.test(markup.slice(at, at + 4))) {
      const end = LONG_QUOTE.test(markup.slice(at, at + 12)) ? markup.length : line;
      ranges.push([at, end]);
      at = end + 1;
    } else if (markup[at] !== "`") {
      at = nextOf(markup, at);
    } else if (!unclosed && markup.startsWith(FENCE, at)) {
      const close = markup.indexOf(FENCE, at + FENCE.length);
      unclosed = close < 0;
      if (unclosed) continue;
      ranges.push([at, close + FENCE.length]);
      at = close + FENCE.length;
    } else {
      const close = markup.indexOf("`", at + 1);
      const isCode = close > at + 1 && close < line;
      if (isCode) ranges.push([at, close + 1]);
      at = isCode ? close + 1 : at + 1;
    }
  }
  return ranges;
}

/** The next place where a sample may begin. */
function nextOf(markup: string, at: number): number {
  let next = at + 1;
  while (next < markup.length && markup[next] !== "`" && markup[next - 1] !== "\n") next += 1;
  return next;
}

function endOfLine(markup: string, at: number): number {
  const end = markup.indexOf("\n", at);
  return end < 0 ? markup.length : end;
}
