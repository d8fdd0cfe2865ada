/** Figures as a table for people, and as build/bench.json for programs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import Table from "cli-table3";
import { goalMet, type Figure } from "./figure.ts";

/** Three significant digits, and all of a whole number. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function goalText(figure: Figure): string {
  if (figure.goal === undefined) return "";
  const sign = figure.goal.kind === "at most" ? "≤" : "≥";
  return `${sign} ${numberText(figure.goal.limit)} ${goalMet(figure) === true ? "met" : "MISSED"}`;
}

/** Where the figures were measured. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly platform: string;
}

export function machine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model ?? "unknown",
    processors: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** One line for each figure, one more for each further reference. */
export function tableText(title: string, figures: readonly Figure[]): string {
  const table = new Table({
    head: [title, "value", "unit", "goal", "ratio", "to", "reference"],
    colAligns: ["left", "right", "left", "left", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const figure of figures) {
    const own = [figure.what, numberText(figure.value), figure.unit, goalText(figure)];
    const [first, ...others] = figure.references.map((one) => [
      `${numberText(one.ratio)} ×`,
      numberText(one.value),
      one.what,
    ]);
    table.push([...own, ...(first ?? ["", "", ""])]);
    for (const other of others) table.push(["", "", "", "", ...other]);
  }
  return table.toString();
}

/** The same as Markdown, for docs/BENCHMARKS.md. */
export function markdownText(title: string, figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const value = `${numberText(figure.value)} ${figure.unit}`;
    const others = figure.references.map((one) => `${numberText(one.ratio)} × ${one.what}`);
    return `| ${figure.what} | ${value} | ${goalText(figure)} | ${others.join("<br>")} |`;
  });
  return [`| ${title} | | Goal | Ratio to |`, "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Writes what a run found. */
export function jsonWrite(path: string, quick: boolean, figures: readonly Figure[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const met = figures.map((figure) => ({ ...figure, goalMet: goalMet(figure) }));
  const text = JSON.stringify({ at: new Date().toISOString(), quick, machine: machine(), figures: met }, undefined, 1);
  writeFileSync(path, `${text}\n`);
}
