/** The forms of a buffer: null-data for cells that follow from the row above, and compact-arrays. */
import { describe, expect, test } from "vitest";
import { type Data, decodeData, encodeData } from "../../host/client/axdr.ts";
import { doubleLongUnsigned, octetString, structure, unsigned } from "../../host/client/data.ts";
import { toHex } from "../../host/client/octets.ts";
import { type CaptureObject, CLOCK as CLOCK_COLUMN, columnsSelected, rowsRebuild } from "../../host/client/profile.ts";
import { BILLING, LOG, LP1, LP2, WH } from "./shown.ts";
import { type Form, meterTemplate } from "./template.ts";
import { captureObject, entriesOf, Err, MeterWorld, ms, rangeOf } from "./world.ts";

const NONE = new Uint8Array(0);
const ALL: Form = { form: "null-data" };
const COMPACT: Form = { form: "compact-array" };
const CLOCK = captureObject(8, "0-0:1.0.0.255");
const STATUS = captureObject(1, "0-0:96.10.1.255");
const IMPORT = captureObject(3, "1-0:1.8.0.255");
const EXPORT = captureObject(3, "1-0:2.8.0.255");

const column = (classId: number, logicalName: string): CaptureObject => ({
  ...{ classId, logicalName, attribute: 2, dataIndex: 0 },
});
const LP1_COLUMNS = [
  CLOCK_COLUMN,
  column(1, "0-0:96.10.1.255"),
  column(3, "1-0:1.8.0.255"),
  column(3, "1-0:2.8.0.255"),
];

function worldOf(time: string, form?: Form): MeterWorld {
  return new MeterWorld(time, undefined, NONE, meterTemplate(form));
}

/** Hexadecimal of a buffer. */
function buffer(world: MeterWorld, selector = 0, parameter?: Data, profile = LP1): string {
  const octets = world.getOctets(profile, 2, selector, parameter);
  if (typeof octets === "number") throw new Error(`result ${octets}`);
  return toHex(octets);
}

/** Local time of the tests as 12 octets: date, weekday, time, deviation and status of winter or summer. */
const stamp = (text: string, season: "winter" | "summer" = "winter"): string =>
  `090C${text}00${season === "winter" ? "FFC400" : "FF8880"}`;

/** Four quarters of Wednesday 2024-01-10 from 10:15: import grows by 1 Wh but in the third, export by nothing. */
function quarters(form?: Form): MeterWorld {
  const world = worldOf("2024-01-10T09:00:00Z", form);
  for (const [i, energy] of [1, 1, 0, 1].entries()) {
    world.timeSet(ms("2024-01-10T09:00:00Z") + (i + 1) * 900_000);
    world.sample({ energies: [energy * WH] });
    world.call("due", 0);
  }
  return world;
}

const T = (hour: string, minute: string): string => stamp(`07E8010A03${hour}${minute}00`);
const E = (value: number): string => `06${value.toString(16).padStart(8, "0").toUpperCase()}`;

