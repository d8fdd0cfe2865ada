/** The power comes back, and goes again after any flash operation: a long failure is counted and logged, once. */
import { describe, expect, it } from "vitest";
import { attribute, Client, data as d } from "../../host/client/index.ts";
import { RawMeter } from "../device/raw.ts";
import { lls } from "../device/rig.ts";
import { Dice } from "../testing.ts";
import { Image } from "./cut_flash.ts";
import { rowsRead } from "./scenario.ts";

const FAILURE_LOG = "1-0:99.97.0.255";
/** Number of long power failures in any phase. */
const LONG_FAILURES = attribute(1, "0-0:96.7.9.255", 2);
const HOUR_MS = 3_600_000;
const OUTAGE_MS = 600_000;
/** A second cut is over sooner than a failure is long. */
const SHORT_MS = 20_000;

async function counted(meter: RawMeter): Promise<{ failures: number; rows: string[] }> {
  const slot = meter.slotOf("wrapper", 0);
  meter.open(slot);
  const client = new Client(meter.transport(slot), { timeOut: 1000, ...lls(meter.identity) });
  await client.connect();
  await client.associate();
  const failures = d.numberOf(await client.get(LONG_FAILURES), "failures");
  const rows = await rowsRead(client, FAILURE_LOG);
  meter.close(slot);
  return { failures, rows };
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
});
