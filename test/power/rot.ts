/** Octets of a flash that rot: which records they take along, and what the others say. */
import { type Entry, isRows, type LogRecord, recordsOf } from "../../host/state/journal.ts";
import type { Dice } from "../testing.ts";
import type { Image } from "./cut_flash.ts";
import type { History } from "./history.ts";
import { PROFILES } from "./scenario.ts";
import type { Lost } from "./witness.ts";

const PAGE_SIZE = 4096;
const HEAD_SIZE = 32;
/** Octets of a head that its check covers, and the check. */
const HEAD_CHECKED = 20;
/** Octets around the content of a record: its head, its check. */
const RECORD_OVERHEAD = 12;
const STRETCH_MAX = 256;
const IMAGE_TRANSFER = 18;
/** Parts of a profile's buffer: a row, a reset. */
const ROW = 0;
const RESET = 1;

/** How octets rot. */
export const ROTS = [
  "a bit",
  "some bits",
  "a stretch",
  "a page",
  "a reset",
  "the head",
  "the area left behind",
  "the image",
] as const;
export type Rot = (typeof ROTS)[number];

const name = (text: string): string => Buffer.from(text.split(/[-:.]/).map(Number)).toString("hex");
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
/** The octets of an octet-string behind its tag. */
const stringAt = (octets: Uint8Array, at: number): string => hex(octets.subarray(at + 1, at + 1 + octets[at]!));

/** Where the journal keeps what a History knows: class, name, attribute, part; and how. */
const PLACES: Record<string, { place: string; text: (octets: Uint8Array) => string }> = {
  text: { place: `1 ${name("0-0:96.1.1.255")} 2 0`, text: (octets) => stringAt(octets, 1) },
  // structure of three: transport_service, destination, message
  // double-long-unsigned or narrower: the octets behind the tag
  periods: {
    place: `1 ${name("1-0:0.1.0.255")} 2 0`,
    text: (octets) => String(Number.parseInt(hex(octets).slice(2), 16)),
  },
  push: { place: `40 ${name("0-4:25.9.0.255")} 3 0`, text: (octets) => stringAt(octets, 5) },
  secret: { place: `15 ${name("0-0:40.0.1.255")} 7 0`, text: (octets) => stringAt(octets, 1) },
  guek: { place: `64 ${name("0-0:43.0.0.255")} 0 0`, text: hex },
};
const placeOf = (entry: Entry): string => `${entry.classId} ${entry.name} ${entry.attribute} ${entry.part}`;

/** The flash of a meter before it rots. */
export class Sound {
  readonly records: readonly LogRecord[];
  private readonly image: Image;
  private readonly octets: Uint8Array;
  private readonly imageSize: number;
  /** Where the area that counts begins, and the other one. */
  private readonly from: number;
  private readonly other: number;

  constructor(image: Image, imageSize: number) {
    this.image = image;
    this.imageSize = imageSize;
    this.octets = new Uint8Array(image.size);
    image.read(0, this.octets);
    this.records = recordsOf(this.octets, imageSize);
    const area = (image.size - imageSize) / 2;
    this.from = (this.records[0]?.at ?? 0) >= area ? area : 0;
    this.other = area - this.from;
  }

  /** A copy in which something has rotted; undefined where nothing of that kind stands. */
  rot(kind: Rot, dice: Dice): Image | undefined {
    const rotten = this.image.copy();
    const resets = this.records.filter(({ entries }) => entries.some((entry) => isRows(entry) && entry.part === RESET));
    const records = kind === "a reset" ? resets : this.records;
    if (records.length === 0) return undefined;
    const one = records[dice.roll(records.length)]!;
    const within = (from: number, size: number): number => from + dice.roll(size);
    if (kind === "a bit" || kind === "a reset") rotten.rot(within(one.at, one.size), dice.roll(8));
    if (kind === "some bits") {
      const at = within(one.at, one.size);
      for (let i = 0; i < 8; i++) rotten.rot(within(at, 16), dice.roll(8));
    }
    if (kind === "a stretch") {
      const at = within(one.at, one.size);
      for (let i = dice.roll(STRETCH_MAX); i >= 0; i--) rotten.poke(at + i, 0);
    }
    if (kind === "a page") {
      const end = records.at(-1)!.at;
      // A log of one page leaves nothing behind when it is gone: that is a new meter.
      if (end < this.from + 2 * PAGE_SIZE) return undefined;
      const page = this.from + PAGE_SIZE * dice.roll(Math.floor((end - this.from) / PAGE_SIZE));
      for (let i = 0; i < PAGE_SIZE; i++) rotten.poke(page + i, 0xff);
    }
    if (kind === "the head") rotten.rot(within(this.from, HEAD_SIZE), dice.roll(8));
    if (kind === "the area left behind" && !this.rotUsed(rotten, this.other, this.octets.length - this.imageSize, dice))
      return undefined;
    if (kind === "the image" && !this.rotUsed(rotten, this.octets.length - this.imageSize, this.octets.length, dice))
      return undefined;
    return rotten;
  }

  /** What `rotten` has lost, and what it has to say. */
  lost(rotten: Image, history: History): Lost {
    const octets = new Uint8Array(rotten.size);
    rotten.read(0, octets);
    const changed = (at: number, size: number): boolean =>
      Buffer.compare(octets.subarray(at, at + size), this.octets.subarray(at, at + size)) !== 0;
    const content = (record: LogRecord): number =>
      record.entries.reduce((sum, entry) => sum + RECORD_OVERHEAD + entry.octets.length, RECORD_OVERHEAD);
    const gone = this.records.filter((record) => changed(record.at, content(record)));
    const left = this.records.filter((record) => !gone.includes(record));
    const imageAt = this.octets.length - this.imageSize;
    const imageChanged = changed(imageAt, this.imageSize);
    const behind = left.at(-1)?.at ?? 0;
    return {
      values: this.values(gone, left, history),
      image: gone.some((record) => record.entries.some((entry) => entry.classId === IMAGE_TRANSFER)) || imageChanged,
      rows: new Map(PROFILES.map((profile) => [profile, rowsIn(gone, profile)])),
      noticed: gone.some((record) => record.at < behind) || changed(this.from, HEAD_CHECKED),
    };
  }

  /** Values whose newest change is among those gone: what the records left say, or what the meter was made with. */
  private values(gone: readonly LogRecord[], left: readonly LogRecord[], history: History): Map<string, string> {
    const values = new Map<string, string>();
    for (const [key, { place, text }] of Object.entries(PLACES)) {
      const touched = gone.some((record) => record.entries.some((entry) => placeOf(entry) === place));
      if (!touched) continue;
      const last = left.flatMap((record) => record.entries).findLast((entry) => placeOf(entry) === place);
      values.set(key, last === undefined ? history.first(key) : text(last.octets));
    }
    return values;
  }

  private rotUsed(rotten: Image, from: number, to: number, dice: Dice): boolean {
    const used = rotten.used().filter((at) => at >= from && at < to);
    if (used.length === 0) return false;
    for (let i = 0; i < 8; i++) rotten.rot(used[dice.roll(used.length)]!, dice.roll(8));
    return true;
  }
}

/** Rows of a profile in these records; any number where a snapshot has packed them. */
function rowsIn(records: readonly LogRecord[], profile: string): number {
  const rows = records
    .flatMap((record) => record.entries)
    .filter((entry) => isRows(entry) && entry.name === name(profile));
  return rows.every((entry) => entry.part === ROW) ? rows.length : Infinity;
}
