/**
 * A meter of the test template in a core of its own, driven in virtual time. Answers are decoded by the client's codecs,
 * which share no code with the core; times are ISO 8601 texts with the offset.
 */
import { type Data, decodeData, encodeData } from "../../host/client/axdr.ts";
import { array, doubleLongUnsigned, integer, longUnsigned, octetString, structure } from "../../host/client/data.ts";
import { dateTimeEmit, dateTimeFromIso, dateTimeParse, dateTimeToIso } from "../../host/client/date_time.ts";
import { logicalNameParse } from "../../host/client/logical_name.ts";
import { testingModule } from "../testing.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { meterTemplate } from "./template.ts";

const PAGES = 32;

export const Err = { NO_SPACE: -3, LIMIT: -4, STATE: -8 } as const;
/** Addresses of the entry. */
const At = { TEMPLATE: 0, INPUT: 1, OUTPUT: 2, FLASH: 3, PIN: 4, SEAT: 5, BLOCK_SIZE: 6, FLASH_SIZE: 7 } as const;
/** Data-Access-Results and Action-Results. */
export const Result = {
  SUCCESS: 0,
  TEMPORARY: 2,
  DENIED: 3,
  UNAVAILABLE: 11,
  TYPE: 12,
  SCOPE: 13,
  OTHER: 250,
} as const;

type Exports = Record<string, (...values: (number | bigint)[]) => number | bigint>;

let module: WebAssembly.Module | undefined;

function moduleOf(): WebAssembly.Module {
  return (module ??= testingModule("testing_meter", ["base", "wire", "store", "session", "meter", "cosem"]));
}

/** A flash in memory; `journal` counts what was written to it. */
export class Flash {
  octets: Uint8Array;
  programs = 0;
  constructor(size: number) {
    this.octets = new Uint8Array(size).fill(0xff);
  }
  copy(): Flash {
    const other = new Flash(0);
    other.octets = this.octets.slice();
    return other;
  }
}

export const ms = (iso: string): number => Date.parse(iso);
export const seconds = (iso: string): bigint => BigInt(Date.parse(iso) / 1000);
/** The 12 octets of an ISO time; without an offset the deviation and the status are unspecified. */
export const stampOctets = (iso: string): Uint8Array => dateTimeEmit(dateTimeFromIso(iso));

/** What a sample holds; all else is 0. */
export interface Sample {
  energies?: number[];
  voltages?: number[];
  currents?: number[];
  powers?: number[];
  reactives?: number[];
  frequency?: number;
}

/** A captured cell: a stamp as ISO text with its clock status, text of an octet-string, or a number. */
export type Cell = string | number | undefined;

/** capture_object_definition. */
export function captureObject(classId: number, logicalName: string, attribute = 2, index = 0): Data {
  return structure(
    longUnsigned(classId),
    octetString(logicalNameParse(logicalName)),
    integer(attribute),
    longUnsigned(index),
  );
}

const CLOCK_COLUMN = captureObject(8, "0-0:1.0.0.255");

/** range_descriptor over the clock; texts without offset are local time. */
export function rangeOf(
  from: string | Data,
  to: string | Data,
  columns: Data[] = [],
  restricting = CLOCK_COLUMN,
): Data {
  const bound = (value: string | Data) => (typeof value === "string" ? octetString(stampOctets(value)) : value);
  return structure(restricting, bound(from), bound(to), array(...columns));
}

export function entriesOf(from: number, to: number, fromColumn = 1, toColumn = 0): Data {
  const [first, last] = [doubleLongUnsigned(from), doubleLongUnsigned(to)];
  return structure(first, last, longUnsigned(fromColumn), longUnsigned(toColumn));
}

export class MeterWorld {
  readonly x: Exports;
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly octets = new Uint8Array(this.memory.buffer);
  readonly view = new DataView(this.memory.buffer);
  readonly flash: Flash | undefined;
  readonly template: Compiled;
  /** Without it the journal waits for flashWork(). */
  flashRuns = true;

