/** Selective access to profiles, by range and by entry: the subtests of class 7. The suites name them by title only. */
import {
  attribute,
  captureObjectOf,
  CONFORMANCE,
  data,
  entrySelection,
  objectList,
  rangeSelection,
  rowsRebuild,
  toHex,
  type CaptureObject,
  type Client,
  type Data,
  type ObjectEntry,
  type Selection,
} from "../../../host/client/index.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import { isProtectedEnough, isReadable } from "../rights.ts";

const ROWS_MIN = 5;
const ROWS_MAX = 1000;
const SELECTOR_ENTRY = 2;
const SELECTOR_RANGE = 1;

interface Profile {
  name: string;
  what: string;
  client: Client;
  columns: CaptureObject[];
  /** As sent: cells may be null-data for "as before" */
  buffer: Data[];
  /** With every cell filled in */
  rows: Data[][];
}

type Subtests = (ctx: Ctx, profile: Profile) => Promise<void>;

/** Reads a profile whole, or says why it cannot be used. */
async function profileOf(ctx: Ctx, client: Client, entry: ObjectEntry, what: string): Promise<Profile | undefined> {
  const { logicalName: name } = entry;
  const inUse = await client.getResult(attribute(7, name, 7));
  const count = inUse.data === undefined ? 0 : data.numberOf(inUse.data, "entries_in_use");
  if (count < ROWS_MIN || count > ROWS_MAX) {
    ctx.skip(`${what}: ${count} entries; the subtests want ${ROWS_MIN} to ${ROWS_MAX}`);
    return undefined;
  }
  const columns = data.elementsOf(await client.get(attribute(7, name, 3)), "capture_objects").map(captureObjectOf);
  const period = data.numberOf(await client.get(attribute(7, name, 4)), "capture_period");
  const buffer = await client.get(attribute(7, name, 2));
  return {
    ...{ name, what, client, columns },
    buffer: data.elementsOf(buffer, "buffer"),
    rows: rowsRebuild(buffer, period),
  };
}

async function eachProfile(ctx: Ctx, selector: number, subtests: Subtests): Promise<void> {
  for (const association of ctx.config.associations) {
    const client = await ctx.associated(association);
    if ((client.conformance & CONFORMANCE["selective-access"]) === 0) {
      ctx.skip(`${association.name}: selective-access is not negotiated`);
    } else await profilesOf(ctx, association, client, selector, subtests);
    await ctx.close(client);
  }
}

async function profilesOf(
  ctx: Ctx,
  association: Association,
  client: Client,
  selector: number,
  subtests: Subtests,
): Promise<void> {
  const entries = await objectList(client);
  for (const entry of entries.filter((one) => one.classId === 7)) {
    const what = `${association.name}: ${entry.logicalName}`;
    const open = [2, 3, 4, 7].every((id) => {
      const mode = entry.attributes.find((one) => one.attribute === id)?.mode ?? 0;
      return isReadable(mode, entries) && isProtectedEnough(mode, entries, association);
    });
    const profile = open ? await profileOf(ctx, client, entry, what) : undefined;
    if (!open) ctx.skip(`${what}: not readable here`);
    if (profile === undefined) continue;
    const shown = entry.attributes.find((one) => one.attribute === 2)!.selectors;
    ctx.expect(shown.includes(selector), `${what}: the object list shows selector ${selector}`, shown.join(", "));
    await subtests(ctx, profile);
  }
}

async function select(profile: Profile, selection: Selection): Promise<{ rows?: Data[]; code: number }> {
  const result = await profile.client.getResult(attribute(7, profile.name, 2), selection);
  if (result.data === undefined) return { code: result.code };
  return { code: 0, rows: data.elementsOf(result.data, "buffer") };
}

