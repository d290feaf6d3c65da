import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/**
 * Fails the build when the files of a kind weigh more than they may.
 * @param limits gzipped bytes by file ending
 */
export function budget(limits: Record<string, number>): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const [ending, limit] of Object.entries(limits)) {
        let bytes = 0;
        for (const file of Object.values(bundle)) {
          if (!file.fileName.endsWith(ending)) continue;
          bytes += gzipSync(file.type === "chunk" ? file.code : file.source).length;
        }
        const line = `budget: ${bytes} of ${limit} gzipped bytes of ${ending}`;
        if (bytes > limit) this.error(line);
        this.info(line);
      }
    },
  };
}
