import { describe, expect, test } from "vitest";
import { Dice, Err, hex, Wire } from "./core.ts";
import { vector, VECTORS } from "./vectors.ts";

const wire = new Wire();
const NESTING_MAX = 8;

const skip = (octets: Uint8Array): number => wire.call("skip", wire.put(octets), octets.length);

/** Steps of work that skip() does on the octets. */
const counting = new Wire(true);
function skipSteps(octets: Uint8Array): number {
  counting.call("stepsTake");
  counting.call("skip", counting.put(octets), octets.length);
  return counting.call("stepsTake");
}

/**
 * dataMatches() of the value against the description; value and description stand side by side at the end of the
 * memory.
 */
function match(value: string, type: string): number {
  const octets = hex(type + value);
  const at = wire.put(octets);
  const typeSize = hex(type).length;
  return wire.call("match", at + typeSize, octets.length - typeSize, at, typeSize);
}

describe("lengths", () => {
  const emit = (length: number): string => {
    const size = wire.emitWith((at) => wire.call("lengthEmit", length, at, 8), 8);
    return wire.outOctets(size).toString("hex");
  };
  const parse = (text: string): number => {
    const octets = hex(text);
    const size = wire.call("lengthParse", wire.put(octets), octets.length);
    return size < 0 ? size : wire.word(0) >>> 0;
  };
  test.each([
    [0, "00"],
    [0x7f, "7f"],
    [0x80, "8180"],
    [0xff, "81ff"],
    [0x100, "820100"],
    [0xffff, "82ffff"],
    [0x10000, "8400010000"],
    [0xffffffff, "84ffffffff"],
  ])("%d is %s both ways", (length, text) => {
    expect(emit(length)).toBe(text);
    expect(parse(text)).toBe(length);
  });
  test("longer forms than needed are read", () => {
    expect(["8105", "820005", "83000005", "8400000005"].map(parse)).toEqual([5, 5, 5, 5]);
    expect(parse("83010203")).toBe(0x010203);
  });
  test("80 and 85..FF are malformed, cut ones incomplete", () => {
    expect(parse("80")).toBe(Err.MALFORMED);
    for (let first = 0x85; first <= 0xff; first++) {
      expect(parse(first.toString(16) + "00".repeat(8))).toBe(Err.MALFORMED);
    }
    for (const cut of ["", "81", "8201", "830102", "84010203"]) expect(parse(cut)).toBe(Err.INCOMPLETE);
  });
});

describe("one Data of any type", () => {
  const good = VECTORS.filter((v) => v.kind === "data" && /^[EH]-/.test(v.id));
  test("the vectors are there", () => expect(good.length).toBeGreaterThan(40));

  for (const { id, hex: text, description } of good) {
    test(`${id}: ${description}`, () => {
      const octets = hex(text);
      expect(skip(octets)).toBe(octets.length);
      expect(skip(Buffer.concat([octets, hex("FFFF")]))).toBe(octets.length);
      for (let size = 0; size < octets.length; size++) expect(skip(octets.subarray(0, size))).toBe(Err.INCOMPLETE);
    });
  }
  test("E-neg1: an octet-string shorter than its length is incomplete", () => {
    expect(skip(hex(vector("E-neg1").hex))).toBe(Err.INCOMPLETE);
  });
  test("every tag is a type of the standard or malformed", () => {
    const types = [0, 1, 2, 3, 4, 5, 6, 9, 10, 12, 13, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27];
    const known = new Set([...types, 28, 29, 30, 31, 32, 33, 255]);
    for (let tag = 0; tag < 256; tag++) {
      if (tag === 19) continue; // compact-array, below
      const result = skip(Buffer.concat([Buffer.from([tag]), Buffer.alloc(16)]));
      expect(result > 0, `tag ${tag}`).toBe(known.has(tag));
      if (!known.has(tag)) expect(result).toBe(Err.MALFORMED);
    }
  });
  test("fixed sizes as the table of the standard has them", () => {
    const sizes: Record<number, number> = { 0: 0, 3: 1, 5: 4, 6: 4, 13: 1, 15: 1, 16: 2, 17: 1, 18: 2, 20: 8, 21: 8 };
    Object.assign(sizes, {
      22: 1,
      23: 4,
      24: 8,
      25: 12,
      26: 5,
      27: 4,
      28: 1,
      29: 2,
      30: 4,
      31: 1,
      32: 2,
      33: 4,
      255: 0,
    });
    for (let tag = 0; tag < 256; tag++) expect(wire.call("fixedSize", tag), `tag ${tag}`).toBe(sizes[tag] ?? -1);
  });
  test("a bit-string counts bits, also the largest number of them", () => {
    expect(skip(hex("0409AA80"))).toBe(4);
    expect(skip(hex("0484FFFFFFFF00"))).toBe(Err.INCOMPLETE);
  });
  test("containers nest NESTING_MAX deep and no deeper", () => {
    for (const head of ["0101", "0201"]) {
      expect(skip(hex(head.repeat(NESTING_MAX) + "00"))).toBe(2 * NESTING_MAX + 1);
      expect(skip(hex(head.repeat(NESTING_MAX + 1) + "00"))).toBe(Err.MALFORMED);
      expect(skip(hex(head.repeat(1000) + "00"))).toBe(Err.MALFORMED);
    }
  });
  test("a count beyond the octets left is refused at once", () => {
    for (const count of ["8400FFFFFF", "84FFFFFFFF", "82FFFF"]) {
      const octets = Buffer.concat([hex("01" + count), Buffer.alloc(60000)]);
      expect(skip(octets)).toBe(Err.INCOMPLETE);
      expect(skipSteps(octets)).toBeLessThan(32);
    }
    // As many as there are octets are looked at one by one.
    expect(skipSteps(Buffer.concat([hex("0182EA60"), Buffer.alloc(60000)]))).toBeGreaterThan(60000);
  });
});

