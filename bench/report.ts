/** Figures as tables: for a terminal, and in Markdown for docs/BENCHMARKS.md. */
import Table from "cli-table3";
import { goalMet, type Figure } from "./figure.ts";

/** Three significant digits, and all of a whole number. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

function goalText(figure: Figure): string {
  if (figure.goal === undefined) return "";
  const sign = figure.goal.kind === "at most" ? "≤" : "≥";
  return `${sign} ${numberText(figure.goal.limit)} ${goalMet(figure) === true ? "met" : "MISSED"}`;
}

/** Rows and columns in the order in which they first come. */
interface Matrix {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The figures that have a place in a table of rows and columns; a row names its unit. */
function matrixOf(figures: readonly Figure[]): Matrix | undefined {
  const placed = figures.filter((figure) => figure.cell !== undefined);
  if (placed.length === 0) return undefined;
  const columns = [...new Set(placed.map((figure) => figure.cell!.column))];
  const names = [...new Set(placed.map((figure) => figure.cell!.row))];
  const rows = names.map((name) => {
    const own = placed.filter((figure) => figure.cell!.row === name);
    const cells = columns.map((column) => own.find((figure) => figure.cell!.column === column));
    return [
      `${name}, ${own[0]!.unit}`,
      ...cells.map((figure) => (figure === undefined ? "" : numberText(figure.value))),
    ];
  });
  return { columns, rows };
}

const STYLE = { head: [], border: [], compact: true };

/** One line for each figure, one more for each further reference. */
function listText(title: string, figures: readonly Figure[]): string {
  const table = new Table({
    head: [title, "value", "unit", "goal", "ratio", "to", "reference"],
    colAligns: ["left", "right", "left", "left", "right", "right", "left"],
    style: STYLE,
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

/** The tables of a group, for a terminal. */
export function tableText(title: string, figures: readonly Figure[]): string {
  const matrix = matrixOf(figures);
  const others = figures.filter((figure) => figure.cell === undefined);
  const list = others.length === 0 && matrix !== undefined ? [] : [listText(title, others)];
  if (matrix === undefined) return list[0]!;
  const table = new Table({
    head: [title, ...matrix.columns],
    colAligns: ["left", ...matrix.columns.map(() => "right" as const)],
    style: STYLE,
  });
  table.push(...matrix.rows.map((row) => [...row]));
  return [table.toString(), ...list].join("\n");
}

/** A table in Markdown; `align` has `l` or `r` for each column. */
export function markdownTable(head: readonly string[], align: string, rows: readonly (readonly string[])[]): string {
  const rule = [...align].map((one) => (one === "r" ? "---:" : "---"));
  return [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function listMarkdown(title: string, figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const value = `${numberText(figure.value)} ${figure.unit}`;
    const others = figure.references.map((one) => `${numberText(one.ratio)} × ${one.what}`);
    return [figure.what, value, goalText(figure), others.join("<br>")];
  });
  return markdownTable([title, "", "Goal", "Ratio to"], "lrll", rows);
}

/** The same as tableText() in Markdown. */
export function markdownText(title: string, figures: readonly Figure[]): string {
  const matrix = matrixOf(figures);
  const others = figures.filter((figure) => figure.cell === undefined);
  const tables: string[] = [];
  if (matrix !== undefined) {
    tables.push(markdownTable([title, ...matrix.columns], `l${"r".repeat(matrix.columns.length)}`, matrix.rows));
  }
  if (others.length > 0) tables.push(listMarkdown(title, others));
  return tables.join("\n\n");
}
