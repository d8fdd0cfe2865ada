/** Reading buffers: ranges, entries, columns, and what happens to an answer while it is read. */
import { describe, expect, test } from "vitest";
import { type Data, decodeData } from "../../host/client/axdr.ts";
import {
  array,
  doubleLong,
  doubleLongUnsigned,
  integer,
  long,
  longUnsigned,
  NULL_DATA,
  octetString,
  structure,
  unsigned,
  visibleString,
} from "../../host/client/data.ts";
import { fromHex } from "../../host/client/octets.ts";
import { BILLING, LP1, LP2, WH } from "./shown.ts";
import {
  type Cell,
  captureObject,
  entriesOf,
  Err,
  MeterWorld,
  ms,
  rangeOf,
  Result,
  rowsOf,
  stampOctets,
} from "./world.ts";

const CLOCK = captureObject(8, "0-0:1.0.0.255");
const STATUS = captureObject(1, "0-0:96.10.1.255");
const IMPORT = captureObject(3, "1-0:1.8.0.255");
const EXPORT = captureObject(3, "1-0:2.8.0.255");

/** A winter day in rows of a quarter: 00:15 … 24:00; row i has i Wh. */
function day(): MeterWorld {
  const world = new MeterWorld("2024-01-09T23:00:00Z");
  for (let i = 1; i <= 96; i++) {
    world.timeSet(ms("2024-01-09T23:00:00Z") + i * 900_000);
    world.sample({ energies: [WH, 2 * WH] });
    world.call("due", 0);
  }
  return world;
}

const world = day();
const whole = world.rows(LP1) as Cell[][];
/** Hours and minutes of the first and the last stamp, and how many there are. */
function span(selector: number, parameter: Data): string {
  const stamps = world.stamps(LP1, selector, parameter).map((stamp) => String(stamp).slice(11, 16));
  return stamps.length === 0 ? "none" : `${stamps[0]} ${stamps.at(-1)} ${stamps.length}`;
}

test("without a selector all rows come, oldest first", () => {
  expect(whole).toHaveLength(96);
  expect(whole[0]).toEqual(["2024-01-10T00:15:00+01:00", 0, 1, 2]);
  expect(whole[95]).toEqual(["2024-01-11T00:00:00+01:00", 0, 96, 192]);
  expect(world.get(LP1, 7)).toEqual(doubleLongUnsigned(96));
  expect(world.get(LP1, 3)).toEqual(array(CLOCK, STATUS, IMPORT, EXPORT));
});

