/** Scenarios: read, played to the metrology, and told to the core at the instants they name. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../host/clock.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { constantLoad } from "../../host/metrology/constant.ts";
import { DISTURBANCES } from "../../host/metrology/disturbance.ts";
import { Household } from "../../host/metrology/household.ts";
import { Simulation } from "../../host/metrology/player.ts";
import {
  durationMs,
  SCENARIO_EXAMPLES,
  ScenarioError,
  scenarioFrom,
  scenarioRead,
  STEP_SCHEMAS,
} from "../../host/metrology/scenario.ts";
import { MeterPort } from "../../host/ports.ts";
import { Pump } from "../../host/pump.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { FakeCore } from "./fake_core.ts";

const START = Date.UTC(2026, 0, 15);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const steps = (...list: object[]) => scenarioFrom({ steps: list }, "test", START);
/** Steps whose times count from an instant. */
const stepsAt = (time: number, ...list: object[]) => scenarioFrom({ steps: list }, "test", time);
const playing = (...list: object[]): Simulation => new Simulation(constantLoad, 0, steps(...list));

/** Values at an instant: voltages mV, currents mA, active powers mW, reactive mvar, mHz. */
const valuesAt = (simulation: Simulation, time: number): number[] => [...simulation.sample(time, time).values];
const powersAt = (simulation: Simulation, time: number): number[] => valuesAt(simulation, time).slice(6, 9);

describe("reading", () => {
  it("knows exactly the steps of the published schema", () => {
    expect([...DISTURBANCES.keys()]).toEqual([...STEP_SCHEMAS.keys()]);
  });

  it.each(SCENARIO_EXAMPLES)("the example %s can be played", (name) => {
    expect(scenarioRead(name, START).steps.length).toBeGreaterThan(1);
  });

  it.each([
    [90, 90_000],
    [0.5, 500],
    ["1.5h", 5_400_000],
    ["1h 30min", 5_400_000],
    ["2d1h1min1s1ms", 2 * DAY + HOUR + MINUTE + 1001],
    ["250ms", 250],
  ])("the duration %j is %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    [{ steps: [{ do: "sagg" }] }, "test: step 1 (sagg): there is no such step; known are outage, phase-loss"],
    [{ steps: [{ do: "sag", percnt: 70 }] }, 'test: step 1 (sag): unknown key "percnt"'],
    [{ steps: [{ do: "sag", percent: 100 }] }, "test: step 1 (sag): percent: must be <= 99"],
    [{ steps: [{ do: "button", for: "1s" }] }, 'test: step 1 (button): unknown key "for"'],
    [{ steps: [{ do: "phase-loss" }] }, 'test: step 1 (phase-loss): key "phases" is missing'],
    [{ steps: [{ do: "sag", phases: [4] }] }, "test: step 1 (sag): phases.0: must be one of 1, 2, 3"],
    [{ steps: [{ do: "sag", at: "soon" }] }, 'test: step 1 (sag): at: "soon" is not understood; write: A duration'],
    [{ steps: [{ do: "sag", at: "2026-13-01T00:00:00Z" }] }, "test: step 1 (sag): at: there is no such time"],
    [{ steps: [{ do: "sag", for: "0s" }] }, "test: step 1 (sag): for: it must last"],
    [{ steps: [{ do: "sag", for: ["2s", "1s"] }] }, "for: the first duration is longer than the second"],
    [{ steps: [{ do: "sag", every: "1h" }] }, "for is missing: what begins again must end"],
    [{ steps: [{ do: "sag", every: "1h", for: "50min", jitter: "11min" }] }, "it would begin again before it ends"],
    [{ steps: [{ do: "button", every: "0.5s" }] }, "every: at least a second"],
    [{ steps: [{ do: "button", times: 3 }] }, "times needs every"],
    [{ steps: [{ at: 1 }] }, "test: step 1"],
    [{}, 'test: key "steps" is missing'],
    [[], "test: must be object"],
  ])("%j is refused with one line", (json, message) => {
    const read = (): unknown => scenarioFrom(json, "test", START);
    expect(read).toThrow(ScenarioError);
    expect(read).toThrow(message);
    expect(read).not.toThrow("\n");
  });

  it("names a file that is not there", () => {
    expect(() => scenarioRead("/nowhere/day.json", START)).toThrow("/nowhere/day.json: ");
  });
});

