/** From an event to the push of its alarm: descriptor, monitor, script, push; content frozen, further bits, power cuts (IDIS). */
import { describe, expect, it } from "vitest";
import { data } from "../../host/client/index.ts";
import { DeliverEvent } from "../../host/core.ts";
import { template } from "./rig.ts";
import { quietTemplate, TO, Watched } from "./watching.ts";

const ALARM = "0-4:25.9.0.255";
const DESCRIPTOR = "0-0:97.98.20.255";
const REGISTER = "0-0:97.98.0.255";
const FILTER = "0-0:97.98.10.255";
const COMMUNICATION_LOG = "0-0:99.98.5.255";
/** Inputs, and the bits of register 1 and 2 that they set. */
const METER_COVER = 4;
const BATTERY = 7;
const EXTERNAL_ALERT = 6;
const FRAUD = 0x2000;
const REPLACE_BATTERY = 2;
const ALERT = 0x20000;

const compiled = quietTemplate({
  logicalName: ALARM,
  attributes: { 3: { value: TO }, 6: { value: { unsigned: 1 } } },
});
const dlu = data.doubleLongUnsigned;
const boot = (): Promise<Watched> => Watched.boot({ template: compiled });

describe("an alarm", () => {
  it("is pushed once when its bit rises in the descriptor, and not while it stands", async () => {
    const meter = await boot();
    meter.raw.advance(60_000);
    expect(meter.pushed()).toEqual([]);
    meter.input(METER_COVER, 1);
    expect(meter.numbersPushed()).toEqual([[FRAUD, 0]]);
    meter.input(METER_COVER, 0);
    meter.input(METER_COVER, 1);
    meter.raw.advance(3_600_000);
    expect(meter.pushed()).toEqual([]);
  });

  it("joins those that stand as a new alarm, in either descriptor", async () => {
    const meter = await boot();
    meter.input(METER_COVER, 1);
    meter.input(BATTERY, 2);
    meter.input(EXTERNAL_ALERT, 1);
    expect(meter.numbersPushed()).toEqual([
      [FRAUD, 0],
      [FRAUD | REPLACE_BATTERY, 0],
      [FRAUD | REPLACE_BATTERY, ALERT],
    ]);
  });

  it("that the filter keeps back is not pushed until the filter opens", async () => {
    const meter = await boot();
    await meter.set(1, FILTER, 2, dlu(REPLACE_BATTERY));
    meter.input(METER_COVER, 1);
    expect(meter.pushed()).toEqual([]);
    await meter.set(1, FILTER, 2, dlu(FRAUD));
    expect(meter.numbersPushed()).toEqual([[FRAUD, 0]]);
  });

  it("is pushed again when it comes back after register and descriptor were cleared", async () => {
    const meter = await boot();
    meter.input(METER_COVER, 1);
    await meter.set(1, DESCRIPTOR, 2, dlu(0));
    await meter.set(1, REGISTER, 2, dlu(0));
    meter.pushed();
    meter.input(METER_COVER, 0);
    expect(meter.pushed()).toEqual([]);
    meter.input(METER_COVER, 1);
    expect(meter.numbersPushed()).toEqual([[FRAUD, 0]]);
  });

  it("says what it was when it was raised, however late it goes out; what came since follows", async () => {
    const meter = await boot();
    meter.raw.courier = () => DeliverEvent.FAILED;
    meter.input(METER_COVER, 1);
    meter.input(BATTERY, 2);
    expect(meter.numbersPushed()).toEqual([[FRAUD, 0]]);
    meter.raw.courier = () => DeliverEvent.SENT;
    meter.raw.advance(60_000);
    expect(meter.numbersPushed()).toEqual([
      [FRAUD, 0],
      [FRAUD | REPLACE_BATTERY, 0],
    ]);
  });
});

describe("over a power cut", () => {
  it("an alarm that was not delivered is pushed again, one that was is not", async () => {
    const meter = await boot();
    meter.raw.courier = () => undefined;
    meter.input(METER_COVER, 1);
    meter.pushed();
    meter.raw.courier = () => DeliverEvent.SENT;
    await meter.reboot();
    meter.raw.advance(0);
    expect(meter.numbersPushed()).toEqual([[FRAUD, 0]]);
    await meter.reboot();
    meter.raw.advance(3_600_000);
    expect(meter.pushed()).toEqual([]);
    meter.input(BATTERY, 2);
    expect(meter.numbersPushed()).toEqual([[FRAUD | REPLACE_BATTERY, 0]]);
  });

  it("an alarm that was delivered, cleared and raised again is pushed again", async () => {
    const meter = await boot();
    meter.input(METER_COVER, 1);
    await meter.set(1, DESCRIPTOR, 2, dlu(0));
    await meter.set(1, REGISTER, 2, dlu(0));
    meter.input(METER_COVER, 0);
    meter.raw.courier = () => undefined;
    meter.input(METER_COVER, 1);
    meter.pushed();
    meter.raw.courier = () => DeliverEvent.SENT;
    await meter.reboot();
    meter.raw.advance(0);
    expect(meter.numbersPushed()).toEqual([[FRAUD, 0]]);
  });
});

it("a total power failure is pushed with the resume of power, when it is back", async () => {
  const power = template({ objects: [{ logicalName: ALARM, attributes: { 3: { value: TO } } }] });
  const meter = await Watched.boot({ template: power });
  meter.raw.advance(0);
  // The first power-up.
  expect(meter.numbersPushed()).toEqual([[0, 2]]);
  meter.raw.powerFails();
  meter.raw.advance(3_600_000);
  expect(meter.pushed()).toEqual([]);
  meter.input(2, 0);
  expect(meter.numbersPushed()).toEqual([[0, 3]]);
});

it("a push that gives up is in the communication log", async () => {
  const meter = await boot();
  meter.raw.courier = () => DeliverEvent.FAILED;
  meter.input(METER_COVER, 1);
  expect(await meter.codes(COMMUNICATION_LOG)).toEqual([]);
  meter.raw.advance(60_000);
  expect(await meter.codes(COMMUNICATION_LOG)).toEqual([140]);
  meter.raw.advance(3_600_000);
  expect(meter.numbersPushed()).toHaveLength(2);
});
