/** What single action schedules (class_id 22) switch: disconnector, relays, a verified firmware image; what an outage made them miss. */
import { describe, expect, it } from "vitest";
import { data as d, firmwareImageEmit, ImageTransfer, type Data } from "../../host/client/index.ts";
import { actionItem, ControlRig } from "./control_rig.ts";

const RELAY = "0-1:96.3.10.255";
const RELAY_SCHEDULE = "0-1:15.0.1.255";
const RELAY_SCRIPTS = "0-0:10.0.103.255";
const SUPPLY_SCHEDULE = "0-0:15.0.1.255";
const IMAGE_SCHEDULE = "0-0:15.0.2.255";
const MINUTE_MS = 60_000;

/** execution_time of 5 January 2026, the day on which meters of the tests begin, at 13:00 of their time. */
const at = (hour: number, minute: number): Data =>
  d.array(
    d.structure(d.octetString(Uint8Array.of(hour, minute, 0, 0)), d.octetString(Uint8Array.of(0x07, 0xea, 1, 5, 0xff))),
  );

describe("by time", () => {
  it("a relay is switched off and on", async () => {
    const rig = await ControlRig.boot();
    expect(await rig.set(22, RELAY_SCHEDULE, 4, at(13, 30))).toBe(0);
    rig.raw.advance(30 * MINUTE_MS - 1);
    expect(await rig.state(RELAY)).toEqual([1, true]);
    rig.raw.advance(1);
    expect(await rig.state(RELAY)).toEqual([0, false]);
    expect(await rig.set(22, RELAY_SCHEDULE, 2, actionItem(RELAY_SCRIPTS, 2))).toBe(0);
    expect(await rig.set(22, RELAY_SCHEDULE, 4, at(13, 45))).toBe(0);
    rig.raw.advance(15 * MINUTE_MS);
    expect(await rig.state(RELAY)).toEqual([1, true]);
    expect(rig.raw.outputs).toEqual([0b111, 0b101, 0b111]);
  });

  it("the supply is disconnected, remotely, and after an outage that held it up", async () => {
    const rig = await ControlRig.boot();
    await rig.set(22, SUPPLY_SCHEDULE, 4, at(13, 30));
    rig.raw.advance(10 * MINUTE_MS);
    await rig.outage(60 * MINUTE_MS);
    rig.raw.advance(0);
    expect(await rig.state()).toEqual([0, false]);
    expect(await rig.events()).toEqual([62]);
  });

  it("a verified image becomes the firmware", async () => {
    const rig = await ControlRig.boot();
    const identifier = Buffer.from("dlms-meter 3");
    const image = { identifier, firmware: 1, target: Buffer.from("MMM"), payload: Buffer.alloc(100, 1) };
    const transfer = new ImageTransfer(rig.client);
    await transfer.run(firmwareImageEmit(image), { activate: false, wait: () => Promise.resolve() });
    expect(await rig.set(22, IMAGE_SCHEDULE, 4, at(14, 0))).toBe(0);
    rig.raw.advance(59 * MINUTE_MS);
    expect(await transfer.status()).toBe(3);
    rig.raw.advance(MINUTE_MS);
    expect(await transfer.status()).toBe(6);
    const active = (await rig.get(1, "1-0:0.2.0.255", 2)) as { value: Uint8Array };
    expect(Buffer.from(active.value)).toEqual(identifier);
  });
});
