/** What an event leaves behind: row, code, counter, error and alarm registers, descriptors; and the inputs that are events (IDIS). */
import { describe, expect, test } from "vitest";
import { doubleLongUnsigned, longUnsigned } from "../../host/client/data.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import { templateRead } from "../../host/template/load.ts";
import { FRAUD, LOG, log } from "./shown.ts";
import { MeterWorld, ms, Result } from "./world.ts";

const START = "2024-01-10T09:00:00Z";
const ERRORS = "0-0:97.97.0.255";
const COUNTER = "0-0:96.15.0.255";
const register = (k: number): string => `0-0:97.98.${k - 1}.255`;
const filter = (k: number): string => `0-0:97.98.${k + 9}.255`;
const descriptor = (k: number): string => `0-0:97.98.${k + 19}.255`;
/** Inputs. */
const TERMINAL_COVER = 3;
const BATTERY = 7;
const SELF_TEST = 8;

function raise(world: MeterWorld, ...codes: number[]): void {
  for (const code of codes) world.call("raise", 0, code);
  world.call("events", 0);
  world.flashWork();
}

/** Register, descriptor of `k`. */
const alarms = (world: MeterWorld, k: number): [number, number] => [
  world.number(register(k)),
  world.number(descriptor(k)),
];

const codes = (world: MeterWorld, profile = LOG): number[] =>
  log(world, profile).map((line) => Number(line.split(" ")[0]));

describe("an event", () => {
  test("leaves row, code, counter, error bit, alarm bit and descriptor in one record", () => {
    const world = new MeterWorld(START, "new");
    const before = world.call("journalRecords", 0);
    raise(world, 6);
    expect(world.call("journalRecords", 0)).toBe(before + 1);
    expect(log(world)).toEqual(["6 2024-01-10T10:00:00+01:00"]);
    expect(world.number("0-0:96.11.0.255")).toBe(6);
    expect(world.number(COUNTER)).toBe(1);
    expect(world.number(ERRORS)).toBe(1);
    expect(alarms(world, 1)).toEqual([1, 1]);
    expect(alarms(world, 2)).toEqual([0, 0]);
  });

  test("without a log sets its bits all the same", () => {
    const world = new MeterWorld(START);
    raise(world, 12);
    expect([world.number(ERRORS), ...alarms(world, 1)]).toEqual([0x100, 0x100, 0x100]);
    expect(log(world)).toEqual([]);
    expect(world.number(COUNTER)).toBe(0);
  });

  test("of power down is there before the power is gone, with the stamp of the outage", () => {
    const world = new MeterWorld(START);
    world.call("powerFails", 0);
    expect(alarms(world, 2)).toEqual([1, 1]);
    world.timeSet(ms("2024-01-10T11:00:00Z"));
    world.call("powerReturns", 0);
    expect(alarms(world, 2)).toEqual([3, 3]);
    expect(log(world)).toEqual(["1 2024-01-10T10:00:00+01:00", "2 2024-01-10T12:00:00+01:00"]);
  });

  test("that found no room in the line loses its row, not its alarm", () => {
    const world = new MeterWorld(START);
    raise(world, ...Array<number>(16).fill(47), 6);
    expect(world.call("eventsLost", 0)).toBe(1);
    expect(codes(world)).toEqual(Array<number>(16).fill(47));
    expect([world.number(ERRORS), ...alarms(world, 1)]).toEqual([1, 1, 1]);
    expect([0, 1, 2, 3].map((k) => world.call("bits", 0, k))).toEqual([0, 0, 0, 0]);
  });

  test("survives a power cut with all it set", () => {
    const world = new MeterWorld(START, "new");
    raise(world, 6, 40);
    const again = new MeterWorld("2024-01-10T10:00:00Z", world.flash!);
    expect(alarms(again, 1)).toEqual([0x2001, 0x2001]);
    expect(again.number(ERRORS)).toBe(1);
    // The cut itself was two more events.
    expect(again.number(COUNTER)).toBe(3);
    expect(codes(again)).toEqual([6, 1, 2]);
  });

  test.each([46, 49, 50])(
    "%d of the default template is a fraud attempt: its log, and bit 13 of register 1",
    (code) => {
      const world = new MeterWorld(START, undefined, undefined, compileTemplate(templateRead()));
      raise(world, code);
      expect(codes(world, FRAUD)).toEqual([code]);
      expect([world.number(ERRORS), ...alarms(world, 1), ...alarms(world, 2)]).toEqual([0, 0x2000, 0x2000, 0, 0]);
    },
  );

  test("counts the row that says a log was cleared", () => {
    const world = new MeterWorld(START);
    raise(world, 47, 47);
    expect(world.invoke(LOG, 1)).toBe(Result.SUCCESS);
    expect(codes(world)).toEqual([255]);
    expect(world.number(COUNTER)).toBe(3);
    raise(world, 47);
    expect(codes(world)).toEqual([255, 47]);
  });

  test("counter rolls over at the end of its type", () => {
    const world = new MeterWorld(START);
    expect(world.set(COUNTER, 2, longUnsigned(65535))).toBe(Result.SUCCESS);
    raise(world, 47);
    expect(world.number(COUNTER)).toBe(0);
  });
});