describe("what is measured", () => {
  it("announces each change, so that quiet intervals are one sample", () => {
    const meter = playing({ do: "sag", at: "10min", for: "5min", phases: [2], percent: 50 });
    expect(meter.changesAt).toBe(-Infinity);
    valuesAt(meter, START);
    expect(meter.changesAt).toBe(START + 10 * MINUTE);
    // At the end of an interval the values are those before the change.
    expect([...meter.sample(START, START + 10 * MINUTE).values].slice(0, 3)).toEqual([230_000, 230_000, 230_000]);
    expect(meter.changesAt).toBe(START + 10 * MINUTE);
    expect(valuesAt(meter, START + 10 * MINUTE).slice(0, 3)).toEqual([230_000, 115_000, 230_000]);
    expect(meter.changesAt).toBe(START + 15 * MINUTE);
    expect(valuesAt(meter, START + 15 * MINUTE).slice(0, 3)).toEqual([230_000, 230_000, 230_000]);
    expect(meter.changesAt).toBe(Infinity);
  });

  it("changes voltages, loads and the frequency as the steps say, several at once", () => {
    const meter = playing(
      { do: "swell", percent: 110 },
      { do: "overload", watts: 3000, vars: 300, at: 1 },
      { do: "export", watts: 8000, phases: [1], at: 2 },
      { do: "frequency", hertz: 47.5, at: 3 },
      { do: "phase-loss", phases: [3], at: 4 },
      { do: "reverse-power", phases: [2], at: 5 },
    );
    expect(valuesAt(meter, START).slice(0, 9)).toEqual([253_000, 253_000, 253_000, 2015, 1209, 806, 5e5, 3e5, 2e5]);
    expect(valuesAt(meter, START + 1000).slice(6)).toEqual([15e5, 13e5, 12e5, 2e5, 16e4, 14e4, 50_000]);
    expect(powersAt(meter, START + 2000)).toEqual([-65e5, 13e5, 12e5]);
    expect(valuesAt(meter, START + 3000)[12]).toBe(47_500);
    expect(valuesAt(meter, START + 4000).slice(0, 3)).toEqual([253_000, 253_000, 0]);
    expect(powersAt(meter, START + 4000)).toEqual([-65e5, 13e5, 0]);
    expect(powersAt(meter, START + 5000)).toEqual([-65e5, -13e5, 0]);
  });

  it("gives the same energies to the last µWh however the time is cut", () => {
    const scenario = scenarioRead("weak-grid", START);
    const made = (): Simulation => new Simulation(new Household({ seed: 5, solarPeak: 5000 }), 3, scenario);
    const [whole, cut] = [made(), made()];
    const sum = new Array<number>(12).fill(0);
    for (let at = START; at < START + 2 * DAY; at += 777_777) {
      const part = cut.sample(at, Math.min(at + 777_777, START + 2 * DAY)).energies;
      part.forEach((energy, i) => (sum[i]! += energy));
    }
    expect(sum).toEqual([...whole.sample(START, START + 2 * DAY).energies]);
  });

  it("stops the load behind an open disconnector, unless it goes past it", () => {
    const meter = playing({ do: "unexpected-consumption", at: "1h", for: "1h" });
    meter.outputs(0);
    expect(valuesAt(meter, START).slice(0, 9)).toEqual([230_000, 230_000, 230_000, 0, 0, 0, 0, 0, 0]);
    expect(powersAt(meter, START + HOUR)).toEqual([5e5, 3e5, 2e5]);
    expect(powersAt(meter, START + 2 * HOUR)).toEqual([0, 0, 0]);
    // Relay 1 alone.
    meter.outputs(0b10);
    expect(powersAt(meter, START + 3 * HOUR)).toEqual([0, 0, 0]);
    meter.outputs(0b01);
    expect(meter.changesAt).toBe(-Infinity);
    expect(powersAt(meter, START + 3 * HOUR)).toEqual([5e5, 3e5, 2e5]);
  });

  it("measures no current beyond what a meter can, at next to no voltage", () => {
    const meter = playing({ do: "sag", percent: 1 }, { do: "overload", watts: 1_000_000, phases: [1] });
    expect(valuesAt(meter, START)[3]).toBe(10_000_000);
  });
});

