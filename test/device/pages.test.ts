/**
 * What a meter touches of its block, in pages of 4 KiB: a host gives memory to no other. That is held here without measuring memory, by the
 * octets that are no longer zero; rows are the depth of profiles and count apart.
 */
import { describe, expect, it } from "vitest";
import { attribute, Client } from "../../host/client/index.ts";
import { type BlockLayout, blockPages, type BlockPages } from "../../bench/block_pages.ts";
import { testingModule } from "../testing.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, ENERGY, gmac, START, template } from "./rig.ts";
// @ts-expect-error a script without types
import * as blocks from "../../scripts/block.mjs";

const { layoutOf } = blocks as { layoutOf(module: WebAssembly.Module, image: Uint8Array): BlockLayout };

const DAY_MS = 86_400_000;

const layout = layoutOf(testingModule("testing_layout", ["base", "store", "session"]), template().image);
const pagesOf = (meter: RawMeter): BlockPages => blockPages(layout, meter.bank.block(meter.seat));

async function read(meter: RawMeter, use: "wrapper" | "hdlc", counter: number): Promise<Client> {
  const options = { ...gmac(meter.identity, counter), ...(use === "hdlc" ? { hdlc: {} } : {}) };
  const slot = meter.slotOf(use, 0);
  meter.open(slot);
  const client = new Client(meter.transport(slot), options);
  await client.connect();
  await client.associate();
  expect(await client.get(attribute(3, ENERGY, 2))).toMatchObject({ type: "double-long-unsigned" });
  await client.get(attribute(8, CLOCK, 2));
  return client;
}

describe("pages of a block that are touched", () => {
  it("engine 2 and values 1 after boot and a day, a slot 1 for a client that is connected", async () => {
    const meter = RawMeter.boot();
    expect(pagesOf(meter)).toMatchObject({ engine: 2, values: 1, slots: 0, inbox: 0 });
    meter.advance(DAY_MS);
    expect(meter.meterTime).toBeGreaterThanOrEqual(START + DAY_MS);
    expect(pagesOf(meter)).toMatchObject({ engine: 2, values: 1, slots: 0, inbox: 0 });
    expect(pagesOf(meter).rows).toBeGreaterThan(0);
    await read(meter, "wrapper", 1);
    expect(pagesOf(meter)).toMatchObject({ engine: 2, values: 1, slots: 1, inbox: 0 });
  });

  it("over HDLC no more: links that nobody uses stay untouched, and a frame that comes whole is not copied", async () => {
    const meter = RawMeter.boot();
    await read(meter, "hdlc", 1);
    expect(pagesOf(meter)).toMatchObject({ engine: 2, values: 1, slots: 1, inbox: 0 });
  });

  it("a seat that is used again is as good as a new one", async () => {
    const meter = RawMeter.boot();
    meter.advance(DAY_MS);
    await read(meter, "hdlc", 1);
    meter.flash.erase(0, meter.flash.size);
    meter.reboot();
    const fresh = RawMeter.boot();
    expect(pagesOf(meter)).toEqual(pagesOf(fresh));
  });
});
