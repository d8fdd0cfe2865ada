/** UC05 disconnection and reconnection, UC07 quality of supply, UC08 load management. */
import { describe, expect, it } from "vitest";
import { data as d } from "../../host/client/index.ts";
import { executions, script, Story } from "./rig.ts";

const DISCONNECTOR = "70 0-0:96.3.10.255";
const DISCONNECTOR_LOG = "0-0:99.98.2.255";
const LIMITER = "71 0-0:17.0.0.255";
const POWER = "3 1-0:1.7.0.255";
const RELAY = "70 0-1:96.3.10.255";
const RELAY_SCRIPTS = "0-0:10.0.103.255";
const QUALITY_LOG = "0-0:99.98.4.255";
/** control_state */
const [DISCONNECTED, CONNECTED, READY] = [0, 1, 2];
const state = (story: Story): Promise<number> => story.number(`${DISCONNECTOR} 3`);
const zero = d.integer(0);

describe("UC05: disconnection and reconnection", () => {
  it("the supply is switched off and on from afar: the house draws nothing between, and the log says who it was", async () => {
    const story = await Story.begin();
    story.load(1000);
    await story.pass("1min");
    expect(await story.act(`${DISCONNECTOR} 1`, zero)).toBe(0);
    await story.pass("1h");
    expect([await state(story), await story.number(POWER)]).toEqual([DISCONNECTED, 0]);
    expect(await story.number("3 1-0:1.8.0.255"), "one minute of 3 kW").toBe(50);
    expect(await story.act(`${DISCONNECTOR} 2`, zero)).toBe(0);
    await story.pass("1min");
    expect([await state(story), await story.number(POWER)]).toEqual([CONNECTED, 3000]);
    expect(await story.events(DISCONNECTOR_LOG)).toEqual([62, 63]);
  });

  it("where the consumer has to agree, his button connects", async () => {
    const story = await Story.begin();
    expect(await story.set(`${DISCONNECTOR} 4`, d.enumerated(1))).toBe(0);
    await story.act(`${DISCONNECTOR} 1`, zero);
    await story.happens({ do: "button" });
    expect(await state(story), "he cannot before he may").toBe(DISCONNECTED);
    await story.act(`${DISCONNECTOR} 2`, zero);
    expect(await state(story)).toBe(READY);
    await story.happens({ do: "button" });
    expect(await state(story)).toBe(CONNECTED);
    expect(await story.events(DISCONNECTOR_LOG)).toEqual([62, 59, 61]);
  });

  it("it stays off over an outage", async () => {
    const story = await Story.begin();
    await story.act(`${DISCONNECTOR} 1`, zero);
    await story.outage("2h");
    expect(await state(story)).toBe(DISCONNECTED);
  });

  it("it is switched at a time, also when the power is away then", async () => {
    const story = await Story.begin({ at: "2026-01-05T12:00:00Z" });
    expect(await story.set("22 0-0:15.0.1.255 2", script("0-0:10.0.106.255", 1))).toBe(0);
    expect(await story.set("22 0-0:15.0.1.255 4", executions("18:00 2026-01-05"))).toBe(0);
    await story.until("2026-01-05T16:59:59Z");
    expect(await state(story)).toBe(CONNECTED);
    await story.outage("10min");
    expect(await state(story)).toBe(DISCONNECTED);
  });

  it("who draws more than was agreed, for too long, is switched off until he draws less", async () => {
    const story = await Story.begin();
    await story.set(`${DISCONNECTOR} 4`, d.enumerated(5));
    const settings = [
      await story.set(`${LIMITER} 4`, d.longUnsigned(3000)),
      await story.set(`${LIMITER} 6`, d.doubleLongUnsigned(60)),
    ];
    expect(settings, "30 A over all phases, for a minute").toEqual([0, 0]);
    story.load(5000, 1000, 1000);
    await story.pass("59s");
    expect(await state(story)).toBe(CONNECTED);
    await story.pass("2s");
    expect(await state(story)).toBe(READY);
    expect(await story.events(DISCONNECTOR_LOG)).toEqual([67, 65, 64, 66]);
    await story.happens({ do: "button" });
    expect(await state(story)).toBe(CONNECTED);
  });
});

