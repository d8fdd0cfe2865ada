import { describe, expect, test } from "vitest";
import { decodeData } from "../../host/client/axdr.ts";
import * as d from "../../host/client/data.ts";
import { dateTimeFromIso } from "../../host/client/date_time.ts";
import { DlmsError } from "../../host/client/errors.ts";
import { logicalNameCanonical } from "../../host/client/logical_name.ts";
import { objectListOf, timeText, valueText } from "../../host/client/objects.ts";
import { octetsOf } from "../../host/client/data.ts";
import {
  CLOCK,
  columnsSelected,
  entrySelection,
  profileRead,
  rowsRebuild,
  timeRangeSelection,
} from "../../host/client/profile.ts";
import type { Selection } from "../../host/client/apdu_parts.ts";
import { columnHead, csv, profileCsv, profileText } from "../../host/client/render.ts";
import { encodeData } from "../../host/client/axdr.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { Client } from "../../host/client/session.ts";
import { memoryPair } from "../../host/client/transport.ts";
import { scaledText } from "../../host/client/units.ts";
import { explicitValue, fromJson, isExplicit, valueLike } from "../../host/client/value.ts";
import { targetOf } from "../../host/client/command.ts";
import { FakeMeter, furnish, profile, serveWrapper } from "./fake_meter.ts";
import { vectorsOf } from "./vectors.ts";

describe("logical names", () => {
  test.each(["1-0:1.8.0.255", "1-0:1.8.0*255", "1-0:1.8.0", "1.0.1.8.0.255", "1.8.0", "0100010800FF"])("%s", (text) =>
    expect(logicalNameCanonical(text)).toBe("1-0:1.8.0.255"),
  );
  test.each(["", "1.8", "1-0:1.8.0.256", "1-0:1.8.0.255.1", "a.b.c", "1..8.0"])("'%s' is refused", (text) =>
    expect(() => logicalNameCanonical(text)).toThrow(DlmsError),
  );
  test.each([
    ["0-0:1.0.0.255:3", "0-0:1.0.0.255", 3],
    ["0-0:1.0.0.255", "0-0:1.0.0.255", undefined],
    ["1.8.0:2", "1-0:1.8.0.255", 2],
    ["1-0:1.8.0", "1-0:1.8.0.255", undefined],
    ["0100010800FF:4", "1-0:1.8.0.255", 4],
    ["1-0:99.1.0.255:-1", "1-0:99.1.0.255", -1],
  ])("%s as the target of a command", (text, logicalName, index) =>
    expect(targetOf(text)).toEqual({ logicalName, index }),
  );
  test.each(["x", "1.8.0:", "1.8.0:a", "1:2"])("'%s' is no target", (text) => {
    expect(() => targetOf(text)).toThrow(DlmsError);
  });
});

test.each([
  [1234567, -2, "12345.67"],
  [5, -3, "0.005"],
  [-5, -1, "-0.5"],
  [-1234, -2, "-12.34"],
  [0, -2, "0.00"],
  [12, 3, "12000"],
  [2n ** 63n, -1, "922337203685477580.8"],
  [1.5, 0, "1.5"],
])("%s times 10^%d is %s", (value, scaler, text) => expect(scaledText(value, scaler)).toBe(text));

describe("values as people read them", () => {
  test("scaled with unit, times as ISO, text as text, octets as hexadecimal", () => {
    expect(valueText(d.doubleLongUnsigned(1234567), { scaler: -2, unit: 30 })).toBe("12345.67 Wh");
    expect(valueText(d.longUnsigned(7), { scaler: 0, unit: 255 })).toBe("7");
    expect(valueText(d.octetString("07E8010A03081E0500FFC400"))).toBe("2024-01-10T08:30:05+01:00");
    expect(valueText(d.octetString(Buffer.from("MMM1030700000001")))).toBe('"MMM1030700000001"');
    expect(valueText(d.octetString("0102"))).toBe("0102");
    expect(valueText(d.structure(d.integer(-1), d.array(d.boolean(true))))).toBe("{-1, [true]}");
    expect(valueText(d.NULL_DATA)).toBe("null-data");
  });
  test("twelve letters are not a time", () => {
    expect(timeText(d.octetString(Buffer.from("ABCDEFGHIJKL")))).toBeUndefined();
    expect(timeText(d.octetString("FFFF03FE07020000FF8000FF"))).toBe("****-03-last(weekday 7)T02:00:00");
  });
});