describe("range of the clock, both bounds included", () => {
  test.each([
    ["between rows", "2024-01-10T10:01:00", "2024-01-10T10:44:00", "10:15 10:30 2"],
    ["on rows", "2024-01-10T10:00:00", "2024-01-10T11:00:00", "10:00 11:00 5"],
    ["one second inside", "2024-01-10T10:00:01", "2024-01-10T10:59:59", "10:15 10:45 3"],
    ["a single row", "2024-01-10T10:00:00", "2024-01-10T10:00:00", "10:00 10:00 1"],
    ["between two rows", "2024-01-10T10:01:00", "2024-01-10T10:14:59", "none"],
    ["before the first", "2024-01-09T10:00:00", "2024-01-10T00:14:59", "none"],
    ["up to the first", "2020-01-01T00:00:00", "2024-01-10T00:15:00", "00:15 00:15 1"],
    ["behind the last", "2024-01-11T00:00:01", "2030-01-01T00:00:00", "none"],
    ["from the last", "2024-01-11T00:00:00", "2030-01-01T00:00:00", "00:00 00:00 1"],
    ["around everything", "2000-01-01T00:00:00", "2100-01-01T00:00:00", "00:15 00:00 96"],
    ["from > to", "2024-01-10T11:00:00", "2024-01-10T10:00:00", "none"],
    ["with deviation of the season", "2024-01-10T10:00:00+01:00", "2024-01-10T10:30:00+01:00", "10:00 10:30 3"],
    ["with deviation of another zone", "2024-01-10T09:00:00Z", "2024-01-10T14:30:00+05:00", "10:00 10:30 3"],
  ])("%s", (_, from, to, expected) => {
    expect(span(1, rangeOf(from, to))).toBe(expected);
  });

  const bound = (octets: string) => octetString(fromHex(octets));
  const open = bound("FFFFFFFFFFFFFFFFFF8000FF");

  test.each([
    ["open below", open, bound("07E8010AFF001E0000800000"), "00:15 00:30 2"],
    ["open above", bound("07E8010AFF172D0000800000"), open, "23:45 00:00 2"],
    ["open on both sides", open, open, "00:15 00:00 96"],
    ["year given alone", bound("07E8FFFFFFFFFFFFFF8000FF"), bound("07E8FFFFFFFFFFFFFF8000FF"), "00:15 00:00 96"],
    ["another year alone", bound("07E7FFFFFFFFFFFFFF8000FF"), bound("07E7FFFFFFFFFFFFFF8000FF"), "none"],
    ["a day", bound("07E8010AFFFFFFFFFF8000FF"), bound("07E8010AFFFFFFFFFF8000FF"), "00:15 23:45 95"],
    ["an hour", bound("07E8010AFF0AFFFFFF8000FF"), bound("07E8010AFF0AFFFFFF8000FF"), "10:00 10:45 4"],
    ["a minute", bound("07E8010AFF0A0FFFFF8000FF"), bound("07E8010AFF0A0FFFFF8000FF"), "10:15 10:15 1"],
    ["hundredths behind a row", bound("07E8010AFF0A000001800000"), bound("07E8010AFF0A0F0001800000"), "10:15 10:15 1"],
    ["the year 0", bound("00000101FF00000000800000"), bound("00000C1FFF00000000800000"), "none"],
    ["from the year 0", bound("00000101FF00000000800000"), bound("07E8010AFF001E0000800000"), "00:15 00:30 2"],
    ["from 1900", bound("076C0101FF00000000800000"), bound("07E8010AFF001E0000800000"), "00:15 00:30 2"],
    ["to the last year", bound("07E8010AFF172D0000800000"), bound("FFFE0C1FFF173B3B00800000"), "23:45 00:00 2"],
    ["the last day of a month, below", bound("07E801FEFF00000000800000"), open, "none"],
    ["the last day of a month, above", open, bound("07E801FEFF00000000800000"), "00:15 00:00 96"],
    [
      "a weekday that is another",
      bound("07E8010A070A000000800000"),
      bound("07E8010A070A000000800000"),
      "10:00 10:00 1",
    ],
    [
      "date-time tags",
      { type: "date-time", value: stampOctets("2024-01-10T10:00:00") } as Data,
      open,
      "10:00 00:00 57",
    ],
  ])("%s", (_, from, to, expected) => {
    expect(span(1, rangeOf(from, to))).toBe(expected);
  });

  test.each([
    ["month 13", bound("07E80D0AFF0A000000800000"), Result.OTHER],
    ["hour 24", bound("07E8010AFF18000000800000"), Result.OTHER],
    ["a deviation of 841", bound("07E8010AFF0A000000034900"), Result.OTHER],
    ["a date", bound("07E8010AFF"), Result.TYPE],
    ["null-data", NULL_DATA, Result.TYPE],
    ["a number", doubleLongUnsigned(5), Result.TYPE],
    ["text", visibleString("07E8010AFF0A"), Result.TYPE],
  ])("a bound that is %s is refused", (_, value, result) => {
    expect(world.rows(LP1, 1, rangeOf(value, open))).toBe(result);
    expect(world.rows(LP1, 1, rangeOf(open, value))).toBe(result);
  });
});

describe("range in the hours of a switch", () => {
  const autumn = new MeterWorld("2024-10-26T23:50:00Z");
  autumn.run("2024-10-27T03:00:00Z");
  const utc = (from: string, to: string) =>
    autumn.stamps(LP1, 1, rangeOf(from, to)).map((stamp) => new Date(ms(String(stamp))).toISOString().slice(11, 16));

  test("an hour that occurs twice is taken whole", () => {
    expect(utc("2024-10-27T02:30:00", "2024-10-27T02:30:00")).toEqual(["00:30", "00:45", "01:00", "01:15", "01:30"]);
    expect(utc("2024-10-27T02:30:00", "2024-10-27T03:00:00").at(-1)).toBe("02:00");
    expect(utc("2024-10-27T01:59:00", "2024-10-27T02:00:00")).toEqual(["00:00", "00:15", "00:30", "00:45", "01:00"]);
  });

  test("bit 7 of the status chooses, and so does a deviation", () => {
    const at = (status: string, deviation = "8000") => octetString(fromHex(`07E80A1BFF021E0000${deviation}${status}`));
    const stamps = (from: Data, to: Data) => autumn.stamps(LP1, 1, rangeOf(from, to)).length;
    expect(stamps(at("80"), at("80"))).toBe(1);
    expect(stamps(at("00"), at("00"))).toBe(1);
    expect(stamps(at("80"), at("00"))).toBe(5);
    expect(stamps(at("FF", "FF88"), at("FF", "FFC4"))).toBe(5);
    expect(utc("2024-10-27T02:30:00+01:00", "2024-10-27T02:30:00+01:00")).toEqual(["01:30"]);
  });

  test("an hour that never occurs holds nothing, and bounds in it lose nothing", () => {
    const spring = new MeterWorld("2024-03-31T00:30:00Z");
    spring.run("2024-03-31T02:00:00Z");
    const read = (from: string, to: string) =>
      spring.stamps(LP1, 1, rangeOf(from, to)).map((stamp) => String(stamp).slice(11, 16));
    expect(read("2024-03-31T02:10:00", "2024-03-31T02:50:00")).toEqual([]);
    expect(read("2024-03-31T02:30:00", "2024-03-31T03:15:00")).toEqual(["03:00", "03:15"]);
    expect(read("2024-03-31T01:45:00", "2024-03-31T02:30:00")).toEqual(["01:45"]);
    expect(read("2024-03-31T02:00:00", "2024-03-31T03:00:00")).toEqual(["03:00"]);
  });
});