  /**
   * Boots a meter at meter time `time`; with a flash it replays what that holds. A `whole` one does all its duties, another
   * one captures alone.
   */
  constructor(
    time: string,
    flash?: Flash | "new",
    provision = new Uint8Array(0),
    template = meterTemplate(),
    whole = false,
  ) {
    this.template = template;
    this.x = new WebAssembly.Instance(moduleOf(), { env: { memory: this.memory } }).exports as unknown as Exports;
    this.call("whole", whole ? 1 : 0);
    const { image } = template;
    this.octets.set(image, this.at(At.TEMPLATE));
    if (this.call("plan", image.length) !== 0) throw new Error(`plan: limit ${-this.call("plan", image.length)}`);
    if (this.at(At.SEAT) + this.at(At.BLOCK_SIZE) > PAGES * 65536) throw new Error("test memory is full");
    this.flash = flash === "new" ? new Flash(this.at(At.FLASH_SIZE)) : flash;
    this.octets.set(provision, this.at(At.INPUT));
    const err = this.call("boot", 0, provision.length, this.flash?.octets.length ?? 0, ms(time));
    if (err !== 0) throw new Error(`boot: ${err}`);
    for (let turn = 0; this.call("bootFinish", 0) === 0; turn++) {
      if (turn > 100_000 || !this.flashStep()) throw new Error("the journal does not boot");
    }
    this.flashWork();
  }

  call(name: string, ...values: (number | bigint)[]): number {
    return Number(this.long(name, ...values));
  }

  long(name: string, ...values: (number | bigint)[]): number | bigint {
    const run = this.x[name];
    if (run === undefined) throw new Error(`testing_meter has no export ${name}`);
    return run(...values);
  }

  private at(what: number): number {
    return this.call("address", what);
  }

  output(size: number): Uint8Array {
    return this.octets.slice(this.at(At.OUTPUT), this.at(At.OUTPUT) + size);
  }

  private put(octets: Uint8Array): number {
    this.octets.set(octets, this.at(At.INPUT));
    return octets.length;
  }

  /** Does one flash operation; false when there is none. */
  private flashStep(): boolean {
    const operation = this.call("flashPoll", 0);
    if (operation === 0 || this.flash === undefined) return false;
    const [address, size] = [this.call("flashWord", 1), this.call("flashWord", 2)];
    const page = this.at(At.FLASH);
    if (operation === 1) this.octets.set(this.flash.octets.subarray(address, address + size), page);
    if (operation === 2) {
      this.flash.octets.set(this.octets.subarray(page, page + size), address);
      this.flash.programs++;
    }
    if (operation === 3) this.flash.octets.fill(0xff, address, address + size);
    if (this.call("flashDone", 0, 1) !== 0) throw new Error("flashDone");
    return true;
  }

  /** Writes to the flash all that waits. */
  flashWork(): void {
    while (this.flashRuns && this.flashStep());
  }

  /** Runs from deadline to deadline to meter time `time`; the instants handled. */
  run(time: string | number): number {
    const end = typeof time === "number" ? time : ms(time);
    let handled = 0;
    for (;;) {
      const deadline = this.call("deadline", 0);
      if (deadline === 0 || deadline > end) break;
      this.timeSet(Math.max(deadline, this.time));
      if (this.call("due", 0) === 0) break;
      handled++;
      this.flashWork();
    }
    this.timeSet(end);
    return handled;
  }

  /** Meter time, which the world keeps because the core only takes it. */
  time = 0;
  timeSet(time: number): void {
    this.time = time;
    this.call("timeSet", 0, time);
  }

  object(logicalName: string): number {
    const index = this.template.model.objectIndex(logicalName);
    if (index === undefined) throw new Error(`no object ${logicalName}`);
    return index;
  }

  /** Octets of an attribute, or the result when it is not success. */
  getOctets(logicalName: string, attribute: number, selector = 0, parameter?: Data): Uint8Array | number {
    const size = parameter === undefined ? 0 : this.put(encodeData(parameter));
    const result = this.call("get", 0, this.object(logicalName), attribute, selector, size);
    if (result !== 0) return result;
    const written = this.call("outSize");
    if (written < 0) throw new Error(`output: ${written}`);
    if (this.call("pinned", 0) === 0) return this.output(written);
    if (written !== 0) throw new Error("an answer is written or pinned, not both");
    return this.pinnedOctets();
  }