describe("null-data, octet by octet", () => {
  test.each<[string, Form, string[]]>([
    [
      "everything",
      ALL,
      [`0204${T("0A", "0F")}1100${E(1)}${E(0)}`, `02040000${E(2)}00`, "020400000000", `02040000${E(3)}00`],
    ],
    [
      "time alone, as a real meter does (E-nz1)",
      { form: "null-data", nullData: ["time"] },
      [
        `0204${T("0A", "0F")}1100${E(1)}${E(0)}`,
        `0204001100${E(2)}${E(0)}`,
        `0204001100${E(2)}${E(0)}`,
        `0204001100${E(3)}${E(0)}`,
      ],
    ],
    [
      "time and status",
      { form: "null-data", nullData: ["time", "status"] },
      [
        `0204${T("0A", "0F")}1100${E(1)}${E(0)}`,
        `02040000${E(2)}${E(0)}`,
        `02040000${E(2)}${E(0)}`,
        `02040000${E(3)}${E(0)}`,
      ],
    ],
    [
      "values alone",
      { form: "null-data", nullData: ["values"] },
      [
        `0204${T("0A", "0F")}1100${E(1)}${E(0)}`,
        `0204${T("0A", "1E")}1100${E(2)}00`,
        `0204${T("0A", "2D")}11000000`,
        `0204${T("0B", "00")}1100${E(3)}00`,
      ],
    ],
  ])("%s", (_, form, rows) => {
    expect(buffer(quarters(form))).toBe(`0104${rows.join("")}`);
  });

  test("the first row of every answer is whole, whatever rows are selected", () => {
    const world = quarters(ALL);
    expect(buffer(world, 2, entriesOf(3, 0))).toBe(`01020204${T("0A", "2D")}1100${E(2)}${E(0)}02040000${E(3)}00`);
    const half = rangeOf("2024-01-10T10:30:00", "2024-01-10T10:45:00");
    expect(buffer(world, 1, half)).toBe(`01020204${T("0A", "1E")}1100${E(2)}${E(0)}020400000000`);
    expect(buffer(world, 1, rangeOf("2023-01-01T00:00:00", "2023-01-02T00:00:00"))).toBe("0100");
  });

  test("the row above is that of the answer, not of the ring", () => {
    const world = quarters(ALL);
    world.timeSet(ms("2024-01-10T10:15:00Z"));
    world.sample({ energies: [0, WH] });
    world.call("due", 0);
    const three = rangeOf(unsigned(3), unsigned(3), [], IMPORT);
    expect(buffer(world, 1, three)).toBe(`01020204${T("0B", "00")}1100${E(3)}${E(0)}0204000000${E(1)}`);
    const scan = rangeOf(unsigned(2), unsigned(3), [CLOCK, EXPORT], IMPORT);
    expect(buffer(world, 1, scan)).toBe(`01040202${T("0A", "1E")}${E(0)}0202000002020000020200${E(1)}`);
  });

  test("columns that are not wanted are not there, null or not", () => {
    const world = quarters(ALL);
    const between = (...columns: Data[]): string =>
      buffer(world, 1, rangeOf("2024-01-10T10:15:00", "2024-01-10T10:45:00", columns));
    expect(between(IMPORT)).toBe(`01030201${E(1)}0201${E(2)}020100`);
    expect(between(CLOCK, EXPORT)).toBe(`01030202${T("0A", "0F")}${E(0)}0202000002020000`);
    expect(buffer(world, 2, entriesOf(1, 2, 2, 3))).toBe(`010202021100${E(1)}020200${E(2)}`);
  });
});

describe("a stamp follows only where adding the period gives it to the octet", () => {
  /** For each row of load profile 1 but the first: whether its stamp is null-data. */
  const nulls = (world: MeterWorld, profile = LP1): boolean[] => {
    const rows = (decodeData(world.getOctets(profile, 2) as Uint8Array) as { value: { value: Data[] }[] }).value;
    return rows.slice(1).map((row) => row.value[0]!.type === "null-data");
  };

  test("not over an outage, and again behind it", () => {
    const world = worldOf("2024-01-10T00:00:00Z", ALL);
    world.run("2024-01-10T00:30:00Z");
    world.call("powerFails", 0);
    world.timeSet(ms("2024-01-10T02:20:00Z"));
    world.call("powerReturns", 0);
    world.run("2024-01-10T03:00:00Z");
    expect(world.ring(LP1, 0)).toBe(6);
    expect(nulls(world)).toEqual([true, true, false, true, true]);
  });

  test("not over a switch of daylight saving, either way", () => {
    const spring = worldOf("2024-03-31T00:00:00Z", ALL);
    spring.run("2024-03-31T02:00:00Z");
    expect(nulls(spring)).toEqual([true, true, false, true, true, true, true]);
    const autumn = worldOf("2024-10-27T00:00:00Z", ALL);
    autumn.run("2024-10-27T02:00:00Z");
    expect(nulls(autumn)).toEqual([true, true, false, true, true, true, true]);
  });

  test("days of 23 and 25 hours do not; days over months and years do", () => {
    const days = (from: string, to: string): boolean[] => {
      const world = worldOf(from, ALL);
      world.run(to);
      return nulls(world, LP2);
    };
    expect(days("2024-03-28T12:00:00Z", "2024-04-02T12:00:00Z")).toEqual([true, true, false, true]);
    expect(days("2024-10-24T12:00:00Z", "2024-10-29T12:00:00Z")).toEqual([true, true, false, true]);
    expect(days("2023-12-29T12:00:00Z", "2024-01-02T12:00:00Z")).toEqual([true, true, true]);
    expect(days("2024-02-27T12:00:00Z", "2024-03-02T12:00:00Z")).toEqual([true, true, true]);
  });

  test("not after the clock was set, forwards or backwards", () => {
    const world = worldOf("2024-01-10T09:00:00Z", ALL);
    world.run("2024-01-10T09:30:00Z");
    world.clockSet("2024-01-10T14:07:00");
    world.run(world.time + 1_800_000);
    world.clockSet("2024-01-10T10:20:00");
    world.run(world.time + 1_800_000);
    const stamps = world.stamps(LP1).map((text, i) => String(text ?? i).slice(11, 16));
    // 10:15, 10:30, 10:45 closed by the first setting, 14:15, 14:30, 14:45 closed by the second, 10:30, 10:45.
    expect(stamps).toHaveLength(8);
    expect(nulls(world)).toEqual([true, true, false, true, true, false, true]);
  });

  test("not where nothing captures periodically", () => {
    const world = worldOf("2024-01-10T09:00:00Z", ALL);
    for (let i = 0; i < 3; i++) world.invoke(BILLING, 2);
    world.call("raise", 0, 3);
    world.call("raise", 0, 3);
    world.call("events", 0);
    expect(nulls(world, BILLING)).toEqual([false, false]);
    expect(nulls(world, LOG)).toEqual([false]);
    expect(buffer(world, 2, entriesOf(1, 0, 2, 2), LOG)).toBe("01020201110302" + "0100");
  });

  test("with midnightWhole the rows of midnight are whole", () => {
    const world = worldOf("2024-01-10T22:30:00Z", { ...ALL, midnightWhole: true });
    world.run("2024-01-10T23:30:00Z");
    const midnight = `0204${stamp("07E8010B04000000")}1100${E(0)}${E(0)}`;
    expect(buffer(world)).toBe(
      `01040204${stamp("07E8010A03172D00")}1100${E(0)}${E(0)}${midnight}020400000000020400000000`,
    );
    // The column of the clock need not be among those wanted.
    expect(buffer(world, 2, entriesOf(1, 3, 3, 3))).toBe(`01030201${E(0)}0201${E(0)}020100`);
  });
});

