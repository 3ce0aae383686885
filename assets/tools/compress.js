import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// Fonts and images are compressed in themselves.
const TEXT = /\.(js|css|svg|txt|json|webmanifest)$/;
// Below this, headers weigh more than what is saved.
const WORTH_IT = 300;

export const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });

/** Writes NAME.br and NAME.gz beside each built file that gets smaller by it. */
export function compress() {
  let folder;
  return {
    name: "compressed variants",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !TEXT.test(entry.name) || entry.parentPath.endsWith(".vite"))
          continue;
        const file = join(entry.parentPath, entry.name);
        const bytes = readFileSync(file);
        if (bytes.length < WORTH_IT) continue;
        const variants = { br: brotli(bytes), gz: gzipSync(bytes, { level: 9 }) };
        for (const [ending, small] of Object.entries(variants)) {
          if (small.length < bytes.length) writeFileSync(`${file}.${ending}`, small);
        }
      }
    },
  };
}
