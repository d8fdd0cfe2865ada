/** UC02 remote tariff programming, UC03 reading on demand, UC04 reading for billing. */
import { describe, expect, it } from "vitest";
import { data as d, dateTimeFromIso, entrySelection, timeRangeSelection } from "../../host/client/index.ts";
import { contractSend, executions, instant, Story, type Contract } from "./rig.ts";

const CALENDAR = "20 0-0:13.0.0.255";
const STANDARD_LOG = "0-0:99.98.0.255";
const BILLING = "0-0:98.1.0.255";
const LOAD_PROFILE = "1-0:99.1.0.255";

/** Nights and Sundays are cheap (1), days cost (2), working evenings most (3). */
const EVENINGS: Contract = {
  name: "evenings",
  seasons: { year: { begins: "*-01-01", week: "w" } },
  weeks: { w: [1, 1, 1, 1, 1, 2, 3] },
  days: { 1: { "06:00": 2, "17:00": 3, "21:00": 1 }, 2: { "06:00": 2, "21:00": 1 }, 3: { "00:00": 1 } },
  special: { "2026-01-07": 3 },
};

/** The rate that the meter says it counts. */
async function rate(story: Story): Promise<number> {
  return String(await story.value("1 0-0:96.14.0.255")).charCodeAt(0);
}

describe("UC02: remote tariff programming", () => {
  it("a contract waits in the passive calendar until its day, and is followed from then on", async () => {
    const story = await Story.begin({ at: "2026-01-05T08:00:00Z" });
    await contractSend(story, EVENINGS);
    expect(await story.set(`${CALENDAR} 10`, instant("2026-01-06T00:00:00"))).toBe(0);
    await story.until("2026-01-05T17:00:00Z");
    expect([await story.value(`${CALENDAR} 2`), await rate(story)]).toEqual(["standard", 1]);

    await story.until("2026-01-05T23:00:00Z");
    expect(await story.value(`${CALENDAR} 2`)).toBe("evenings");
    const log = await story.rows(STANDARD_LOG);
    expect(log.filter(([, code]) => code === 9)).toEqual([["2026-01-06T00:00:00+01:00", 9]]);
    const seen: number[] = [];
    for (const hour of ["04:59:59", "05:00:00", "15:59:59", "16:00:00", "20:00:00"]) {
      await story.until(`2026-01-06T${hour}Z`);
      seen.push(await rate(story));
    }
    expect(seen).toEqual([1, 2, 2, 3, 1]);
  });

  it("each rate counts its hours, a holiday is a Sunday, and the total has all", async () => {
    const story = await Story.begin({ at: "2026-01-05T22:00:00Z" });
    story.load(1000, 0, 0);
    await contractSend(story, EVENINGS);
    expect(await story.act(`${CALENDAR} 1`)).toBe(0);
    const registers = async (): Promise<number[]> => {
      const values: number[] = [];
      for (const e of [0, 1, 2, 3]) values.push(await story.number(`3 1-0:1.8.${e}.255`));
      return values;
    };
    await story.until("2026-01-06T23:00:00Z");
    expect(await registers(), "a Tuesday, and the hour before it").toEqual([25_000, 10_000, 11_000, 4000]);
    await story.until("2026-01-07T23:00:00Z");
    expect(await registers(), "the holiday").toEqual([49_000, 34_000, 11_000, 4000]);
  });

  it("after an outage the rate is that of the hour, not the one before", async () => {
    const story = await Story.begin({ at: "2026-01-06T15:00:00Z" });
    await contractSend(story, EVENINGS);
    await story.act(`${CALENDAR} 1`);
    await story.pass("1min");
    expect(await rate(story)).toBe(2);
    await story.outage("3h");
    expect(await rate(story)).toBe(3);
  });

  it("a contract that makes no sense is not activated; the one before goes on", async () => {
    const story = await Story.begin({ at: "2026-01-06T15:00:00Z" });
    await contractSend(story, { ...EVENINGS, weeks: { w: [1, 1, 1, 1, 1, 2, 9] } });
    expect(await story.act(`${CALENDAR} 1`)).not.toBe(0);
    expect(await story.value(`${CALENDAR} 2`)).toBe("standard");
    expect((await story.events(STANDARD_LOG)).includes(9)).toBe(false);
  });
});