describe("compact-array", () => {
  const compact = (type: string, contents: string): number => {
    const size = (contents.length / 2).toString(16).padStart(2, "0");
    return skip(hex("13" + type + size + contents));
  };
  test("E-ca-neg: an element without octets admits empty contents only", () => {
    expect(skip(hex(vector("E-ca-neg").hex))).toBe(Err.MALFORMED);
    for (const nothing of ["00", "FF", "020200FF", "0100FF00", "01000011", "0200"]) {
      expect(compact(nothing, "00")).toBe(Err.MALFORMED);
      expect(compact(nothing, "")).toBeGreaterThan(0);
    }
  });
  test("octets that are not a whole element are malformed", () => {
    expect(compact("12", "000100")).toBe(Err.MALFORMED);
    expect(compact("020212 11".replace(" ", ""), "00010200")).toBe(Err.MALFORMED);
    expect(compact("09", "0411223344 05".replace(" ", ""))).toBe(Err.MALFORMED);
    expect(compact("09", "041122334400")).toBe(3 + 6);
  });
  test("descriptions hold no compact-array, no delta type and no unknown tag", () => {
    for (const tag of ["13", "1C", "1D", "1E", "1F", "20", "21", "07", "22", "FE"]) {
      expect(compact(tag, "")).toBe(Err.MALFORMED);
      expect(compact("0202" + "11" + tag, "")).toBe(Err.MALFORMED);
    }
  });
  test("descriptions nest NESTING_MAX deep, counted with what is around them", () => {
    expect(compact("0201".repeat(NESTING_MAX) + "11", "01")).toBeGreaterThan(0);
    expect(compact("0201".repeat(NESTING_MAX + 1) + "11", "01")).toBe(Err.MALFORMED);
    const inside = (depth: number): number => skip(hex("020113" + "010001".repeat(depth) + "1101AA"));
    expect(inside(NESTING_MAX - 1)).toBeGreaterThan(0);
    expect(inside(NESTING_MAX)).toBe(Err.MALFORMED);
  });
  test("an array of 65,535 arrays of nothing costs nothing", () => {
    const of = (count: string): string => "0202" + `01${count}01${count}01${count}00` + "11";
    expect(compact(of("FFFF"), "010203")).toBeGreaterThan(0);
    // Not a step more than arrays of one.
    const steps = (count: string): number => skipSteps(hex(`13${of(count)}03010203`));
    expect(steps("FFFF")).toBe(steps("0001"));
  });
  test("a description out of proportion to its contents is refused, soon", () => {
    // Members without octets and one with: every octet of contents costs a walk over all of them.
    const dear = (members: number, octets: number): Buffer => {
      const head = Buffer.from([0x13, 0x02, 0x82, members >> 8, members & 0xff]);
      const size = Buffer.from([0x82, octets >> 8, octets & 0xff]);
      return Buffer.concat([head, Buffer.alloc(members - 1), hex("11"), size, Buffer.alloc(octets)]);
    };
    const length = 3600;
    expect(skip(dear(7, length))).toBe(dear(7, length).length);
    expect(skip(dear(100, 2))).toBe(dear(100, 2).length);
    expect(skip(dear(9, length))).toBe(Err.LIMIT);
    expect(skip(dear(400, 10))).toBe(Err.LIMIT);
    const arrays = hex("13" + "0202" + "010000" + "0230" + "00".repeat(48) + "11" + "820E10");
    expect(skip(Buffer.concat([arrays, Buffer.alloc(length)]))).toBe(Err.LIMIT);
    // Eight members for each octet of contents, about five steps each, whatever the description asks for: 1,440,000 members here.
    expect(skipSteps(dear(400, length))).toBeLessThan(50 * length);
    expect(skipSteps(Buffer.concat([arrays, Buffer.alloc(length)]))).toBeLessThan(50 * length);
  });
});

