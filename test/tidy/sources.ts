/** The sources of the project, for the tests that hold them to the house rules. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { packageFile } from "../../host/files.ts";

export const ROOT = dirname(packageFile("package.json"));
const SKIPPED = new Set(["node_modules", ".git", "build", "dist", "dist-bench", "coverage"]);

/** All files of the project below `folder`, with slashes, seen from the root; none when there is no such folder. */
export function filesOf(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesOf(path) : [relative(ROOT, join(ROOT, path)).replaceAll("\\", "/")];
  });
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** TypeScript of the core, of the host, and of everything that is not shipped. */
export function sourcesOf(...folders: string[]): string[] {
  return folders.flatMap(filesOf).filter((path) => /\.(ts|mjs|js)$/.test(path));
}