describe("UC07: quality of supply", () => {
  it("a sag is counted when it lasts, kept with its depth, and told in the log", async () => {
    const story = await Story.begin();
    await story.happens({ do: "sag", phases: [1], percent: 80, for: "5min" });
    await story.pass("10min");
    expect(await story.number("1 1-0:32.32.0.255"), "sags of L1").toBe(1);
    expect(await story.number("3 1-0:32.33.0.255"), "its seconds").toBe(300);
    expect(await story.number("3 1-0:32.34.0.255"), "its tenths of a volt").toBe(1840);
    const log = (await story.rows(QUALITY_LOG)).filter(([, code]) => code !== 90);
    expect(log).toEqual([
      ["2026-01-05T13:01:00+01:00", 76],
      ["2026-01-05T13:05:00+01:00", 85],
    ]);
  });

  it("a sag of a moment is nothing", async () => {
    const story = await Story.begin();
    await story.happens({ do: "sag", phases: [1], percent: 80, for: "30s" });
    await story.pass("10min");
    expect(await story.number("1 1-0:32.32.0.255")).toBe(0);
  });

  it("a swell and a lost phase are told apart", async () => {
    const story = await Story.begin();
    await story.happens({ do: "swell", phases: [2], percent: 115, for: "3min" });
    await story.pass("5min");
    await story.happens({ do: "phase-loss", phases: [3], for: "10min" });
    await story.pass("15min");
    expect(await story.number("1 1-0:52.36.0.255"), "swells of L2").toBe(1);
    expect(await story.number("1 1-0:72.40.0.255"), "cuts of L3").toBe(1);
    expect(await story.number("1 0-0:96.7.3.255"), "power failures of L3").toBe(1);
    expect((await story.events(QUALITY_LOG)).filter((code) => code !== 90)).toEqual([80, 86, 84, 87]);
  });

  it("outages are counted; a long one has a row of when it ended and how long it was", async () => {
    const story = await Story.begin();
    await story.outage("1min");
    await story.pass("1h");
    await story.outage("20min");
    expect(await story.number("1 0-0:96.7.0.255")).toBe(2);
    expect(await story.number("1 0-0:96.7.5.255")).toBe(1);
    expect(await story.rows("1-0:99.97.0.255")).toEqual([["2026-01-05T14:21:00+01:00", 1200]]);
    expect((await story.events("0-0:99.98.0.255")).slice(-4)).toEqual([1, 2, 1, 2]);
  });

  it("the voltages of each ten minutes are kept in the power quality profile", async () => {
    const story = await Story.begin();
    await story.happens({ do: "sag", phases: [1], percent: 90, for: "5min" });
    await story.pass("20min");
    const rows = await story.rows("1-0:99.14.0.255");
    expect(rows.map((row) => row[0])).toEqual(["2026-01-05T13:10:00+01:00", "2026-01-05T13:20:00+01:00"]);
    expect(rows[0]).toContain(2185);
    expect(rows[1]!.filter((cell) => cell === 2300).length).toBeGreaterThanOrEqual(3);
  });
});

describe("UC08: load management by relay", () => {
  const closed = async (story: Story): Promise<boolean> => (await story.value(`${RELAY} 2`)) === true;

  it("a relay is switched from afar, by its methods and by scripts", async () => {
    const story = await Story.begin();
    expect(await story.act(`${RELAY} 1`, zero)).toBe(0);
    expect(await closed(story)).toBe(false);
    expect(await story.act(`9 ${RELAY_SCRIPTS} 1`, d.longUnsigned(2))).toBe(0);
    expect(await closed(story)).toBe(true);
    expect(await state(story), "the supply of the house is another matter").toBe(CONNECTED);
  });

  it("a relay is switched by time: the boiler heats at night", async () => {
    const story = await Story.begin({ at: "2026-01-05T12:00:00Z" });
    expect(await story.set("22 0-1:15.0.1.255 2", script(RELAY_SCRIPTS, 1))).toBe(0);
    expect(await story.set("22 0-1:15.0.1.255 4", executions("06:00 *-*-*"))).toBe(0);
    expect(await story.set("22 0-2:15.0.1.255 2", script(RELAY_SCRIPTS, 2))).toBe(0);
    expect(await story.set("22 0-2:15.0.1.255 4", executions("22:00 *-*-*"))).toBe(0);
    const seen: boolean[] = [];
    for (const at of ["06T04:59", "06T05:01", "06T20:59", "06T21:01", "07T05:01"]) {
      await story.until(`2026-01-${at}:00Z`);
      seen.push(await closed(story));
    }
    expect(seen).toEqual([true, false, false, true, false]);
  });

  it("a relay is switched by load: the boiler waits while the oven bakes", async () => {
    const story = await Story.begin();
    const monitor = "21 1-0:31.4.0.255";
    expect(await story.set(`${monitor} 2`, d.array(d.doubleLongUnsigned(1600))), "16 A on L1").toBe(0);
    const sets = d.array(d.structure(script(RELAY_SCRIPTS, 1), script(RELAY_SCRIPTS, 2)));
    expect(await story.set(`${monitor} 4`, sets)).toBe(0);
    story.load(1000);
    await story.pass("1min");
    expect(await closed(story)).toBe(true);
    story.load(4000, 1000, 1000);
    await story.pass("1min");
    expect(await closed(story)).toBe(false);
    story.load(1000);
    await story.pass("1min");
    expect(await closed(story)).toBe(true);
    expect(await story.events(DISCONNECTOR_LOG)).toContain(70);
  });
});
