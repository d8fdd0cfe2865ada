import { describe, expect, test } from "vitest";
import { decodeData, encodeData, rangeOf, type Data } from "../../host/client/axdr.ts";
import { dateTimeEmit, dateTimeFromIso, dateTimeParse, dateTimeToIso } from "../../host/client/date_time.ts";
import { MalformedError } from "../../host/client/errors.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { dataForm, vectorsOf } from "./vectors.ts";

/** A boolean TRUE may arrive as any octet but 0; it is sent as 01. So these do not come back as they were. */
const NOT_CANONICAL: Record<string, string> = { "E-03b": "0301" };

describe("Data: published values", () => {
  const vectors = vectorsOf("data");
  test("there are as many as expected", () => expect(vectors.length).toBe(45));
  test.each(vectors)("$id decodes and encodes", (v) => {
    const data = decodeData(fromHex(v.hex));
    expect(dataForm(data)).toEqual(v.decoded);
    expect(toHex(encodeData(data))).toBe(NOT_CANONICAL[v.id] ?? v.hex);
  });
  test.each(vectors)("$id: every truncation is refused", (v) => {
    const octets = fromHex(v.hex);
    for (let size = 0; size < octets.length; size++) {
      expect(() => decodeData(octets.subarray(0, size)), `${size} octets`).toThrow(MalformedError);
    }
    expect(() => decodeData(fromHex(`${v.hex}00`))).toThrow(MalformedError);
  });
  test.each(vectors)("$id: every changed octet gives a value or a refusal", (v) => {
    const octets = fromHex(v.hex);
    for (let i = 0; i < Math.min(octets.length, 300); i++) {
      const changed = octets.slice();
      changed[i] = (changed[i]! + 1 + (i % 250)) & 0xff;
      try {
        decodeData(encodeData(decodeData(changed)));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }
  });
  test.each(vectorsOf("negdata"))("$id is refused", (v) => {
    expect(() => decodeData(fromHex(v.hex))).toThrow(MalformedError);
  });
});

describe("Data: limits", () => {
  test("every whole-number type takes its limits and refuses one more", () => {
    const types = [
      "integer",
      "long",
      "double-long",
      "unsigned",
      "long-unsigned",
      "double-long-unsigned",
      "enum",
    ] as const;
    for (const type of types) {
      const { min, max } = rangeOf(type)!;
      for (const value of [min, max]) {
        const data: Data = { type, value: Number(value) };
        expect(decodeData(encodeData(data))).toEqual(data);
      }
      expect(() => encodeData({ type, value: Number(max) + 1 })).toThrow(MalformedError);
      expect(() => encodeData({ type, value: Number(min) - 1 })).toThrow(MalformedError);
    }
    for (const type of ["long64", "long64-unsigned"] as const) {
      const { min, max } = rangeOf(type)!;
      for (const value of [min, max]) expect(decodeData(encodeData({ type, value }))).toEqual({ type, value });
      expect(() => encodeData({ type, value: max + 1n })).toThrow(MalformedError);
    }
  });

  test("non-minimal lengths are accepted, 80 and 85 are not", () => {
    expect(decodeData(fromHex("09820002AABB"))).toEqual(decodeData(fromHex("0902AABB")));
    expect(decodeData(fromHex("098400000002AABB"))).toEqual(decodeData(fromHex("0902AABB")));
    expect(() => decodeData(fromHex("0980"))).toThrow(MalformedError);
    expect(() => decodeData(fromHex("09850000000002AABB"))).toThrow(MalformedError);
  });

  test("undefined tags are refused", () => {
    for (const tag of [7, 8, 11, 14, 34, 128, 254]) {
      expect(() => decodeData(Uint8Array.of(tag, 0, 0, 0, 0)), `tag ${tag}`).toThrow(MalformedError);
    }
  });

  test("a count beyond the octets and endless nesting are refused", () => {
    expect(() => decodeData(fromHex("01847FFFFFFF00"))).toThrow(MalformedError);
    expect(() => decodeData(fromHex("0101".repeat(10_000) + "00"))).toThrow(MalformedError);
  });
});

describe("date-time", () => {
  test.each(vectorsOf("dt"))("$id parses and emits", (v) => {
    const t = dateTimeParse(fromHex(v.hex));
    expect({
      year: t.year === 0xffff ? null : t.year,
      month: t.month,
      day: t.dayOfMonth,
      dow: t.dayOfWeek,
      h: t.hour,
      m: t.minute,
      s: t.second,
      hs: t.hundredths,
      deviation: t.deviation === -0x8000 ? null : t.deviation,
      status: toHex(Uint8Array.of(t.clockStatus)),
    }).toEqual(v.decoded);
    expect(toHex(dateTimeEmit(t))).toBe(v.hex);
  });

  test.each([
    ["07E40101FF00030000FF8800", "2020-01-01T00:03:00+02:00"],
    ["07E40106010003000000 0000", "2020-01-06T00:03:00Z"],
    ["07E401060100030032012C00", "2020-01-06T00:03:00.50-05:00"],
    ["07E4010601000300FF800001", "2020-01-06T00:03:00 (invalid)"],
    ["FFFF03FE07020000FF8000FF", "****-03-last(weekday 7)T02:00:00"],
    ["FFFFFFFFFFFFFFFFFF8000FF", "****-**-**T**:**:**"],
  ])("%s is %s", (hex, iso) => expect(dateTimeToIso(dateTimeParse(fromHex(hex)))).toBe(iso));

  test.each([
    ["2020-01-06T00:03:00+01:00", "07E401060100030000FFC400"],
    ["2020-01-06", "07E4010601000000008000FF"],
    ["2024-02-29 23:59:59.99Z", "07E8021D04173B3B63000000"],
    ["2020-01-06T00:03-05:00", "07E401060100030000012C00"],
  ])("%s from ISO text", (iso, hex) => expect(toHex(dateTimeEmit(dateTimeFromIso(iso)))).toBe(hex));

  test.each(["2023-02-29", "2023-13-01", "yesterday", "2023-01-01T24:00", "2023-01-01T00:60:00"])(
    "%s is refused",
    (iso) => expect(() => dateTimeFromIso(iso)).toThrow(/time/),
  );
});
