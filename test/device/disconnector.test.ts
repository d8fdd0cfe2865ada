/** Disconnect control (class_id 70): every state, trigger and mode; relays; the output, its failure, the button, power cuts. */
import { describe, expect, it } from "vitest";
import { data as d } from "../../host/client/index.ts";
import { OUTPUT_SWITCHED } from "../../host/core.ts";
import {
  actionItem,
  actions,
  ControlRig,
  DISCONNECTOR,
  DISCONNECTOR_SCRIPTS,
  LIMITER,
  POWER,
  provisionRecord,
} from "./control_rig.ts";
import { template } from "./rig.ts";

/** Transitions of the class: from, to, trigger. */
const TRANSITIONS: Record<string, [number, number, string]> = {
  a: [0, 1, "remote_reconnect"],
  b: [1, 0, "remote_disconnect"],
  c: [2, 0, "remote_disconnect"],
  d: [0, 2, "remote_reconnect"],
  e: [2, 1, "manual_reconnect"],
  f: [1, 2, "manual_disconnect"],
  g: [1, 2, "local_disconnect"],
  h: [2, 1, "local_reconnect"],
  i: [2, 1, "remote_reconnect"],
};
/** Which of them each control_mode has. */
const MODES = ["", "bcfgde", "bcfgae", "bcgde", "bcgae", "bcfgdeh", "bcgdeh", "bcgaieh"];
const TRIGGERS = [
  ...["remote_disconnect", "manual_disconnect", "local_disconnect"],
  ...["remote_reconnect", "manual_reconnect", "local_reconnect"],
];
const EVENTS: Record<string, number> = { b: 62, c: 62, a: 63, i: 63, d: 59, e: 61, f: 60, g: 64, h: 69 };

/** The default template with a disconnector of version 1, which has mode 7, and a limiter for the active power. */
const versionOne = template({
  objects: [
    { logicalName: DISCONNECTOR, version: 1, attributes: { 4: { value: { enum: 2 }, min: 0, max: 7 } } },
    {
      logicalName: LIMITER,
      attributes: {
        2: { value: { structure: [{ "long-unsigned": 3 }, { ln: POWER }, { integer: 2 }] } },
        3: { value: { "double-long-unsigned": 0xffffffff } },
        4: { value: { "double-long-unsigned": 0xffffffff } },
        5: { value: { "double-long-unsigned": 0xffffffff } },
      },
    },
  ],
});

function booted(mode: number, state: number): Promise<ControlRig> {
  const provision = Buffer.concat([
    provisionRecord(70, DISCONNECTOR, 2, [3, state === 1 ? 1 : 0]),
    provisionRecord(70, DISCONNECTOR, 3, [22, state]),
    provisionRecord(70, DISCONNECTOR, 4, [22, mode]),
  ]);
  return ControlRig.boot({ template: versionOne, provision });
}

/** Pulls a trigger; the action-result where there is one. */
async function pull(rig: ControlRig, trigger: string): Promise<number | undefined> {
  const script = trigger.endsWith("reconnect") ? 2 : 1;
  if (trigger.startsWith("remote")) return rig.call(70, DISCONNECTOR, script);
  if (trigger.startsWith("manual")) {
    rig.raw.bank.input(0, 9, script === 2 ? 1 : 2, rig.raw.meterTime);
    rig.raw.drain();
    return undefined;
  }
  expect(await rig.set(71, LIMITER, 11, actions(script, 0))).toBe(0);
  expect(await rig.set(71, LIMITER, 4, d.doubleLongUnsigned(100))).toBe(0);
  await rig.load(200);
  return undefined;
}

describe.each(MODES.map((letters, mode) => [mode, letters] as const))("control_mode %i", (mode, letters) => {
  const cells = [0, 1, 2].flatMap((state) => TRIGGERS.map((trigger) => [state, trigger] as const));
  it.each(cells)("state %i, %s", async (state, trigger) => {
    const rig = await booted(mode, state);
    const result = await pull(rig, trigger);
    const taken = [...letters].find(
      (letter) => TRANSITIONS[letter]![0] === state && TRANSITIONS[letter]![2] === trigger,
    );
    const next = taken === undefined ? state : TRANSITIONS[taken]![1];
    expect(await rig.state()).toEqual([next, next === 1]);
    const limiter = trigger.startsWith("local") ? [65] : [];
    const changed = trigger.startsWith("local") ? [67] : [];
    const events = await rig.events();
    expect(events).toEqual([...changed, ...limiter, ...(taken === undefined ? [] : [EVENTS[taken]!])]);
    if (result === undefined) return;
    const ends = [...letters].filter((letter) => TRANSITIONS[letter]![2] === trigger).map((l) => TRANSITIONS[l]![1]);
    const reached = ends.includes(state) || (trigger === "remote_reconnect" && ends.length > 0 && state === 1);
    expect(result).toBe(taken !== undefined || reached ? 0 : 250);
  });
});

