/** Known answers: the project's own vectors, and those of Project Wycheproof where they are at hand. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./core.ts";

export interface SecurityVector {
  id: string;
  inputs: Record<string, string>;
  output: Record<string, string>;
}

const vectors: SecurityVector[] = JSON.parse(readFileSync(join(ROOT, "test/vectors/security-vectors.json"), "utf8"));

/** The vector called `id`; it is an error not to have it. */
export function vector(id: string): SecurityVector {
  const found = vectors.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found;
}

export interface WycheproofGroup<T> {
  tests: T[];
  [parameter: string]: unknown;
}

const FOLDER = process.env["WYCHEPROOF"] ?? join(ROOT, "../shared/wycheproof");

/** The groups of the file `name`, or undefined, after one line that says so, where the vectors are not installed. */
export function wycheproof<T>(name: string): WycheproofGroup<T>[] | undefined {
  const path = join(FOLDER, `${name}.json`);
  if (!existsSync(path)) {
    console.log(`Wycheproof ${name}: not found, skipped (set WYCHEPROOF to its folder)`);
    return undefined;
  }
  return JSON.parse(readFileSync(path, "utf8")).testGroups;
}
