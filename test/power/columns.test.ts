/** A SET that empties a profile's buffer, cut behind and within its flash operations: all of it is there or nothing. */
import { describe, expect, it } from "vitest";
import { attribute, data as d, type Data } from "../../host/client/index.ts";
import { captureObjectData, CLOCK } from "../../host/client/profile.ts";
import { RawMeter } from "../device/raw.ts";
import { LOAD_PROFILE } from "../device/rig.ts";
import { Dice } from "../testing.ts";
import { asked } from "./asking.ts";
import { Image } from "./cut_flash.ts";
import { EVENTS, rowsRead } from "./scenario.ts";

const VOLTAGE = { classId: 3, logicalName: "1-0:32.7.0.255", attribute: 2, dataIndex: 0 };
/** Shorter than the first hour of a load profile, so that it ends at no boundary. */
const BEGINNING_MS = 100 * 60_000;
const PERIOD_MS = 900_000;
/** "Load profile cleared" (IDIS, standard event log). */
const CLEARED = /^\w+ 254$/;

interface Shown {
  readonly value: Data;
  readonly rows: string[];
  readonly cleared: number;
}

/** What a client sees of the profile: the attribute that is written, its rows, and how often the log says that they were cleared. */
function shown(meter: RawMeter, written: number): Promise<Shown> {
  return asked(meter, async (client) => ({
    value: await client.get(attribute(7, LOAD_PROFILE, written)),
    rows: await rowsRead(client, LOAD_PROFILE),
    cleared: (await rowsRead(client, EVENTS)).filter((row) => CLEARED.test(row)).length,
  }));
}

/** Images of a flash as a cut leaves it: behind each of these operations, and in the middle of it. */
function* cuts(image: Image, flash: Image, from: number, dice: Dice): Generator<{ left: Image; whole: number }> {
  for (let whole = from; whole < flash.operations.length; whole++) {
    const operation = flash.operations[whole]!;
    for (let i = 0; i < 4 && operation.kind !== "sync"; i++) {
      const torn = image.copy();
      torn.tear(operation, dice);
      yield { left: torn, whole };
    }
    image.apply(operation);
    yield { left: image.copy(), whole: whole + 1 };
  }
}

describe("a SET that empties a buffer", () => {
  it.each([
    ["capture_objects", 3, d.array(captureObjectData(CLOCK), captureObjectData(VOLTAGE)), 2],
    ["capture_period", 4, d.doubleLongUnsigned(300), undefined],
    ["profile_entries", 8, d.doubleLongUnsigned(100), undefined],
  ])("of %s is there with the empty buffer, or not at all", async (what, written, value, columns) => {
    const flash = new Image(RawMeter.boot().bank.plan.flashSize);
    const meter = RawMeter.boot({ flash });
    meter.advance(BEGINNING_MS);
    const before = await shown(meter, written);
    expect(before.rows).toHaveLength(6);
    expect(before.value).not.toEqual(value);
    const image = flash.copy();
    const begun = flash.operations.length;
    const acknowledged = await asked(meter, async (client) => {
      await client.set(attribute(7, LOAD_PROFILE, written), value);
      return flash.operations.length;
    });
    const after = await shown(meter, written);
    expect(after).toEqual({ value, rows: [], cleared: before.cleared + 1 });
    const found = { old: 0, new: 0 };
    let last: Shown | undefined;
    for (const { left, whole } of cuts(image, flash, begun, new Dice(written))) {
      const again = RawMeter.boot({ flash: left, start: meter.meterTime });
      last = await shown(again, written);
      const isNew = JSON.stringify(last.value) === JSON.stringify(value);
      found[isNew ? "new" : "old"]++;
      // The event has a record of its own behind it, and the answer waits for both.
      const { cleared } = whole < acknowledged ? last : after;
      expect(isNew || whole < acknowledged).toBe(true);
      expect(last).toEqual(isNew ? { ...after, cleared } : before);
      again.advance(PERIOD_MS);
      const { rows } = await shown(again, written);
      expect(rows.length).toBeGreaterThan(last.rows.length);
      if (isNew && columns !== undefined) expect(rows[0]!.split(" ")).toHaveLength(columns);
    }
    expect(last).toEqual(after);
    expect(found.old).toBeGreaterThan(0);
    console.log(`power cuts: ${found.old + found.new} around a SET of ${what}`);
  });
});
