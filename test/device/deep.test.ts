/**
 * A profile of 100,000 rows, nearly three years of quarters: read whole in every way and form while rows go on being
 * captured, every row checked against what the constant load must have given.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  attribute,
  Client,
  data as d,
  fromHex,
  type ClientOptions,
  type Data,
  type Transport,
} from "../../host/client/index.ts";
import { CLOCK as CLOCK_COLUMN, rangeSelection, rowsRebuild, type CaptureObject } from "../../host/client/profile.ts";
import { dataEmit } from "../../host/client/axdr.ts";
import { Writer } from "../../host/client/octets.ts";
import { Core } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { ProfileDocument } from "../../host/template/document.ts";
import { CONFORMANCE } from "../../host/client/initiate.ts";
import { counting, stepsTake } from "../work.ts";
import { apduOf, associateLls, CONFORMANCE_ALL, get, getNext, hex, initiate } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { ENERGY, fullDocument, gmac, LOAD_PROFILE, lls, START, template } from "./rig.ts";

const ROWS = 100_000;
const QUARTER_MS = 900_000;
const PDU = 512;
const BUFFER = attribute(7, LOAD_PROFILE, 2);
type Form = NonNullable<ProfileDocument["form"]>;

const columnOf = (classId: number, logicalName: string): CaptureObject => ({
  ...{ classId, logicalName, attribute: 2, dataIndex: 0 },
});
const COLUMNS = [CLOCK_COLUMN, columnOf(1, "0-0:96.10.1.255"), columnOf(3, ENERGY), columnOf(3, "1-0:2.8.0.255")];

function templateOf(form: Form): Compiled {
  const objects = [{ logicalName: LOAD_PROFILE, profile: { depth: ROWS, form } }] as never;
  return template({ ...fullDocument(), objects });
}

/** Second of UTC at which daylight saving begins (March) or ends (October) in the European Union: last Sunday, 01:00. */
function switchOf(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 31, 1));
  return last.setUTCDate(31 - last.getUTCDay());
}

const ROW_SIZE = 2 + 14 + 2 + 5 + 5;
let expected: Buffer;

/** The first `count` rows as the constant load of 1 kW makes them, as plain structures. */
function expectedMake(count: number): Buffer {
  const octets = Buffer.alloc(count * ROW_SIZE);
  for (let i = 0; i < count; i++) {
    const utc = START + (i + 1) * QUARTER_MS;
    const year = new Date(utc).getUTCFullYear();
    const summer = utc >= switchOf(year, 2) && utc < switchOf(year, 9);
    const local = new Date(utc + (summer ? 2 : 1) * 3_600_000);
    const at = i * ROW_SIZE;
    octets.write("0204090C", at, "hex");
    octets.writeUInt16BE(local.getUTCFullYear(), at + 4);
    octets.set([local.getUTCMonth() + 1, local.getUTCDate(), local.getUTCDay() || 7], at + 6);
    octets.set([local.getUTCHours(), local.getUTCMinutes(), 0, 0], at + 9);
    octets.writeInt16BE(summer ? -120 : -60, at + 13);
    octets.set([summer ? 0x80 : 0, 17, summer ? 0x08 : 0, 6], at + 15);
    octets.writeUInt32BE((i + 1) * 250, at + 19);
    octets.set([6, 0, 0, 0, 0], at + 23);
  }
  return octets;
}

/** The expected rows from `first` on, as many as `count`. */
const rowsExpected = (first: number, count: number): Buffer =>
  expected.subarray(first * ROW_SIZE, (first + count) * ROW_SIZE);

/** Rows of a buffer in any form, as plain structures. */
function plainRows(buffer: Data): Buffer {
  const w = new Writer();
  for (const row of rowsRebuild(buffer, QUARTER_MS / 1000, COLUMNS)) dataEmit(w, d.structure(...row));
  return Buffer.from(w.octets());
}

/** One meter, filled once; meters of the other forms boot from what it left in its flash. */
let filled: RawMeter;
function meterOf(form: Form, core?: Core): RawMeter {
  const { lineTime, meterTime } = filled;
  const options = { template: templateOf(form), flash: filled.flash.clone(), start: meterTime };
  const meter = RawMeter.boot(core === undefined ? options : { ...options, core });
  meter.lineTime = lineTime;
  return meter;
}

