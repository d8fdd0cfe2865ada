/** UC01 registration, UC06 clock synchronisation, UC09 firmware update, UC13 function control. */
import { describe, expect, it } from "vitest";
import { attribute, data as d, firmwareImageEmit, ImageTransfer, toHex } from "../../host/client/index.ts";
import { gmac, lls, template } from "../device/rig.ts";
import { executions, instant, script, Story, text } from "./rig.ts";

const STANDARD_LOG = "0-0:99.98.0.255";
const LOAD_PROFILE = "1-0:99.1.0.255";
const CLOCK = "8 0-0:1.0.0.255";
const HEAD_END = "192.0.2.1:4059";
const events = async (story: Story, ...codes: number[]): Promise<number[]> =>
  (await story.events(STANDARD_LOG)).filter((code) => codes.includes(code));

describe("UC01: registration", () => {
  /** A meter that knows its head-end when it leaves the factory. */
  const place = { structure: [{ enum: 0 }, { text: HEAD_END }, { enum: 0 }] };
  const delivered = template({ objects: [{ logicalName: "0-7:25.9.0.255", attributes: { 3: { value: place } } }] });

  it("a new meter tells the head-end who it is as soon as it has power, and once", async () => {
    const story = await Story.begin({ template: delivered });
    await story.pass("1s");
    const [push, ...others] = story.pushes();
    expect(others).toEqual([]);
    const [, logicalDeviceName, serial, , clock] = push!.body;
    expect([push!.destination, push!.client]).toEqual([HEAD_END, 102]);
    expect(logicalDeviceName).toBe(story.identity.logicalDeviceName);
    expect(serial).toBe(await story.value("1 0-0:96.1.0.255"));
    expect(clock).toMatch(/^2026-01-05T13:00:0/);
    await story.outage("1h");
    await story.pass("1h");
    expect(story.pushes()).toEqual([]);
  });

  it("it tries again while the head-end is not there", async () => {
    const story = await Story.begin({ template: delivered, headEndDown: true });
    await story.pass("1min");
    expect(story.pushes()).toEqual([]);
    expect(story.headEnd.tries).toBeGreaterThan(0);
    story.headEnd.up = true;
    await story.pass("2min");
    expect(story.pushes()).toHaveLength(1);
  });

  it("the installer can have it told again", async () => {
    const story = await Story.begin({ template: delivered });
    await story.pass("1s");
    story.pushes();
    await story.happens({ do: "install" });
    await story.pass("1s");
    expect(story.pushes()).toHaveLength(1);
  });

  it("the head-end asks without a key for name and counter, then comes with its keys and reads what the meter has", async () => {
    const story = await Story.begin({ template: delivered });
    const stranger = await story.client({ clientSap: 16 });
    const name = await stranger.get(attribute(1, "0-0:42.0.0.255", 2));
    expect(d.octetsOf(name, "name")).toEqual(Uint8Array.from(Buffer.from(story.identity.logicalDeviceName)));
    const counter = d.numberOf(await stranger.get(attribute(1, "0-0:43.1.0.255", 2)), "counter");
    const manager = await story.client(gmac(story.identity, counter + 1));
    const objects = await manager.get(attribute(15, "0-0:40.0.0.255", 2));
    expect(d.elementsOf(objects, "object_list").length).toBeGreaterThan(300);
    await manager.set(attribute(1, "0-0:96.1.1.255", 2), text("customer 4711"));
    expect(await story.value("1 0-0:96.1.1.255")).toBe("customer 4711");
  });
});

describe("UC06: clock synchronisation", () => {
  it("a small difference is corrected without a word", async () => {
    const story = await Story.begin();
    await story.pass("5min");
    expect(await story.set(CLOCK, instant("2026-01-05T13:05:08"))).toBe(0);
    await story.pass("15min");
    expect(await story.value(CLOCK)).toBe("2026-01-05T13:20:08+01:00");
    expect(await events(story, 4, 5)).toEqual([]);
    expect((await story.rows(LOAD_PROFILE)).map((row) => row.slice(0, 2))).toEqual([["2026-01-05T13:15:00+01:00", 0]]);
  });

  it("a large one is logged with both times, and marks the row of its quarter of an hour", async () => {
    const story = await Story.begin();
    await story.pass("5min");
    expect(await story.set(CLOCK, instant("2026-01-05T13:08:00"))).toBe(0);
    await story.pass("25min");
    const log = (await story.rows(STANDARD_LOG)).filter(([, code]) => code === 4 || code === 5);
    expect(log).toEqual([
      ["2026-01-05T13:05:00+01:00", 4],
      ["2026-01-05T13:08:00+01:00", 5],
    ]);
    expect((await story.rows(LOAD_PROFILE)).map((row) => row.slice(0, 2))).toEqual([
      ["2026-01-05T13:15:00+01:00", 0x20],
      ["2026-01-05T13:30:00+01:00", 0],
    ]);
  });

  it("summer time begins by itself: an hour of local time is missing, none of the load profile", async () => {
    const story = await Story.begin({ at: "2026-03-29T00:40:00Z" });
    await story.pass("40min");
    expect((await story.rows(LOAD_PROFILE)).map((row) => row.slice(0, 2))).toEqual([
      ["2026-03-29T01:45:00+01:00", 0],
      ["2026-03-29T03:00:00+02:00", 8],
      ["2026-03-29T03:15:00+02:00", 8],
    ]);
    expect(await events(story, 3)).toEqual([3]);
  });

  it("it goes on over an outage", async () => {
    const story = await Story.begin();
    await story.outage("3h");
    expect(await story.value(CLOCK)).toBe("2026-01-05T16:00:00+01:00");
  });
});

