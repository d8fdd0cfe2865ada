import { describe, expect, test } from "vitest";
import { Err, hex, Wire } from "./core.ts";
import { expected } from "./decoded.ts";
import { KINDS } from "./kinds.ts";
import { apduVectors, securityApdus, vector } from "./vectors.ts";

const wire = new Wire();

/** Lengths that these real captures write longer than needed; the core reads them and writes the shortest form. */
const LONG_LENGTHS = new Set(["F-GBT-E1", "F-GBT-E4", "F-GBT-E6", "F-GBT-E8", "F-GBT-E9"]);
const shortest = (id: string, octets: Buffer): Buffer =>
  LONG_LENGTHS.has(id) ? Buffer.concat([octets.subarray(0, 6), octets.subarray(8)]) : octets;

describe("published APDUs", () => {
  for (const { id, octets, kind } of apduVectors()) {
    test(`${id}: ${kind} is read whole and written as it was`, () => {
      expect(wire.parse(kind, octets)).toBe(octets.length);
      expect(wire.read(kind)).toMatchObject(expected(vector(id).decoded));
      expect(wire.emit(kind)).toEqual(shortest(id, octets));
      expect(wire.call("emitSize", KINDS[kind].id)).toBe(shortest(id, octets).length);
    });
  }
  for (const { id, octets, kind } of securityApdus()) {
    test(`${id}: ${kind} is read whole and written as it was`, () => {
      expect(wire.parse(kind, octets)).toBe(octets.length);
      wire.read(kind);
      expect(wire.emit(kind)).toEqual(octets);
    });
  }
  test("the vectors are there", () => {
    expect(apduVectors().length).toBeGreaterThan(95);
    expect(securityApdus().length).toBeGreaterThan(25);
  });
});

describe("published selective access and date-times", () => {
  for (const [id, kind] of [
    ["H-RNG-1", "rangeDescriptor"],
    ["H-ENT-2", "entryDescriptor"],
  ] as const) {
    test(`${id}: ${kind}`, () => {
      const octets = hex(vector(id).hex);
      expect(wire.parse(kind, octets)).toBe(octets.length);
      wire.read(kind);
      expect(wire.emit(kind)).toEqual(octets);
    });
  }
  test("H-RNG-1 in fields", () => {
    wire.parse("rangeDescriptor", hex(vector("H-RNG-1").hex));
    expect(wire.read("rangeDescriptor")).toEqual({
      classId: 8,
      logicalName: "0000010000FF",
      attribute: 2,
      dataIndex: 0,
      from: "090C07E10A010700000000FFC480",
      to: "090C07E10A010701000000FFC480",
      columnCount: 0,
      columns: "",
    });
  });
  test("H-ENT-2 in fields", () => {
    wire.parse("entryDescriptor", hex(vector("H-ENT-2").hex));
    expect(wire.read("entryDescriptor")).toEqual({ fromEntry: 1, toEntry: 0, fromColumn: 1, toColumn: 0 });
  });
  test("another structure or type is UNKNOWN: type-unmatched, not malformed", () => {
    const entry = vector("H-ENT-2").hex;
    for (const wrong of ["0203", "0103", "00", entry.replace("06", "05"), entry.replace("0204", "0205")]) {
      expect(wire.parse("entryDescriptor", hex(wrong + "00".repeat(40)))).toBe(Err.UNKNOWN);
      expect(wire.parse("rangeDescriptor", hex(wrong + "00".repeat(40)))).toBe(Err.UNKNOWN);
    }
  });
});

