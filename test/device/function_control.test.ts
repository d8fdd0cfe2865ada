/** Function control (class_id 122), port protection (class_id 124): what is switched off is off, and each switch is logged. */
import { describe, expect, it } from "vitest";
import { Client, data as d, logicalNameParse, type Data } from "../../host/client/index.ts";
import { ControlRig } from "./control_rig.ts";
import { lls } from "./rig.ts";

const FUNCTIONS = "0-0:44.1.0.255";
const PROTECTION = "0-0:44.2.0.255";
const LOAD_PROFILE = "1-0:99.1.0.255";
const STANDARD_LOG = "0-0:99.98.0.255";
const PERIOD_MS = 900_000;

const name = (text: string): Data => d.octetString(Buffer.from(text));
const status = (text: string, on: boolean): Data => d.structure(name(text), d.boolean(on));
const specification = (classId: number, logicalName: string): Data =>
  d.structure(d.longUnsigned(classId), d.octetString(logicalNameParse(logicalName)));

const switched = (rig: ControlRig, text: string, on: boolean): Promise<number> =>
  rig.call(122, FUNCTIONS, 1, d.array(status(text, on)));

async function statuses(rig: ControlRig): Promise<Record<string, boolean>> {
  const value = (await rig.get(122, FUNCTIONS, 2)) as { value: { value: { value: unknown }[] }[] };
  return Object.fromEntries(
    value.value.map((row) => [
      Buffer.from(row.value[0]!.value as Uint8Array).toString(),
      row.value[1]!.value as boolean,
    ]),
  );
}

const logged = async (rig: ControlRig): Promise<number[]> => (await rig.events(STANDARD_LOG)).slice(1);

const rows = async (rig: ControlRig): Promise<number> =>
  ((await rig.get(7, LOAD_PROFILE, 2)) as { value: unknown[] }).value.length;

/** Whether a client with a password gets in over a port. */
async function entered(rig: ControlRig, use: "wrapper" | "hdlc", password?: Uint8Array): Promise<boolean> {
  const slot = rig.raw.slotOf(use, 1);
  rig.raw.open(slot);
  const options = lls(rig.raw.identity, {
    timeOut: 50,
    ...(use === "hdlc" ? { hdlc: {} } : {}),
    ...(password === undefined ? {} : { password }),
  });
  const client = new Client(rig.raw.transport(slot), options);
  try {
    await client.connect();
    await client.associate();
    await client.release();
    return true;
  } catch {
    return false;
  } finally {
    await client.disconnect().catch(() => undefined);
    rig.raw.close(slot);
  }
}