describe("UC09: firmware update", () => {
  const identifier = Buffer.from("dlms-meter 0.2.0");
  const payload = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
  const image = firmwareImageEmit({ identifier, firmware: 1, target: Buffer.from("MMM103"), payload });
  const firmware = "1 1-0:0.2.0.255";

  it("an image is brought, verified and activated: another identifier, the same registers", async () => {
    const story = await Story.begin();
    await story.pass("2h");
    const energy = await story.number("3 1-0:1.8.0.255");
    expect(await story.value(firmware)).toBe("dlms-meter 0.1.0");
    await new ImageTransfer(await story.manager()).run(image, { wait: () => story.pass("1s") });
    expect(await story.value(firmware)).toBe("dlms-meter 0.2.0");
    expect(await events(story, 17, 18)).toEqual([17, 18]);
    expect([await story.number("3 1-0:1.8.0.255"), energy]).toEqual([1200, 1200]);
  });

  it("an outage in the middle costs nothing: the rest is brought afterwards", async () => {
    const story = await Story.begin();
    const before = new ImageTransfer(await story.manager());
    await before.enable(true);
    const size = await before.blockSize();
    await before.initiate(identifier, image.length);
    for (const i of [0, 1, 2]) await before.block(i, image.subarray(i * size, (i + 1) * size));
    await story.outage("10min");
    const after = new ImageTransfer(await story.manager());
    expect((await after.transferred()).filter((come) => come)).toHaveLength(3);
    await after.run(image, { resume: true, wait: () => story.pass("1s") });
    expect(await story.value(firmware)).toBe("dlms-meter 0.2.0");
  });

  it("an image that was spoilt is not accepted, and told in the log", async () => {
    const story = await Story.begin();
    const spoilt = Uint8Array.from(image);
    spoilt[1000]! ^= 1;
    const run = new ImageTransfer(await story.manager()).run(spoilt, { wait: () => story.pass("1s") });
    await expect(run).rejects.toThrow(/does not accept|Image|verif/i);
    expect(await story.value(firmware)).toBe("dlms-meter 0.1.0");
    expect(await events(story, 17, 51)).toEqual([51]);
  });

  it("a verified image waits for the night that was agreed", async () => {
    const story = await Story.begin();
    await new ImageTransfer(await story.manager()).run(image, { activate: false, wait: () => story.pass("1s") });
    expect(await story.set("22 0-0:15.0.2.255 4", executions("03:00 2026-01-06"))).toBe(0);
    await story.until("2026-01-06T01:59:00Z");
    expect(await story.value(firmware)).toBe("dlms-meter 0.1.0");
    await story.pass("2min");
    expect(await story.value(firmware)).toBe("dlms-meter 0.2.0");
  });
});

describe("UC13: function control", () => {
  const switched = (story: Story, name: string, on: boolean): Promise<number> =>
    story.act("122 0-0:44.1.0.255 1", d.array(d.structure(text(name), d.boolean(on))));
  const rows = async (story: Story): Promise<number> => (await story.rows(LOAD_PROFILE)).length;

  it("a consumer opts out of the load profile and in again, and the log has both", async () => {
    const story = await Story.begin();
    await story.pass("1h");
    expect(await switched(story, "load profile 1", false)).toBe(0);
    await story.pass("5h");
    expect(await rows(story)).toBe(4);
    expect(await switched(story, "load profile 1", true)).toBe(0);
    await story.pass("1h");
    expect(await rows(story)).toBe(8);
    expect(await events(story, 22, 23)).toEqual([23, 22]);
  });

  it("he opts out from a day on that he names", async () => {
    const story = await Story.begin();
    expect(await story.set("22 0-0:15.0.7.255 2", script("0-0:10.0.111.255", 1))).toBe(0);
    expect(await story.set("22 0-0:15.0.7.255 4", executions("00:00 2026-01-06"))).toBe(0);
    await story.until("2026-01-06T12:00:00Z");
    const stamps = (await story.rows(LOAD_PROFILE)).map(([stamp]) => stamp);
    expect(stamps.at(-1)).toBe("2026-01-06T00:00:00+01:00");
  });

  it("the display is switched off and on", async () => {
    const story = await Story.begin();
    expect(story.face().length).toBeGreaterThan(0);
    await switched(story, "display", false);
    expect(story.face()).toEqual([]);
    await switched(story, "display", true);
    expect(story.face().length).toBeGreaterThan(0);
  });

  it("an interface and a mechanism of authentication are switched off: nobody gets in that way", async () => {
    const story = await Story.begin();
    const keys = await story.client(gmac(story.identity));
    expect(await switched(story, "mechanism 1", false)).toBe(0);
    await expect(story.client(lls(story.identity)), "a password").rejects.toThrow();
    expect(toHex(d.octetsOf(await keys.get(attribute(1, "0-0:42.0.0.255", 2)), "name"))).toMatch(/^4D4D4D/i);
    const on = d.array(d.structure(text("mechanism 1"), d.boolean(true)));
    await keys.action({ classId: 122, logicalName: "0-0:44.1.0.255", method: 1 }, on);
    await (await story.client(lls(story.identity))).disconnect();
    expect(await switched(story, "HDLC", false)).toBe(0);
    await expect(story.client({ ...lls(story.identity), hdlc: {}, timeOut: 50 })).rejects.toThrow();
  });
});
