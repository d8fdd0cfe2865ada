/** Class Clock: time, its settings and its methods (Blue Book, class_id 8). */
import { describe, expect, test } from "vitest";
import { boolean, integer, long, octetString, structure, unsigned, visibleString } from "../../host/client/data.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { MeterWorld, ms, Result, stampOctets } from "./world.ts";

const CLOCK = "0-0:1.0.0.255";
const LOG = "0-0:99.98.0.255";
const start = "2024-06-10T10:00:00Z";
const fresh = () => new MeterWorld(start);
/** A time by its octets, in hexadecimal. */
const timeSet = (world: MeterWorld, octets: string) => world.set(CLOCK, 2, octetString(fromHex(octets)));

describe("time", () => {
  test("shows local time with deviation, weekday and status", () => {
    const world = fresh();
    expect(toHex(world.getOctets(CLOCK, 2) as Uint8Array).toUpperCase()).toBe("090C07E8060A010C000000FF8880");
    expect(world.get(CLOCK, 4)).toEqual(unsigned(0x80));
    world.timeSet(ms("2024-12-10T10:00:00.900Z"));
    expect(world.clock()).toBe("2024-12-10T11:00:00+01:00");
    expect(world.get(CLOCK, 4)).toEqual(unsigned(0));
  });

  test.each([
    ["with a deviation", "2024-06-10T11:00:00+00:00", "2024-06-10T13:00:00+02:00"],
    ["of another zone", "2024-06-10T06:30:00-05:00", "2024-06-10T13:30:00+02:00"],
    ["local, summer", "2024-06-10T11:00:00", "2024-06-10T11:00:00+02:00"],
    ["local, winter", "2024-01-10T11:00:00", "2024-01-10T11:00:00+01:00"],
    ["local, that occurs twice: the first", "2024-10-27T02:30:00", "2024-10-27T02:30:00+02:00"],
    ["local, that never occurs: the switch", "2024-03-31T02:30:00", "2024-03-31T03:00:00+02:00"],
  ])("can be set %s", (_, text, shown) => {
    const world = fresh();
    expect(world.clockSet(text)).toBe(Result.SUCCESS);
    expect(world.clock()).toBe(shown);
    world.timeSet(ms(start) + 61_000);
    expect(ms(world.clock())).toBe(ms(shown) + 61_000);
  });

  test("bit 7 of the status tells which of two local times is meant", () => {
    for (const [status, shown] of [
      ["00", "2024-10-27T02:30:00+01:00"],
      ["80", "2024-10-27T02:30:00+02:00"],
    ]) {
      const world = fresh();
      expect(timeSet(world, `07E80A1BFF021E00008000${status}`)).toBe(Result.SUCCESS);
      expect(world.clock()).toBe(shown);
    }
  });

  test("is kept to the hundredth, and may be set as a date-time", () => {
    const world = fresh();
    expect(timeSet(world, "07E8060A010C00003200788000")).toBe(Result.TYPE);
    expect(timeSet(world, "07E8060A010C00003200007F")).toBe(Result.SUCCESS);
    expect(world.call("now", 0)).toBe(ms("2024-06-10T12:00:00.500Z"));
    expect(timeSet(world, "07E8060A010E00000C800080")).toBe(Result.SUCCESS);
    expect(world.call("now", 0)).toBe(ms("2024-06-10T12:00:00.120Z"));
    expect(world.set(CLOCK, 2, { type: "date-time", value: stampOctets("2024-06-10T14:00:00+02:00") })).toBe(0);
    expect(world.clock()).toBe("2024-06-10T14:00:00+02:00");
  });

  test.each([
    ["weekday", "07E8060AFF0D000000FF8880"],
    ["a weekday that is another", "07E8060A050D000000FF8880"],
    ["hundredths", "07E8060A010D0000FFFF8880"],
    ["deviation", "07E8060A010D000000800080"],
    ["status", "07E8060A010D000000FF88FF"],
  ])("leaves %s open", (_, octets) => {
    const world = fresh();
    expect(timeSet(world, octets)).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T13:00:00+02:00");
  });

  test.each([
    ["year", "FFFF060A010D000000FF8880"],
    ["month", "07E8FF0A010D000000FF8880"],
    ["a month of the switch", "07E8FE0A010D000000FF8880"],
    ["day", "07E806FF010D000000FF8880"],
    ["last day", "07E806FE010D000000FF8880"],
    ["hour", "07E8060A01FF000000FF8880"],
    ["minute", "07E8060A010DFF0000FF8880"],
    ["second", "07E8060A010D00FF00FF8880"],
    ["month 13", "07E80D0A010D000000FF8880"],
    ["30 February", "07E8021E010D000000FF8880"],
    ["hour 24", "07E8060A0118000000FF8880"],
    ["second 60", "07E8060A010D003C00FF8880"],
    ["hundredths 100", "07E8060A010D000064FF8880"],
    ["weekday 8", "07E8060A080D000000FF8880"],
    ["deviation beyond 840", "07E8060A010D000000034980"],
    ["a year before 1971", "07B2060A010D000000FF8880"],
    ["a year after 2105", "083A060A010D000000FF8880"],
  ])("refuses %s as other-reason, and stays", (_, octets) => {
    const world = fresh();
    expect(timeSet(world, octets)).toBe(Result.OTHER);
    expect(world.clock()).toBe("2024-06-10T12:00:00+02:00");
  });

  test("refuses other types", () => {
    const world = fresh();
    expect(world.set(CLOCK, 2, octetString("07E8060A010D000000FF88"))).toBe(Result.TYPE);
    expect(world.set(CLOCK, 2, visibleString("2024-06-10T"))).toBe(Result.TYPE);
    expect(world.set(CLOCK, 2, Buffer.from("090C07E8060A010D000000FF888000", "hex"))).toBe(Result.TYPE);
    expect(world.set(CLOCK, 2, Buffer.from("090C07E8060A", "hex"))).toBe(Result.TYPE);
  });

  test("stays within the seconds that stamps can compare", () => {
    const world = fresh();
    expect(world.clockSet("2105-12-31T23:59:50Z")).toBe(Result.SUCCESS);
    world.run(ms(start) + 86_400_000);
    expect(world.stamps("1-0:99.1.0.255").length).toBeGreaterThan(90);
    world.run(ms(start) + 60 * 86_400_000);
    expect(world.clock().slice(0, 7)).toBe("2106-03");
    expect(world.stamps("1-0:99.1.0.255").at(-1)).toBe("2106-02-07T07:15:00+01:00");
    expect(world.invoke(CLOCK, 6, long(5))).toBe(Result.OTHER);
    const early = new MeterWorld("1970-01-01T00:00:10Z");
    expect(early.invoke(CLOCK, 6, long(-11))).toBe(Result.OTHER);
    expect(early.invoke(CLOCK, 6, long(-10))).toBe(Result.SUCCESS);
    expect(early.run("1970-01-01T00:20:20Z")).toBe(1);
  });

  test("survives a restart, and goes on with meter time", () => {
    const world = new MeterWorld(start, "new");
    expect(world.clockSet("2030-01-01T00:00:00+01:00")).toBe(Result.SUCCESS);
    const again = new MeterWorld("2024-06-10T11:00:00Z", world.flash!);
    expect(again.clock()).toBe("2030-01-01T01:00:00+01:00");
  });
});