describe("alarm registers", () => {
  test("a bit stays until it is cleared, and rises again only by a new event", () => {
    const world = new MeterWorld(START);
    raise(world, 40);
    expect(world.set(descriptor(1), 2, doubleLongUnsigned(0))).toBe(Result.SUCCESS);
    raise(world, 41, 40);
    // The register never fell, so nothing rose.
    expect(alarms(world, 1)).toEqual([0x2000, 0]);
    expect(world.set(register(1), 2, doubleLongUnsigned(0))).toBe(Result.SUCCESS);
    expect(alarms(world, 1)).toEqual([0, 0]);
    raise(world, 40);
    expect(alarms(world, 1)).toEqual([0x2000, 0x2000]);
  });

  test("a further bit joins those that stand", () => {
    const world = new MeterWorld(START);
    raise(world, 40);
    raise(world, 6);
    expect(alarms(world, 1)).toEqual([0x2001, 0x2001]);
  });

  test("the filter keeps a bit from the descriptor, not from the register", () => {
    const world = new MeterWorld(START);
    world.set(filter(1), 2, doubleLongUnsigned(0xffffdfff));
    raise(world, 40, 6);
    expect(alarms(world, 1)).toEqual([0x2001, 1]);
  });

  test("a filter that opens lets a standing bit rise, one that closes clears nothing", () => {
    const world = new MeterWorld(START);
    world.set(filter(1), 2, doubleLongUnsigned(0));
    raise(world, 40);
    expect(alarms(world, 1)).toEqual([0x2000, 0]);
    world.set(filter(1), 2, doubleLongUnsigned(0x6000));
    expect(alarms(world, 1)).toEqual([0x2000, 0x2000]);
    world.set(filter(1), 2, doubleLongUnsigned(0));
    expect(alarms(world, 1)).toEqual([0x2000, 0x2000]);
    expect(codes(world)).toEqual([]);
  });

  test("a client clears bits, some or all, and cannot set one", () => {
    const world = new MeterWorld(START);
    raise(world, 40, 6);
    for (const name of [register(1), descriptor(1)]) {
      expect(world.set(name, 2, doubleLongUnsigned(0x2003))).toBe(Result.OTHER);
      expect(world.set(name, 2, doubleLongUnsigned(0x80000000))).toBe(Result.OTHER);
      expect(world.set(name, 2, longUnsigned(0))).toBe(Result.TYPE);
      expect(world.number(name)).toBe(0x2001);
      expect(world.set(name, 2, doubleLongUnsigned(0x2000))).toBe(Result.SUCCESS);
      expect(world.number(name)).toBe(0x2000);
    }
    expect(world.set(ERRORS, 2, doubleLongUnsigned(2))).toBe(Result.OTHER);
  });

  test("clearing is an event: 10 for the error register, 11 for an alarm register, none where nothing falls", () => {
    const world = new MeterWorld(START);
    raise(world, 6, 40);
    for (const name of [descriptor(1), register(1), ERRORS, register(2), ERRORS]) {
      expect(world.set(name, 2, doubleLongUnsigned(0))).toBe(Result.SUCCESS);
    }
    expect(codes(world)).toEqual([6, 11, 10]);
  });

  test("what waits is in the register before it is cleared", () => {
    const world = new MeterWorld(START);
    raise(world, 40);
    world.call("raise", 0, 6);
    expect(world.set(register(1), 2, doubleLongUnsigned(0))).toBe(Result.SUCCESS);
    expect(alarms(world, 1)).toEqual([0, 0x2001]);
    expect(codes(world)).toEqual([6, 11]);
  });
});

describe("inputs", () => {
  test("a change of state is an event, the same state is none", () => {
    const world = new MeterWorld(START);
    for (const state of [0, 1, 1, 0, 0, 1]) {
      expect(world.call("input", 0, TERMINAL_COVER, state)).toBe(0);
      world.call("events", 0);
    }
    expect(codes(world, FRAUD)).toEqual([40, 41, 40]);
  });

  test("each battery state has its event", () => {
    const world = new MeterWorld(START);
    for (const state of [1, 2, 0, 2]) world.call("input", 0, BATTERY, state);
    world.call("events", 0);
    expect(codes(world)).toEqual([8, 7, 7]);
  });

  test("a state that lasts over a power cut is no new event", () => {
    const world = new MeterWorld(START, "new");
    world.call("input", 0, TERMINAL_COVER, 1);
    world.call("events", 0);
    world.call("input", 0, BATTERY, 1);
    world.call("input", 0, BATTERY, 0);
    world.call("events", 0);
    world.flashWork();
    const again = new MeterWorld("2024-01-10T10:00:00Z", world.flash!);
    again.call("input", 0, TERMINAL_COVER, 1);
    again.call("input", 0, BATTERY, 0);
    again.call("events", 0);
    expect(codes(again, FRAUD)).toEqual([40]);
    again.call("input", 0, TERMINAL_COVER, 0);
    again.call("events", 0);
    expect(codes(again, FRAUD)).toEqual([40, 41]);
  });

  test("a failed self test is an event each time it is told", () => {
    const world = new MeterWorld(START);
    for (const code of [12, 12, 11, 17]) world.call("input", 0, SELF_TEST, code);
    world.call("events", 0);
    expect(world.number(ERRORS)).toBe(0x100);
    expect(world.call("input", 0, SELF_TEST, 12)).toBe(0);
    expect(world.call("input", 0, SELF_TEST, 17)).toBe(-4);
  });

  test("of another kind are refused, as are states an input does not have", () => {
    const world = new MeterWorld(START);
    expect(world.call("input", 0, 99, 0)).toBeLessThan(0);
    expect(world.call("input", 0, TERMINAL_COVER, 2)).toBe(-4);
    expect(world.call("input", 0, TERMINAL_COVER, -1)).toBe(-4);
    world.call("events", 0);
    expect(log(world, FRAUD)).toEqual([]);
  });
});
