/** A flash whose octets were changed while the meter was off: boot takes it, or refuses it, and never trusts a torn record. */
import { MemoryFlash } from "../../../host/flash/memory.ts";
import type { CoreBank } from "../../../host/core.ts";
import { data as d } from "../../../host/client/index.ts";
import { aarq, aarqLls, associateGmac, associateLls, get, set } from "../../device/apdus.ts";
import { RawMeter } from "../../device/raw.ts";
import { CLOCK, core, ENERGY, START, template, TEXT } from "../../device/rig.ts";
import { answerWord } from "../meter.ts";
import type { Input, Target } from "../target.ts";

const SECTOR = 4096;
const DAY_MS = 86_400_000;
/** Records begin behind the head of an area. */
const HEAD_SIZE = 32;
const TORN_SIZE_MAX = 64;

/** First octet of a message: octets as they are; or a record's CRC made to fit behind the change. */
const FITTED = 1;

interface Scene {
  bank: CoreBank;
  flash: MemoryFlash;
  /** Where the second area begins. */
  second: number;
  /** Where the records begin, and where the last one ends in each area. */
  records: number[];
  ends: number[];
}
let scene: Scene | undefined;
let last: RawMeter | undefined;

/** A meter lives for some days: rows, values, counters, the last gasp. */
function booted(): Scene {
  if (scene !== undefined) return scene;
  const bank = core().bank(template().image, 1);
  const meter = RawMeter.boot({ bank });
  const channel = meter.wrapper();
  for (let day = 0; day < 3; day++) {
    meter.advance(DAY_MS, 1);
    associateLls(channel, meter.identity);
    channel.exchange(set(1, TEXT, 2, d.octetString(Uint8Array.of(day))));
    associateGmac(channel, meter.identity, 100 * (day + 1)).exchange(get(3, ENERGY, 2));
  }
  meter.powerFails();
  const second = secondArea(meter.flash);
  return (scene = { bank, flash: meter.flash, second, ...recordsOf(meter.flash, second) });
}

const octetsAt = (flash: MemoryFlash, at: number, size: number): Buffer => {
  const octets = Buffer.alloc(size);
  flash.read(at, octets);
  return octets;
};

/** Where the second area begins: both have the same size, and behind them stands the image with a page of its own in front. */
function secondArea(flash: MemoryFlash): number {
  const { imagePages } = template().model.parts;
  const imageSize = imagePages === 0 ? 0 : (imagePages + 1) * SECTOR;
  return Math.floor((flash.size - imageSize) / 2 / SECTOR) * SECTOR;
}

/** Offsets of the records of both areas, by their sizes. */
function recordsOf(flash: MemoryFlash, second: number): { records: number[]; ends: number[] } {
  const records: number[] = [];
  const ends: number[] = [];
  for (const base of [0, second]) {
    let at = base + HEAD_SIZE;
    for (;;) {
      const head = octetsAt(flash, at, 4);
      const size = head.readUInt16BE(0);
      if ((size ^ head.readUInt16BE(2)) !== 0xffff) break;
      records.push(at);
      at += (size + 12 + 3) & ~3;
    }
    ends.push(at - base);
  }
  return { records, ends };
}

/** CRC-32 of ISO-HDLC, bit by bit. */
function crc32(octets: Uint8Array): number {
  let register = 0xffffffff;
  for (const octet of octets) {
    register ^= octet;
    for (let bit = 0; bit < 8; bit++) register = (register & 1) !== 0 ? (register >>> 1) ^ 0xedb88320 : register >>> 1;
  }
  return ~register >>> 0;
}

function overwrite(flash: MemoryFlash, at: number, octets: Uint8Array): void {
  const first = at - (at % SECTOR);
  const size = Math.ceil((at + octets.length - first) / SECTOR) * SECTOR;
  const sectors = octetsAt(flash, first, size);
  sectors.set(octets, at - first);
  flash.erase(first, size);
  flash.program(first, sectors);
}

/**
 * {way, record or offset u16, offset within u8, octets}. What no program and no erase ever touched stays erased: changes end a
 * little behind the last record, as a torn one does.
 */
function change(flash: MemoryFlash, { second, records, ends }: Scene, message: Uint8Array): void {
  const [way = 0, high = 0, low = 0, within = 0, ...rest] = message;
  const number = (high << 8) | low;
  const octets = Uint8Array.from(rest).subarray(0, TORN_SIZE_MAX);
  const record = records[number % records.length]!;
  const area = way === 2 ? 1 : 0;
  const at = way === FITTED ? record + 8 + within : area * second + (number % ends[area]!);
  overwrite(flash, at, octets);
  if (way !== FITTED) return;
  const size = octetsAt(flash, record, 2).readUInt16BE(0) + 8;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(octetsAt(flash, record, size)));
  overwrite(flash, record + size, sum);
}

export const flashReplay: Target = {
  name: "flash",
  about: "a journal with octets changed, torn or with checks made to fit",
  seeds: () => {
    const { records } = booted();
    const starts = [0, 1, 2, Math.floor(records.length / 2), records.length - 1];
    return [
      [Uint8Array.of(0, 0, 0, 0, 0xff)],
      [Uint8Array.of(2, 0, 0, 0, 0xff)],
      ...starts.map((i) => [Uint8Array.of(0, (records[i]! >> 8) & 0xff, records[i]! & 0xff, 0, 0x12)]),
      ...starts.flatMap((i) => [0, 8, 9, 10, 12, 16].map((at) => [Uint8Array.of(FITTED, i >> 8, i & 0xff, at, 0xff)])),
    ];
  },
  fresh: (dice) =>
    Uint8Array.of(dice.roll(3), dice.roll(4), dice.roll(256), dice.roll(40), ...dice.octets(1 + dice.roll(4))),
  run: (input: Input) => {
    const { bank, flash: before } = booted();
    const flash = before.clone();
    for (const message of input) change(flash, booted(), message);
    try {
      last = RawMeter.boot({ bank, flash, start: START + 4 * DAY_MS });
    } catch (error) {
      last = undefined;
      if (!/refuses to boot|cannot go on/.test((error as Error).message)) throw error;
      return [(error as Error).message];
    }
    const channel = last.wrapper();
    // A record whose check was made to fit may hold another password: then the rest is refused.
    const associated = answerWord(channel.exchange(aarqLls(last.identity.keys.lls)));
    const words = [get(3, ENERGY, 2), get(1, TEXT, 2), get(7, "1-0:99.1.0.255", 2), get(7, "0-0:99.98.0.255", 2)];
    const answers = words.map((apdu) => answerWord(channel.exchange(apdu)));
    last.advance(2 * DAY_MS, 1);
    return [associated, ...answers];
  },
  visit: () => {
    if (last === undefined) return;
    // What it has now is a sound journal: it boots again, and is served.
    last.powerFails();
    const again = RawMeter.boot({ bank: booted().bank, flash: last.flash, start: last.meterTime });
    const channel = again.wrapper({ clientSap: 16 });
    const words = [channel.exchange(aarq()), channel.exchange(get(8, CLOCK, 2))].map(answerWord);
    if (!words[0]!.includes("result 0") || !words[1]!.includes("octet-string")) throw new Error(words.join(" + "));
  },
};
