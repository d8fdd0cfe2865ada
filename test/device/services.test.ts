/** GET, SET and ACTION of single attributes and methods: results, rights, selectors (GB9 9.3.6 to 9.3.8; Blue Book). */
import { beforeEach, describe, expect, it } from "vitest";
import {
  CONFORMANCE,
  data as d,
  dateTimeFromIso,
  decodeApdu,
  encodeApdu,
  entrySelection,
  fromHex,
  logicalNameParse,
  objectListOf,
  timeRangeSelection,
  type Data,
  type ObjectEntry,
  type Selection,
} from "../../host/client/index.ts";
import { aarq, act, apduOf, associateLls, get, getNext, hex, initiate, set, type Exchange } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { CLOCK, CURRENT_ASSOCIATION, ENERGY, fullTemplate, LOAD_PROFILE, TEXT } from "./rig.ts";

const LIMIT = "1-0:0.9.11.255";
const PERIOD_MS = 900_000;
const ATTRIBUTE_ZERO = CONFORMANCE["attribute0-get"] | CONFORMANCE["attribute0-set"];
const { get: GET, set: SET, action: ACTION, "bt-get-read": BLOCKS, "selective-access": SELECTIVE } = CONFORMANCE;
/** What a client needs for single attributes, and no more. */
const SINGLE = GET | SET | ACTION | BLOCKS | SELECTIVE;

let meter: RawMeter;
let channel: WrapperChannel;

beforeEach(() => {
  meter = RawMeter.boot();
  channel = meter.wrapper();
  associateLls(channel, meter.identity, initiate({ conformance: SINGLE }));
});

/** Reads an attribute through a channel, blocks and all; its Data, or the Data-Access-Result. */
function read(
  through: Exchange,
  classId: number,
  name: string,
  attribute: number,
  selection?: Selection,
): Data | number {
  const raw: number[] = [];
  let answer = decodeApdu(through.exchange(get(classId, name, attribute, selection))!);
  for (;;) {
    if (answer.kind === "get-response-normal") return answer.result.data ?? answer.result.code;
    if (answer.kind !== "get-response-with-datablock") throw new Error(answer.kind);
    if (answer.raw === undefined) return answer.error ?? 250;
    raw.push(...answer.raw);
    if (answer.last) break;
    answer = decodeApdu(through.exchange(getNext(answer.block))!);
  }
  const whole = apduOf("get-response-normal", fromHex(`C401C100${hex(Uint8Array.from(raw))}`));
  return whole.result.data!;
}

const resultOf = (answer: Uint8Array | undefined): number => {
  const apdu = decodeApdu(answer!);
  if (apdu.kind === "get-response-normal") return apdu.result.code;
  if (apdu.kind === "set-response-normal" || apdu.kind === "action-response-normal") return apdu.result;
  if (apdu.kind === "get-response-with-datablock") return 0;
  throw new Error(hex(answer));
};

