/** Outages and loads of a scenario as a meter of the built core lives through them. */
import { describe, expect, it } from "vitest";
import * as data from "../../host/client/data.ts";
import { numberOf } from "../../host/client/data.ts";
import { attribute, type Client, method } from "../../host/client/session.ts";
import { DISTURBANCES } from "../../host/metrology/disturbance.ts";
import { STEP_SCHEMAS } from "../../host/metrology/scenario.ts";
import { LLS, Rig } from "./rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const PROFILE = attribute(7, "1-0:99.1.0.255", 2);
const LOG = attribute(7, "0-0:99.98.0.255", 2);
const PDN = 0x80;

async function associated(rig: Rig): Promise<Client> {
  const client = rig.client(LLS);
  await client.connect();
  await client.associate();
  return client;
}

interface Cell {
  value: number;
}

/** The rows of a buffer without their stamps, as numbers. */
async function rowsOf(client: Client, what = PROFILE): Promise<number[][]> {
  const rows = (await client.get(what)) as unknown as { value: { value: Cell[] }[] };
  return rows.value.map((row) => row.value.slice(1).map((cell) => Number(cell.value)));
}

describe("an outage", () => {
  it("of any length: nothing is counted in it, its periods are marked, and events 1 and 2 are logged", async () => {
    const rig = new Rig({ steps: [{ do: "outage", at: "67min", for: "2h 45min" }] });
    rig.pass(5 * HOUR);
    const client = await associated(rig);
    // 1 kW for five hours less 165 minutes.
    expect(await client.get(ENERGY).then((v) => numberOf(v, "energy"))).toBe(2250);
    const codes = (await rowsOf(client, LOG)).map(([code]) => code);
    expect(codes.slice(-2)).toEqual([1, 2]);
    // Four whole quarters, the one the power went in, the one it came back in, and four more.
    const rows = await rowsOf(client);
    expect(rows.map(([status]) => status! & PDN)).toEqual([0, 0, 0, 0, PDN, PDN, 0, 0, 0, 0]);
    expect(rig.reports).toEqual([]);
  });

  it("comes and goes again and again in virtual time, in one jump or in steps", async () => {
    const steps = [{ do: "outage", at: "10min", every: "1h", for: ["1s", "20min"], jitter: "20min" }];
    const read = async (stride: number): Promise<number[]> => {
      const rig = new Rig({ steps });
      for (let at = 0; at < 12 * HOUR; at += stride) rig.pass(stride);
      rig.pass(HOUR);
      const client = await associated(rig);
      const energy = numberOf(await client.get(ENERGY), "energy");
      return [energy, ...(await rowsOf(client)).flat()];
    };
    const whole = await read(12 * HOUR);
    expect(whole[0]).toBeLessThan(13_000);
    expect(await read(6 * MINUTE)).toEqual(whole);
  });
});

describe("a load of a scenario", () => {
  it("is counted exactly from its first to its last millisecond, over every outage", async () => {
    const rig = new Rig({
      steps: [
        { do: "overload", at: "30min", for: "1h", watts: 3000 },
        { do: "export", at: "1h", for: "1h", watts: 9000 },
        { do: "outage", at: "75min", for: "30min" },
      ],
    });
    rig.pass(3 * HOUR);
    const client = await associated(rig);
    // 1 kW for 30 min, 4 kW for 30 min; then 4 - 9 kW for 15 min, power back at 105 min: 1 - 9 kW for 15 min; 1 kW for 1 h.
    expect(numberOf(await client.get(ENERGY), "energy")).toBe(500 + 2000 + 1000);
    expect(numberOf(await client.get(attribute(3, "1-0:2.8.0.255", 2)), "energy")).toBe(1250 + 2000);
  });
});

describe("the main disconnector", () => {
  const DISCONNECT = method(70, "0-0:96.3.10.255", 1);
  const RECONNECT = method(70, "0-0:96.3.10.255", 2);
  const MODE = attribute(70, "0-0:96.3.10.255", 4);

  it("stops the load while it is open, but not what goes past it", async () => {
    const rig = new Rig({ steps: [{ do: "unexpected-consumption", at: "2h", for: "30min" }] });
    rig.pass(HOUR);
    const client = await associated(rig);
    // Mode 2: a remote reconnection closes it at once.
    await client.set(MODE, data.enumerated(2));
    await client.action(DISCONNECT, data.integer(0));
    expect(rig.surroundings[0]!.signals.connected).toBe(false);
    rig.pass(2 * HOUR);
    const again = await associated(rig);
    // 1 kW for the first hour, and for half an hour past the open disconnector.
    expect(numberOf(await again.get(ENERGY), "energy")).toBe(1500);
    await again.action(RECONNECT, data.integer(0));
    rig.pass(HOUR);
    expect(numberOf(await (await associated(rig)).get(ENERGY), "energy")).toBe(2500);
    expect(rig.reports).toEqual([]);
  });

  it("is as it was after an outage", async () => {
    const rig = new Rig({ steps: [{ do: "outage", at: "1h", for: "1min" }] });
    const client = await associated(rig);
    await client.action(DISCONNECT, data.integer(0));
    rig.pass(3 * HOUR);
    expect(rig.surroundings[0]!.signals.connected).toBe(false);
    expect(numberOf(await (await associated(rig)).get(ENERGY), "energy")).toBe(0);
  });
});

describe("contacts", () => {
  it("are all known to the core", () => {
    const contacts = [...DISTURBANCES].filter(([, { level, pulse }]) => level !== undefined || pulse !== undefined);
    const steps = contacts.map(([name], i) => ({
      do: name,
      at: i,
      ...(STEP_SCHEMAS.get(name)!.properties["for"] ? { for: 1 } : {}),
    }));
    expect(steps.length).toBeGreaterThan(10);
    const rig = new Rig({ steps });
    rig.pass(HOUR);
    expect(rig.reports).toEqual([]);
  });
});
