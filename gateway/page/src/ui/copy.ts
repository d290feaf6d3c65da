/** Copies the code block whose button was clicked. */
export function copyCode(event: MouseEvent): void {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  const code = button?.closest(".code")?.querySelector("code");
  if (button && code) void copy(button, code);
}

async function copy(button: Element, code: Element): Promise<void> {
  try {
    await navigator.clipboard.writeText(code.textContent?.replace(/\n$/, "") ?? "");
    button.textContent = "Copied";
  } catch {
    // Browsers forbid it outside HTTPS and localhost: then the user copies what is marked.
    getSelection()?.selectAllChildren(code);
    button.textContent = "Marked";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2_000);
}
