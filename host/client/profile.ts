/** Profile generic (class 7): reading a part of the buffer and showing it as a table. Blue Book Ed. 12, 4.3.6. */

import { type AttributeDescriptor, type Selection } from "./apdu_parts.ts";
import { rangeOf, type Data, type DataType } from "./axdr.ts";
import * as d from "./data.ts";
import { dateTimeEmit, dateTimeParse, dateTimeToMilliseconds, type DateTime } from "./date_time.ts";
import { DlmsError } from "./errors.ts";
import { logicalNameParse, logicalNameText } from "./logical_name.ts";
import { isScaled, SCALER_UNIT_ATTRIBUTE, scalerUnitOf, type ScalerUnit } from "./objects.ts";
import { attribute, type Client } from "./session.ts";

/** capture_object_definition. */
export interface CaptureObject {
  classId: number;
  logicalName: string;
  /** 0 = all attributes */
  attribute: number;
  /** 0 = whole attribute, n = its n-th element */
  dataIndex: number;
}

export const CLOCK: CaptureObject = { classId: 8, logicalName: "0-0:1.0.0.255", attribute: 2, dataIndex: 0 };

export function captureObjectOf(data: Data): CaptureObject {
  const [classId, name, attributeId, dataIndex] = d.elementsOf(data, "capture object", 4) as [Data, Data, Data, Data];
  return {
    classId: d.numberOf(classId, "class_id"),
    logicalName: logicalNameText(d.octetsOf(name, "logical_name")),
    attribute: d.numberOf(attributeId, "attribute_index"),
    dataIndex: d.numberOf(dataIndex, "data_index"),
  };
}

export function captureObjectData(c: CaptureObject): Data {
  return d.structure(
    d.longUnsigned(c.classId),
    d.octetString(logicalNameParse(c.logicalName)),
    d.integer(c.attribute),
    d.longUnsigned(c.dataIndex),
  );
}

/** range_descriptor, selector 1: both bounds belong to the range. No columns = all columns. */
export function rangeSelection(
  from: Data,
  to: Data,
  columns: CaptureObject[] = [],
  by: CaptureObject = CLOCK,
): Selection {
  const parameters = d.structure(captureObjectData(by), from, to, d.array(...columns.map(captureObjectData)));
  return { selector: 1, parameters };
}

/** rangeSelection() between two times of the clock column. */
export function timeRangeSelection(from: DateTime, to: DateTime, columns: CaptureObject[] = []): Selection {
  return rangeSelection(d.octetString(dateTimeEmit(from)), d.octetString(dateTimeEmit(to)), columns);
}

/** entry_descriptor, selector 2: entries count from 1 (oldest), 0 as end means the last; columns likewise. */
export function entrySelection(from: number, to: number, columnFrom = 1, columnTo = 0): Selection {
  const parameters = d.structure(
    d.doubleLongUnsigned(from),
    d.doubleLongUnsigned(to),
    d.longUnsigned(columnFrom),
    d.longUnsigned(columnTo),
  );
  return { selector: 2, parameters };
}

export interface Column extends CaptureObject {
  scalerUnit?: ScalerUnit;
}

export interface Table {
  /** Columns of the rows: those of the buffer, or those that the selection names. */
  columns: Column[];
  /** Cells as sent, with null-data and deltas replaced by what they stand for. */
  rows: Data[][];
}

export interface ProfileQuery {
  from?: DateTime;
  to?: DateTime;
  /** Only the newest rows, as many as this */
  last?: number;
  selection?: Selection;
}

/** Read columns, units and the asked-for rows of a profile. */
export async function profileRead(client: Client, logicalName: string, query: ProfileQuery = {}): Promise<Table> {
  const captured = await profileColumns(client, logicalName);
  const selection = query.selection ?? (await selectionOf(client, logicalName, query, captured));
  const columns = selection === "nothing" ? captured : columnsSelected(captured, selection);
  const period = d.numberOf(await client.get(attribute(7, logicalName, 4)), "capture_period");
  if (selection === "nothing") return { columns, rows: [] };
  const buffer = await client.get(attribute(7, logicalName, 2), selection);
  return { columns, rows: rowsRebuild(buffer, period, columns) };
}

/** Capture objects with the scaler_unit of each register that shows one to this client. */
export async function profileColumns(client: Client, logicalName: string): Promise<Column[]> {
  const data = await client.get(attribute(7, logicalName, 3));
  const columns: Column[] = d.elementsOf(data, "capture_objects").map(captureObjectOf);
  for (const column of columns) {
    const id = SCALER_UNIT_ATTRIBUTE[column.classId];
    if (id === undefined || !isScaled(column.classId, column.attribute)) continue;
    const result = await client.getResult(attribute(column.classId, column.logicalName, id));
    if (result.data !== undefined) column.scalerUnit = scalerUnitOf(result.data);
  }
  return columns;
}

