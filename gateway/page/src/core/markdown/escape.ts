const NAMES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text safe to stand in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => NAMES[char] ?? char);
}

/** The same for Markdown text, where `&copy;` means the sign. */
export function escapeProse(text: string): string {
  return text.replace(/[<>"']|&(?!#?\w{1,31};)/g, (char) => NAMES[char] ?? char);
}
