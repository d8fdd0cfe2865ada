/**
 * docs/BENCHMARKS.md from docs/bench/figures.json. Between a mark `<!-- bench: NAME -->` and the next `<!-- /bench -->` everything
 * is made here: NAME is a part of summary.ts, or `group TITLE` for the tables of a group. A group that has no mark gets one
 * at the end of the document, so that no figure is left out and prose can be put around it.
 */
import { mkdirSync, readFileSync, rmSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFile } from "../host/files.ts";
import type { Kept } from "./kept.ts";
import { plotsDraw } from "./plots/render.ts";
import { markdownText } from "./report.ts";
import { PARTS } from "./summary.ts";

const ROOT = dirname(packageFile("package.json"));
export const DOCUMENT = join(ROOT, "docs/BENCHMARKS.md");
export const FOLDER = join(ROOT, "docs/bench");
export const FIGURES = join(FOLDER, "figures.json");

const PART = /<!-- bench: (.+?) -->\n[^]*?<!-- \/bench -->/g;
const GROUP = "group ";

function partOf(name: string, kept: Kept): string {
  if (!name.startsWith(GROUP)) {
    const part = PARTS[name];
    if (part === undefined)
      throw new Error(`docs/BENCHMARKS.md: nothing is called "${name}" in <!-- bench: ${name} -->`);
    return part(kept);
  }
  const title = name.slice(GROUP.length);
  const group = kept.groups.find((one) => one.title === title);
  return group === undefined ? "Not measured yet." : markdownText(title, group.figures);
}

function marked(name: string, text: string): string {
  return `<!-- bench: ${name} -->\n\n${text}\n\n<!-- /bench -->`;
}

/** The document with all that stands between marks made anew. @throws when a mark names nothing */
export function documentMake(text: string, kept: Kept): string {
  const named = new Set([...text.matchAll(PART)].map((match) => match[1]!));
  const filled = text.replace(PART, (_, name: string) => marked(name, partOf(name, kept)));
  const missing = kept.groups.filter((group) => !named.has(GROUP + group.title));
  const added = missing.map(({ title }) => `\n## ${title}\n\n${marked(GROUP + title, partOf(GROUP + title, kept))}\n`);
  return filled + added.join("");
}

/** Writes the tables of the document and the plots beside it; plots that are no longer drawn go. */
export async function documentWrite(kept: Kept): Promise<void> {
  const plots = await plotsDraw(kept);
  writeFileSync(DOCUMENT, documentMake(readFileSync(DOCUMENT, "utf8"), kept));
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER)) if (name.endsWith(".svg") && !plots.has(name)) rmSync(join(FOLDER, name));
  for (const [name, svg] of plots) writeFileSync(join(FOLDER, name), svg);
}
