/** UC10 supervision, UC11 consumer information, UC12 communication supervision. */
import { describe, expect, it } from "vitest";
import { attribute, captureObjectData, data as d } from "../../host/client/index.ts";
import { templateRead } from "../../host/template/load.ts";
import { lls, template } from "../device/rig.ts";
import { executions, Story, text } from "./rig.ts";

const FRAUD_LOG = "0-0:99.98.1.255";
const COMMUNICATION_LOG = "0-0:99.98.5.255";
const DETAILS_LOG = "0-0:99.98.6.255";
const ALARM_PUSH = "0-4:25.9.0.255";
/** Alarm register, filter and descriptor 1; bit 13 is a fraud attempt. */
const [REGISTER, FILTER, DESCRIPTOR] = ["1 0-0:97.98.0.255", "1 0-0:97.98.10.255", "1 0-0:97.98.20.255"];
const FRAUD = 1 << 13;

/** A meter that pushes fraud attempts alone. */
async function guarded(): Promise<Story> {
  const story = await Story.begin();
  await story.pushTo(ALARM_PUSH);
  const results = [
    await story.set(FILTER, d.doubleLongUnsigned(FRAUD)),
    await story.set("1 0-0:97.98.11.255", d.doubleLongUnsigned(0)),
    // The power that came when it was switched on is an alarm too.
    await story.set("1 0-0:97.98.21.255", d.doubleLongUnsigned(0)),
  ];
  if (results.some((result) => result !== 0)) throw new Error(`the filters are refused: ${results.join(" ")}`);
  await story.pass("1s");
  story.pushes();
  return story;
}

describe("UC10: supervision", () => {
  it("a cover that is opened is known at the head-end at once, and cleared there when somebody has looked", async () => {
    const story = await guarded();
    await story.happens({ do: "cover-open", cover: "meter", for: "10min" });
    await story.pass("1s");
    const [push, ...others] = story.pushes();
    expect(others).toEqual([]);
    expect(push!.body).toEqual([story.identity.logicalDeviceName, "0-4:25.9.0.255", FRAUD, 0]);
    await story.pass("1h");
    expect(await story.rows(FRAUD_LOG)).toEqual([
      ["2026-01-05T13:00:01+01:00", 44],
      ["2026-01-05T13:10:01+01:00", 45],
    ]);
    expect(await story.number(REGISTER)).toBe(FRAUD);
    expect(await story.set(DESCRIPTOR, d.doubleLongUnsigned(0))).toBe(0);
    expect(await story.set(REGISTER, d.doubleLongUnsigned(0))).toBe(0);
    expect([await story.number(REGISTER), await story.number(DESCRIPTOR)]).toEqual([0, 0]);
    expect((await story.events("0-0:99.98.0.255")).at(-1)).toBe(11);
  });

  it("a magnet is logged when it comes and goes, once each, however long it stays", async () => {
    const story = await guarded();
    await story.happens({ do: "magnet", for: "3h" });
    await story.pass("5h");
    expect(await story.events(FRAUD_LOG)).toEqual([42, 43]);
    expect(story.pushes()).toHaveLength(1);
  });

  it("who guesses passwords is noticed", async () => {
    const story = await guarded();
    const guess = { ...lls(story.identity), password: Buffer.from("12345678") };
    for (let i = 0; i < 10; i++) await expect(story.client(guess)).rejects.toThrow();
    await story.pass("1s");
    expect(await story.events(FRAUD_LOG)).toContain(46);
    expect(story.pushes().length).toBeGreaterThan(0);
  });

  it("an alarm outlives an outage", async () => {
    const story = await guarded();
    await story.happens({ do: "cover-open", cover: "terminal", for: "1min" });
    await story.pass("2min");
    await story.outage("1h");
    expect([await story.number(REGISTER), await story.number(DESCRIPTOR)]).toEqual([FRAUD, FRAUD]);
  });

  it("a weak battery and a fault that the meter finds in itself are in error register and log", async () => {
    const story = await Story.begin();
    await story.happens({ do: "battery", state: "replace", for: "1h" });
    await story.happens({ do: "self-test", fault: "ram" });
    await story.pass("1s");
    expect((await story.events("0-0:99.98.0.255")).filter((code) => code === 7 || code === 13)).toEqual([7, 13]);
    expect((await story.number("1 0-0:97.97.0.255")) & 0x202).toBe(0x202);
  });
});

describe("UC11: consumer information", () => {
  it("the display shows what the head-end has chosen, and a message", async () => {
    const story = await Story.begin();
    story.load(1000);
    await story.pass("1h");
    const shown = [
      { classId: 3, logicalName: "1-0:1.8.0.255", attribute: 2, dataIndex: 0 },
      { classId: 3, logicalName: "1-0:1.7.0.255", attribute: 2, dataIndex: 0 },
    ];
    expect(await story.set("7 0-0:21.0.1.255 3", d.array(...shown.map(captureObjectData)))).toBe(0);
    expect(await story.set("1 0-0:96.13.0.255", text("Cheap tonight"))).toBe(0);
    expect(story.face()).toEqual(["1-0:1.8.0.255: 3000", "1-0:1.7.0.255: 3000"]);
    expect(story.face(2)).toContain("0-0:96.13.0.255: Cheap tonight");
  });

  it("the consumer's own display is told regularly, as client 103", async () => {
    const story = await Story.begin();
    story.load(1000);
    await story.pushTo("0-8:25.9.0.255");
    // Type 5: several times, any dates.
    expect(await story.set("22 0-4:15.0.4.255 3", d.enumerated(5))).toBe(0);
    expect(await story.set("22 0-4:15.0.4.255 4", executions("13:10 *-*-*", "13:20 *-*-*"))).toBe(0);
    await story.pass("25min");
    const pushes = story.pushes();
    expect(pushes.map(({ client }) => client)).toEqual([103, 103]);
    const [, , , clock, imported, , energy] = pushes[0]!.body;
    expect([clock, imported, energy]).toEqual(["2026-01-05T13:10:00+01:00", 3000, 500]);
  });
});

describe("UC12: communication supervision", () => {
  it("each visit leaves who it was, how often and what for in the details log", async () => {
    const story = await Story.begin();
    const visitor = await story.client(lls(story.identity));
    await visitor.get(attribute(8, "0-0:1.0.0.255", 2));
    await visitor.set(attribute(1, "0-0:96.1.1.255", 2), text("x"));
    await visitor.disconnect();
    const [row] = await story.rows(DETAILS_LOG);
    expect(row!.slice(0, 2)).toEqual(["2026-01-05T13:00:00+01:00", 1]);
    expect(row!.slice(3, 5), "kinds of access: read and written; two accesses").toEqual([3, 2]);
  });

  it("communication on a port in the house is logged and an alarm", async () => {
    const { ports } = templateRead();
    const local = template({ ports: { tcp: { ...ports.tcp!, reach: "local" } } });
    const story = await Story.begin({ template: local });
    await story.value("1 0-0:42.0.0.255");
    await story.pass("1s");
    expect(await story.events(COMMUNICATION_LOG)).toContain(158);
    expect(((await story.number("1 0-0:97.98.1.255")) >> 18) & 1).toBe(1);
  });
});