describe("results", () => {
  it.each([
    ["an object that is not there", 1, "1-1:1.8.0.255", 2, 4],
    ["an object of another class", 4, ENERGY, 2, 9],
    ["an attribute without right", 15, CURRENT_ASSOCIATION, 7, 3],
    ["an attribute behind the last", 3, ENERGY, 4, 3],
    ["an attribute far behind the last", 3, ENERGY, 127, 3],
    ["an attribute of negative number", 3, ENERGY, -1, 3],
  ])("GET of %s", (_, classId, name, attribute, expected) => {
    expect(resultOf(channel.exchange(get(classId, name, attribute)))).toBe(expected);
    expect(resultOf(channel.exchange(set(classId, name, attribute, d.NULL_DATA)))).toBe(expected);
  });

  it.each([
    ["an object that is not there", 8, "0-1:1.0.0.255", 1, 4],
    ["an object of another class", 9, CLOCK, 1, 9],
    ["a method behind the last", 8, CLOCK, 7, 3],
    ["method 0", 8, CLOCK, 0, 3],
    ["a method without right", 8, CLOCK, -1, 3],
  ])("ACTION on %s", (_, classId, name, method, expected) => {
    expect(resultOf(channel.exchange(act(classId, name, method, { type: "integer", value: 0 })))).toBe(expected);
  });

  it("attribute 0 where it was not negotiated", () => {
    expect(hex(channel.exchange(get(8, CLOCK, 0)))).toBe("D80102");
    expect(hex(channel.exchange(set(8, CLOCK, 0, d.NULL_DATA)))).toBe("D80102");
  });

  it("attribute 0 where it was: all attributes in order, null-data for what is not to be had", () => {
    meter = RawMeter.boot({ template: fullTemplate() });
    const other = meter.wrapper();
    associateLls(other, meter.identity, initiate({ conformance: SINGLE | ATTRIBUTE_ZERO }));
    const answer = apduOf("get-response-normal", other.exchange(get(3, ENERGY, 0))).result;
    const energy = { type: "double-long-unsigned", value: 0 };
    const scalerUnit = { type: "structure", value: [d.integer(0), { type: "enum", value: 30 }] };
    const name = { type: "octet-string", value: logicalNameParse(ENERGY) };
    expect(answer.data).toEqual({ type: "structure", value: [name, energy, scalerUnit] });
  });

  it("invoke-id and priority come back as they were", () => {
    for (let octet = 0; octet < 256; octet++) {
      const request = get(3, ENERGY, 2).with(2, octet);
      const answer = hex(channel.exchange(request));
      const echoed = octet.toString(16).toUpperCase().padStart(2, "0");
      expect(answer).toBe((octet & 0x40) === 0 ? "silence" : `C401${echoed}000600000000`);
    }
  });
});

describe("SET", () => {
  const octets = (size: number): Data => d.octetString(new Uint8Array(size).fill(0x41));
  const cases: [string, number, string, number, Data, number][] = [
    ["of the right type", 1, TEXT, 2, octets(8), 0],
    ["of the longest", 1, TEXT, 2, octets(48), 0],
    ["of nothing", 1, TEXT, 2, octets(0), 0],
    ["of another type", 1, TEXT, 2, d.unsigned(1), 12],
    ["of null-data", 1, TEXT, 2, d.NULL_DATA, 12],
    ["of a structure", 1, TEXT, 2, d.structure(d.unsigned(1)), 12],
    ["at the lower end", 3, LIMIT, 2, d.doubleLongUnsigned(0), 0],
    ["at the upper end", 3, LIMIT, 2, d.doubleLongUnsigned(900), 0],
    ["beyond the upper end", 3, LIMIT, 2, d.doubleLongUnsigned(901), 250],
    ["of a narrower type", 3, LIMIT, 2, d.longUnsigned(10), 12],
    ["of a read-only attribute", 3, ENERGY, 2, d.doubleLongUnsigned(1), 3],
    ["of a logical name", 3, ENERGY, 1, octets(6), 3],
    ["of a time zone out of range", 8, CLOCK, 3, { type: "long", value: 841 }, 250],
    ["of a time with a wildcard", 8, CLOCK, 2, d.octetString(fromHex("07EAFF05010D000000FFC400")), 250],
    ["of a time of 11 octets", 8, CLOCK, 2, d.octetString(new Uint8Array(11)), 12],
    ["of a time 13 months into the year", 8, CLOCK, 2, d.octetString(fromHex("07EA0D05010D000000FFC400")), 250],
  ];

  it.each(cases)("%s", (_, classId, name, attribute, value, expected) => {
    const before = read(channel, classId, name, attribute);
    expect(resultOf(channel.exchange(set(classId, name, attribute, value)))).toBe(expected);
    expect(read(channel, classId, name, attribute)).toEqual(expected === 0 ? value : before);
  });

  it("of a text too long is refused, and the old one stays", () => {
    channel.exchange(set(1, TEXT, 2, octets(3)));
    expect([12, 250]).toContain(resultOf(channel.exchange(set(1, TEXT, 2, octets(49)))));
    expect(read(channel, 1, TEXT, 2)).toEqual(octets(3));
  });

  it("of the clock moves it, and the next minutes count from there", () => {
    const noon = d.octetString(fromHex("07EA061FFF0C000000FF8880"));
    const june = d.octetString(fromHex("07EA061EFF0C0000FF800080"));
    expect(resultOf(channel.exchange(set(8, CLOCK, 2, noon)))).toBe(250);
    expect(resultOf(channel.exchange(set(8, CLOCK, 2, june)))).toBe(0);
    meter.advance(61_000);
    expect(hex(channel.exchange(get(8, CLOCK, 2)))).toBe("C401C100090C07EA061E020C010100FF8880");
  });

  it("with selective access where there is none", () => {
    const selection = { selector: 1, parameters: d.unsigned(1) };
    const descriptor = { classId: 1, logicalName: TEXT, attribute: 2, selection };
    const invoke = { id: 1, confirmed: true, high: true };
    const request = encodeApdu({ kind: "set-request-normal", invoke, descriptor, value: octets(2) });
    expect(resultOf(channel.exchange(request))).toBe(13);
  });

  it("of capture_objects with an object that is not there leaves the buffer alone", () => {
    meter.advance(3 * PERIOD_MS);
    const before = read(channel, 7, LOAD_PROFILE, 2);
    const column = d.structure(
      d.longUnsigned(3),
      d.octetString(fromHex("0101010800FF")),
      d.integer(2),
      d.longUnsigned(0),
    );
    expect(resultOf(channel.exchange(set(7, LOAD_PROFILE, 3, d.array(column))))).toBe(250);
    expect(read(channel, 7, LOAD_PROFILE, 2)).toEqual(before);
  });
});

