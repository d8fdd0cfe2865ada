/**
 * One year of one meter in virtual time, read by a head-end every two weeks. Everything it reads is what model.ts, which shares no code with
 * the meter, makes of the same load, outages and contract: to the last digit.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { dateTimeFromIso, timeRangeSelection } from "../../host/client/index.ts";
import { QUARTER } from "./local_time.ts";
import { Model } from "./model.ts";
import { contractSend, Story, type Told } from "./rig.ts";
import { CONTRACT, END, House, loadsOf, outagesOf, START } from "./year_plan.ts";

const SEED = 2026;
const VISIT = 14 * 86_400_000 + 7_380_000;
const LOG = "0-0:99.98.0.255";
const line = (row: Told[]): string => row.join(" ");

/** What the head-end has brought home. */
interface Found {
  quarters: string[];
  days: string[];
  daily: string[];
  billing: string[];
  failures: string[];
  events: string[];
  registers: Record<string, number>;
  maxima: Record<string, string>;
  counts: Record<string, number>;
}

const loads = loadsOf(SEED);
const outages = outagesOf(SEED + 1);
const model = new Model(START, END, CONTRACT, loads[0]!);
const found: Found = {
  ...{ quarters: [], days: [], daily: [], billing: [], failures: [], events: [] },
  ...{ registers: {}, maxima: {}, counts: {} },
};
let story: Story;
/** Rows of the standard event log that are older than the contract. */
let programmed = 0;

const rates = [0, 1, 2, 3, 4];
const rated = (...groups: number[]): string[] => groups.flatMap((c) => rates.map((rate) => `${c}.8.${rate}`));
const REGISTERS = [...rated(1, 2, 3, 4, 5, 6, 7, 8, 15), ...[16, 21, 41, 61, 22, 42, 62].map((c) => `${c}.8.0`)];
const MAXIMA = [...[1, 2].flatMap((c) => rates.map((rate) => `${c}.6.${rate}`)), "3.6.0", "4.6.0"];

/** Compares lists of thousands of rows, and shows those around the first difference. */
function sameRows(rows: string[], expected: string[]): void {
  const first = expected.findIndex((row, i) => rows[i] !== row);
  const from = Math.max(0, (first === -1 ? expected.length : first) - 2);
  expect(rows.slice(from, from + 6)).toEqual(expected.slice(from, from + 6));
  expect(rows.length).toBe(expected.length);
}

/** Visits of the head-end, none of them while the power is away. */
function visits(): number[] {
  const times: number[] = [];
  for (let at = START + VISIT; at < END; at += VISIT) {
    const outage = outages.find(({ down, up }) => down <= at && at <= up);
    times.push(outage === undefined ? at : outage.up + 60_000);
  }
  return [...times, END];
}

async function rowsSince(logicalName: string, since: number, to: number): Promise<string[]> {
  const [first, last] = [since, to].map((time) => dateTimeFromIso(new Date(time).toISOString()));
  return (await story.rows(logicalName, timeRangeSelection(first!, last!))).map(line);
}

/** Reads what is new since the last visit. */
async function visit(since: number, to: number): Promise<void> {
  found.quarters.push(...(await rowsSince("1-0:99.1.0.255", since, to)));
  found.days.push(...(await rowsSince("1-0:99.2.0.255", since, to)));
  found.daily.push(...(await rowsSince("0-0:98.2.0.255", since, to)));
  found.billing.push(...(await rowsSince("0-0:98.1.0.255", since, to)));
  found.failures.push(...(await rowsSince("1-0:99.97.0.255", since, to)));
  found.events.push(...(await rowsSince(LOG, since, to)));
  await story.leave();
}

/** Reads all registers, maxima and counters. */
async function lastVisit(): Promise<void> {
  for (const name of REGISTERS) found.registers[name] = await story.number(`3 1-0:${name}.255`);
  for (const name of MAXIMA) {
    found.maxima[name] = `${await story.number(`4 1-0:${name}.255`)} ${await story.value(`4 1-0:${name}.255 5`)}`;
  }
  found.counts["failures"] = await story.number("1 0-0:96.7.0.255");
  found.counts["long"] = await story.number("1 0-0:96.7.5.255");
  found.counts["periods"] = await story.number("1 1-0:0.1.0.255");
}

beforeAll(async () => {
  const steps = outages.map(({ down, up }) => ({
    do: "outage",
    at: (down - START) / 1000,
    for: (up - down) / 1000,
  }));
  story = await Story.begin({ source: new House(loads), steps });
  await contractSend(story, CONTRACT);
  expect(await story.act("20 0-0:13.0.0.255 1"), "the contract begins").toBe(0);
  await story.pass(0);
  programmed = (await story.rows(LOG)).length;
  await story.leave();
  let since = START;
  for (const at of visits()) {
    await story.pass(at - story.clock.meter);
    await visit(since, at);
    since = at + 1000;
  }
  await lastVisit();
  model.run(loads, outages, END);
}, 120_000);

describe("after a year", () => {
  it("the meter was never restarted by its watchdog", () => expect(story.reports).toEqual([]));

  it("load profile 1 has a row for each quarter of an hour with power, and none for the others", () => {
    sameRows(
      found.quarters,
      model.quarters.rows.map(({ text }) => text),
    );
    expect(found.quarters.length).toBeGreaterThan((0.98 * (END - START)) / QUARTER);
  });

  it("load profile 2 has a row for each local midnight", () => {
    sameRows(
      found.days,
      model.days.rows.map(({ text }) => text),
    );
  });

  it("twelve months were billed, with the energy of each rate and the maxima of the month", () => {
    sameRows(found.billing, model.billing);
    expect(found.billing).toHaveLength(12);
  });

  it("each day was billed", () => sameRows(found.daily, model.daily));

  it("the registers have all energy, in total, by rate and by phase", () => {
    expect(found.registers).toEqual(Object.fromEntries(REGISTERS.map((name) => [name, model.register(name)])));
    expect(model.counts.switches).toBeGreaterThan(900);
  });

  it("the maxima are those since the last month ended", () => {
    expect(found.maxima).toEqual(Object.fromEntries(MAXIMA.map((name) => [name, model.maximum(name)])));
  });

  it("the event log has each outage and both changes to and from summer time", () => {
    sameRows(
      found.events.slice(programmed),
      model.events.map(({ text }) => text),
    );
    expect(found.events.filter((text) => text.endsWith(" 3"))).toEqual([
      "2026-03-29T02:00:00+01:00 3",
      "2026-10-25T03:00:00+02:00 3",
    ]);
  });

  it("the failures of the power are counted, and the long ones logged", () => {
    sameRows(found.failures, model.failures);
    const { failures, long, periods } = model.counts;
    expect(found.counts).toEqual({ failures, long, periods });
    expect([failures > 30, long > 20]).toEqual([true, true]);
  });
});