describe("columns", () => {
  const from = "2024-01-10T10:00:00";
  const read = (...columns: Data[]) => world.rows(LP1, 1, rangeOf(from, from, columns));

  test("none named are all; those named come in the order of the buffer", () => {
    expect(read()).toEqual([["2024-01-10T10:00:00+01:00", 0, 40, 80]]);
    expect(read(IMPORT)).toEqual([[40]]);
    expect(read(CLOCK, EXPORT)).toEqual([["2024-01-10T10:00:00+01:00", 80]]);
    expect(read(EXPORT, STATUS)).toEqual([[0, 80]]);
    expect(read(IMPORT, IMPORT)).toEqual([[40]]);
  });

  test("that are not captured are refused", () => {
    expect(read(captureObject(3, "1-0:3.8.0.255"))).toBe(Result.OTHER);
    expect(read(IMPORT, captureObject(3, "1-0:9.9.9.255"))).toBe(Result.OTHER);
    expect(read(captureObject(3, "1-0:1.8.0.255", 3))).toBe(Result.OTHER);
    expect(read(captureObject(3, "1-0:1.8.0.255", 2, 1))).toBe(Result.OTHER);
    expect(read(unsigned(1))).toBe(Result.TYPE);
  });
});

describe("range of another column", () => {
  const by = (column: Data, from: Data, to: Data) => {
    const rows = world.rows(LP1, 1, rangeOf(from, to, [], column));
    return typeof rows === "number" ? rows : rows.map((row) => row[2]);
  };

  test("compares values, of whatever whole-number type the bounds are", () => {
    expect(by(IMPORT, doubleLongUnsigned(10), doubleLongUnsigned(12))).toEqual([10, 11, 12]);
    expect(by(EXPORT, unsigned(20), longUnsigned(22))).toEqual([10, 11]);
    expect(by(IMPORT, long(-5), integer(2))).toEqual([1, 2]);
    expect(by(IMPORT, doubleLong(95), { type: "long64", value: 1n << 40n })).toEqual([95, 96]);
    expect(by(IMPORT, unsigned(97), unsigned(200))).toEqual([]);
    expect(by(IMPORT, unsigned(5), unsigned(4))).toEqual([]);
    expect(by(STATUS, unsigned(0), unsigned(0))).toHaveLength(96);
  });

  test("signed values keep their sign", () => {
    const billing = new MeterWorld("2024-01-10T09:00:00Z");
    for (const value of [-100, 7, -3, 1000]) {
      billing.set("0-0:96.1.1.255", 2, long(value));
      billing.invoke(BILLING, 2);
    }
    const number = captureObject(1, "0-0:96.1.1.255");
    expect(billing.rows(BILLING, 1, rangeOf(long(-100), long(-3), [number], number))).toEqual([[-100], [-3]]);
  });

  test("is refused where it is not captured, or no number", () => {
    expect(by(captureObject(3, "1-0:3.8.0.255"), unsigned(1), unsigned(2))).toBe(Result.OTHER);
    expect(by(captureObject(3, "1-0:1.8.0.255", 2, 1), unsigned(1), unsigned(2))).toBe(Result.OTHER);
    expect(by(IMPORT, octetString("01"), unsigned(2))).toBe(Result.TYPE);
    expect(by(IMPORT, unsigned(1), NULL_DATA)).toBe(Result.TYPE);
    const text = captureObject(1, "0-0:96.1.0.255");
    expect(world.rows(BILLING, 1, rangeOf(octetString("41"), octetString("42"), [], text))).toBe(Result.OTHER);
  });
});

