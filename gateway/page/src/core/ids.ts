/** A new id that nobody else makes. `crypto.randomUUID` would be missing on a page that was not loaded over TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
