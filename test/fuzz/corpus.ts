/** Kept inputs: one file each in test/fuzz/corpus/<target>/, named by what it holds. `found-…` are those that once failed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../testing.ts";
import { type Input, inputParse, inputText } from "./target.ts";

const CORPUS = "test/fuzz/corpus";

const folderOf = (target: string): string => join(ROOT, CORPUS, target);

/** The kept inputs of a target, in the order of their names. */
export function corpusRead(target: string): Input[] {
  const folder = folderOf(target);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".hex"));
  return names.sort().map((name) => inputParse(readFileSync(join(folder, name), "utf8")));
}

/** Keeps an input; the path of its file, seen from the root. */
export function corpusKeep(target: string, input: Input, kind: "" | "found-" = "", about = ""): string {
  const text = inputText(input);
  const name = `${kind}${createHash("sha256").update(text).digest("hex").slice(0, 10)}.hex`;
  mkdirSync(folderOf(target), { recursive: true });
  writeFileSync(join(folderOf(target), name), (about === "" ? "" : `# ${about}\n`) + text);
  return `${CORPUS}/${target}/${name}`;
}