beforeAll(() => {
  expected = expectedMake(ROWS + 100);
  filled = RawMeter.boot({ template: templateOf("plain") });
  filled.advance(ROWS * QUARTER_MS);
}, 60_000);

const HDLC = {
  hdlc: {
    parameters: { informationTransmitMax: 512, informationReceiveMax: 512, windowTransmit: 7, windowReceive: 7 },
  },
};

interface Way {
  form: Form;
  use: "wrapper" | "hdlc";
  blocks: "datablocks" | "general blocks";
  level: "plain" | "ciphered";
}

const WAYS: Way[] = [
  { form: "plain", use: "wrapper", blocks: "datablocks", level: "plain" },
  { form: "plain", use: "wrapper", blocks: "general blocks", level: "ciphered" },
  { form: "null-data", use: "wrapper", blocks: "general blocks", level: "plain" },
  { form: "null-data", use: "wrapper", blocks: "datablocks", level: "ciphered" },
  { form: "null-data", use: "hdlc", blocks: "datablocks", level: "plain" },
  { form: "null-data", use: "hdlc", blocks: "general blocks", level: "ciphered" },
  { form: "compact-array", use: "hdlc", blocks: "general blocks", level: "plain" },
  { form: "compact-array", use: "hdlc", blocks: "datablocks", level: "ciphered" },
];

/** A transport that lets a quarter of an hour pass with every `every`-th write. */
function busy(meter: RawMeter, transport: Transport, every: number): Transport {
  let writes = 0;
  return {
    ...transport,
    write: (octets) => {
      if (++writes % every === 0) meter.advance(QUARTER_MS);
      return transport.write(octets);
    },
  };
}

describe("read whole through APDUs of 512 octets, while rows are captured", () => {
  it.each(WAYS)("$form over $use in $blocks, $level", async ({ form, use, blocks, level }) => {
    const meter = form === "plain" && level === "plain" ? filled : meterOf(form);
    const more: ClientOptions = { pduSizeMax: PDU, ...(use === "hdlc" ? HDLC : {}) };
    const options = level === "plain" ? lls(meter.identity, more) : gmac(meter.identity, 1000, "authenc", more);
    const slot = meter.slotOf(use, 0);
    meter.open(slot);
    const client = new Client(
      busy(meter, meter.transport(slot), use === "wrapper" && blocks === "general blocks" ? 50 : 500),
      options,
    );
    await client.connect();
    await client.associate();
    if (blocks === "general blocks") {
      client.options.gbt = "always";
      client.hooks.gbtLose = new Set([100, 101, 1500]);
    }
    let octets = 0;
    let longest = 0;
    client.hooks.received = (apdu) => {
      octets += apdu.length;
      longest = Math.max(longest, apdu.length);
    };
    const begin = meter.meterTime;
    const buffer = await client.get(BUFFER);
    const first = (begin - START) / QUARTER_MS - ROWS;
    expect(plainRows(buffer).equals(rowsExpected(first, ROWS))).toBe(true);
    expect(longest).toBeLessThanOrEqual(PDU);
    // Some rows came meanwhile, over the oldest ones; the next reading has them.
    expect(meter.meterTime - begin).toBeGreaterThanOrEqual(3 * QUARTER_MS);
    expect(octets).toBeGreaterThan(ROWS * (form === "plain" ? 28 : form === "null-data" ? 10 : 22));
    expect(octets).toBeLessThan(ROWS * (form === "plain" ? 31 : form === "null-data" ? 11.5 : 24));
    await client.disconnect();
  });
});

