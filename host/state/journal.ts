/**
 * The journal of a meter as octets of its flash, read and written without a core: for looking at a state, and for moving it to another
 * template. docs/FLASH.md has the format; assembly/store/replay.ts reads the same octets.
 */
import { crc32 } from "node:zlib";

const PAGE_SIZE = 4096;
/** "DLMJ" */
const MAGIC = 0x4a4d4c44;
const VERSION = 1;
const HEAD_SIZE = 32;
const RETIRED_AT = 20;
const ERASED = 0xffffffff;
const RECORD_SIZE_MAX = 2048;
const RECORD_OVERHEAD = 12;
const RECORD_HEAD_SIZE = 8;
const ENTRY_HEAD_SIZE = 12;
/** Octets of the entries of a record that this file writes. */
const ENTRIES_SIZE_MAX = RECORD_SIZE_MAX - 64;

export interface Entry {
  readonly classId: number;
  /** Six octets in hexadecimal. */
  readonly name: string;
  readonly attribute: number;
  readonly part: number;
  /** Which of several objects of one class and name, 0 = the first. */
  readonly twin: number;
  readonly octets: Uint8Array;
}

/** A state that can be used. */
export interface Stored {
  readonly kind: "stored";
  readonly area: number;
  readonly epoch: number;
  /** Check value of the template it was written for. */
  readonly template: number;
  readonly sequence: number;
  readonly records: number;
  /** Octets of the log. */
  readonly size: number;
  /** The last record was torn: the normal end of a meter whose power was cut. */
  readonly torn: boolean;
  /** Stretches that are lost although whole records follow them, or the head. */
  readonly damaged: number;
  /** In the order of the log. */
  readonly entries: readonly Entry[];
}

export type State =
  | { readonly kind: "empty" }
  | { readonly kind: "foreign"; readonly version: number }
  | { readonly kind: "unusable" }
  | Stored;

interface Head {
  readonly kind: "none" | "good" | "foreign" | "bad";
  readonly version: number;
  readonly epoch: number;
  readonly template: number;
  readonly retired: boolean;
}

function headRead(flash: DataView, at: number): Head {
  const word = (offset: number): number => flash.getUint32(at + offset, true);
  const octets = new Uint8Array(flash.buffer, flash.byteOffset + at, HEAD_SIZE);
  const whole = word(0) === MAGIC && word(16) === crc32(octets.subarray(0, 16));
  const blank = octets.every((octet) => octet === 0xff);
  const known = whole && word(4) === VERSION;
  const kind = known ? "good" : whole ? "foreign" : blank ? "none" : "bad";
  return { kind, version: word(4), epoch: word(8), template: word(12), retired: isRetired(word(RETIRED_AT)) };
}

/** Most of its bits decide: some may rot. */
function isRetired(word: number): boolean {
  return [...word.toString(2)].filter((bit) => bit === "1").length <= 16;
}

/** Where the second area begins, undefined when nothing tells. */
function secondArea(flash: DataView): number | undefined {
  for (let at = PAGE_SIZE; at + HEAD_SIZE <= flash.byteLength; at += PAGE_SIZE) {
    const { kind } = headRead(flash, at);
    if (kind === "good" || kind === "foreign") return at;
  }
  return undefined;
}

function entriesRead(octets: Uint8Array): Entry[] | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const entries: Entry[] = [];
  for (let at = 0; at < octets.length;) {
    if (at + ENTRY_HEAD_SIZE > octets.length) return undefined;
    const field = view.getUint16(at + 10);
    const end = at + ENTRY_HEAD_SIZE + (field & 0xfff);
    if (end > octets.length) return undefined;
    entries.push({
      classId: view.getUint16(at),
      name: Buffer.from(octets.subarray(at + 2, at + 8)).toString("hex"),
      attribute: view.getInt8(at + 8),
      part: view.getUint8(at + 9),
      twin: field >> 12,
      octets: octets.slice(at + ENTRY_HEAD_SIZE, end),
    });
    at = end;
  }
  return entries;
}

/** A whole record: where it stands in the flash. */
export interface LogRecord {
  readonly at: number;
  readonly size: number;
  readonly sequence: number;
  readonly entries: readonly Entry[];
}

interface Log {
  readonly records: readonly LogRecord[];
  readonly size: number;
  readonly torn: boolean;
  readonly damaged: number;
}

/** Reads the records of an area from its head on. */
function logRead(flash: DataView, from: number, to: number): Log {
  const records: LogRecord[] = [];
  let [damaged, size, gap, dirty] = [0, HEAD_SIZE, false, false];
  for (let at = from + HEAD_SIZE; at + RECORD_OVERHEAD <= to;) {
    const record = recordRead(flash, at, to, records.at(-1)?.sequence);
    if (record === undefined) {
      gap = true;
      if (flash.getUint32(at) !== ERASED) dirty = true;
      at += 4;
      continue;
    }
    if (gap) damaged++;
    gap = false;
    dirty = false;
    records.push(record);
    at += record.size;
    size = at - from;
  }
  return { records, damaged, size, torn: dirty };
}