/** As many rows as expected, of as many cells. A capture meanwhile may have added one to what reaches the end. */
function expectRows(
  ctx: Ctx,
  got: { rows?: Data[]; code: number },
  what: string,
  count: number,
  cells: number,
  open = false,
): void {
  const { rows } = got;
  const right = rows !== undefined && (rows.length === count || (open && rows.length === count + 1));
  const text = rows === undefined ? `result ${got.code}` : `${rows.length} rows`;
  ctx.expect(right, `${what}: ${count} rows`, text);
  const whole = rows?.every((row) => row.type === "structure" && row.value.length === cells) ?? false;
  ctx.expect(whole, `${what}: each of ${cells} ${cells === 1 ? "cell" : "cells"}`);
}

const timeText = (cell: Data): string => toHex(data.octetsOf(cell, "time").subarray(0, 8)).replace(/^(.{8})../, "$1");

async function byRange(ctx: Ctx, profile: Profile): Promise<void> {
  const { columns, rows, what } = profile;
  const time = columns.findIndex((column) => column.classId === 8 && column.attribute === 2);
  if (time < 0 || columns.length < 2) return ctx.skip(`${what}: no time column beside another one`);
  const clock = columns[time]!;
  const at = (i: number): Data => rows.at(i)![time]!;
  const range = (from: Data, to: Data, some: CaptureObject[] = []) =>
    select(profile, rangeSelection(from, to, some, clock));
  const stamps = rows.map((row) => timeText(row[time]!));
  const within = (from: number, to: number): number => {
    const [low, high] = [stamps.at(from)!, stamps.at(to)!];
    return stamps.filter((stamp) => stamp >= low && stamp <= high).length;
  };
  expectRows(ctx, await range(at(0), at(-1)), `${what}, the whole interval`, within(0, -1), columns.length);
  const past = await range(yearOf(at(0), 1995), yearOf(at(0), 1996));
  ctx.expect((past.rows?.length ?? 0) === 0, `${what}, an interval before all: no row, or an error`);
  const [from, to] = [1, Math.max(2, Math.floor(rows.length / 2))];
  expectRows(ctx, await range(at(from), at(to)), `${what}, a part of it`, within(from, to), columns.length);
  const other = columns[time === 0 ? 1 : 0]!;
  const two = await range(at(from), at(to), time === 0 ? [clock, other] : [other, clock]);
  expectRows(ctx, two, `${what}, a part of it and two columns`, within(from, to), 2);
}

/** The same time in another year. */
function yearOf(time: Data, year: number): Data {
  const octets = data.octetsOf(time, "time").slice();
  octets[0] = year >>> 8;
  octets[1] = year & 0xff;
  octets[4] = 0xff;
  return data.octetString(octets);
}

async function byEntry(ctx: Ctx, profile: Profile): Promise<void> {
  const { columns, rows, what } = profile;
  const one = await select(profile, entrySelection(1, 1, 1, 1));
  expectRows(ctx, one, `${what}, one entry and one column`, 1, 1);
  const cell = one.rows?.[0];
  const same = cell?.type === "structure" && data.toText(cell.value[0]!) === data.toText(rows[0]![0]!);
  ctx.expect(same, `${what}: that cell is the first of the buffer`);
  const all = await select(profile, entrySelection(1, 0, 1, 0));
  expectRows(ctx, all, `${what}, all entries and columns by wild-card`, rows.length, columns.length, true);
  const part = await select(profile, entrySelection(2, 4, 1, columns.length));
  expectRows(ctx, part, `${what}, entries 2 to 4`, 3, columns.length);
}

export const COSEM_PROFILE: Case[] = [
  {
    name: "COSEM_7_ByRange",
    group: "COSEM",
    purpose: "Profiles, selective access by range: all, none, a part, and a part of the columns (name of our own).",
    clause: "Blue Book 4.3.6, range_descriptor; GB9 9.1.4.3.5",
    source: "sheet",
    run: (ctx) => eachProfile(ctx, SELECTOR_RANGE, byRange),
  },
  {
    name: "COSEM_7_ByEntry",
    group: "COSEM",
    purpose: "Profiles, selective access by entry: one cell, all by wild-card, a part (name of our own).",
    clause: "Blue Book 4.3.6, entry_descriptor; GB9 9.1.4.3.5",
    source: "sheet",
    run: (ctx) => eachProfile(ctx, SELECTOR_ENTRY, byEntry),
  },
];