  /** All octets of the pinned answer; its announced size must hold. */
  pinnedOctets(): Uint8Array {
    const parts: Uint8Array[] = [];
    const count = this.call("pinned", 1);
    for (let from = 0; from < count;) {
      const next = this.call("items", 0, from);
      if (next < 0) throw new Error(`items: ${next}`);
      parts.push(this.output(this.call("outSize")));
      from = next;
    }
    const octets = Buffer.concat(parts);
    if (octets.length !== this.call("pinned", 2)) {
      throw new Error(`an answer of ${octets.length} octets announced as ${this.call("pinned", 2)}`);
    }
    return octets;
  }

  get(logicalName: string, attribute = 2): Data {
    const octets = this.getOctets(logicalName, attribute);
    if (typeof octets === "number") throw new Error(`${logicalName} attribute ${attribute}: ${octets}`);
    return decodeData(octets);
  }

  /** A number out of an attribute. */
  number(logicalName: string, attribute = 2): number {
    return Number((this.get(logicalName, attribute) as { value: number | bigint }).value);
  }

  set(logicalName: string, attribute: number, value: Data | Uint8Array): number {
    const size = this.put(value instanceof Uint8Array ? value : encodeData(value));
    const result = this.call("set", 0, this.object(logicalName), attribute, size);
    this.flashWork();
    return result;
  }

  invoke(logicalName: string, method: number, parameter: Data | Uint8Array = integer(0)): number {
    const size = this.put(parameter instanceof Uint8Array ? parameter : encodeData(parameter));
    const result = this.call("invoke", 0, this.object(logicalName), method, size);
    this.flashWork();
    return result;
  }

  /** Rows of a profile, or the result when it is not success. */
  rows(logicalName: string, selector = 0, parameter?: Data): Cell[][] | number {
    const octets = this.getOctets(logicalName, 2, selector, parameter);
    return typeof octets === "number" ? octets : rowsOf(decodeData(octets));
  }

  /** Stamps of a profile's rows; the first column must be the clock. */
  stamps(logicalName: string, selector = 0, parameter?: Data): Cell[] {
    const rows = this.rows(logicalName, selector, parameter);
    if (typeof rows === "number") throw new Error(`${logicalName}: ${rows}`);
    return rows.map((row) => row[0]);
  }

  ring(profile: string, what: number): number {
    const index = this.template.model.find(profile)!.instance!;
    return this.call("ring", 0, index, what) >>> 0;
  }

  /** The clock as the meter shows it. */
  clock(): string {
    const data = this.get("0-0:1.0.0.255");
    return dateTimeToIso(dateTimeParse((data as { value: Uint8Array }).value));
  }

  /** Sets the clock; without offset the text is local time. */
  clockSet(iso: string): number {
    return this.set("0-0:1.0.0.255", 2, octetString(stampOctets(iso)));
  }

  sample(sample: Sample): number {
    const at = this.at(At.INPUT);
    this.octets.fill(0, at, at + 148);
    const energies = sample.energies ?? [];
    energies.forEach((value, i) => this.view.setBigInt64(at + 8 * i, BigInt(Math.round(value)), true));
    const put = (first: number, values: number[] = []) =>
      values.forEach((value, i) => this.view.setInt32(at + 96 + 4 * (first + i), value, true));
    put(0, sample.voltages);
    put(3, sample.currents);
    put(6, sample.powers);
    put(9, sample.reactives);
    put(12, sample.frequency === undefined ? [] : [sample.frequency]);
    return this.call("sample", 0);
  }

  /** All octets of the block: the whole state of the meter. */
  block(): Buffer {
    const seat = this.at(At.SEAT);
    return Buffer.from(this.octets.slice(seat, seat + this.at(At.BLOCK_SIZE)));
  }
}

export function rowsOf(data: Data): Cell[][] {
  if (data.type !== "array") throw new Error(`a buffer is an array, not ${data.type}`);
  return data.value.map((row) => {
    if (row.type !== "structure") throw new Error(`a row is a structure, not ${row.type}`);
    return row.value.map(cellOf);
  });
}

function cellOf(data: Data): Cell {
  if (data.type !== "octet-string") return Number((data as { value: number | bigint }).value);
  if (data.value.length !== 12) return Buffer.from(data.value).toString("latin1");
  return dateTimeToIso(dateTimeParse(data.value));
}
