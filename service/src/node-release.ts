/**
 * The lowest release of each line of Node.js that has the fixes of 21 October
 * 2026, among them CVE-2026-111497 (an out-of-bounds write in the Brotli
 * decoder) and of TLS. Older lines get no fixes any more; of newer ones nothing
 * is known here. Source: https://nodejs.org/en/blog/vulnerability/october-2026-security-releases
 * and https://github.com/nodejs/security-wg/blob/main/vuln/core/204.json.
 */
const LOWEST_SAFE: Readonly<Record<number, string>> = {
  22: "22.23.4",
  24: "24.22.1",
  26: "26.12.1",
};

/** What to take where a line gets no fixes: the long-term line. */
const INSTEAD = "24.22.1";

/**
 * One line for people when this Node.js is known to be unsafe, with the version
 * to take; undefined otherwise.
 * @param version such as `v24.22.1`
 */
export function unsafeNodeWarning(version: string): string | undefined {
  const release = version.replace(/^v/, "");
  const [major = 0] = parts(release);
  const lowest = LOWEST_SAFE[major];
  if (lowest !== undefined) {
    if (!isBelow(release, lowest)) return undefined;
    return `Node.js ${release} has known vulnerabilities: take ${lowest} or a newer ${major}`;
  }
  if (major > Math.max(...Object.keys(LOWEST_SAFE).map(Number))) return undefined;
  return `Node.js ${release} gets no security fixes any more: take ${INSTEAD} or newer`;
}

function isBelow(release: string, other: string): boolean {
  const [left, right] = [parts(release), parts(other)];
  const at = left.findIndex((part, index) => part !== right[index]);
  // A pre-release of a version comes before it.
  if (at < 0) return release.includes("-");
  return (left[at] ?? 0) < (right[at] ?? 0);
}

function parts(release: string): number[] {
  const [numbers = ""] = release.split("-");
  return numbers.split(".").map(Number);
}