describe("the supply", () => {
  it("is told to the host when it changes, and once after a start", async () => {
    const rig = await ControlRig.boot();
    const { bank } = rig.raw;
    expect(rig.raw.outputs).toEqual([0b111]);
    await rig.call(70, DISCONNECTOR, 1);
    expect(rig.raw.outputs).toEqual([0b111, 0b110]);
    expect(bank.outputPoll(0) & OUTPUT_SWITCHED).toBe(0);
    await rig.outage(1000);
    expect(rig.raw.outputs).toEqual([0b111, 0b110, 0b110]);
    expect(await rig.state()).toEqual([0, false]);
  });

  it("is connected for ever where control_mode is set to 0", async () => {
    const rig = await ControlRig.boot();
    await rig.call(70, DISCONNECTOR, 1);
    expect(await rig.set(70, DISCONNECTOR, 4, d.enumerated(0))).toBe(0);
    expect(await rig.state()).toEqual([1, true]);
    expect(await rig.call(70, DISCONNECTOR, 1)).toBe(250);
    expect(await rig.state()).toEqual([1, true]);
    expect(await rig.events()).toEqual([62, 63]);
    await rig.outage(1000);
    expect(await rig.number(70, DISCONNECTOR, 4)).toBe(0);
    expect(await rig.state()).toEqual([1, true]);
  });

  it("refuses modes it does not have, and methods with another parameter", async () => {
    const rig = await ControlRig.boot();
    expect(await rig.set(70, DISCONNECTOR, 4, d.enumerated(7))).toBe(250);
    expect(await rig.set(70, DISCONNECTOR, 4, d.unsigned(0))).toBe(12);
    expect(await rig.call(70, DISCONNECTOR, 1, d.unsigned(0))).toBe(12);
    expect(await rig.call(70, DISCONNECTOR, 1, d.integer(1))).toBe(12);
    expect(await rig.state()).toEqual([1, true]);
  });

  it("is switched remotely by its script table", async () => {
    const rig = await ControlRig.boot();
    expect(await rig.call(9, DISCONNECTOR_SCRIPTS, 1, d.longUnsigned(1))).toBe(0);
    expect(await rig.state()).toEqual([0, false]);
    expect(await rig.call(9, DISCONNECTOR_SCRIPTS, 1, d.longUnsigned(2))).toBe(0);
    expect(await rig.state()).toEqual([1, true]);
    expect(await rig.events()).toEqual([62, 63]);
  });

  it("that does not follow is a failure once, and follows when it works again", async () => {
    const rig = await ControlRig.boot();
    const failure = (value: number): void => {
      rig.raw.bank.input(0, 12, value, rig.raw.meterTime);
      rig.raw.drain();
    };
    failure(1);
    failure(1);
    expect(await rig.events()).toEqual([68]);
    await rig.call(70, DISCONNECTOR, 1);
    expect(await rig.state()).toEqual([0, true]);
    expect(await rig.events()).toEqual([68, 68]);
    failure(0);
    expect(await rig.state()).toEqual([0, false]);
    expect(rig.raw.outputs.at(-1)).toBe(0b110);
  });
});

describe("relays", () => {
  const RELAY = "0-2:96.3.10.255";
  const SCRIPTS = "0-0:10.0.103.255";

  it("switch remotely, by client and by script, and say nothing in the log", async () => {
    const rig = await ControlRig.boot();
    expect(await rig.call(70, RELAY, 1)).toBe(0);
    expect(await rig.state(RELAY)).toEqual([0, false]);
    expect(await rig.state("0-1:96.3.10.255")).toEqual([1, true]);
    expect(rig.raw.outputs.at(-1)).toBe(0b011);
    expect(await rig.call(9, SCRIPTS, 1, d.longUnsigned(4))).toBe(0);
    expect(await rig.state(RELAY)).toEqual([1, true]);
    expect(await rig.events()).toEqual([]);
  });

  it("switch by load, off and on again", async () => {
    const rig = await ControlRig.boot({ template: versionOne });
    expect(await rig.set(71, LIMITER, 11, d.structure(...[1, 2].map((n) => actionItem(SCRIPTS, n))))).toBe(0);
    expect(await rig.set(71, LIMITER, 4, d.doubleLongUnsigned(1000))).toBe(0);
    await rig.load(1500);
    expect(await rig.state("0-1:96.3.10.255")).toEqual([0, false]);
    expect(await rig.state()).toEqual([1, true]);
    await rig.load(900);
    expect(await rig.state("0-1:96.3.10.255")).toEqual([1, true]);
  });
});