describe("functions", () => {
  it("are all on at delivery", async () => {
    const rig = await ControlRig.boot();
    const found = await statuses(rig);
    expect(Object.keys(found)).toContain("load profile 1");
    expect(Object.values(found).every((on) => on)).toBe(true);
  });

  it("a load profile captures nothing while it is off, over a power cut as well", async () => {
    const rig = await ControlRig.boot();
    rig.raw.advance(2 * PERIOD_MS);
    expect(await rows(rig)).toBe(2);
    expect(await switched(rig, "load profile 1", false)).toBe(0);
    rig.raw.advance(3 * PERIOD_MS);
    expect(await rows(rig)).toBe(2);
    await rig.outage(PERIOD_MS * 2);
    rig.raw.advance(PERIOD_MS * 3);
    expect(await rows(rig)).toBe(2);
    expect((await statuses(rig))["load profile 1"]).toBe(false);
    expect(await switched(rig, "load profile 1", true)).toBe(0);
    rig.raw.advance(2 * PERIOD_MS);
    expect(await rows(rig)).toBe(4);
    expect((await logged(rig)).filter((code) => code >= 22 && code <= 25)).toEqual([23, 22]);
  });

  it("load profile 2 has events of its own, and the same status again is nothing", async () => {
    const rig = await ControlRig.boot();
    await switched(rig, "load profile 2", false);
    await switched(rig, "load profile 2", false);
    await switched(rig, "load profile 2", true);
    expect(await logged(rig)).toEqual([25, 24]);
  });

  it("the display shows nothing while it is off", async () => {
    const rig = await ControlRig.boot();
    const { bank } = rig.raw;
    expect(bank.show(0, 0, 0)).toBeDefined();
    expect(await switched(rig, "display", false)).toBe(0);
    expect(bank.show(0, 0, 0)).toBeUndefined();
    expect(bank.show(0, 2, 0)).toBeDefined();
    expect(await switched(rig, "display", true)).toBe(0);
    expect(bank.show(0, 0, 0)).toBeDefined();
    expect(await logged(rig)).toEqual([47, 47]);
  });

  it("nobody is heard on an interface that is off", async () => {
    const rig = await ControlRig.boot();
    expect(await entered(rig, "hdlc")).toBe(true);
    expect(await switched(rig, "HDLC", false)).toBe(0);
    expect(await entered(rig, "hdlc")).toBe(false);
    expect(await entered(rig, "wrapper")).toBe(true);
    expect(await switched(rig, "HDLC", true)).toBe(0);
    expect(await entered(rig, "hdlc")).toBe(true);
  });

  it("a mechanism that is off is not recognised", async () => {
    const rig = await ControlRig.boot();
    expect(await switched(rig, "mechanism 1", false)).toBe(0);
    expect(await entered(rig, "wrapper")).toBe(false);
    expect(await switched(rig, "mechanism 1", true)).toBe(0);
    expect(await entered(rig, "wrapper")).toBe(true);
  });

  it("are switched all or none", async () => {
    const rig = await ControlRig.boot();
    const both = d.array(status("load profile 1", false), status("nobody knows it", false));
    expect(await rig.call(122, FUNCTIONS, 1, both)).toBe(250);
    expect((await statuses(rig))["load profile 1"]).toBe(true);
    expect(await rig.call(122, FUNCTIONS, 1, status("load profile 1", false))).toBe(12);
    expect(await rig.call(122, FUNCTIONS, 1, d.array())).toBe(0);
  });

  it("can be added and removed; what a removed one had switched off is on again", async () => {
    const rig = await ControlRig.boot();
    const own = d.structure(name("daily values"), d.array(specification(7, LOAD_PROFILE)));
    expect(await rig.call(122, FUNCTIONS, 2, own)).toBe(0);
    expect(await rig.call(122, FUNCTIONS, 2, own)).toBe(250);
    expect((await statuses(rig))["daily values"]).toBe(true);
    expect(await switched(rig, "daily values", false)).toBe(0);
    rig.raw.advance(2 * PERIOD_MS);
    expect(await rows(rig)).toBe(0);
    await rig.outage(1000);
    expect((await statuses(rig))["daily values"]).toBe(false);
    expect(await rig.call(122, FUNCTIONS, 3, name("daily values"))).toBe(0);
    expect(await statuses(rig)).not.toHaveProperty("daily values");
    rig.raw.advance(2 * PERIOD_MS);
    expect(await rows(rig)).toBe(2);
    expect(await rig.call(122, FUNCTIONS, 3, name("daily values"))).toBe(250);
    expect(await rig.call(122, FUNCTIONS, 3, d.integer(0))).toBe(12);
  });
});

describe("port protection", () => {
  const wrong = Buffer.from("1234abcd");
  const state = (rig: ControlRig): Promise<number[]> =>
    Promise.all([8, 9, 10].map((id) => rig.number(124, PROTECTION, id)));

  it("locks the port after too many failures, longer each time, and no other port", async () => {
    const rig = await ControlRig.boot();
    expect(await rig.set(124, PROTECTION, 3, d.longUnsigned(2))).toBe(0);
    expect(await rig.set(124, PROTECTION, 4, d.doubleLongUnsigned(100))).toBe(0);
    for (let i = 0; i < 2; i++) expect(await entered(rig, "hdlc", wrong)).toBe(false);
    expect(await state(rig)).toEqual([0, 2, 2]);
    expect(await entered(rig, "hdlc", wrong)).toBe(false);
    expect(await state(rig)).toEqual([1, 3, 3]);
    expect(await entered(rig, "hdlc")).toBe(false);
    expect(await entered(rig, "wrapper")).toBe(true);
    rig.raw.advance(100_000);
    expect(await state(rig)).toEqual([0, 3, 3]);
    expect(await entered(rig, "hdlc", wrong)).toBe(false);
    rig.raw.advance(199_000);
    expect((await state(rig))[0]).toBe(1);
    await rig.outage(1000);
    expect(await state(rig)).toEqual([0, 4, 4]);
    expect(await entered(rig, "hdlc")).toBe(true);
    expect(await state(rig)).toEqual([0, 0, 4]);
  });

  it("is opened by reset, and locked by mode", async () => {
    const rig = await ControlRig.boot();
    await rig.set(124, PROTECTION, 3, d.longUnsigned(0));
    expect(await entered(rig, "hdlc", wrong)).toBe(false);
    expect((await state(rig))[0]).toBe(1);
    expect(await rig.call(124, PROTECTION, 1)).toBe(0);
    expect(await state(rig)).toEqual([0, 0, 1]);
    expect(await entered(rig, "hdlc")).toBe(true);
    expect(await rig.set(124, PROTECTION, 2, d.enumerated(0))).toBe(0);
    expect((await state(rig))[0]).toBe(2);
    expect(await entered(rig, "hdlc")).toBe(false);
    expect(await rig.set(124, PROTECTION, 2, d.enumerated(2))).toBe(0);
    expect(await entered(rig, "hdlc")).toBe(true);
    expect(await rig.set(124, PROTECTION, 7, d.octetString(logicalNameParse("0-0:25.0.0.255")))).toBe(0);
  });
});