function recordRead(flash: DataView, at: number, to: number, after: number | undefined): LogRecord | undefined {
  const size = flash.getUint16(at);
  if (size + flash.getUint16(at + 2) !== 0xffff || size + RECORD_OVERHEAD > RECORD_SIZE_MAX) return undefined;
  const whole = (size + RECORD_OVERHEAD + 3) & ~3;
  if (at + whole > to) return undefined;
  const octets = new Uint8Array(flash.buffer, flash.byteOffset + at, whole);
  if (flash.getUint32(at + RECORD_HEAD_SIZE + size) !== crc32(octets.subarray(0, RECORD_HEAD_SIZE + size)))
    return undefined;
  const sequence = flash.getUint32(at + 4);
  if (after !== undefined && ((sequence - after) | 0) < 0) return undefined;
  const entries = entriesRead(octets.subarray(RECORD_HEAD_SIZE, RECORD_HEAD_SIZE + size));
  return entries && { at, size: whole, sequence, entries };
}

/** The area that counts, from its head on. */
interface Area {
  readonly area: number;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  readonly template: number;
  /** Its head is lost, or the word that says which area is the newest. */
  readonly lost: boolean;
}

/** Chooses as assembly/store/replay.ts does. */
function areaChoose(
  flash: DataView,
  imageSize: number | undefined,
): Area | Extract<State, { kind: "empty" | "foreign" }> {
  const known = imageSize === undefined ? undefined : ((flash.byteLength - imageSize) / 2) & -PAGE_SIZE;
  const second = known ?? secondArea(flash);
  const heads = [headRead(flash, 0), second === undefined ? undefined : headRead(flash, second)];
  const foreign = heads.find((head) => head?.kind === "foreign");
  if (foreign !== undefined) return { kind: "foreign", version: foreign.version };
  const kinds = heads.map((head) => head?.kind ?? "none");
  const [first, other] = heads.map((head) => (head?.kind === "good" ? head : undefined));
  if (kinds.every((kind) => kind === "none") && logRead(flash, 0, 2 * PAGE_SIZE).records.length === 0)
    return { kind: "empty" };
  const otherNewer = other !== undefined && (first === undefined || ((other.epoch - first.epoch) | 0) > 0);
  let area = otherNewer || (kinds[0] === "none" && kinds[1] !== "none") ? 1 : 0;
  const head = [first, other][area];
  // The only head says that the other area has taken over: that one's head is lost.
  const retired = head?.retired === true && kinds[1 - area] !== "good";
  if (retired) area = 1 - area;
  const { epoch, template } = head ?? { epoch: 0, template: 0 };
  const end = known === undefined ? flash.byteLength : 2 * known;
  const [from, to] = area === 0 ? [0, second ?? end] : [second ?? end, end];
  return { area, from, to, epoch, template, lost: head === undefined || retired };
}

/** Reads the state that stands in a meter's flash, whose last `imageSize` octets (ImageView) are the image area, where that is known. */
export function stateRead(octets: Uint8Array, imageSize?: number): State {
  const flash = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const chosen = areaChoose(flash, imageSize);
  if ("kind" in chosen) return chosen;
  const { area, epoch, template, from, to, lost } = chosen;
  const { records, size, torn, damaged } = logRead(flash, from, to);
  if (records.length === 0 && (lost || torn)) return { kind: "unusable" };
  return {
    kind: "stored",
    area,
    epoch,
    template,
    size,
    torn,
    sequence: records.at(-1)?.sequence ?? 0,
    records: records.length,
    damaged: damaged + (lost ? 1 : 0),
    entries: records.flatMap((record) => record.entries),
  };
}

/** The whole records of the log that counts. */
export function recordsOf(octets: Uint8Array, imageSize?: number): readonly LogRecord[] {
  const flash = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const chosen = areaChoose(flash, imageSize);
  return "kind" in chosen ? [] : logRead(flash, chosen.from, chosen.to).records;
}

/** What names the place of an entry. */
export function entryKey({ classId, name, attribute, part, twin }: Entry): string {
  return `${classId} ${name} ${attribute} ${part} ${twin}`;
}

const CLASS_PROFILE = 7;
const BUFFER = 2;

export function isRows(entry: Entry): boolean {
  return entry.classId === CLASS_PROFILE && entry.attribute === BUFFER;
}

/** The values that count: the last entry of each place, in the order of the first ones. */
export function valuesOf(state: Stored): Entry[] {
  const values = new Map<string, Entry>();
  for (const entry of state.entries) if (!isRows(entry)) values.set(entryKey(entry), entry);
  return [...values.values()];
}

/** Rows of a profile: numbered for ever, of one generation. */
export interface Rows {
  readonly entry: Entry;
  readonly generation: number;
  readonly rows: readonly { readonly number: number; readonly octets: Uint8Array }[];
}

const ROW = 0;
const RESET = 1;
const ROWS = 2;
const CUT = 3;

