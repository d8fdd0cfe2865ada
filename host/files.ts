/** Where the files that ship with the package stand, from its sources as from `dist/`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Finds `path` in the nearest folder above this file that holds it, or throws. */
export function packageFile(path: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, path);
    if (existsSync(file)) return file;
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`${path} is missing; \`npm run build\` makes it`);
    folder = parent;
  }
}

/** The built core. */
export function coreOctets(): Uint8Array {
  return readFileSync(packageFile("build/core.wasm"));
}