describe("entries", () => {
  test.each([
    ["the first", entriesOf(1, 1), "00:15 00:15 1"],
    ["the first ten", entriesOf(1, 10), "00:15 02:30 10"],
    ["all, 0 for the last", entriesOf(1, 0), "00:15 00:00 96"],
    ["all, by number", entriesOf(1, 96), "00:15 00:00 96"],
    ["the last", entriesOf(96, 0), "00:00 00:00 1"],
    ["beyond the last, below", entriesOf(97, 0), "none"],
    ["beyond the last, both", entriesOf(97, 200), "none"],
    ["to beyond the last", entriesOf(95, 4294967295), "23:45 00:00 2"],
    ["from > to", entriesOf(5, 4), "none"],
    ["from the largest number", entriesOf(4294967295, 4294967295), "none"],
  ])("%s", (_, parameter, expected) => {
    expect(span(2, parameter)).toBe(expected);
  });

  test.each([
    ["all", entriesOf(40, 40, 1, 0), [["2024-01-10T10:00:00+01:00", 0, 40, 80]]],
    ["from the third", entriesOf(40, 40, 3, 0), [[40, 80]]],
    ["the second and third", entriesOf(40, 40, 2, 3), [[0, 40]]],
    ["the last", entriesOf(40, 40, 4, 4), [[80]]],
    ["from 0", entriesOf(40, 40, 0, 0), Result.OTHER],
    ["beyond the last", entriesOf(40, 40, 5, 0), Result.OTHER],
    ["to beyond the last", entriesOf(40, 40, 1, 5), Result.OTHER],
    ["from > to", entriesOf(40, 40, 3, 2), Result.OTHER],
    ["entry 0", entriesOf(0, 5), Result.OTHER],
    ["entry 0 to 0", entriesOf(0, 0), Result.OTHER],
  ])("columns: %s", (_, parameter, expected) => {
    expect(world.rows(LP1, 2, parameter)).toEqual(expected);
  });

  test("a parameter of another shape is a type mismatch", () => {
    const number = doubleLongUnsigned;
    const short = structure(number(1), number(2), longUnsigned(1));
    const types = structure(longUnsigned(1), number(2), longUnsigned(1), longUnsigned(0));
    for (const parameter of [short, types, number(1), NULL_DATA]) {
      expect(world.rows(LP1, 2, parameter)).toBe(Result.TYPE);
      expect(world.rows(LP1, 1, parameter)).toBe(Result.TYPE);
    }
    expect(world.rows(LP1, 2)).toBe(Result.TYPE);
    expect(world.rows(LP1, 3, entriesOf(1, 0))).toBe(Result.SCOPE);
    expect(world.rows(LP1, 255)).toBe(Result.SCOPE);
  });

  test("of an empty buffer are none, by whatever selector", () => {
    const empty = new MeterWorld("2024-01-10T09:00:00Z");
    expect(empty.getOctets(LP1, 2)).toEqual(fromHex("0100"));
    expect(empty.rows(LP1, 2, entriesOf(1, 0))).toEqual([]);
    expect(empty.rows(LP1, 1, rangeOf("2000-01-01T00:00:00", "2100-01-01T00:00:00"))).toEqual([]);
  });
});

