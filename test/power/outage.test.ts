/** The power comes back, and goes again after any flash operation: a long failure is counted and logged, once. */
import { describe, expect, it } from "vitest";
import { attribute, data as d } from "../../host/client/index.ts";
import { ImageView } from "../../host/state/image.ts";
import { stateRead, type Stored, valuesOf } from "../../host/state/journal.ts";
import { stateMigrate } from "../../host/state/migrate.ts";
import { RawMeter } from "../device/raw.ts";
import { template } from "../device/rig.ts";
import { Dice } from "../testing.ts";
import { asked } from "./asking.ts";
import { Image } from "./cut_flash.ts";
import { rowsRead } from "./scenario.ts";

const FAILURE_LOG = "1-0:99.97.0.255";
/** Number of long power failures in any phase. */
const LONG_FAILURES = attribute(1, "0-0:96.7.9.255", 2);
const HOUR_MS = 3_600_000;
const OUTAGE_MS = 600_000;
/** A second cut is over sooner than a failure is long. */
const SHORT_MS = 20_000;

function failuresOf(meter: RawMeter): Promise<number> {
  return asked(meter, async (client) => d.numberOf(await client.get(LONG_FAILURES), "failures"));
}

async function counted(meter: RawMeter): Promise<{ failures: number; rows: string[] }> {
  return { failures: await failuresOf(meter), rows: await asked(meter, (client) => rowsRead(client, FAILURE_LOG)) };
}

function octetsOf(image: Image): Uint8Array {
  const octets = new Uint8Array(image.size);
  image.read(0, octets);
  return octets;
}

/** Whether the hidden value of the Clock says that the log wants a row. */
function isDue(state: Stored): boolean {
  const due = valuesOf(state).find(({ classId, attribute, part }) => classId === 8 && attribute === 2 && part === 7);
  return due !== undefined && due.octets.subarray(0, 4).some((octet) => octet !== 0);
}

describe("a long power failure", () => {
  it("is counted once and in the log once, whenever the power goes again", async () => {
    const dice = new Dice(7);
    const flash = new Image(RawMeter.boot().bank.plan.flashSize);
    const meter = RawMeter.boot({ flash });
    meter.advance(HOUR_MS);
    meter.powerFails();
    const before = flash.copy();
    const begun = flash.operations.length;
    meter.meterTime += OUTAGE_MS;
    meter.reboot();
    meter.advance(1000);
    const { failures, rows } = await counted(meter);
    expect({ failures, rows: rows.length }).toEqual({ failures: 1, rows: 1 });
    const operations = flash.operations.slice(begun);
    const image = before.copy();
    let [noted, longer] = [0, 0];
    for (const operation of operations) {
      const torn = image.copy();
      torn.tear(operation, dice);
      image.apply(operation);
      for (const left of [torn, image.copy()]) {
        const again = RawMeter.boot({ flash: left, start: meter.meterTime + SHORT_MS });
        again.advance(1000);
        const found = await counted(again);
        expect({ ...found, rows: found.rows.length }).toEqual({ failures: 1, rows: 1 });
        // Until the first return is noted the outage lasts to the second one.
        if (found.rows[0] === rows[0]) noted++;
        else longer++;
      }
    }
    expect(noted).toBeGreaterThan(0);
    expect(longer).toBeGreaterThan(0);
    console.log(`power cuts: ${noted + longer} in the return from an outage`);
  });

  it("is counted where the template has lost its log while the row was due", async () => {
    const flash = new Image(RawMeter.boot().bank.plan.flashSize);
    const meter = RawMeter.boot({ flash });
    meter.advance(HOUR_MS);
    meter.powerFails();
    const image = flash.copy();
    const begun = flash.operations.length;
    meter.meterTime += OUTAGE_MS;
    meter.reboot();
    meter.advance(1000);
    const objects = [{ logicalName: FAILURE_LOG, remove: true }];
    const without = template({ objects } as Parameters<typeof template>[0]);
    let waiting = 0;
    for (const operation of flash.operations.slice(begun)) {
      image.apply(operation);
      const state = stateRead(octetsOf(image)) as Stored;
      if (isDue(state)) waiting++;
      const moved = stateMigrate(state, new ImageView(meter.compiled.image), new ImageView(without.image));
      const left = new Image(image.size);
      left.program(0, moved.octets);
      const again = RawMeter.boot({ template: without, flash: left, start: meter.meterTime + SHORT_MS });
      again.advance(1000);
      expect(await failuresOf(again)).toBe(1);
    }
    expect(waiting).toBeGreaterThan(0);
  });
});