describe("refused APDUs", () => {
  for (const [id, kind, err] of [
    ["F-N1", "getRequest", Err.UNKNOWN],
    ["F-N2", "getRequest", Err.UNKNOWN],
    ["F-N3", "getRequest", Err.INCOMPLETE],
    ["F-N4", "setRequest", Err.UNKNOWN],
    ["F-N5", "setRequest", Err.INCOMPLETE],
  ] as const) {
    test(`${id}: ${vector(id).description}`, () => {
      expect(wire.parse(kind, hex(vector(id).hex))).toBe(err);
    });
  }
  test("another tag is UNKNOWN for every kind", () => {
    for (const { octets, kind } of apduVectors()) {
      const other = Buffer.from(octets);
      other[0] = 0x7f;
      expect(wire.parse(kind, other), kind).toBe(Err.UNKNOWN);
    }
  });
  test("a count whose octets would wrap around 32 bits is incomplete", () => {
    // 0x38E38E39 * 9 = 2^33 + 1 and 0x80000000 * 2 = 2^32.
    expect(wire.parse("actionRequest", hex("C303C1 8438E38E39 00 00" + "00".repeat(20)))).toBe(Err.INCOMPLETE);
    expect(wire.parse("accessResponse", hex("DA00000001 00 00 00 8480000000" + "00".repeat(20)))).toBe(Err.INCOMPLETE);
  });
  test("optional flags other than 00 and 01 are malformed", () => {
    expect(wire.parse("getRequest", hex("C001C1 0008 0000010000FF 02 02"))).toBe(Err.MALFORMED);
    expect(wire.parse("actionRequest", hex("C301C1 0046 000060030AFF 01 02 00"))).toBe(Err.MALFORMED);
    expect(wire.parse("initiateRequest", hex("01 02 00 00 06 5F1F0400 007E1F 04B0"))).toBe(Err.MALFORMED);
    expect(wire.parse("actionResponse", hex("C701C1 00 02"))).toBe(Err.MALFORMED);
    expect(wire.parse("getResponse", hex("C401C1 02"))).toBe(Err.MALFORMED);
    expect(wire.parse("eventNotification", hex("C2 02 0001 0000616100FF 02 00"))).toBe(Err.MALFORMED);
  });
  test("a date-time of another size than 0 or 12 is malformed", () => {
    expect(wire.parse("dataNotification", hex("0F 00000001 05 0102030405 00"))).toBe(Err.MALFORMED);
    expect(wire.parse("accessRequest", hex("D9 00000001 01 00 00 00"))).toBe(Err.MALFORMED);
    expect(wire.parse("eventNotification", hex("C2 01 05 0102030405 0001 0000616100FF 02 00"))).toBe(Err.MALFORMED);
  });
});

describe("emitters", () => {
  test("every smaller region gives NO_SPACE and nothing is written behind it", () => {
    for (const { octets, kind } of [...apduVectors(), ...securityApdus()]) {
      wire.parse(kind, octets);
      const size = wire.call("emitSize", KINDS[kind].id);
      for (let capacity = 0; capacity < size; capacity++) expect(wire.emit(kind, capacity), kind).toBe(Err.NO_SPACE);
      expect(wire.emit(kind, size)).toHaveLength(size);
    }
  });
});

describe("lists", () => {
  const listed = [
    "getRequest",
    "setRequest",
    "actionRequest",
    "accessRequest",
    "shortNameRequest",
    "shortNameResponse",
  ];
  for (const { id, octets, kind } of apduVectors().filter((v) => listed.includes(v.kind))) {
    test(`${id}: the items of the list are those it was made of`, () => {
      wire.parse(kind, octets);
      const { count, list } = wire.read(kind) as { count: number; list: string | undefined };
      const items = hex(list ?? "");
      const at = wire.put(items);
      const echo = (capacity: number): number =>
        wire.emitWith((out) => wire.call("listEcho", KINDS[kind].id, count, at, items.length, out, capacity), capacity);
      expect(echo(1000)).toBe(items.length);
      expect(wire.outOctets(items.length)).toEqual(items);
    });
  }
  test.each([
    ["shortNameResponse", "0C04 0009 01AA 010B 02 01 0001 02 BBCC 03 0007"],
    ["shortNameResponse", "0D03 00 010B 02 0005"],
    ["shortNameRequest", "0506 02FA00 04FA00 01 1101 05 0002 06 01 0003 02 AABB 07 01 0004 07 00 0005"],
  ] as const)("%s: every choice of an item, %s", (kind, text) => {
    const octets = hex(text);
    expect(wire.parse(kind, octets)).toBe(octets.length);
    const { count, list } = wire.read(kind) as { count: number; list: string };
    const items = hex(list);
    const at = wire.put(items);
    const id = KINDS[kind].id;
    const echo = wire.emitWith((out) => wire.call("listEcho", id, count, at, items.length, out, 100), 100);
    expect(echo).toBe(items.length);
    expect(wire.outOctets(echo)).toEqual(items);
  });
  test("H-GET-2: the selected columns of a range", () => {
    wire.parse("getRequest", hex(vector("H-GET-2").hex));
    wire.parse("rangeDescriptor", hex(wire.read("getRequest")["parameters"] as string));
    const range = wire.read("rangeDescriptor");
    expect(range["columnCount"]).toBe(2);
    const columns = hex(range["columns"] as string);
    const at = wire.put(columns);
    const id = KINDS.rangeDescriptor.id;
    expect(wire.emitWith((out) => wire.call("listEcho", id, 2, at, columns.length, out, 100), 100)).toBe(36);
    expect(wire.outOctets(36)).toEqual(columns);
  });
});