describe("a pinned answer", () => {
  const pinned = (what: number) => world.call("pinned", what);

  test("announces items and octets; rows without texts are all alike", () => {
    world.rows(LP1, 1, rangeOf("2024-01-10T10:00:00", "2024-01-10T11:00:00", [CLOCK, IMPORT]));
    expect([pinned(0), pinned(1), pinned(2), pinned(3)]).toEqual([2, 5, 2 + 5 * (2 + 14 + 5), 21]);
    expect(world.call("item", 0, 2)).toBe(0);
    const row = decodeData(world.output(world.call("outSize")));
    expect(rowsOf(array(row))).toEqual([["2024-01-10T10:30:00+01:00", 42]]);
    expect(world.call("item", 0, 5)).toBe(Err.STATE);
  });

  test("with texts announces each row's octets", () => {
    const billing = new MeterWorld("2024-01-10T09:00:00Z");
    for (const text of ["", "AB", "ABCDEFGH", "X"]) {
      billing.set("0-0:96.1.0.255", 2, octetString(Buffer.from(text)));
      billing.invoke(BILLING, 2);
    }
    const rows = billing.rows(BILLING, 2, entriesOf(2, 4)) as Cell[][];
    expect(rows.map((row) => row[1])).toEqual(["AB", "ABCDEFGH", "X"]);
    expect(billing.call("pinned", 3)).toBe(0);
    expect(billing.call("pinned", 2)).toBe(2 + 3 * (2 + 14 + 2 + 3 + 5) + 11);
  });

  test("second last day of a month as a bound", () => {
    const month = new MeterWorld("2024-01-28T12:00:00Z");
    month.run("2024-02-02T12:00:00Z");
    const from = octetString(fromHex("07E801FDFF00000000800000"));
    expect(month.stamps(LP2, 1, rangeOf(from, from))).toEqual(["2024-01-30T00:00:00+01:00"]);
    const last = octetString(fromHex("07E801FEFF00000000800000"));
    expect(month.stamps(LP2, 1, rangeOf(last, last))).toEqual(["2024-01-31T00:00:00+01:00"]);
  });

  test("goes on while rows are added behind it", () => {
    const live = day();
    live.getOctets(LP1, 2, 2, entriesOf(1, 0));
    live.run("2024-01-11T23:00:00Z");
    expect(rowsOf(decodeData(live.pinnedOctets()))).toEqual(whole);
  });

  test("ends when a reset or another shape comes between", () => {
    const live = day();
    live.getOctets(LP1, 2);
    live.invoke(LP1, 1);
    live.run("2024-01-12T23:00:00Z");
    expect(live.call("item", 0, 0)).toBe(Err.STATE);
    live.getOctets(LP1, 2);
    expect(live.call("item", 0, 0)).toBe(0);
    live.set(LP1, 4, doubleLongUnsigned(300));
    expect(live.call("item", 0, 0)).toBe(Err.STATE);
  });

  test("ends at a row that was overwritten, and only there", () => {
    const live = day();
    live.run("2024-01-14T23:00:00Z");
    expect(live.ring(LP1, 0)).toBe(300);
    live.getOctets(LP1, 2);
    const first = String(live.stamps(LP1)[3]);
    live.getOctets(LP1, 2);
    live.run("2024-01-14T23:45:00Z");
    expect([0, 1, 2, 3].map((item) => live.call("item", 0, item))).toEqual([Err.STATE, Err.STATE, Err.STATE, 0]);
    expect(rowsOf(array(decodeData(live.output(live.call("outSize")))))[0]![0]).toBe(first);
    const scan = rangeOf(unsigned(0), unsigned(255), [], STATUS);
    live.getOctets(LP1, 2, 1, scan);
    expect(live.call("item", 0, 5)).toBe(0);
    live.run("2024-01-15T00:00:00Z");
    expect([6, 5, 1, 0].map((item) => live.call("item", 0, item))).toEqual([0, Err.STATE, Err.STATE, Err.STATE]);
  });

  test("of a scan can be read from the front again, and out of order", () => {
    const scan = rangeOf(unsigned(50), unsigned(60), [IMPORT], IMPORT);
    world.getOctets(LP1, 2, 1, scan);
    const item = (index: number) => {
      expect(world.call("item", 0, index)).toBe(0);
      return rowsOf(array(decodeData(world.output(world.call("outSize")))))[0]![0];
    };
    expect([10, 0, 3, 3, 2, 9].map(item)).toEqual([60, 50, 53, 53, 52, 59]);
  });
});

test("the oldest rows make room for new ones", () => {
  const live = new MeterWorld("2024-01-09T23:00:00Z");
  live.run("2024-03-15T23:00:00Z");
  const stamps = live.stamps(LP1).map((stamp) => ms(String(stamp)));
  expect(stamps).toHaveLength(300);
  expect(stamps.at(-1)).toBe(ms("2024-03-15T23:00:00Z"));
  expect(stamps.every((stamp, i) => i === 0 || stamp - stamps[i - 1]! === 900_000)).toBe(true);
  expect(live.stamps(LP2)).toHaveLength(40);
  expect(live.get(LP1, 7)).toEqual(doubleLongUnsigned(300));
  const from = new Date(stamps[0]! - 3_600_000).toISOString().slice(0, 19);
  expect(live.stamps(LP1, 1, rangeOf(`${from}Z`, `${from}Z`))).toEqual([]);
});