describe("a Data against a type description", () => {
  const cases: [type: string, value: string, expected: number][] = [
    ["11", "11FF", 2],
    ["11", "0FFF", Err.UNKNOWN],
    ["11", "11", Err.INCOMPLETE],
    ["FF", "0202110112AAAA", 7],
    ["FF", "07", Err.MALFORMED],
    ["09", "0903AABBCC", 5],
    ["09", "0A03AABBCC", Err.UNKNOWN],
    ["09", "0905AA", Err.INCOMPLETE],
    ["0100001 1".replace(" ", ""), "010311011102 1103".replace(" ", ""), 8],
    ["01000011", "0100", 2],
    ["01000211", "010211011102", 6],
    ["01000211", "0103110111021103", Err.UNKNOWN],
    ["01000011", "01021101 1202".replace(" ", ""), Err.UNKNOWN],
    ["01000011", "0201 1101".replace(" ", ""), Err.UNKNOWN],
    ["02021209", "020212000109020102", 9],
    ["02021209", "0201120001", Err.UNKNOWN],
    ["02021209", "02031200010900 00".replace(" ", ""), Err.UNKNOWN],
    ["0200", "0200", 2],
    ["00", "00", 1],
    ["00", "1100", Err.UNKNOWN],
    ["0100000202120F", "010202021200010F010202 1200020F02".replace(" ", ""), 16],
    ["02030100001109120F", "02", Err.INCOMPLETE],
  ];
  test.each(cases)("%s against %s gives %d", (type, value, expected) => {
    expect(match(value, type)).toBe(expected);
  });
  const stamp = "07E50118FF0E303950FFC400";
  test("date-time, date and time may come as octet-string or under their own tag", () => {
    expect(match("090C" + stamp, "09")).toBe(14);
    expect(match("19" + stamp, "09")).toBe(13);
    expect(match("1A" + stamp.slice(0, 10), "09")).toBe(6);
    expect(match("1B" + stamp.slice(0, 8), "09")).toBe(5);
    expect(match("19" + stamp, "19")).toBe(13);
    expect(match("090C" + stamp, "19")).toBe(14);
    expect(match("0905" + stamp.slice(0, 10), "1A")).toBe(7);
    expect(match("0904" + stamp.slice(0, 8), "1B")).toBe(6);
    expect(match("0905" + stamp.slice(0, 10), "19")).toBe(Err.UNKNOWN);
    expect(match("090C" + stamp, "1B")).toBe(Err.UNKNOWN);
    expect(match("1A" + stamp.slice(0, 10), "19")).toBe(Err.UNKNOWN);
    expect(match("19" + stamp, "0A")).toBe(Err.UNKNOWN);
  });
  test("a member behind an empty array is compared with its own type", () => {
    const type = "0202" + "0100000202120F" + "11";
    expect(match("0202" + "0100" + "1107", type)).toBe(6);
    expect(match("0202" + "0100" + "1207", type)).toBe(Err.UNKNOWN);
    expect(match("0202" + "010102021200010F01" + "1107", type)).toBe(13);
  });
  test("values nested deeper than NESTING_MAX are malformed, whatever the description", () => {
    const type = "010000".repeat(NESTING_MAX + 2) + "11";
    expect(match("0101".repeat(NESTING_MAX) + "1101", type)).toBe(Err.UNKNOWN);
    expect(match("0101".repeat(NESTING_MAX + 1) + "1101", type)).toBe(Err.MALFORMED);
    expect(match("0101".repeat(NESTING_MAX + 1) + "1101", "FF")).toBe(Err.MALFORMED);
  });
  test("a description that ends early matches nothing and harms nothing", () => {
    for (const type of ["", "02", "0202", "010000", "0100"]) {
      expect(match("0101" + "1101", type)).toBeLessThan(0);
      expect(match("0202" + "1101" + "1101", type)).toBeLessThan(0);
    }
  });
  test("random values against random descriptions give a size or one of three errors", () => {
    const dice = new Dice(0xda7a);
    const tags = [0, 1, 2, 3, 4, 5, 6, 9, 10, 12, 13, 15, 16, 17, 18, 19, 20, 22, 25, 26, 27, 255];
    const some = (size: number): Buffer =>
      Buffer.from(Array.from({ length: size }, () => (dice.roll(3) ? tags[dice.roll(tags.length)]! : dice.roll(256))));
    for (let round = 0; round < 100_000; round++) {
      const type = some(dice.roll(12));
      const value = some(dice.roll(24));
      const at = wire.put(Buffer.concat([type, value]));
      const result = wire.call("match", at + type.length, value.length, at, type.length);
      const size = skip(value);
      if (result < Err.UNKNOWN || result > value.length || (result >= 0 && size !== result)) {
        throw new Error(`${result} for ${value.toString("hex")} against ${type.toString("hex")}`);
      }
    }
  });
});

