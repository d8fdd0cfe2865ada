/** Events into their logs, resets, and changes of the shape of a buffer. */
import { describe, expect, test } from "vitest";
import { array, doubleLongUnsigned, integer, long, longUnsigned, unsigned } from "../../host/client/data.ts";
import { BILLING, FRAUD, LOG, log, LP1, short, WH } from "./shown.ts";
import { meterTemplate } from "./template.ts";
import { captureObject, MeterWorld, ms, Result } from "./world.ts";

const CLOCK = "0-0:1.0.0.255";

describe("events", () => {
  test("are logged in order with their stamps, computed and stored code objects follow", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    world.call("raise", 0, 6);
    world.call("raise", 0, 40);
    world.timeSet(ms("2024-01-10T09:00:05Z"));
    world.call("raise", 0, 47);
    expect(log(world)).toEqual([]);
    expect(world.call("deadline", 0)).toBe(ms("2024-01-10T09:00:05Z"));
    expect(world.call("events", 0)).toBe(1);
    expect(log(world)).toEqual(["6 2024-01-10T10:00:00+01:00", "47 2024-01-10T10:00:05+01:00"]);
    expect(log(world, FRAUD)).toEqual(["40 2024-01-10T10:00:00+01:00"]);
    expect(world.number("0-0:96.11.0.255")).toBe(47);
    expect(world.number("0-0:96.11.1.255")).toBe(40);
  });

  test("that the template does not name are nothing", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    world.call("raise", 0, 99);
    world.call("events", 0);
    expect(log(world)).toEqual([]);
    expect(world.call("eventsLost", 0)).toBe(0);
  });

  test("beyond sixteen at once are counted, not written over others", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    for (let i = 0; i < 20; i++) world.call("raiseAt", 0, 6, BigInt(1_700_000_000 + i));
    expect(world.call("eventsLost", 0)).toBe(4);
    world.call("events", 0);
    expect(world.stamps(LOG)).toHaveLength(16);
    expect(ms(String(world.stamps(LOG)[15]))).toBe((1_700_000_000 + 15) * 1000);
    for (let i = 0; i < 10; i++) world.call("raise", 0, 6);
    world.call("events", 0);
    expect(world.stamps(LOG)).toHaveLength(20);
  });

  test("wait while the flash is behind", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z", "new");
    world.flashRuns = false;
    let raised = 0;
    while (world.call("events", 0) === 1 && raised < 2000) {
      world.call("raise", 0, 6);
      raised++;
    }
    expect(raised).toBeLessThan(2000);
    const logged = world.call("journalRecords", 0);
    expect(world.call("events", 0)).toBe(0);
    world.flashRuns = true;
    world.flashWork();
    expect(world.call("events", 0)).toBe(1);
    expect(world.call("journalRecords", 0)).toBe(logged + 1);
  });
});