/** The rows of the profile of `entry`, each `rowSize` octets; at most `limit` of the newest. As rowsApply() of assembly/store/change.ts. */
export function rowsOf(state: Pick<Stored, "entries">, entry: Entry, rowSize: number, limit: number): Rows {
  let generation = 0;
  let rows: { number: number; octets: Uint8Array }[] = [];
  const before = (next: number): typeof rows => rows.filter((row) => ((row.number - next) | 0) < 0);
  for (const one of state.entries) {
    if (!isRows(one) || one.name !== entry.name || one.twin !== entry.twin || one.octets.length < 4) continue;
    const view = new DataView(one.octets.buffer, one.octets.byteOffset, one.octets.length);
    const found = view.getUint32(0);
    const newer = ((found - generation) | 0) > 0;
    let number = one.octets.length < 8 ? 0 : view.getUint32(4);
    if (newer) {
      const last = rows.at(-1)?.number ?? number - 1;
      // A row that comes again tells of a cut whose record is lost.
      rows = one.part === CUT || (one.part === ROW && number <= last) ? before(number) : [];
      generation = found;
    }
    if ((one.part !== ROW && one.part !== ROWS) || found !== generation || (one.octets.length - 8) % rowSize !== 0)
      continue;
    for (let at = 8; at + rowSize <= one.octets.length; at += rowSize, number++) {
      if (rows.length > 0 && ((number - rows.at(-1)!.number) | 0) <= 0) continue;
      rows.push({ number, octets: one.octets.subarray(at, at + rowSize) });
    }
  }
  return { entry, generation, rows: rows.slice(-limit) };
}

function entryEmit(entry: Entry): Uint8Array {
  const octets = new Uint8Array(ENTRY_HEAD_SIZE + entry.octets.length);
  const view = new DataView(octets.buffer);
  view.setUint16(0, entry.classId);
  octets.set(Buffer.from(entry.name, "hex"), 2);
  view.setInt8(8, entry.attribute);
  view.setUint8(9, entry.part);
  view.setUint16(10, (entry.twin << 12) | entry.octets.length);
  octets.set(entry.octets, ENTRY_HEAD_SIZE);
  return octets;
}

/** Rows as snapshots pack them, several in an entry. */
export function rowsEmit({ entry, generation, rows }: Rows, rowSize: number): Entry[] {
  const make = (part: number, size: number): { octets: Uint8Array; view: DataView } => {
    const octets = new Uint8Array(size);
    const view = new DataView(octets.buffer);
    view.setUint32(0, generation);
    entries.push({ ...entry, part, octets });
    return { octets, view };
  };
  const entries: Entry[] = [];
  if (rows.length === 0) {
    if (generation !== 0) make(RESET, 4);
    return entries;
  }
  const fitting = Math.floor((ENTRIES_SIZE_MAX - ENTRY_HEAD_SIZE - 8) / rowSize);
  for (let from = 0; from < rows.length;) {
    let count = 1;
    while (count < fitting && rows[from + count]?.number === rows[from]!.number + count) count++;
    const { octets, view } = make(ROWS, 8 + count * rowSize);
    view.setUint32(4, rows[from]!.number);
    for (let i = 0; i < count; i++) octets.set(rows[from + i]!.octets, 8 + i * rowSize);
    from += count;
  }
  return entries;
}

function recordEmit(entries: readonly Uint8Array[], sequence: number): Uint8Array {
  const content = Buffer.concat(entries);
  const record = Buffer.alloc((content.length + RECORD_OVERHEAD + 3) & ~3, 0xff);
  record.writeUInt16BE(content.length, 0);
  record.writeUInt16BE(content.length ^ 0xffff, 2);
  record.writeUInt32BE(sequence >>> 0, 4);
  record.set(content, RECORD_HEAD_SIZE);
  const checked = RECORD_HEAD_SIZE + content.length;
  record.writeUInt32BE(crc32(record.subarray(0, checked)), checked);
  return record;
}

/** The octets of a first area that holds these entries: what a flash begins with whose rest is erased. */
export function areaEmit(entries: readonly Entry[], sequence: number, template: number): Uint8Array {
  const head = Buffer.alloc(HEAD_SIZE, 0xff);
  [MAGIC, VERSION, 1, template].forEach((word, i) => head.writeUInt32LE(word >>> 0, 4 * i));
  head.writeUInt32LE(crc32(head.subarray(0, 16)), 16);
  const records: Uint8Array[] = [head];
  let open: Uint8Array[] = [];
  let size = 0;
  for (const octets of entries.map(entryEmit)) {
    if (size + octets.length > ENTRIES_SIZE_MAX && open.length > 0) {
      records.push(recordEmit(open, sequence));
      open = [];
      size = 0;
    }
    open.push(octets);
    size += octets.length;
  }
  // A snapshot of nothing is a record too: an area without any is no state.
  if (open.length > 0) records.push(recordEmit(open, sequence));
  return Buffer.concat(records);
}