describe("recurring steps", () => {
  /** Every begin and end of a sag within the time. */
  const changes = (simulation: Simulation, days: number): number[] => {
    const found: number[] = [];
    for (
      valuesAt(simulation, START);
      simulation.changesAt < START + days * DAY;
      valuesAt(simulation, simulation.changesAt)
    )
      found.push(simulation.changesAt - START);
    return found;
  };
  const often = { do: "sag", at: "1h", every: "1d", jitter: "20h", for: ["1s", "3h"], percent: 50 };

  it("keep to their times", () => {
    const meter = playing({ do: "sag", at: "1h", every: "2h", times: 2, for: "1min" });
    expect(changes(meter, 1)).toEqual([HOUR, HOUR + MINUTE, 3 * HOUR, 3 * HOUR + MINUTE]);
  });

  it("happen at random within their jitter, the same for the same seed, others for another meter or seed", () => {
    const of = (seed: number, meter: number): number[] =>
      changes(new Simulation(constantLoad, meter, scenarioFrom({ seed, steps: [often] }, "test", START)), 30);
    const found = of(1, 0);
    expect(found).toHaveLength(60);
    for (let day = 0; day < 30; day++) {
      const [begin, end] = [found[2 * day]! - day * DAY - HOUR, found[2 * day + 1]! - found[2 * day]!];
      expect(begin).toBeGreaterThanOrEqual(0);
      expect(begin).toBeLessThan(20 * HOUR);
      expect(end).toBeGreaterThanOrEqual(1000);
      expect(end).toBeLessThanOrEqual(3 * HOUR);
    }
    expect(new Set(found.map((at) => at % DAY)).size).toBeGreaterThan(50);
    expect(of(1, 0)).toEqual(found);
    expect(of(2, 0)).not.toEqual(found);
    expect(of(1, 1)).not.toEqual(found);
  });

  it("are left out as often as their chance says", () => {
    const count = changes(playing({ ...often, chance: 0.25 }), 400).length / 2;
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(140);
  });

  it("happen to the meters they name", () => {
    const scenario = steps({ do: "swell", meters: [1] });
    expect(valuesAt(new Simulation(constantLoad, 0, scenario), START)[0]).toBe(230_000);
    expect(valuesAt(new Simulation(constantLoad, 1, scenario), START)[0]).toBe(276_000);
  });
});

