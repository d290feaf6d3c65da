/** A JSON value nested deeper than this is replaced; PostgreSQL's own parser gives up at some 6,000 levels. */
const MAX_DEPTH = 200;

const REPLACEMENT = "\uFFFD";

/**
 * The text as PostgreSQL and UTF-8 can hold it: every NUL character and every
 * half of a surrogate pair becomes U+FFFD. Any other text comes back unchanged.
 */
export function storable(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, REPLACEMENT);
}

/** The same for every text in a JSON value, keys included, at any depth. */
export function storableJson<Value>(value: Value): Value {
  return cleaned(value, 0) as Value;
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === "string") return storable(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return REPLACEMENT;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), cleaned(item, depth + 1)]),
  );
}
