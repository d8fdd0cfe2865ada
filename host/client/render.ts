/** What was read, as text tables, CSV and JSON. */

import Table from "cli-table3";
import { toJson, type Json } from "./data.ts";
import { CLASS_NAME, isScaled, valueText, type ObjectEntry } from "./objects.ts";
import { type Column, type Table as ProfileTable } from "./profile.ts";
import { scaledText, unitName } from "./units.ts";
import { type Data } from "./axdr.ts";

/** Lines between the header and the rows only: what scripts and eyes can both follow. */
const PLAIN = {
  chars: {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  },
  style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
};

/** Columns of equal width under their headers. */
export function textTable(head: string[], rows: string[][], rightAligned: readonly number[] = []): string {
  const colAligns = head.map((_, i) => (rightAligned.includes(i) ? ("right" as const) : ("left" as const)));
  const table = new Table({ ...PLAIN, head, colAligns });
  table.push(...rows);
  return table.toString().replace(/[ \t]+$/gm, "");
}

/** Comma-separated values after RFC 4180, with LF line ends. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join(",")).join("\n");
}

/** Header of a profile column: name, attribute if not the value, unit. */
export function columnHead(column: Column): string {
  const attribute = column.attribute === 2 ? "" : `:${column.attribute}`;
  const element = column.dataIndex === 0 ? "" : `[${column.dataIndex}]`;
  const unit = column.scalerUnit === undefined ? "" : unitName(column.scalerUnit.unit);
  return `${column.logicalName}${attribute}${element}${unit === "" ? "" : ` [${unit}]`}`;
}

/** A profile cell; the unit stands in the header. */
export function cellText(data: Data, column: Column | undefined): string {
  const scaled = column?.scalerUnit !== undefined && isScaled(column.classId, column.attribute);
  if (scaled && "value" in data && (typeof data.value === "number" || typeof data.value === "bigint")) {
    return scaledText(data.value, column.scalerUnit!.scaler);
  }
  return data.type === "null-data" ? "" : valueText(data);
}

export function profileText(table: ProfileTable): string {
  const { head, rows } = profileCells(table);
  const numbers = table.columns.flatMap((column, i) => (column.scalerUnit === undefined ? [] : [i]));
  return textTable(head, rows, numbers);
}

export function profileCsv(table: ProfileTable): string {
  const { head, rows } = profileCells(table);
  return csv([head, ...rows]);
}

function profileCells(table: ProfileTable): { head: string[]; rows: string[][] } {
  return {
    head: table.columns.map(columnHead),
    rows: table.rows.map((row) => row.map((cell, i) => cellText(cell, table.columns[i]))),
  };
}

export function profileJson(table: ProfileTable): Json {
  return {
    columns: table.columns.map((column) => ({
      class: column.classId,
      name: column.logicalName,
      attribute: column.attribute,
      index: column.dataIndex,
      ...(column.scalerUnit === undefined
        ? {}
        : { scaler: column.scalerUnit.scaler, unit: unitName(column.scalerUnit.unit) }),
    })),
    rows: table.rows.map((row) => row.map(toJson)),
  };
}

export function objectListText(entries: readonly ObjectEntry[]): string {
  const rows = entries.map((entry) => [
    entry.logicalName,
    String(entry.classId),
    String(entry.version),
    CLASS_NAME[entry.classId] ?? "",
    rightsText(entry.attributes.map((a) => [a.attribute, a.mode])),
    rightsText(entry.methods.map((m) => [m.method, m.mode])),
  ]);
  return textTable(["NAME", "CLASS", "VERSION", "CLASS NAME", "ATTRIBUTES", "METHODS"], rows, [1, 2]);
}

/** 1:r 2:rw and so on; bits 2 to 7 of version 3 are what a request or response must be protected with. */
function rightsText(rights: readonly (readonly [number, number])[]): string {
  return rights
    .filter(([, mode]) => mode !== 0)
    .map(([id, mode]) => `${id}:${modeText(mode)}`)
    .join(" ");
}

function modeText(mode: number): string {
  const text = `${(mode & 1) !== 0 ? "r" : ""}${(mode & 2) !== 0 ? "w" : ""}`;
  return (mode & 0xfc) === 0 ? text : `${text}+${(mode & 0xfc).toString(16).toUpperCase().padStart(2, "0")}`;
}

export function objectListJson(entries: readonly ObjectEntry[]): Json {
  return entries.map((entry) => ({
    name: entry.logicalName,
    class: entry.classId,
    version: entry.version,
    attributes: entry.attributes.map((a) => ({ attribute: a.attribute, mode: a.mode, selectors: a.selectors })),
    methods: entry.methods.map((m) => ({ method: m.method, mode: m.mode })),
  }));
}
