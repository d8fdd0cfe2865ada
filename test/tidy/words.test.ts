/** The project stands alone: nothing in it names the machine or the work it was made with. */
import { existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { filesOf, ROOT, textOf } from "./sources.ts";

/** Paths of machines, and words that only make sense to those who wrote this. Put together so that this file is clean. */
const FORBIDDEN = [
  ["/", "work/"],
  ["/", "root/"],
  ["/", "home/[a-z]"],
  ["co-authored", "-by"],
  ["toolchain", "\\.md"],
  ["decisions", "\\.md"],
  ["link", "\\.md\\b"],
].map((parts) => new RegExp(parts.join(""), "i"));

/** Temporary folders are asked for, not named. */
const TEMPORARY = new RegExp(["[\"'`( ]/", "tmp/"].join(""));

const isForbidden = (line: string): boolean => [...FORBIDDEN, TEMPORARY].some((word) => word.test(line));
const isText = (path: string): boolean =>
  /\.(ts|mjs|js|json|md|sh|yml|yaml)$|\.ci\/run$|^\.[a-z]+(ignore|rc)?/.test(path);
const files = filesOf(".").filter((path) => isText(path) && path !== "package-lock.json");

describe("words", () => {
  it("has files to look at", () => {
    expect(files).toContain("package.json");
    expect(files).toContain(".ci/run");
    expect(files.length).toBeGreaterThan(80);
  });

  it("sees a forbidden word", () => {
    expect(isForbidden(`see /${"work"}/notes`)).toBe(true);
    expect(isForbidden(`"/${"tmp"}/x"`)).toBe(true);
    expect(isForbidden("the work of a meter")).toBe(false);
  });

  it("names no machine and no paper that is not here", () => {
    const problems: string[] = [];
    for (const path of files) {
      textOf(path)
        .split("\n")
        .forEach((line, i) => {
          if ([...FORBIDDEN, TEMPORARY].some((word) => word.test(line)))
            problems.push(`${path}:${i + 1}: ${line.trim()}`);
        });
    }
    expect(problems).toEqual([]);
  });

  it("switches no test off for good, and lets none run alone", () => {
    const tests = files.filter((path) => path.startsWith("test/") && path.endsWith(".ts"));
    const off = new RegExp(["\\b(it|test|describe)\\.", "(skip|todo|only)\\b(?!If)"].join(""));
    expect(tests.filter((path) => off.test(textOf(path)))).toEqual([]);
  });
});

/** Paths of the project that the document at `path` names: in code from the root, in links from its own folder. */
function namedPaths(path: string): string[] {
  const found = [...textOf(path).matchAll(/`([^`\n]+)`|\]\(([^)#\s]+)/g)];
  const spans = found.map(([, code, link]) => code ?? posix.join(dirname(path), link!));
  const isPath = /^(assembly|host|test|bench|docs|scripts|\.ci)\/[\w./-]+$|^[A-Z]+\.md$/;
  return spans.filter((span) => isPath.test(span));
}

describe("documents", () => {
  const documents = files.filter((path) => path.endsWith(".md"));

  it.each(documents)("%s names only files that exist", (path) => {
    expect(namedPaths(path).filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });
});