describe("a part of 100,000 rows", () => {
  it("a day by range, in every form, with some columns: the rows and nothing else", async () => {
    for (const form of ["plain", "null-data", "compact-array"] as const) {
      const meter = meterOf(form);
      const slot = meter.slotOf("wrapper", 0);
      meter.open(slot);
      const client = new Client(meter.transport(slot), lls(meter.identity));
      await client.connect();
      await client.associate();
      // Rows captured at the end of quarters 50,001 to 50,096: no switch of daylight saving among them.
      const bound = (row: number): Data => d.octetString(rowsExpected(row, 1).subarray(4, 16));
      const whole = await client.get(BUFFER, rangeSelection(bound(50_000), bound(50_095)));
      expect(plainRows(whole).equals(rowsExpected(50_000, 96))).toBe(true);
      const some = await client.get(BUFFER, rangeSelection(bound(50_000), bound(50_095), [COLUMNS[2]!]));
      const values = rowsRebuild(some, 900, [COLUMNS[2]!]).map(([cell]) => d.numberOf(cell!, "energy"));
      expect(values).toEqual(Array.from({ length: 96 }, (_, i) => (50_001 + i) * 250));
      await client.disconnect();
    }
  });

  it("a range of the clock looks at few rows, one of a value at all", () => {
    const meter = meterOf("plain", new Core(counting(coreOctets())));
    const channel = meter.wrapper();
    associateLls(channel, meter.identity);
    const bound = d.octetString(rowsExpected(70_000, 1).subarray(4, 16));
    const byTime = get(7, LOAD_PROFILE, 2, rangeSelection(bound, bound));
    const value = d.doubleLongUnsigned(70_001 * 250);
    const byValue = get(7, LOAD_PROFILE, 2, rangeSelection(value, value, [], COLUMNS[2]));
    const row = `C401C1000101${rowsExpected(70_000, 1).toString("hex").toUpperCase()}`;
    const steps = (request: Uint8Array): number => {
      stepsTake(meter.bank);
      expect(hex(channel.exchange(request))).toBe(row);
      return stepsTake(meter.bank);
    };
    expect(steps(byValue)).toBeGreaterThan(ROWS);
    // Two searches of 17 rows each, and the exchange itself.
    expect(steps(byTime)).toBeLessThan(3000);
  });
});

describe("more blocks than a number of 16 bits counts", () => {
  const SMALL = 40;

  it("datablocks count on: they have 32 bits", () => {
    const channel = filled.wrapper({ index: 1 });
    associateLls(channel, filled.identity, initiate({ pduSizeMax: SMALL }));
    const first = (filled.meterTime - START) / QUARTER_MS - ROWS;
    const wanted = Buffer.concat([fromHex("0184000186A0"), rowsExpected(first, ROWS)]);
    const data = Buffer.alloc(wanted.length + SMALL);
    let size = 0;
    let block = 0;
    let answer = channel.exchange(get(7, LOAD_PROFILE, 2))!;
    // C4 02 iid last number(4) 00 length data: decoded here, for there are ninety thousand of them.
    for (let last = false; !last;) {
      if (block > 0) answer = channel.exchange(getNext(block))!;
      const view = Buffer.from(answer.buffer, answer.byteOffset, answer.length);
      if (view.readUInt32BE(4) !== ++block || view[8] !== 0) throw new Error(`block ${block}: ${hex(answer)}`);
      last = view[3] !== 0;
      size += view.copy(data, size, 10);
    }
    expect(block).toBe(Math.ceil(wanted.length / (SMALL - 10)));
    expect(block).toBeGreaterThan(0xffff);
    expect(data.subarray(0, size).equals(wanted)).toBe(true);
  });

  it("general blocks do not: the answer is refused at once, a part of it is not", () => {
    const channel = filled.wrapper({ index: 2 });
    const conformance = CONFORMANCE_ALL & ~CONFORMANCE["bt-get-read"];
    associateLls(channel, filled.identity, initiate({ pduSizeMax: SMALL, conformance }));
    expect(hex(channel.exchange(get(7, LOAD_PROFILE, 2)))).toBe("C401C1010E");
    const days = d.octetString(rowsExpected(90_000, 1).subarray(4, 16));
    const open = d.octetString(fromHex("FFFFFFFFFFFFFFFFFF8000FF"));
    const answer = apduOf(
      "general-block-transfer",
      channel.exchange(get(7, LOAD_PROFILE, 2, rangeSelection(days, open))),
    );
    expect([answer.blockNumber, answer.lastBlock]).toEqual([1, false]);
  });
});