describe("resets", () => {
  test("the first row afterwards is the end of the period, with a clean status", () => {
    const world = new MeterWorld("2024-01-10T14:20:00Z");
    world.run("2024-01-10T14:45:35Z");
    world.clockSet("2024-01-10T15:50:00");
    expect(world.invoke(LP1, 1)).toBe(Result.SUCCESS);
    expect(world.rows(LP1)).toEqual([]);
    world.run("2024-01-10T15:00:00Z");
    expect(short(world)[0]).toBe("16:00");
    expect(log(world).at(-1)).toBe("254 2024-01-10T15:50:00+01:00");
  });

  test("a log keeps one row that says it was cleared, after what happened before", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    world.call("raise", 0, 6);
    world.call("events", 0);
    world.call("raise", 0, 47);
    expect(world.invoke(LOG, 1)).toBe(Result.SUCCESS);
    expect(log(world)).toEqual(["255 2024-01-10T10:00:00+01:00"]);
    expect(world.number("0-0:96.11.0.255")).toBe(255);
    expect(world.invoke(FRAUD, 1)).toBe(Result.SUCCESS);
    expect(log(world, FRAUD)).toEqual(["255 2024-01-10T10:00:00+01:00"]);
    expect(world.number("0-0:96.11.1.255")).toBe(255);
    expect(log(world)).toHaveLength(1);
  });

  test("clearing what captures by no period is no event", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    world.invoke(BILLING, 2);
    expect(world.invoke(BILLING, 1)).toBe(Result.SUCCESS);
    expect(world.rows(BILLING)).toEqual([]);
    expect(log(world)).toEqual([]);
  });

  test("method 2 captures now, with stored texts and numbers", () => {
    const world = new MeterWorld("2024-01-10T09:07:31Z");
    world.sample({ energies: [12 * WH] });
    expect(world.invoke(BILLING, 2)).toBe(Result.SUCCESS);
    world.set("0-0:96.1.0.255", 2, { type: "octet-string", value: Buffer.from("ABCDEFGH") });
    world.set("0-0:96.1.1.255", 2, long(-7));
    expect(world.invoke(BILLING, 2)).toBe(Result.SUCCESS);
    world.set("0-0:96.1.0.255", 2, { type: "octet-string", value: new Uint8Array(0) });
    expect(world.invoke(BILLING, 2)).toBe(Result.SUCCESS);
    expect(world.rows(BILLING)).toEqual([
      ["2024-01-10T10:07:31+01:00", "A", 5, 12],
      ["2024-01-10T10:07:31+01:00", "ABCDEFGH", -7, 12],
      ["2024-01-10T10:07:31+01:00", "", -7, 12],
    ]);
    // What a shorter text leaves of its cell is zero: a row in the flash holds nothing of another one.
    const row = world.call("ringAt", 0, meterTemplate().model.find(BILLING)!.instance!, 2);
    expect(Buffer.from(world.octets.slice(row + 12, row + 21))).toEqual(Buffer.alloc(9));
    expect(world.invoke(BILLING, 2, unsigned(0))).toBe(Result.TYPE);
    expect(world.invoke(BILLING, 2, integer(1))).toBe(Result.OTHER);
    expect(world.invoke(BILLING, 3)).toBe(Result.UNAVAILABLE);
  });

  const columns = array(captureObject(8, CLOCK), captureObject(3, "1-0:32.7.0.255"));

  test.each([
    ["capture_objects", 3, columns, 2],
    ["capture_period", 4, doubleLongUnsigned(300), 4],
    ["profile_entries", 8, doubleLongUnsigned(100), 4],
  ])("a change of %s empties the buffer, and is an event", (_, attribute, value, width) => {
    const world = new MeterWorld("2024-01-10T08:50:00Z");
    world.run("2024-01-10T09:20:00Z");
    const generation = world.ring(LP1, 2);
    expect(world.set(LP1, attribute, value)).toBe(Result.SUCCESS);
    expect(world.rows(LP1)).toEqual([]);
    expect(world.ring(LP1, 2)).toBe(generation + 1);
    expect(world.get(LP1, attribute)).toEqual(value);
    world.sample({ voltages: [231_700, 0, 0] });
    world.run("2024-01-10T09:30:00Z");
    const rows = world.rows(LP1) as unknown[][];
    expect(rows[0]).toHaveLength(width);
    if (attribute === 3) expect(rows[0]).toEqual(["2024-01-10T10:30:00+01:00", 2317]);
    expect(log(world)).toEqual(["254 2024-01-10T10:20:00+01:00"]);
  });

  test("setting what it is changes nothing", () => {
    const world = new MeterWorld("2024-01-10T08:50:00Z");
    world.run("2024-01-10T09:20:00Z");
    for (const attribute of [3, 4, 5, 8]) expect(world.set(LP1, attribute, world.get(LP1, attribute))).toBe(0);
    expect(short(world)).toEqual(["10:00", "10:15"]);
    expect(log(world)).toEqual([]);
  });

  test.each([
    ["columns of an absent object", 3, array(captureObject(3, "1-0:77.7.7.255")), Result.OTHER],
    ["columns of another class", 3, array(captureObject(1, "1-0:1.8.0.255")), Result.OTHER],
    ["columns of an absent attribute", 3, array(captureObject(3, "1-0:1.8.0.255", 9)), Result.OTHER],
    ["columns of a hidden value", 3, array(captureObject(8, CLOCK, 1)), Result.OTHER],
    ["columns of a structure", 3, array(captureObject(3, "1-0:1.8.0.255", 3)), Result.OTHER],
    ["columns of an element", 3, array(captureObject(8, CLOCK, 2, 1)), Result.OTHER],
    ["nine columns", 3, array(...Array(9).fill(captureObject(8, CLOCK))), Result.TYPE],
    ["columns that are no array", 3, captureObject(8, CLOCK), Result.TYPE],
    ["a period of 90 s", 4, doubleLongUnsigned(90), Result.OTHER],
    ["a period of 2 days", 4, doubleLongUnsigned(172_800), Result.OTHER],
    ["a period as long-unsigned", 4, longUnsigned(900), Result.TYPE],
    ["LIFO", 5, { type: "enum", value: 2 } as const, Result.OTHER],
    ["another sort object", 6, captureObject(8, CLOCK), Result.DENIED],
    ["0 entries", 8, doubleLongUnsigned(0), Result.OTHER],
    ["more entries than there is room for", 8, doubleLongUnsigned(301), Result.OTHER],
    ["the buffer", 2, array(), Result.DENIED],
    ["entries_in_use", 7, doubleLongUnsigned(0), Result.DENIED],
  ])("refuses %s, and the buffer stays", (_, attribute, value, result) => {
    const world = new MeterWorld("2024-01-10T08:50:00Z");
    world.run("2024-01-10T09:20:00Z");
    expect(world.set(LP1, attribute, value)).toBe(result);
    expect(short(world)).toEqual(["10:00", "10:15"]);
    expect(log(world)).toEqual([]);
  });

  test("entries shrink with wider rows: effective profile_entries tells", () => {
    const world = new MeterWorld("2024-01-10T08:50:00Z");
    expect(world.get(LP1, 8)).toEqual(doubleLongUnsigned(300));
    const wide = array(captureObject(8, CLOCK), ...Array(7).fill(captureObject(3, "1-0:1.8.0.255")));
    expect(world.set(LP1, 3, wide)).toBe(Result.SUCCESS);
    expect(world.get(LP1, 8)).toEqual(doubleLongUnsigned(Math.floor((300 * 21) / 40)));
    expect(world.get(LP1, 7)).toEqual(doubleLongUnsigned(0));
  });

  test("no columns: nothing is captured, and the meter goes on", () => {
    const world = new MeterWorld("2024-01-10T08:50:00Z");
    expect(world.set(LP1, 3, array())).toBe(Result.SUCCESS);
    expect(world.run("2024-01-10T09:20:00Z")).toBe(2);
    expect(world.rows(LP1)).toEqual([]);
    expect(world.invoke(LP1, 2)).toBe(Result.OTHER);
  });
});
