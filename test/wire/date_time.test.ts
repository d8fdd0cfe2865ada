import { describe, expect, test } from "vitest";
import { Dice, Err, hex, Wire } from "./core.ts";
import { KINDS } from "./kinds.ts";
import { vector, VECTORS } from "./vectors.ts";

const wire = new Wire();
const names = KINDS.dateTime.fields;

/** The ten fields of 12 octets. */
function parse(text: string): Record<string, number> {
  const octets = hex(text);
  expect(wire.parse("dateTime", octets)).toBe(12);
  return wire.read("dateTime") as Record<string, number>;
}

const emit = (): string => (wire.emit("dateTime") as Buffer).toString("hex").toUpperCase();
const judge = (text: string): { valid: boolean; specified: boolean } => {
  parse(text);
  const bits = wire.call("dateTimeJudge");
  return { valid: (bits & 1) !== 0, specified: (bits & 2) !== 0 };
};

const two = (value: number): string => value.toString(16).padStart(2, "0").toUpperCase();
const four = (value: number): string => (value & 0xffff).toString(16).padStart(4, "0").toUpperCase();

/** The 12 octets by the host's own calendar. */
function byDate(ms: number, deviation: number, status: number): string {
  const local = new Date(ms - deviation * 60_000);
  const weekday = local.getUTCDay() === 0 ? 7 : local.getUTCDay();
  const date = four(local.getUTCFullYear()) + two(local.getUTCMonth() + 1) + two(local.getUTCDate()) + two(weekday);
  const time = two(local.getUTCHours()) + two(local.getUTCMinutes()) + two(local.getUTCSeconds());
  return date + time + two(Math.floor(local.getUTCMilliseconds() / 10)) + four(deviation) + two(status);
}

describe("published date-times", () => {
  for (const { id, hex: text, decoded, description } of VECTORS.filter((v) => v.id.startsWith("H-DT-"))) {
    test(`${id}: ${description}`, () => {
      const fields = parse(text);
      const keys = { dow: "weekday", h: "hour", m: "minute", s: "second", hs: "hundredths" } as Record<string, string>;
      for (const [key, value] of Object.entries(decoded)) {
        const name = keys[key] ?? key;
        const wildcard = name === "year" ? 0xffff : -0x8000;
        const wanted = name === "status" ? Number.parseInt(value as string, 16) : (value ?? wildcard);
        expect(fields[name], name).toBe(wanted);
      }
      expect(Object.keys(fields)).toEqual(names);
      expect(emit()).toBe(text);
      expect(judge(text).valid).toBe(true);
    });
  }
  test("two stamps in UTC: deviation is UTC minus local time", () => {
    parse(vector("H-DT-1").hex);
    expect(wire.call("dateTimeMs", 0)).toBe(Date.UTC(2019, 11, 31, 22, 3));
    parse(vector("H-DT-2").hex);
    expect(wire.call("dateTimeMs", 0)).toBe(Date.UTC(2020, 0, 5, 23, 3));
    expect(wire.call("dateTimeSeconds", 0)).toBe(Date.UTC(2020, 0, 5, 23, 3) / 1000);
  });
});

describe("validity", () => {
  const stamp = "07E80B0F05151E0000FFC400";
  /** The stamp with one field replaced. */
  const withField = (name: string, text: string): string => {
    const at = {
      year: 0,
      month: 4,
      day: 6,
      weekday: 8,
      hour: 10,
      minute: 12,
      second: 14,
      hundredths: 16,
      deviation: 18,
    };
    const offset = at[name as keyof typeof at];
    return stamp.slice(0, offset) + text + stamp.slice(offset + text.length);
  };
  test("a full stamp is valid and specified", () => expect(judge(stamp)).toEqual({ valid: true, specified: true }));

  const ranges: [field: string, low: number, high: number, patterns: number[], needed: boolean][] = [
    ["month", 1, 12, [0xfd, 0xfe, 0xff], true],
    ["day", 1, 30, [0xfd, 0xfe, 0xff], true],
    ["weekday", 1, 7, [0xff], false],
    ["hour", 0, 23, [0xff], true],
    ["minute", 0, 59, [0xff], true],
    ["second", 0, 59, [0xff], true],
    ["hundredths", 0, 99, [0xff], false],
  ];
  test.each(ranges)("%s", (field, low, high, patterns, needed) => {
    for (let value = 0; value < 256; value++) {
      const inside = value >= low && value <= high;
      const valid = inside || patterns.includes(value);
      const specified = inside || (valid && !needed);
      expect(judge(withField(field, two(value))), `${field} ${value}`).toEqual({ valid, specified });
    }
  });
  test("day 31 and 29 February depend on month and year, where both are named", () => {
    expect(judge("07E80B1FFF000000FF800000").valid).toBe(false);
    expect(judge("07E80A1FFF000000FF800000").valid).toBe(true);
    expect(judge("07E8021DFF000000FF800000").valid).toBe(true);
    expect(judge("07E7021DFF000000FF800000").valid).toBe(false);
    expect(judge("FFFF021DFF000000FF800000").valid).toBe(true);
    expect(judge("07E8FF1FFF000000FF800000").valid).toBe(true);
  });
  test("deviation -840..840 or unspecified", () => {
    for (const [deviation, valid] of [
      [840, true],
      [841, false],
      [-840, true],
      [-841, false],
      [-32768, true],
    ] as const) {
      expect(judge(withField("deviation", four(deviation))).valid, `${deviation}`).toBe(valid);
    }
  });
  test("a year that is not specified is valid and no stamp", () => {
    expect(judge(withField("year", "FFFF"))).toEqual({ valid: true, specified: false });
  });
});

