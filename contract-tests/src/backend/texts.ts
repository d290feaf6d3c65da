import { randomUUID } from "node:crypto";

/** Texts that a backend may be tempted to change, by what is special about them. */
export const DELICATE_TEXTS: Record<string, string> = {
  "blanks and newlines at both ends": " \n\t two words \u00a0\n ",
  "composed and decomposed letters": "\u00e9 e\u0301 \u1e9b\u0323 \uac00 \u1100\u1161 \u2126",
  "control characters": "a\u0001b\u0007c\u001b[31md\u007fe\u0085f\r\ng\rh",
  "characters that mean nothing": "a\uffffb\ufffec\u{1ffff}d\ufeffe\u200bf\u2060g",
  "characters outside of the basic plane":
    "\u{1f40e}\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u{20000}",
  "markup and escapes": '<b>&amp;</b> \\n %00 $(x) \'; -- {"a":1} $1',
};

/** Request ids each of which differs a little from the others, none longer than 200 characters. */
export function nearlyEqualIds(): string[] {
  const id = `Near-${randomUUID()}`;
  const long = id.padEnd(199, "x");
  return [
    ...[id, ` ${id}`, `${id} `, `${id}\n`, id.toUpperCase(), id.toLowerCase()],
    ...[`${id}\u00e9`, `${id}e\u0301`, `${long}a`, `${long}b`, long],
  ];
}
