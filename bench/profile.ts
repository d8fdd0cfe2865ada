/** A profile of 10,000 rows read through blocks: rows and octets in a second, and whether a late block costs more. */
import { createCipheriv } from "node:crypto";
import { decodeData } from "../host/client/axdr.ts";
import { decodeApdu, type ApduOf } from "../host/client/apdu.ts";
import type { Selection } from "../host/client/apdu_parts.ts";
import { concat } from "../host/client/octets.ts";
import { timeRangeSelection } from "../host/client/profile.ts";
import type { Client } from "../host/client/session.ts";
import { wpduDecode } from "../host/client/wrapper.ts";
import { packageFile } from "../host/files.ts";
import { templateLoad } from "../host/template/load.ts";
import { reference, type Effort, type Figure, type Group } from "./figure.ts";
import { associated, CIPHERED, getRequest, nextRequest, onWrapper, PLAIN, PROFILE } from "./requests.ts";
import { Seat } from "./seat.ts";
import { median, sample, type Work } from "./timing.ts";

export const ROWS = 10_000;
/** The template that keeps so many rows. */
export const DEEP_TEMPLATE = "bench/deep_profile.json";
/** Blocks at the start, in the middle and at the end whose times are compared. */
const STRETCH = 12;
const WARM_UP_TRANSFERS = 6;
const COPIED = "the same octets through calls that do nothing";

/** A seat whose load profile is full. */
export function filledSeat(): Seat {
  const seat = new Seat(templateLoad(packageFile(DEEP_TEMPLATE)));
  const end = seat.meterTime + ROWS * 900_000;
  while (seat.step(end));
  return seat;
}

type Block = ApduOf<"get-response-with-datablock">;

/** What one transfer looks like: the answers, and the octets of Data in them. */
interface Transfer {
  readonly answers: readonly Uint8Array[];
  readonly data: Uint8Array;
}

function blockOf(client: Client, octets: Uint8Array): Block {
  const { apdu } = wpduDecode(octets);
  const plain = decodeApdu(client.protecting ? client.security!.open(apdu).text : apdu);
  if (plain.kind !== "get-response-with-datablock" || plain.raw === undefined) throw new Error("a block is missing");
  return plain;
}

/** Reads the profile once, with every check. */
function transferOnce(seat: Seat, client: Client, slot: number, selection: Selection | undefined): Transfer {
  const answers: Uint8Array[] = [];
  const parts: Uint8Array[] = [];
  let request = getRequest(PROFILE, selection);
  for (let number = 1; ; number++) {
    const answer = seat.exchange(slot, onWrapper(client, request))[0]!;
    const block = blockOf(client, answer);
    if (block.block !== number) throw new Error(`block ${block.block} came, ${number} was expected`);
    answers.push(answer);
    parts.push(block.raw!);
    if (block.last) break;
    request = nextRequest(number);
  }
  const data = concat(...parts);
  const rows = (decodeData(data) as { value: unknown[] }).value.length;
  if (rows !== ROWS) throw new Error(`the profile gives ${rows} rows, ${ROWS} were captured`);
  return { answers, data };
}

/** The requests of one transfer; sealed ones serve once. */
function requestsMake(client: Client, count: number, selection: Selection | undefined): Uint8Array[] {
  const first = onWrapper(client, getRequest(PROFILE, selection));
  return [first, ...Array.from({ length: count - 1 }, (_, i) => onWrapper(client, nextRequest(i + 1)))];
}

/** One transfer through the calls of the core; the time of block i, ns, is added to times[i]. */
function transferTime(seat: Seat, slot: number, requests: readonly Uint8Array[], times: number[][]): void {
  const { bank, lineTime, meterTime } = seat;
  requests.forEach((request, i) => {
    const begin = performance.now();
    bank.receive(0, slot, request, lineTime, meterTime);
    bank.transmitted(bank.transmitPoll(0, slot, lineTime));
    seat.settle();
    times[i]!.push((performance.now() - begin) * 1e6);
  });
}

/** The same octets copied in and out through as many calls. */
function copyWork(seat: Seat, requests: readonly Uint8Array[], answers: readonly Uint8Array[]): Work {
  const { bank } = seat;
  return {
    run() {
      requests.forEach((request, i) => {
        bank.flashData(request.length).set(request);
        bank.outputPoll(0);
        bank.outputPoll(0);
        bank.transmitted(answers[i]!.length);
        bank.outputPoll(0);
      });
      return ROWS;
    },
  };
}