describe("UC03: reading on demand", () => {
  it("says what the house draws at this moment, and what it has drawn", async () => {
    const story = await Story.begin();
    story.load(1150, 350, 0);
    await story.pass("30min");
    expect(await story.number("3 1-0:1.7.0.255"), "W").toBe(1500);
    expect(await story.number("3 1-0:32.7.0.255"), "tenths of a volt").toBe(2300);
    expect(await story.number("3 1-0:31.7.0.255"), "hundredths of an ampere").toBe(500);
    expect(await story.number("3 1-0:1.8.0.255"), "Wh").toBe(750);
    expect(await story.value("8 0-0:1.0.0.255")).toBe("2026-01-05T13:30:00+01:00");
  });

  it("any hours of the load profile, both ends included, or the newest rows, or some columns", async () => {
    const story = await Story.begin();
    story.load(400, 0, 0);
    await story.pass("5h");
    const [from, to] = ["2026-01-05T14:00:00", "2026-01-05T14:30:00"].map(dateTimeFromIso);
    expect(await story.rows(LOAD_PROFILE, timeRangeSelection(from!, to!))).toEqual([
      ["2026-01-05T14:00:00+01:00", 0, 400, 0],
      ["2026-01-05T14:15:00+01:00", 0, 500, 0],
      ["2026-01-05T14:30:00+01:00", 0, 600, 0],
    ]);
    expect(await story.rows(LOAD_PROFILE, entrySelection(19, 0, 3, 3))).toEqual([[1900], [2000]]);
  });

  it("a time for which there is nothing is answered with nothing", async () => {
    const story = await Story.begin();
    await story.pass("5h");
    const [from, to] = ["2025-01-05T14:00:00", "2025-01-05T14:30:00"].map(dateTimeFromIso);
    expect(await story.rows(LOAD_PROFILE, timeRangeSelection(from!, to!))).toEqual([]);
  });
});

describe("UC04: reading for billing", () => {
  it("a month ends by itself: registers and maxima are kept, and the maxima begin anew", async () => {
    const story = await Story.begin({ at: "2026-01-31T20:00:00Z" });
    story.load(1000, 0, 0);
    await story.pass("1h");
    story.load(3000, 0, 0);
    await story.pass("15min");
    story.load(1000, 0, 0);
    await story.until("2026-02-01T06:00:00Z");
    const [row, ...others] = await story.rows(BILLING);
    expect(others).toEqual([]);
    expect(row!.slice(0, 3)).toEqual(["2026-02-01T00:00:00+01:00", 3500, 3500]);
    expect(row!.slice(-4, -2)).toEqual([3000, "2026-01-31T22:15:00+01:00"]);
    expect(await story.number("4 1-0:1.6.0.255"), "the maximum of February").toBe(1000);
    expect(await story.number("1 1-0:0.1.0.255"), "one period has ended").toBe(1);
  });

  it("a period is ended when the tenant moves out, which the log tells", async () => {
    const story = await Story.begin({ at: "2026-01-20T10:30:00Z" });
    expect(await story.act("9 0-0:10.0.1.255 1", d.longUnsigned(1))).toBe(0);
    expect((await story.rows(BILLING)).map(([stamp]) => stamp)).toEqual(["2026-01-20T11:30:00+01:00"]);
    expect((await story.rows(STANDARD_LOG)).at(-1)).toEqual(["2026-01-20T11:30:00+01:00", 21]);
  });

  it("a month that ends while the power is away is billed when it is back, once", async () => {
    const story = await Story.begin({ at: "2026-01-31T20:00:00Z" });
    story.load(1000, 0, 0);
    await story.pass("1h");
    await story.outage("12h");
    await story.pass("1h");
    expect((await story.rows(BILLING)).map((row) => row.slice(0, 2))).toEqual([["2026-02-01T10:00:00+01:00", 1000]]);
  });

  it("what was billed comes to the head-end by itself, on the day it wants it", async () => {
    const story = await Story.begin({ at: "2026-01-31T20:00:00Z" });
    story.load(1000, 0, 0);
    await story.pushTo("0-3:25.9.0.255");
    expect(await story.set("22 0-3:15.0.4.255 4", executions("02:00 *-*-1"))).toBe(0);
    await story.until("2026-02-01T00:59:00Z");
    expect(story.pushes()).toEqual([]);
    await story.until("2026-02-01T01:00:01Z");
    const [push, ...others] = story.pushes();
    expect(others).toEqual([]);
    const [, logicalDeviceName, billing] = push!.body;
    expect(logicalDeviceName).toBe(story.identity.logicalDeviceName);
    expect((billing as unknown[][]).map((row) => row.slice(0, 2))).toEqual([["2026-02-01T00:00:00+01:00", 3000]]);
  });
});
