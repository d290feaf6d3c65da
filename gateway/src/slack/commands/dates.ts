/** Month/day hours:minutes, UTC. */
export function dateText(date: Date | undefined): string {
  if (!date) return "";
  const text = date.toISOString();
  return `${text.slice(5, 7)}/${text.slice(8, 10)} ${text.slice(11, 16)}`;
}