describe("compact-array, octet by octet", () => {
  const C = (hour: string, minute: string, values: string): string => `0C07E8010A03${hour}${minute}0000FFC400${values}`;

  test("the description once, then the cells without tags", () => {
    const world = quarters(COMPACT);
    const rows = [
      C("0A", "0F", "000000000100000000"),
      C("0A", "1E", "000000000200000000"),
      C("0A", "2D", "000000000200000000"),
      C("0B", "00", "000000000300000000"),
    ];
    expect(buffer(world)).toBe(`13020409110606` + "58" + rows.join(""));
    expect(buffer(world, 2, entriesOf(2, 3))).toBe(`130204091106062C${rows[1]}${rows[2]}`);
    expect(buffer(world, 1, rangeOf("2024-01-10T10:30:00", "2024-01-10T10:30:00", [IMPORT, STATUS]))).toBe(
      "130202110605" + "0000000002",
    );
    expect(buffer(world, 2, entriesOf(1, 2, 4, 4))).toBe("1302010608" + "0000000000000000");
    expect(world.call("pinned", 3)).toBe(4);
  });

  test("no rows are an empty array", () => {
    expect(buffer(quarters(COMPACT), 2, entriesOf(5, 0))).toBe("0100");
  });

  test("strings have their length, so rows differ in theirs", () => {
    const world = worldOf("2024-01-10T09:00:00Z", COMPACT);
    for (const text of ["", "AB", "ABCDEFGH"]) {
      world.set("0-0:96.1.0.255", 2, octetString(Buffer.from(text)));
      world.invoke(BILLING, 2);
    }
    expect(buffer(world, 2, entriesOf(1, 0, 2, 3), BILLING)).toBe(
      "1302020910" + "13" + "000005" + "0241420005" + "0841424344454647480005",
    );
    expect(world.call("pinned", 3)).toBe(0);
  });

  test("lengths beyond 127 and 255 octets", () => {
    const world = worldOf("2024-01-10T00:00:00Z", COMPACT);
    world.run("2024-01-12T00:00:00Z");
    expect(buffer(world, 2, entriesOf(1, 6))).toMatch(/^130204091106068184/);
    expect(buffer(world)).toMatch(/^13020409110606821080/);
  });
});

