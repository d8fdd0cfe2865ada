/** What time costs a meter to which nothing happens, counted: wakes, records, octets of flash, and steps of the core. */
import { beforeAll, describe, expect, it } from "vitest";
import { Core } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { ObjectDocument } from "../../host/template/document.ts";
import { counting, stepsTake } from "../work.ts";
import { RawMeter } from "./raw.ts";
import { energyAfter, energyRead, LOAD_PROFILE, template } from "./rig.ts";
import { Watched } from "./watching.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** Steps of a day, by its 288 ends of demand periods, its 192 instants of captures and their 240 rows. */
const STEPS_MAX = 1_200_000;

/** Counts what is programmed. */
class CountedFlash extends MemoryFlash {
  records = 0;
  octets = 0;

  override program(address: number, octets: Uint8Array): void {
    this.records++;
    this.octets += octets.length;
    super.program(address, octets);
  }
}

interface Day {
  ticks: number;
  records: number;
  octets: number;
  steps: number;
}

/** The second day of a constant load: the first one ends what a first power-up begins. */
function secondDay(core: Core, compiled: Compiled): Day {
  const flash = new CountedFlash(core.plan(compiled.image).flashSize);
  const meter = RawMeter.boot({ core, template: compiled, flash });
  meter.advance(DAY_MS);
  const { bank } = meter;
  const tick = bank.tick.bind(bank);
  let ticks = 0;
  bank.tick = (...times) => {
    ticks++;
    return tick(...times);
  };
  const [records, octets] = [flash.records, flash.octets];
  stepsTake(bank);
  meter.advance(DAY_MS);
  return { ticks, records: flash.records - records, octets: flash.octets - octets, steps: stepsTake(bank) };
}

/** Data objects 1-128:x.y.0.255 that nothing looks at. */
const bystanders = (count: number): ObjectDocument[] =>
  Array.from({ length: count }, (_, i) => ({
    logicalName: `1-128:${1 + (i >> 8)}.${i & 255}.0.255`,
    class: 1,
    attributes: { 2: { value: { unsigned: 1 } } },
  }));

describe("a day of a constant load", () => {
  let core: Core;
  let day: Day;

  beforeAll(() => {
    core = new Core(counting(coreOctets()));
    day = secondDay(core, template());
  });

  it("is a wake at each end of a demand period, and few more", () => {
    expect(day.ticks).toBeGreaterThanOrEqual(288);
    expect(day.ticks).toBeLessThanOrEqual(300);
  });

  it("is a record for each instant at which rows are captured", () => {
    // 96 quarters of an hour and 144 times ten minutes, of which 48 fall together; the day ends with them.
    expect(day.records).toBeGreaterThanOrEqual(192);
    expect(day.records).toBeLessThanOrEqual(194);
    expect(day.octets).toBeLessThan(42_000);
  });

  it("costs the core what its periods cost, however many objects stand by", () => {
    expect(day.steps).toBeLessThan(STEPS_MAX);
    const crowd = secondDay(core, template({ objects: bystanders(3000) }));
    expect({ ...crowd, steps: 0 }).toEqual({ ...day, steps: 0 });
    // Searches by logical name and by class take three or four steps more of the list each.
    expect(crowd.steps).toBeLessThan(day.steps * 1.25);
  });
});

describe("energies", () => {
  const slow: ObjectDocument = { logicalName: LOAD_PROFILE, profile: { period: 3600 } as never };

  // Averages are captured every ten minutes; a meter that has just been switched on keeps the energies with the first row.
  it.each([
    ["the load profile has shown them", [], 29, 15],
    ["they were kept for a quarter of an hour", [slow], 49, 30],
  ])("are kept with rows that show none when %s", async (_, objects, cutMinutes, keptMinutes) => {
    const watched = await Watched.boot({ template: template({ objects }) });
    watched.raw.advance(cutMinutes * MINUTE_MS);
    expect(await energyRead(watched.client)).toBe(energyAfter(cutMinutes * MINUTE_MS));
    await watched.reboot();
    expect(await energyRead(watched.client)).toBe(energyAfter(keptMinutes * MINUTE_MS));
  });
});
