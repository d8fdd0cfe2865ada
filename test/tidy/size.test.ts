/** Files up to 500 lines, functions up to 70, nesting up to 3. */
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { sourcesOf, textOf } from "./sources.ts";

const LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const NESTING_MAX = 3;

const sources = sourcesOf("assembly", "host", "bench", "scripts", "test");

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true);
}

const isNesting = (node: ts.Node): boolean =>
  ts.isForStatement(node) ||
  ts.isForOfStatement(node) ||
  ts.isForInStatement(node) ||
  ts.isWhileStatement(node) ||
  ts.isDoStatement(node) ||
  ts.isSwitchStatement(node) ||
  // An else-if is not one level more.
  (ts.isIfStatement(node) && !(ts.isIfStatement(node.parent) && node.parent.elseStatement === node));

/** Functions that hold code of their own; a describe() block only holds others. */
function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return false;
  const call = node.parent;
  return !(ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText()));
}

function linesOf(file: ts.SourceFile, node: ts.Node): number {
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line;
  return lineAt(node.getEnd()) - lineAt(node.getStart()) + 1;
}

/** Calls `seen` for every node with the nesting it stands at within its function. */
function walk(node: ts.Node, depth: number, seen: (node: ts.Node, depth: number) => void): void {
  const inner = isFunction(node) ? 0 : depth + (isNesting(node) ? 1 : 0);
  seen(node, inner);
  ts.forEachChild(node, (child) => walk(child, inner, seen));
}

describe("size", () => {
  it("has sources to look at", () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it(`keeps every file within ${LINES_MAX} lines`, () => {
    const long = sources.map((path) => ({ path, lines: textOf(path).split("\n").length - 1 }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  it(`keeps every function within ${FUNCTION_LINES_MAX} lines and ${NESTING_MAX} levels`, () => {
    const problems: string[] = [];
    for (const path of sources) {
      const file = parse(path);
      walk(file, 0, (node, depth) => {
        const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        if (isFunction(node) && linesOf(file, node) > FUNCTION_LINES_MAX) {
          problems.push(`${path}:${line}: a function of ${linesOf(file, node)} lines`);
        }
        if (isNesting(node) && depth > NESTING_MAX) problems.push(`${path}:${line}: ${depth} levels`);
      });
    }
    expect(problems).toEqual([]);
  });
});