describe("instants", () => {
  const cases: [ms: number, deviation: number][] = [
    [0, 0],
    [Date.UTC(1999, 11, 31, 23, 59, 59, 990), 0],
    [Date.UTC(2000, 1, 29, 12), -60],
    [Date.UTC(2024, 1, 29, 23, 30), -60],
    [Date.UTC(2024, 11, 31, 23, 30), -120],
    [Date.UTC(2026, 0, 1, 0, 30), 300],
    [Date.UTC(2100, 1, 28, 23, 59, 59), 0],
    [Date.UTC(2106, 1, 7, 6, 28, 16), 840],
    [Date.UTC(9999, 11, 31, 0), 0],
  ];
  const dice = new Dice(0x71e5);
  for (let round = 0; round < 20_000; round++) {
    const days = dice.roll(2_932_000);
    cases.push([days * 86_400_000 + 10 * dice.roll(8_640_000) + 14 * 3_600_000, dice.roll(1681) - 840]);
  }
  test("fields of an instant, and back, as the host's calendar has them", () => {
    for (const [ms, deviation] of cases) {
      wire.call("dateTimeSet", ms, deviation, 0x80);
      const text = emit();
      if (text !== byDate(ms, deviation, 0x80)) throw new Error(`${text} for ${ms}, ${deviation}`);
      if (wire.call("dateTimeMs", 0) !== ms) throw new Error(`${wire.call("dateTimeMs", 0)} for ${text}`);
    }
  });
  test("milliseconds below a hundredth are dropped", () => {
    wire.call("dateTimeSet", 1_700_000_000_129, 0, 0);
    expect(wire.call("dateTimeMs", 0)).toBe(1_700_000_000_120);
    expect(wire.call("dateTimeSeconds", 0)).toBe(1_700_000_000);
  });
  test("local times before 1970 stand still at its first moment", () => {
    wire.call("dateTimeSet", 0, 60, 0);
    expect(emit()).toBe("07B20101" + "04" + "00000000" + "003C" + "00");
  });
  test("an unspecified deviation takes the default, unspecified hundredths count as none", () => {
    parse("07E80B0F05151E00FF800000");
    expect(wire.call("dateTimeMs", -60)).toBe(Date.UTC(2024, 10, 15, 20, 30));
    expect(wire.call("dateTimeMs", 0)).toBe(Date.UTC(2024, 10, 15, 21, 30));
  });
  test("asking a pattern for its instant is our own mistake", () => {
    parse(vector("H-DT-6").hex);
    expect(() => wire.call("dateTimeMs", 0)).toThrow(WebAssembly.RuntimeError);
  });
});

describe("as Data", () => {
  const stamp = "07E80B0F05151E0000FFC400";
  const read = (text: string): number => {
    const octets = hex(text);
    return wire.call("dateTimeDataRead", wire.put(octets), octets.length);
  };
  test("octet-string(12) and tag 25 are read, octet-string is written", () => {
    for (const head of ["090C", "19", "09810C"]) {
      expect(read(head + stamp)).toBe((head + stamp).length / 2);
      const size = wire.emitWith((at) => wire.call("dateTimeDataWrite", at, 14), 14);
      expect(wire.outOctets(size)).toEqual(hex("090C" + stamp));
    }
  });
  test("other types and sizes are UNKNOWN, cut ones incomplete", () => {
    expect(read("0A0C" + stamp)).toBe(Err.UNKNOWN);
    expect(read("090B" + stamp)).toBe(Err.UNKNOWN);
    expect(read("00")).toBe(Err.UNKNOWN);
    for (const whole of ["090C" + stamp, "19" + stamp]) {
      for (let size = 0; size < whole.length; size += 2) expect(read(whole.slice(0, size))).toBe(Err.INCOMPLETE);
    }
  });
});