describe("values as people write them", () => {
  test.each([
    ["unsigned:5", "1105"],
    ["integer:-1", "0FFF"],
    ["long64:-1", "14FFFFFFFFFFFFFFFF"],
    ["double-long-unsigned:0x10", "0600000010"],
    ["boolean:true", "0301"],
    ["octet-string:0A0B", "09020A0B"],
    ["text:ab:c", "090461623A63"],
    ["visible-string:abc", "0A03616263"],
    ["bit-string:101", "0403A0"],
    ["null-data", "00"],
    ["float32:1.5", "173FC00000"],
    ["date-time:2020-01-06T00:03:00+01:00", "1907E401060100030000FFC400"],
    ['{"structure":[{"unsigned":1},{"octet-string":"FF"}]}', "020211010901FF"],
    ['array:[{"unsigned":1}]', "01011101"],
  ])("%s", (text, hex) => {
    expect(isExplicit(text)).toBe(true);
    expect(toHex(encodeData(explicitValue(text)))).toBe(hex);
  });

  test.each([
    ["5", d.unsigned(0), d.unsigned(5)],
    ["-5", d.long(0), d.long(-5)],
    ["true", d.boolean(false), d.boolean(true)],
    ["2020-01-06T00:03:00+01:00", d.octetString("07E8010A03081E0500FFC400"), d.octetString("07E401060100030000FFC400")],
    ["0-0:10.0.106.255", d.octetString("0000010000FF"), d.octetString("00000A006AFF")],
    ["new name", d.octetString(Buffer.from("old")), d.octetString(Buffer.from("new name"))],
    ["0a0b", d.octetString("0102"), d.octetString("0A0B")],
    ["my meter", d.octetString(""), d.octetString(Buffer.from("my meter"))],
    ["abc", d.visibleString("x"), d.visibleString("abc")],
    ["unsigned:3", d.long(0), d.unsigned(3)],
  ])("%s like the present value", (text, now, data) => expect(valueLike(text, now)).toEqual(data));

  test.each([
    ["256", d.unsigned(0), /outside 0\.\.255/],
    ["1.5", d.long(0), /no whole number/],
    ["maybe", d.boolean(false), /true or false/],
    ["xyz", d.octetString("0102"), /octet-string:HEX/],
    ["1234", d.octetString(""), /text:1234 or octet-string:1234/],
    ["5", d.structure(), /JSON/],
    ["{", d.long(0), /not JSON/],
    ['{"unsign":1}', d.long(0), /no value/],
  ])("%s is refused", (text, now, message) => expect(() => valueLike(text, now)).toThrow(message));

  test.each(vectorsOf("data").filter((v) => !v.id.startsWith("E-ca")))("$id: JSON and back", (v) => {
    const data = decodeData(fromHex(v.hex));
    expect(fromJson(JSON.parse(JSON.stringify(d.toJson(data))))).toEqual(data);
  });
});