describe("all forms say the same", () => {
  /** A meter whose month has everything: load that stops, outages, the clock set, a switch of daylight saving. */
  function eventful(form?: Form): MeterWorld {
    const world = worldOf("2024-03-29T20:00:00Z", form);
    for (let i = 0; i < 260; i++) {
      const energies = i % 7 < 3 ? [WH * (i % 5), 0] : [0, 0];
      world.sample({ energies });
      if (i === 50) world.call("powerFails", 0);
      if (i === 57) world.call("powerReturns", 0);
      if (i === 100) world.clockSet("2024-03-30T20:33:00");
      if (i === 130) world.clockSet("2024-03-30T22:00:00");
      world.run(world.time === 0 ? ms("2024-03-29T20:15:00Z") : world.time + 900_000);
    }
    return world;
  }

  const forms: [string, Form][] = [
    ["null-data", ALL],
    ["null-data of time", { form: "null-data", nullData: ["time"] }],
    [
      "null-data of values, midnights whole",
      { form: "null-data", nullData: ["values", "status"], midnightWhole: true },
    ],
    ["compact-array", COMPACT],
  ];
  const plain = eventful();
  const selections: [string, number, Data | undefined][] = [
    ["everything", 0, undefined],
    ["entries 20 to 200", 2, entriesOf(20, 200)],
    ["columns 1 to 3", 2, entriesOf(1, 0, 1, 3)],
    ["a range over the switch", 1, rangeOf("2024-03-31T00:00:00", "2024-03-31T06:00:00")],
    ["a range with some columns", 1, rangeOf("2024-03-30T00:00:00", "2024-03-31T06:00:00", [CLOCK, EXPORT])],
    ["a scan", 1, rangeOf(doubleLongUnsigned(0), doubleLongUnsigned(90), [], IMPORT)],
  ];

  describe.each(forms)("%s", (_, form) => {
    const world = eventful(form);

    test.each(selections)("%s", (_, selector, parameter) => {
      const octets = world.getOctets(LP1, 2, selector, parameter) as Uint8Array;
      const whole = plain.getOctets(LP1, 2, selector, parameter) as Uint8Array;
      const columns = columnsSelected(LP1_COLUMNS, parameter && { selector, parameters: parameter });
      const rows = (of: Uint8Array): string[] =>
        rowsRebuild(decodeData(of), 900, columns).map((row) => toHex(encodeData(structure(...row))));
      const wanted = rows(whole);
      expect(wanted.length).toBeGreaterThan(20);
      expect(rows(octets)).toEqual(wanted);
      // The core's octets are what the client makes of them: lengths are minimal and nothing hides in them.
      expect(Buffer.from(encodeData(decodeData(octets))).equals(octets)).toBe(true);
      expect(octets.length).toBeLessThan(whole.length);
    });

    test.each(selections)("%s: any row alone, in any order, is the same again", (_, selector, parameter) => {
      const whole = world.getOctets(LP1, 2, selector, parameter) as Uint8Array;
      const count = world.call("pinned", 1);
      const row = (index: number): string => {
        expect(world.call("item", 0, index)).toBe(0);
        return toHex(world.output(world.call("outSize")));
      };
      const inOrder = Array.from({ length: count }, (_, i) => row(i));
      expect(toHex(whole).endsWith(inOrder.join(""))).toBe(true);
      for (let i = 0, at = 7; i < 60; i++, at = (at * 31 + 17) % count) {
        expect([at, row(at)]).toEqual([at, inOrder[at]]);
        expect(row(at)).toBe(inOrder[at]);
      }
    });

    test("goes on while rows are added, ends at a reset", () => {
      const live = eventful(form);
      const before = live.getOctets(LP1, 2) as Uint8Array;
      live.run(live.time + 40 * 900_000);
      expect(toHex(live.pinnedOctets())).toBe(toHex(before));
      live.invoke(LP1, 1);
      expect(live.call("item", 0, 1)).toBe(Err.STATE);
    });
  });

  test("a row whose row above was overwritten is gone with null-data, and there without", () => {
    for (const [form, follows] of [
      [ALL, true],
      [COMPACT, false],
    ] as const) {
      const live = worldOf("2024-01-10T09:00:00Z", form);
      live.run("2024-01-20T09:00:00Z");
      expect(live.ring(LP1, 0)).toBe(300);
      live.getOctets(LP1, 2);
      live.run("2024-01-20T09:30:00Z");
      const items = [1, 2, 3].map((item) => live.call("item", 0, item));
      expect(items).toEqual([Err.STATE, follows ? Err.STATE : 0, 0]);
      live.getOctets(LP1, 2, 1, rangeOf(unsigned(0), unsigned(255), [], STATUS));
      expect(live.call("item", 0, 3)).toBe(0);
      live.run("2024-01-20T10:15:00Z");
      expect([3, 4].map((item) => live.call("item", 0, item))).toEqual([follows ? Err.STATE : 0, 0]);
    }
  });
});