describe("settings", () => {
  test("time_zone and daylight saving show at once", () => {
    const world = fresh();
    expect(world.set(CLOCK, 3, long(-120))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T13:00:00+03:00");
    expect(world.set(CLOCK, 8, boolean(false))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T12:00:00+02:00");
    expect(world.set(CLOCK, 8, boolean(true))).toBe(Result.SUCCESS);
    expect(world.set(CLOCK, 7, integer(30))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T12:30:00+02:30");
    expect(world.set(CLOCK, 5, octetString("FFFF06FE0702000000800000"))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T12:00:00+02:00");
    expect(world.rows(LOG)).toHaveLength(5);
    expect((world.rows(LOG) as unknown[][]).every((row) => row[1] === 47)).toBe(true);
  });

  test("a pattern for one year rules that year alone", () => {
    const world = fresh();
    expect(world.set(CLOCK, 5, octetString("07E803FE0702000000800000"))).toBe(Result.SUCCESS);
    expect(world.set(CLOCK, 6, octetString("07E80AFE0703000000800080"))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T12:00:00+02:00");
    world.timeSet(ms("2025-06-10T10:00:00Z"));
    expect(world.clock()).toBe("2025-06-10T11:00:00+01:00");
  });

  test.each([
    ["last Sunday", "FFFF0AFE0703000000800000", "2024-10-27T01:00:00Z"],
    ["second last Sunday", "FFFF0AFD0703000000800000", "2024-10-20T01:00:00Z"],
    ["last day", "FFFF0AFEFF03000000800000", "2024-10-31T01:00:00Z"],
    ["second last day", "FFFF0AFDFF03000000800000", "2024-10-30T01:00:00Z"],
    ["15th", "FFFF0A0FFF03000000800000", "2024-10-15T01:00:00Z"],
    ["first Sunday", "FFFF0AFF0703000000800000", "2024-10-06T01:00:00Z"],
    ["Sunday on or after the 8th", "FFFF0A080703000000800000", "2024-10-13T01:00:00Z"],
    ["Tuesday on or after the 8th, which is one", "FFFF0A080203000000800000", "2024-10-08T01:00:00Z"],
    ["hour and minute left open", "FFFF0A0FFFFFFFFFFF800000", "2024-10-14T22:00:00Z"],
  ])("a pattern names the %s", (_, pattern, at) => {
    const world = fresh();
    expect(world.set(CLOCK, 6, octetString(pattern))).toBe(Result.SUCCESS);
    expect(world.long("switchAfter", 0, BigInt(ms(start) / 1000))).toBe(BigInt(ms(at) / 1000));
  });

  test.each([
    ["no month", "FFFFFFFE0703000000800000"],
    ["no day", "FFFF0AFFFF03000000800000"],
    ["a day the month does not have", "FFFF061FFF03000000800000"],
    ["a weekday behind the end of the month", "FFFF061E0103000000800000"],
  ])("a pattern with %s names no switch", (_, pattern) => {
    const world = new MeterWorld("2026-04-10T10:00:00Z");
    expect(world.set(CLOCK, 6, octetString(pattern))).toBe(Result.SUCCESS);
    expect(world.long("switchAfter", 0, BigInt(ms("2026-04-10T10:00:00Z") / 1000))).toBe(
      BigInt(ms("2027-03-28T01:00:00Z") / 1000),
    );
  });

  test("a deviation in a pattern counts", () => {
    const world = fresh();
    expect(world.set(CLOCK, 6, octetString("FFFF0AFE0701000000000000"))).toBe(Result.SUCCESS);
    expect(world.long("switchAfter", 0, BigInt(ms(start) / 1000))).toBe(BigInt(ms("2024-10-27T01:00:00Z") / 1000));
  });

  test.each([
    ["time_zone -721", 3, long(-721), Result.OTHER],
    ["time_zone as integer", 3, integer(-60), Result.TYPE],
    ["a pattern of 11 octets", 5, octetString("FFFF03FE07020000008000"), Result.TYPE],
    ["a pattern with month 14", 5, octetString("FFFF0EFE0702000000800000"), Result.OTHER],
    ["a pattern that names the switch itself", 6, octetString("FFFFFEFE0702000000800000"), Result.OTHER],
    ["deviation 121", 7, integer(121), Result.OTHER],
    ["enabled as unsigned", 8, unsigned(1), Result.TYPE],
    ["the status", 4, unsigned(0), Result.DENIED],
    ["the clock base", 9, unsigned(0), Result.DENIED],
  ])("refuse %s", (_, attribute, value, result) => {
    const world = fresh();
    const before = world.getOctets(CLOCK, attribute);
    expect(world.set(CLOCK, attribute, value)).toBe(result);
    expect(world.getOctets(CLOCK, attribute)).toEqual(before);
    expect(world.clock()).toBe("2024-06-10T12:00:00+02:00");
  });
});

describe("methods", () => {
  /** A meter whose clock shows `iso`. */
  function showing(iso: string): MeterWorld {
    const world = fresh();
    world.timeSet(ms(iso));
    return world;
  }

  test.each([
    [1, "adjust_to_quarter", "2024-06-10T12:07:29+02:00", "2024-06-10T12:00:00+02:00"],
    [1, "adjust_to_quarter", "2024-06-10T12:07:30+02:00", "2024-06-10T12:15:00+02:00"],
    [2, "adjust_to_measuring_period", "2024-06-10T12:22:29+02:00", "2024-06-10T12:15:00+02:00"],
    [3, "adjust_to_minute", "2024-06-10T12:59:29+02:00", "2024-06-10T12:59:00+02:00"],
    [3, "adjust_to_minute", "2024-06-10T12:59:30+02:00", "2024-06-10T13:00:00+02:00"],
  ])("%i %s from %s", (method, _, from, to) => {
    const world = showing(from);
    expect(world.invoke(CLOCK, method)).toBe(Result.SUCCESS);
    expect(world.clock()).toBe(to);
  });

  test("6 shift_time moves by seconds, 900 at most", () => {
    const world = showing(start);
    expect(world.invoke(CLOCK, 6, long(900))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T12:15:00+02:00");
    expect(world.invoke(CLOCK, 6, long(-900))).toBe(Result.SUCCESS);
    expect(world.invoke(CLOCK, 6, long(-5))).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T11:59:55+02:00");
    expect(world.invoke(CLOCK, 6, long(901))).toBe(Result.OTHER);
    expect(world.invoke(CLOCK, 6, long(-901))).toBe(Result.OTHER);
    expect(world.invoke(CLOCK, 6, integer(5))).toBe(Result.TYPE);
    expect(world.clock()).toBe("2024-06-10T11:59:55+02:00");
  });

  test("5 and 4 set a preset time within its interval, once", () => {
    const world = showing(start);
    const at = (iso: string) => octetString(stampOctets(iso));
    expect(world.invoke(CLOCK, 4)).toBe(Result.OTHER);
    const preset = structure(at("2024-06-10T15:00:00"), at("2024-06-10T12:01:00"), at("2024-06-10T12:05:00"));
    expect(world.invoke(CLOCK, 5, preset)).toBe(Result.SUCCESS);
    expect(world.invoke(CLOCK, 4)).toBe(Result.OTHER);
    world.timeSet(ms("2024-06-10T10:01:00Z"));
    expect(world.invoke(CLOCK, 4)).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2024-06-10T15:00:00+02:00");
    expect(world.invoke(CLOCK, 4)).toBe(Result.OTHER);
    expect(world.invoke(CLOCK, 5, structure(at("2024-06-10T15:00:00")))).toBe(Result.TYPE);
    expect(
      world.invoke(CLOCK, 5, structure(octetString(fromHex("FFFF060A010D000000FF8880")), at(start), at(start))),
    ).toBe(Result.OTHER);
  });

  test.each([1, 2, 3, 4])("%i takes integer 0 and nothing else", (method) => {
    const world = showing(start);
    expect(world.invoke(CLOCK, method, unsigned(0))).toBe(Result.TYPE);
    expect(world.invoke(CLOCK, method, new Uint8Array(0))).toBe(Result.TYPE);
    expect(world.invoke(CLOCK, method, Buffer.from("0f0000", "hex"))).toBe(Result.TYPE);
  });
});