describe("whole numbers of any width", () => {
  const integer = (text: string): bigint | number => {
    const octets = hex(text);
    const err = wire.call("integer", wire.put(octets), octets.length);
    return err < 0 ? err : wire.long();
  };
  test.each<[string, bigint | number]>([
    ["0F80", -128n],
    ["0F7F", 127n],
    ["11FF", 255n],
    ["161E", 30n],
    ["10FFC4", -60n],
    ["12FFFF", 65535n],
    ["05FFFFFFFE", -2n],
    ["0600001391", 5009n],
    ["06FFFFFFFF", 4294967295n],
    ["14FFFFFFFFFFFFFFFF", -1n],
    ["148000000000000000", -(2n ** 63n)],
    ["150000000100000000", 2n ** 32n],
    ["157FFFFFFFFFFFFFFF", 2n ** 63n - 1n],
    ["158000000000000000", Err.LIMIT],
    ["0301", Err.UNKNOWN],
    ["0D12", Err.UNKNOWN],
    ["0900", Err.UNKNOWN],
    ["1742F6E979", Err.UNKNOWN],
    ["", Err.INCOMPLETE],
    ["12FF", Err.INCOMPLETE],
  ])("%s is %s", (text, value) => {
    expect(integer(text)).toBe(value);
  });
});

describe("copies", () => {
  const copy = (octets: Buffer, capacity = 1000): Buffer | number => {
    const at = wire.put(octets);
    const size = wire.emitWith((out) => wire.call("copyData", at, octets.length, out, capacity), capacity);
    return size < 0 ? size : wire.outOctets(size);
  };
  const stamp = "07E50118FF0E303950FFC400";

  for (const { id, hex: text } of VECTORS.filter((v) => v.kind === "data" && /^[EH]-/.test(v.id))) {
    if (/^1[9AB]/.test(text)) continue; // these change, see below
    test(`${id} stays as it is, and is never written beyond its region`, () => {
      expect(copy(hex(text))).toEqual(hex(text));
      expect(copy(hex(text), text.length / 2 - 1)).toBe(Err.NO_SPACE);
    });
  }
  test("date-time, date and time become octet-strings, at any depth", () => {
    expect(copy(hex("19" + stamp))).toEqual(hex("090C" + stamp));
    expect(copy(hex("1A07E50118FF"))).toEqual(hex("090507E50118FF"));
    expect(copy(hex("1B0E303950"))).toEqual(hex("09040E303950"));
    const inside = (value: string): Buffer => hex("0202" + "0101" + value + "1107");
    expect(copy(inside("19" + stamp))).toEqual(inside("090C" + stamp));
  });
  test("what cannot be read is not copied", () => {
    expect(copy(hex("0202110112"))).toBe(Err.INCOMPLETE);
    expect(copy(hex(""))).toBe(Err.INCOMPLETE);
    expect(copy(hex("07"))).toBe(Err.MALFORMED);
    expect(copy(hex("0101".repeat(NESTING_MAX) + "1101"))).toEqual(hex("0101".repeat(NESTING_MAX) + "1101"));
    expect(copy(hex("0101".repeat(NESTING_MAX + 1) + "1101"))).toBe(Err.MALFORMED);
  });
});
