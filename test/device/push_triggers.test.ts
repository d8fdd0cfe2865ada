/** What starts a push besides scripts and clients, and which rows of a buffer it carries: those since it was delivered. */
import { describe, expect, it } from "vitest";
import { attribute, data, method, type Data } from "../../host/client/index.ts";
import { DeliverEvent } from "../../host/core.ts";
import type { ObjectDocument } from "../../host/template/document.ts";
import { LOAD_PROFILE } from "./rig.ts";
import { quietTemplate, TO, Watched, zero } from "./watching.ts";

const CONNECTIVITY = "0-0:25.9.0.255";
const INTERVAL = "0-1:25.9.0.255";
const INSTALLATION = "0-7:25.9.0.255";
const CONNECTED = 13;
const INSTALLED = 14;
const QUARTER = 900_000;

const to = (logicalName: string): ObjectDocument => ({
  logicalName,
  attributes: { 3: { value: TO }, 6: { value: { unsigned: 0 } } },
});

describe("installation", () => {
  const compiled = quietTemplate(to(INSTALLATION));

  it("is pushed at the first boot, and at input 14", async () => {
    const meter = await Watched.boot({ template: compiled });
    meter.raw.advance(0);
    const [body] = meter.pushed();
    expect(Buffer.from((body![1] as { value: Uint8Array }).value).toString()).toBe(
      meter.raw.identity.logicalDeviceName,
    );
    await meter.reboot();
    meter.raw.advance(3_600_000);
    expect(meter.pushed()).toEqual([]);
    meter.input(INSTALLED, 1);
    expect(meter.pushed()).toHaveLength(1);
  });

  it("is pushed at each power-up until it was delivered", async () => {
    const meter = await Watched.boot({ template: compiled });
    meter.raw.courier = () => DeliverEvent.FAILED;
    meter.raw.advance(3_600_000);
    expect(meter.pushed()).toHaveLength(1);
    await meter.reboot();
    meter.raw.courier = () => DeliverEvent.SENT;
    meter.raw.advance(0);
    expect(meter.pushed()).toHaveLength(1);
    await meter.reboot();
    meter.raw.advance(3_600_000);
    expect(meter.pushed()).toEqual([]);
  });
});

it("connectivity is pushed at each new connection to the network", async () => {
  const meter = await Watched.boot({ template: quietTemplate(to(CONNECTIVITY)) });
  meter.raw.advance(0);
  expect(meter.pushed()).toEqual([]);
  meter.input(CONNECTED, 1);
  meter.input(CONNECTED, 0);
  meter.input(CONNECTED, 1);
  expect(meter.pushed()).toHaveLength(2);
});

describe("the rows of a buffer", () => {
  /** An interval push with load profile 1 alone. */
  const withRows = (pushRows: "all" | "since-last" | number): ObjectDocument => ({
    ...to(INTERVAL),
    pushRows,
    push: [`${LOAD_PROFILE}:2`],
  });

  async function booted(pushRows: "all" | "since-last" | number = "since-last"): Promise<Watched> {
    return Watched.boot({ template: quietTemplate(withRows(pushRows)) });
  }

  const push = async (meter: Watched): Promise<void> => {
    await meter.client.action(method(40, INTERVAL, 1), zero);
    meter.raw.advance(0);
  };

  /** How many rows each push since the last look carried, and whether they are the newest there are. */
  async function rows(meter: Watched): Promise<number[]> {
    const all = ((await meter.client.get(attribute(7, LOAD_PROFILE, 2))) as { value: Data[] }).value;
    return meter.pushed().map((body) => {
      const pushed = (body[0] as { value: Data[] }).value;
      expect(pushed).toEqual(pushed.length === 0 ? [] : all.slice(-pushed.length));
      return pushed.length;
    });
  }

  it("since the last delivery: none twice, none lost", async () => {
    const meter = await booted();
    meter.raw.advance(3 * QUARTER);
    await push(meter);
    expect(await rows(meter)).toEqual([3]);
    await push(meter);
    expect(await rows(meter)).toEqual([0]);
    meter.raw.advance(2 * QUARTER);
    meter.raw.courier = () => DeliverEvent.FAILED;
    await push(meter);
    expect(await rows(meter)).toEqual([2]);
    meter.raw.advance(QUARTER);
    meter.raw.courier = () => DeliverEvent.SENT;
    await push(meter);
    expect(await rows(meter)).toEqual([3]);
  });

  it("are remembered over a power cut", async () => {
    const meter = await booted();
    meter.raw.advance(3 * QUARTER);
    await push(meter);
    await meter.reboot();
    meter.raw.advance(QUARTER);
    meter.pushed();
    await push(meter);
    expect(await rows(meter)).toEqual([1]);
  });

  it("begin anew after a reset of the buffer, and with a new list", async () => {
    const meter = await booted();
    meter.raw.advance(3 * QUARTER);
    await push(meter);
    await meter.client.action(method(7, LOAD_PROFILE, 1), zero);
    meter.raw.advance(2 * QUARTER);
    meter.pushed();
    await push(meter);
    expect(await rows(meter)).toEqual([2]);
    const list = await meter.client.get(attribute(40, INTERVAL, 2));
    const element = (list as { value: Data[] }).value[0]!;
    await meter.set(40, INTERVAL, 2, data.array(element, element));
    await push(meter);
    expect(await rows(meter)).toEqual([2]);
  });

  it("the last so many, or all", async () => {
    for (const [pushRows, counts] of [
      [4, [3, 4, 4]],
      ["all", [3, 6, 6]],
    ] as const) {
      const meter = await booted(pushRows);
      meter.raw.advance(3 * QUARTER);
      await push(meter);
      meter.raw.advance(3 * QUARTER);
      await push(meter);
      await push(meter);
      const got = meter.pushed().map((body) => (body[0] as { value: Data[] }).value.length);
      expect(got).toEqual(counts);
    }
  });
});
