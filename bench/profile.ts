/** A profile of 10,000 rows read through blocks: rows and octets in a second, and whether a late block costs more. */
import { createCipheriv } from "node:crypto";
import { decodeData } from "../host/client/axdr.ts";
import type { Selection } from "../host/client/apdu_parts.ts";
import type { ClientOptions } from "../host/client/session.ts";
import { concat } from "../host/client/octets.ts";
import { timeRangeSelection } from "../host/client/profile.ts";
import { packageFile } from "../host/files.ts";
import { templateLoad } from "../host/template/load.ts";
import { reference, type Effort, type Figure, type Group } from "./figure.ts";
import { CIPHERED, PLAIN } from "./requests.ts";
import { Seat } from "./seat.ts";
import { median, type Work } from "./timing.ts";
import { stepTimes, Transfer } from "./transfer.ts";

export const ROWS = 10_000;
/** The template that keeps so many rows. */
export const DEEP_TEMPLATE = "bench/deep_profile.json";
/** Blocks at the start, in the middle and at the end whose times are compared. */
const STRETCH = 12;
/** More messages than a case seals. */
const COUNTERS = 10_000_000;
const COPIED = "the same octets through calls that do nothing";

/** A seat whose load profile is full. */
export function filledSeat(): Seat {
  const seat = new Seat(templateLoad(packageFile(DEEP_TEMPLATE)));
  const end = seat.meterTime + ROWS * 900_000;
  while (seat.step(end));
  return seat;
}

/** Octets sealed by node:crypto. */
function sealWork(answers: readonly Uint8Array[]): Work {
  const key = new Uint8Array(16);
  const iv = new Uint8Array(12);
  const aad = new Uint8Array(17);
  return {
    run() {
      for (const answer of answers) {
        const cipher = createCipheriv("aes-128-gcm", key, iv, { authTagLength: 12 }).setAAD(aad);
        cipher.update(answer);
        cipher.final();
        cipher.getAuthTag();
      }
      return ROWS;
    },
  };
}

interface Case {
  readonly id: string;
  readonly what: string;
  readonly ciphered?: boolean;
  readonly ranged?: boolean;
  /** In general block transfer, as many blocks in a stream as the client takes by itself. */
  readonly general?: boolean;
  readonly goal?: number;
}

const CASES: readonly Case[] = [
  { id: "profile", what: "10,000 rows, in the clear" },
  { id: "profile-range", what: "10,000 rows by range, in the clear", ranged: true, goal: 3e6 },
  { id: "profile-ciphered", what: "10,000 rows, suite 0 authenticated and encrypted", ciphered: true },
  { id: "profile-gbt", what: "10,000 rows in general blocks, in the clear", general: true },
  {
    ...{ id: "profile-gbt-ciphered", what: "10,000 rows in general blocks, suite 0 authenticated and encrypted" },
    ...{ ciphered: true, general: true },
  },
];

/** A range that holds all rows. */
function everything(): Selection {
  const open = { month: 1, dayOfMonth: 1, dayOfWeek: 0xff, hour: 0, minute: 0, second: 0, hundredths: 0 };
  const rest = { deviation: -0x8000, clockStatus: 0xff };
  return timeRangeSelection({ year: 2000, ...open, ...rest }, { year: 2080, ...open, ...rest });
}

/** What a row costs in other hands; the name of each, and its work. */
function othersOf(x: Case, transfer: Transfer): Map<string, Work> {
  const others = new Map([
    [COPIED, transfer.copyWork(ROWS)],
    ["the client's decoding of the rows", decodeWork(transfer.data)],
  ]);
  if (x.ciphered !== true) return others;
  // General blocks carry one sealed answer, datablocks are sealed one by one.
  if (x.general === true) others.set("node:crypto aes-128-gcm sealing the answer at once", sealWork([transfer.data]));
  else others.set("node:crypto aes-128-gcm sealing the same blocks", sealWork(transfer.blocks));
  return others;
}

/** The client of a case; its counters are those that no case before it used. */
function optionsOf(x: Case, index: number): ClientOptions {
  const level = x.ciphered === true ? { ...CIPHERED, counter: 1 + index * COUNTERS } : PLAIN;
  return { ...level, gbt: x.general === true ? "always" : "never" };
}

async function caseFigures(effort: Effort, seat: Seat, x: Case, index: number): Promise<Figure[]> {
  const options = optionsOf(x, index);
  const transfer = await Transfer.record(seat, options, ROWS, x.ranged === true ? everything() : undefined);
  transfer.check();
  const others = othersOf(x, transfer);
  const times = stepTimes(effort.rounds, transfer, [...others.values()]);
  await transfer.close();
  const rows = (1e9 * ROWS) / times.steps.reduce((sum, ns) => sum + ns);
  const rate: Figure = {
    id: `${x.id}-rows`,
    what: `${x.what}: rows in a second`,
    value: rows,
    unit: "1/s",
    ...(x.goal === undefined ? {} : { goal: { limit: x.goal, kind: "at least" as const } }),
    references: [...others.keys()].map((name, i) => reference(name, 1e9 / times.references[i]!, rows)),
  };
  if (x.ranged === true) return [rate];
  const perRow = transfer.data.length / ROWS / 1e6;
  const copied = times.references[0]!;
  const volume: Figure = {
    id: `${x.id}-octets`,
    what: `${x.what}: ${transfer.data.length} octets of Data in ${transfer.blocks.length} blocks`,
    value: rows * perRow,
    unit: "MB/s",
    references: [reference(COPIED, (1e9 / copied) * perRow, rows * perRow)],
  };
  if (x.general === true) return [rate, volume];
  return [rate, volume, ...blockFigures(x, times.steps, (copied * ROWS) / times.steps.length / 1000)];
}

/** Decoding is slow: a tenth of the octets is enough, since it reads them one after the other. */
function decodeWork(data: Uint8Array): Work {
  const rows = ROWS / 10;
  const head = 4;
  const size = (data.length - head) / ROWS;
  const part = concat(Uint8Array.of(1, 0x82, rows >> 8, rows & 0xff), data.subarray(head, head + rows * size));
  return {
    run() {
      decodeData(part);
      return rows;
    },
  };
}

/** Time of a block at the start, in the middle and at the end; the first one, which selects, and the last, a rest, aside. */
function blockFigures(x: Case, blocks: readonly number[], copied: number): Figure[] {
  const stretch = (first: number): number => median(blocks.slice(first, first + STRETCH)) / 1000;
  const first = stretch(1);
  const figure = (where: string, value: number): Figure => ({
    id: `${x.id}-block-${where}`,
    what: `a block of ${x.what}: ${where}`,
    value,
    unit: "µs",
    references: where === "first" ? [reference(COPIED, copied, value)] : [reference("a first block", first, value)],
  });
  const middle = stretch((blocks.length - STRETCH) >> 1);
  return [figure("first", first), figure("middle", middle), figure("last", stretch(blocks.length - 1 - STRETCH))];
}

export const profileGroup: Group = {
  title: "Profile of 10,000 rows, in process",
  async measure(effort) {
    const seat = filledSeat();
    const figures: Figure[] = [];
    for (const [index, one] of CASES.entries()) figures.push(...(await caseFigures(effort, seat, one, index)));
    return figures;
  },
};