async function selectionOf(
  client: Client,
  logicalName: string,
  query: ProfileQuery,
  columns: Column[],
): Promise<Selection | undefined | "nothing"> {
  if (query.last !== undefined) {
    const inUse = d.numberOf(await client.get(attribute(7, logicalName, 7)), "entries_in_use");
    if (inUse === 0 || query.last === 0) return "nothing";
    return entrySelection(Math.max(1, inUse - query.last + 1), 0);
  }
  if (query.from === undefined && query.to === undefined) return undefined;
  if (!columns.some((column) => sameObject(column, CLOCK))) {
    throw new DlmsError(`${logicalName} does not capture the clock; use --last instead of --from and --to`);
  }
  const open = { dayOfWeek: 0xff, hundredths: 0, deviation: -0x8000, clockStatus: 0xff };
  const earliest: DateTime = { ...open, year: 1990, month: 1, dayOfMonth: 1, hour: 0, minute: 0, second: 0 };
  const latest: DateTime = { ...open, year: 2089, month: 12, dayOfMonth: 31, hour: 23, minute: 59, second: 59 };
  return timeRangeSelection(query.from ?? earliest, query.to ?? latest);
}

/** The columns that a selection leaves, in the order of the buffer. */
export function columnsSelected<T extends CaptureObject>(
  captured: readonly T[],
  selection: Selection | undefined,
): T[] {
  if (selection === undefined) return [...captured];
  const parts = d.elementsOf(selection.parameters, "parameters of the selection", 4);
  if (selection.selector === 1) {
    const named = d.elementsOf(parts[3]!, "selected_values").map(captureObjectOf);
    return captured.filter((column) => named.length === 0 || named.some((one) => sameObject(one, column)));
  }
  const [from, to] = [parts[2]!, parts[3]!].map((part) => d.numberOf(part, "selected column")) as [number, number];
  return captured.slice(Math.max(0, from - 1), to === 0 ? undefined : to);
}

function sameObject(a: AttributeDescriptor, b: AttributeDescriptor): boolean {
  return a.classId === b.classId && a.logicalName === b.logicalName && a.attribute === b.attribute;
}

/**
 * Rows of a buffer value, be it an array or a compact-array. A null-data cell stands for the value above it, in the column
 * of the clock for the time above plus the capture period; a delta is added to the value above. GB9 14 (compression of
 * profiles). Without `columns` whatever looks like a time stamp is taken for the clock's.
 */
export function rowsRebuild(buffer: Data, capturePeriod: number, columns?: readonly CaptureObject[]): Data[][] {
  const rows: Data[][] = [];
  for (const row of d.elementsOf(buffer, "buffer")) {
    const cells = d.elementsOf(row, "buffer row");
    const above = rows.at(-1);
    const steps = (i: number): boolean => columns?.[i] === undefined || isClockTime(columns[i]);
    rows.push(cells.map((cell, i) => cellRebuild(cell, above?.[i], steps(i) ? capturePeriod : 0)));
  }
  return rows;
}

/** Whether a column is the time of a clock. */
function isClockTime(column: CaptureObject): boolean {
  return column.classId === CLOCK.classId && column.attribute === CLOCK.attribute;
}

function cellRebuild(cell: Data, above: Data | undefined, period: number): Data {
  if (above === undefined) return cell;
  if (cell.type === "null-data") return period > 0 ? (timeAdd(above, period) ?? above) : above;
  if (!cell.type.startsWith("delta-")) return cell;
  return sum(above, BigInt((cell as { value: number }).value));
}

/** A time stamp plus seconds, keeping deviation and status; undefined if the Data is no complete time stamp. */
function timeAdd(data: Data, seconds: number): Data | undefined {
  if ((data.type !== "octet-string" && data.type !== "date-time") || data.value.length !== 12) return undefined;
  const t = dateTimeParse(data.value);
  if (t.year < 1990 || t.year > 2089 || t.dayOfWeek === 0) return undefined;
  const milliseconds = dateTimeToMilliseconds({ ...t, deviation: 0 });
  if (milliseconds === undefined) return undefined;
  const local = new Date(milliseconds + seconds * 1000);
  const value = dateTimeEmit({
    ...t,
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    dayOfMonth: local.getUTCDate(),
    dayOfWeek: t.dayOfWeek === 0xff ? 0xff : local.getUTCDay() || 7,
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: t.second === 0xff ? 0xff : local.getUTCSeconds(),
  });
  return { type: data.type, value };
}

const WIDE: ReadonlySet<DataType> = new Set(["long64", "long64-unsigned"]);

function sum(above: Data, delta: bigint): Data {
  if (!("value" in above) || (typeof above.value !== "number" && typeof above.value !== "bigint")) {
    throw new DlmsError(`a delta follows ${above.type}, which is no number`);
  }
  const range = rangeOf(above.type);
  const value = BigInt(above.value) + delta;
  if (range === undefined || value < range.min || value > range.max)
    throw new DlmsError("a delta leads out of its type");
  return { type: above.type, value: WIDE.has(above.type) ? value : Number(value) } as Data;
}