describe("profiles", () => {
  const vector = (id: string): string => vectorsOf("data").find((v) => v.id === id)!.hex;

  test("null-data in a real buffer stands for the next time stamp", () => {
    const rows = rowsRebuild(decodeData(fromHex(vector("E-nz1"))), 900);
    expect(rows.map((row) => timeText(row[0]!))).toEqual([
      "2019-12-31T23:00:00+01:00",
      "2019-12-31T23:15:00+01:00",
      "2019-12-31T23:30:00+01:00",
      "2019-12-31T23:45:00+01:00",
    ]);
    expect(rows.every((row) => row[3]!.type === "double-long-unsigned")).toBe(true);
  });

  test("deltas add up over the rows", () => {
    const rows = rowsRebuild(decodeData(fromHex(vector("E-del1"))), 3600);
    expect(rows.map((row) => row[1])).toEqual([4096, 4101, 4101].map(d.doubleLongUnsigned));
    expect(timeText(rows[2]![0]!)).toBe("2024-01-01T02:00:00");
  });

  test("null-data in other columns repeats the value; without a period so does the time", () => {
    const time = d.octetString("07E8010A03081E0500FFC400");
    const buffer = d.array(d.structure(time, d.unsigned(4)), d.structure(d.NULL_DATA, d.NULL_DATA));
    expect(rowsRebuild(buffer, 0)[1]).toEqual([time, d.unsigned(4)]);
    expect(rowsRebuild(buffer, 86400)[1]![1]).toEqual(d.unsigned(4));
    expect(timeText(rowsRebuild(buffer, 86400)[1]![0]!)).toBe("2024-01-11T08:30:05+01:00");
  });

  test("of the octet-strings that look like times only the clock's goes on by the period", () => {
    const time = d.octetString("07E8010A03081E0500FFC400");
    const peak = { classId: 4, logicalName: "1-0:1.6.0.255", attribute: 5, dataIndex: 0 };
    const buffer = d.array(d.structure(time, time), d.structure(d.NULL_DATA, d.NULL_DATA));
    const row = rowsRebuild(buffer, 900, [CLOCK, peak])[1]!;
    expect(row.map((cell) => timeText(cell))).toEqual(["2024-01-10T08:45:05+01:00", "2024-01-10T08:30:05+01:00"]);
  });

  test("the columns a selection leaves are in the order of the buffer", () => {
    const columns = [1, 2, 3, 4].map((attribute) => ({ ...CLOCK, attribute }));
    const left = (selection?: Selection): number[] =>
      columnsSelected(columns, selection).map((column) => column.attribute);
    const now = dateTimeFromIso("2024-01-10T00:00:00");
    expect(left()).toEqual([1, 2, 3, 4]);
    expect(left(timeRangeSelection(now, now))).toEqual([1, 2, 3, 4]);
    expect(left(timeRangeSelection(now, now, [columns[3]!, columns[1]!]))).toEqual([2, 4]);
    expect(left(entrySelection(1, 0))).toEqual([1, 2, 3, 4]);
    expect(left(entrySelection(1, 0, 2, 3))).toEqual([2, 3]);
    expect(left(entrySelection(1, 0, 3))).toEqual([3, 4]);
  });

  test("rows of a compact-array are rows too", () => {
    expect(rowsRebuild(decodeData(fromHex(vector("E-ca3"))), 0)).toEqual([
      [d.doubleLongUnsigned(100), d.longUnsigned(1)],
      [d.doubleLongUnsigned(101), d.longUnsigned(2)],
    ]);
  });

  test("selectors are the published ones", () => {
    const range = timeRangeSelection(
      { ...dateTimeFromIso("2017-10-01T00:00:00Z"), dayOfWeek: 7, clockStatus: 0x80 },
      { ...dateTimeFromIso("2017-10-01T01:00:00Z"), dayOfWeek: 7, clockStatus: 0x80 },
    );
    const published = fromHex(vectorsOf("data").find((v) => v.id === "H-RNG-1")!.hex);
    const ours = encodeData(range.parameters);
    // The example's stamps carry CEST; all else must agree.
    expect(ours.length).toBe(published.length);
    expect(toHex(ours).replaceAll("000080", "FFC480")).toBe(toHex(published));
    expect(toHex(encodeData(entrySelection(1, 0).parameters))).toBe(
      vectorsOf("data").find((v) => v.id === "H-ENT-2")!.hex,
    );
  });

  async function meterWith(rows: number): Promise<{ client: Client; meter: FakeMeter }> {
    const [near, far] = memoryPair();
    const meter = furnish(new FakeMeter());
    profile(meter, "1-0:99.1.0.255", rows, false);
    serveWrapper(meter, far);
    const client = new Client(near, { timeOut: 5000 });
    await client.associate();
    return { client, meter };
  }

  test("read by time, by count and whole; empty is empty", async () => {
    const { client } = await meterWith(100);
    expect((await profileRead(client, "1-0:99.1.0.255")).rows.length).toBe(100);
    const last = await profileRead(client, "1-0:99.1.0.255", { last: 3 });
    expect(last.rows.map((row) => timeText(row[0]!))).toEqual([
      "2024-01-11T00:15:00+01:00",
      "2024-01-11T00:30:00+01:00",
      "2024-01-11T00:45:00+01:00",
    ]);
    const times = { from: dateTimeFromIso("2024-01-10T01:00:00"), to: dateTimeFromIso("2024-01-10T02:00:00") };
    expect((await profileRead(client, "1-0:99.1.0.255", times)).rows.length).toBe(5);
    expect((await profileRead(client, "1-0:99.1.0.255", { from: dateTimeFromIso("2024-01-11") })).rows.length).toBe(4);
    const empty = await meterWith(0);
    expect((await profileRead(empty.client, "1-0:99.1.0.255", { last: 5 })).rows).toEqual([]);
  });

  test("as a table and as CSV, scaled, with units in the header", async () => {
    const { client } = await meterWith(3);
    const table = await profileRead(client, "1-0:99.1.0.255");
    expect(table.columns.map(columnHead)).toEqual(["0-0:1.0.0.255", "0-0:96.10.1.255", "1-0:1.8.0.255 [Wh]"]);
    expect(profileCsv(table)).toBe(
      [
        "0-0:1.0.0.255,0-0:96.10.1.255,1-0:1.8.0.255 [Wh]",
        "2024-01-10T00:00:00+01:00,8,1000.00",
        "2024-01-10T00:15:00+01:00,8,1000.25",
        "2024-01-10T00:30:00+01:00,8,1000.50",
      ].join("\n"),
    );
    expect(profileText(table).split("\n")).toEqual([
      "0-0:1.0.0.255              0-0:96.10.1.255  1-0:1.8.0.255 [Wh]",
      "2024-01-10T00:00:00+01:00  8                           1000.00",
      "2024-01-10T00:15:00+01:00  8                           1000.25",
      "2024-01-10T00:30:00+01:00  8                           1000.50",
    ]);
  });

  test("CSV quotes what needs it", () => expect(csv([["a,b", 'c"d', "e\nf", "g"]])).toBe('"a,b","c""d","e\nf",g'));
});

test("object list: classes, names, rights", async () => {
  const meter = furnish(new FakeMeter());
  const entries = objectListOf(meter.values.get("15/0-0:40.0.0.255/2")!);
  expect(entries.length).toBe(7);
  expect(entries[2]).toEqual({
    classId: 3,
    version: 0,
    logicalName: "1-0:1.8.0.255",
    attributes: [
      { attribute: 1, mode: 1, selectors: [] },
      { attribute: 2, mode: 3, selectors: [] },
      { attribute: 3, mode: 0x25, selectors: [] },
    ],
    methods: [{ method: 1, mode: 1 }],
  });
  expect(() => objectListOf(d.array(d.unsigned(1)))).toThrow(/object_list element is unsigned/);
  expect(() => octetsOf(d.unsigned(1), "name")).toThrow(/name is unsigned/);
});