/** The blocks sealed by node:crypto. */
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
  readonly ciphered: boolean;
  readonly ranged: boolean;
  readonly goal?: number;
}

const CASES: readonly Case[] = [
  { id: "profile", what: "10,000 rows, in the clear", ciphered: false, ranged: false },
  { id: "profile-range", what: "10,000 rows by range, in the clear", ciphered: false, ranged: true, goal: 3e6 },
  { id: "profile-ciphered", what: "10,000 rows, suite 0 authenticated and encrypted", ciphered: true, ranged: false },
];

/** A range that holds all rows. */
function everything(): Selection {
  const open = { month: 1, dayOfMonth: 1, dayOfWeek: 0xff, hour: 0, minute: 0, second: 0, hundredths: 0 };
  const rest = { deviation: -0x8000, clockStatus: 0xff };
  return timeRangeSelection({ year: 2000, ...open, ...rest }, { year: 2080, ...open, ...rest });
}

/** Requests for every transfer anew where they are sealed, which they can be once. */
function requestsMaker(client: Client, count: number, selection: Selection | undefined): () => readonly Uint8Array[] {
  if (client.protecting) return () => requestsMake(client, count, selection);
  const same = requestsMake(client, count, selection);
  return () => same;
}

/** Medians, ns: of every block over many transfers, and of a row in each reference. A transfer is long; its blocks are not. */
interface Times {
  readonly blocks: readonly number[];
  readonly references: readonly number[];
}

function timesOf(
  effort: Effort,
  seat: Seat,
  slot: number,
  requests: () => readonly Uint8Array[],
  others: Work[],
): Times {
  const blocks = requests().map((): number[] => []);
  const references = others.map((): number[] => []);
  const round = (): void => {
    transferTime(seat, slot, requests(), blocks);
    others.forEach((other, i) => references[i]!.push(sample(other)));
  };
  for (let i = 0; i < WARM_UP_TRANSFERS; i++) round();
  for (const times of [...blocks, ...references]) times.length = 0;
  for (let i = 0; i < effort.rounds; i++) round();
  return { blocks: blocks.map(median), references: references.map(median) };
}

async function caseFigures(effort: Effort, seat: Seat, x: Case, connection: number): Promise<Figure[]> {
  const client = await associated(seat, x.ciphered ? CIPHERED : PLAIN, connection);
  const slot = seat.slotOf("wrapper", connection);
  const selection = x.ranged ? everything() : undefined;
  const once = transferOnce(seat, client, slot, selection);
  const requests = requestsMaker(client, once.answers.length, selection);
  const others = [copyWork(seat, requests(), once.answers), decodeWork(once.data)];
  if (x.ciphered) others.push(sealWork(once.answers));
  const times = timesOf(effort, seat, slot, requests, others);
  const names = [COPIED, "the client's decoding of the rows"];
  const copied = (times.references[0]! * ROWS) / once.answers.length / 1000;
  if (x.ciphered) names.push("node:crypto aes-128-gcm sealing the same blocks");
  const nsOfRow = times.blocks.reduce((sum, ns) => sum + ns) / ROWS;
  const rows = 1e9 / nsOfRow;
  const rate: Figure = {
    id: `${x.id}-rows`,
    what: `${x.what}: rows in a second`,
    value: rows,
    unit: "1/s",
    ...(x.goal === undefined ? {} : { goal: { limit: x.goal, kind: "at least" as const } }),
    references: times.references.map((ns, i) => reference(names[i]!, 1e9 / ns, rows)),
  };
  const perRow = once.data.length / ROWS / 1e6;
  const volume: Figure = {
    id: `${x.id}-octets`,
    what: `${x.what}: ${once.data.length} octets of Data in ${once.answers.length} blocks`,
    value: rows * perRow,
    unit: "MB/s",
    references: [reference(names[0]!, (1e9 / times.references[0]!) * perRow, rows * perRow)],
  };
  return x.ranged ? [rate] : [rate, volume, ...blockFigures(x, times.blocks, copied)];
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
    for (const [connection, one] of CASES.entries())
      figures.push(...(await caseFigures(effort, seat, one, connection)));
    return figures;
  },
};