describe("rights", () => {
  /** Every object of the template with the number of its attributes. */
  const objects = (): { classId: number; name: string; attributes: number }[] =>
    meter.compiled.model.objects.map((o) => ({
      classId: o.classId,
      name: o.logicalName,
      attributes: o.attributes.length,
    }));

  const listOf = (through: Exchange): ObjectEntry[] => objectListOf(read(through, 15, CURRENT_ASSOCIATION, 2) as Data);

  const openPublic = (): WrapperChannel => {
    const open = meter.wrapper({ clientSap: 16, index: 1 });
    open.exchange(aarq());
    return open;
  };

  it.each([1, 16])("of client %i: what the object list shows is what is enforced", (sap) => {
    const through = sap === 1 ? channel : openPublic();
    const shown = new Map(listOf(through).map((entry) => [entry.logicalName, entry]));
    let seen = 0;
    for (const { classId, name, attributes } of objects()) {
      const entry = shown.get(name);
      expect(entry?.attributes.length ?? attributes).toBe(attributes);
      for (let id = 1; id <= attributes; id++) {
        const mode = entry?.attributes.find((one) => one.attribute === id)?.mode ?? 0;
        const got = resultOf(through.exchange(get(classId, name, id)));
        const put = resultOf(through.exchange(set(classId, name, id, { type: "dont-care" })));
        expect([name, id, got]).toEqual([name, id, entry === undefined ? 4 : (mode & 1) === 0 ? 3 : 0]);
        expect([name, id, put]).toEqual([name, id, entry === undefined ? 4 : (mode & 2) === 0 ? 3 : 12]);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(250);
    expect(shown.size).toBeLessThanOrEqual(objects().length);
  });

  it("of the public client: time, names, counter and its own association, nothing to change", () => {
    const shown = listOf(openPublic()).map((entry) => entry.logicalName);
    expect(shown.sort()).toEqual([
      "0-0:1.0.0.255",
      "0-0:40.0.0.255",
      "0-0:41.0.0.255",
      "0-0:42.0.0.255",
      "0-0:43.1.0.255",
    ]);
    const modes = listOf(openPublic()).flatMap((entry) =>
      [...entry.attributes, ...entry.methods].map(({ mode }) => mode),
    );
    expect(modes.every((mode) => mode === 0 || mode === 1)).toBe(true);
  });

  it.each([1, 16])("of client %i to methods: what is not shown is not run", (sap) => {
    const through = sap === 1 ? channel : openPublic();
    const denied = listOf(through).flatMap((entry) =>
      entry.methods.filter(({ mode }) => mode === 0).map(({ method }) => ({ ...entry, method })),
    );
    expect(denied.length).toBeGreaterThan(5);
    for (const { classId, logicalName, method } of denied) {
      expect(resultOf(through.exchange(act(classId, logicalName, method, { type: "dont-care" })))).toBe(3);
    }
  });
});

describe("selective access to a profile", () => {
  const rows = (data: Data | number): Data[] => {
    if (typeof data === "number" || data.type !== "array") throw new Error(`no rows: ${JSON.stringify(data)}`);
    return data.value;
  };

  let all: Data[];

  beforeEach(() => {
    meter.advance(40 * PERIOD_MS);
    all = rows(read(channel, 7, LOAD_PROFILE, 2));
  });

  it("by entries", () => {
    expect(all).toHaveLength(40);
    for (const [from, to] of [
      [1, 1],
      [1, 40],
      [40, 40],
      [5, 9],
      [38, 0],
      [39, 100],
    ] as const) {
      const expected = all.slice(from - 1, to === 0 ? undefined : to);
      expect(rows(read(channel, 7, LOAD_PROFILE, 2, entrySelection(from, to)))).toEqual(expected);
    }
    const cells = rows(read(channel, 7, LOAD_PROFILE, 2, entrySelection(2, 3, 2, 3)));
    const expected = all.slice(1, 3).map((row) => ({ ...row, value: (row as { value: Data[] }).value.slice(1, 3) }));
    expect(cells).toEqual(expected);
  });

  it("by entries from 0", () => {
    expect(read(channel, 7, LOAD_PROFILE, 2, entrySelection(0, 5))).toBe(250);
    expect(read(channel, 7, LOAD_PROFILE, 2, entrySelection(1, 5, 0, 1))).toBe(250);
  });

  it("by time, both ends included", () => {
    // START is 13:00 at the meter; rows stand at 13:15, 13:30 and so on.
    const time = (clock: string): Parameters<typeof timeRangeSelection>[0] => dateTimeFromIso(`2026-01-05T${clock}:00`);
    const range = (from: string, to: string): Data[] =>
      rows(read(channel, 7, LOAD_PROFILE, 2, timeRangeSelection(time(from), time(to))));
    expect(range("13:15", "14:00")).toEqual(all.slice(0, 4));
    expect(range("13:16", "13:59")).toEqual(all.slice(1, 3));
    expect(range("00:00", "13:14")).toEqual([]);
    expect(range("00:00", "23:59")).toEqual(all.slice(0, 43).slice(0, 40));
    expect(range("14:00", "13:00")).toEqual([]);
  });

  it("by selectors and parameters that are none", () => {
    const wrong: [number, Data][] = [
      [0, d.NULL_DATA],
      [3, d.NULL_DATA],
      [255, d.NULL_DATA],
      [1, d.NULL_DATA],
      [1, d.structure()],
      [2, d.structure(d.unsigned(1))],
      [2, d.array()],
    ];
    for (const [selector, parameters] of wrong) {
      const result = read(channel, 7, LOAD_PROFILE, 2, { selector, parameters });
      expect([13, 250, 12]).toContain(result);
    }
    expect(rows(read(channel, 7, LOAD_PROFILE, 2))).toEqual(all);
  });

  it("of what is no profile, and where it was not negotiated", () => {
    expect(read(channel, 3, ENERGY, 2, entrySelection(1, 1))).toBe(13);
    expect(read(channel, 7, LOAD_PROFILE, 3, entrySelection(1, 1))).toBe(13);
    const other = meter.wrapper({ index: 1 });
    associateLls(other, meter.identity, initiate({ conformance: GET | BLOCKS }));
    expect(read(other, 7, LOAD_PROFILE, 2, entrySelection(1, 1))).toBe(13);
    expect(rows(read(other, 7, LOAD_PROFILE, 2))).toEqual(all);
  });
});