describe("what the core is told", () => {
  const PORT = { kind: 1, isSerial: false, connections: 2, links: 4, firstSlot: 8 };

  function world(...list: object[]) {
    const core = new FakeCore();
    const clock = new ManualClock(START);
    const reports: string[] = [];
    const host = {
      clock,
      entropy: (size: number) => new Uint8Array(size),
      wake: () => undefined,
      report: (_pump: Pump, line: string) => void reports.push(line),
    };
    const metrology = playing(...list);
    const flash = new MemoryFlash(8192);
    const pump = new Pump(0, host, { core, seat: 0, provision: new Uint8Array(0), flash, metrology });
    pump.boot();
    const pass = (to: number): string[] => {
      clock.meter = START + to;
      pump.run();
      return core.calls.splice(0).map((call) => call.replace(/\b\d{13}\b/, (time) => `+${Number(time) - START}`));
    };
    return { core, clock, pump, metrology, reports, pass };
  }

  it("hears of contacts at their instants, after what was measured up to then, and of nothing twice", () => {
    const { pass } = world(
      { do: "cover-open", at: "1min", for: "1min" },
      { do: "cover-open", at: "90s", for: "1min", cover: "meter" },
      { do: "battery", at: "2min", state: "replace" },
      { do: "button", at: "150s" },
      { do: "self-test", at: "151s", fault: "watchdog" },
    );
    expect(pass(0)).toEqual(["boot 0 8192 +0", "sample 0 +0"]);
    const calls = pass(HOUR);
    const inputs = calls.filter((call) => call.startsWith("input"));
    // Of what happens at one instant, pulses come first.
    expect(inputs).toEqual([
      "input 3 1 +60000",
      "input 4 1 +90000",
      "input 3 0 +120000",
      "input 7 2 +120000",
      "input 9 1 +150000",
      "input 4 0 +150000",
      "input 8 15 +151000",
    ]);
    expect(calls[0]).toBe("sample 16666666 +60000");
    expect(pass(2 * HOUR)).toEqual([]);
  });

  it("is off during an outage, and boots at exactly its end, also where time jumps over it", () => {
    const { pump, pass, core } = world({ do: "outage", at: "1h", for: "30min" }, { do: "cover-open", at: "75min" });
    pass(0);
    const peer = MemoryPeer.connect(new MeterPort(pump, PORT).accept)!;
    core.calls.length = 0;
    expect(pass(HOUR)).toEqual(["sample 1000000000 +3600000", "input 1"]);
    expect([pump.state, peer.open]).toEqual(["outage", false]);
    expect(MemoryPeer.connect(new MeterPort(pump, PORT).accept)).toBeUndefined();
    expect(pass(HOUR + 29 * MINUTE)).toEqual([]);
    const back = 90 * MINUTE;
    expect(pass(2 * HOUR)).toEqual([`boot 0 8192 +${back}`, `input 3 1 +${back}`, `sample 0 +${back}`]);
    expect(pump.state).toBe("running");
    const other = world({ do: "outage", at: "1h", for: "30min" });
    other.pass(0);
    expect(other.pass(2 * HOUR)).toEqual([
      "sample 1000000000 +3600000",
      "input 1",
      `boot 0 8192 +${back}`,
      `sample 0 +${back}`,
    ]);
  });

  it("loses its power with the last phase, and has it again with the first", () => {
    const { pump, pass } = world(
      { do: "phase-loss", at: "1min", for: "1h", phases: [1, 2] },
      { do: "phase-loss", at: "2min", for: "1min", phases: [3] },
    );
    expect(pass(MINUTE)).not.toContain("input 1");
    expect(pass(2 * MINUTE)).toContain("input 1");
    expect(pump.state).toBe("outage");
    expect(pass(3 * MINUTE)).toEqual(["boot 0 8192 +180000", "sample 0 +180000"]);
  });

  it("that does not know an input goes on, and it is said once", () => {
    const { core, pass, reports } = world({ do: "magnet", at: "1min", for: "10s", every: "1min", times: 3 });
    core.inputMax = 2;
    pass(HOUR);
    expect(reports).toEqual(["the core does not take input 5 (-1); what happens goes on without it"]);
  });

  it("hears of steps that are injected, also while time stands still, and of their end", () => {
    const { pass, metrology } = world();
    pass(MINUTE);
    metrology.inject(stepsAt(START + MINUTE, { do: "magnet" }, { do: "install" }), START + MINUTE);
    expect(pass(MINUTE).filter((call) => call.startsWith("input"))).toEqual(["input 14 1 +60000", "input 5 1 +60000"]);
    metrology.inject(stepsAt(START + MINUTE, { do: "install" }), START + MINUTE);
    expect(pass(MINUTE).filter((call) => call.startsWith("input"))).toEqual(["input 14 1 +60000"]);
    expect(metrology.signals.lastingAt(START + MINUTE)).toEqual([{ do: "magnet", since: START + MINUTE }]);
    expect(metrology.end("magnet", START + MINUTE)).toBe(1);
    expect(pass(MINUTE).filter((call) => call.startsWith("input"))).toEqual(["input 5 0 +60000"]);
    expect(metrology.end(undefined, START + MINUTE)).toBe(0);
    metrology.inject(stepsAt(START + 2 * MINUTE, { do: "sag", for: "1s" }), START + 2 * MINUTE);
    expect(pass(HOUR).filter((call) => call.startsWith("sample"))).toEqual([
      "sample 16666667 +120000",
      "sample 0 +120000",
      "sample 277778 +121000",
      "sample 0 +121000",
    ]);
  });

  it("tells the switch of an output, and the load stops from that instant", () => {
    const { core, pass } = world();
    pass(MINUTE);
    core.switchedTo = 0;
    // It has switched at the instant it was last brought to.
    expect(pass(2 * MINUTE)).toEqual(["sample 16666666 +60000", "sample 0 +60000"]);
    core.meterDeadline = START + 3 * MINUTE;
    expect(pass(3 * MINUTE)[0]).toBe("sample 0 +180000");
  });
});
