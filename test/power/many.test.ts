/** A bank of meters that is cut and restarted again and again, and what energies and the last gasp cost. */
import { describe, expect, it } from "vitest";
import { attribute, data as d } from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { associateLls, set } from "../device/apdus.ts";
import { RawMeter } from "../device/raw.ts";
import { energyRead, gmac, lls, Rig, START, TEXT } from "../device/rig.ts";
import { Dice } from "../testing.ts";

const METERS = 100;
const LIVES = 50;
/** Clients in each life: enough that each meter has one every few lives. */
const CLIENTS = 12;
const MINUTE_MS = 60_000;

/** Octets that the last gasp programs at most (docs/FLASH.md). */
const GASP_MAX = 3072;

const kept = (): ((index: number, size: number) => MemoryFlash) => {
  const flashes: MemoryFlash[] = [];
  return (index, size) => (flashes[index] ??= new MemoryFlash(size));
};

/** Counts the octets that are programmed. */
class CountedFlash extends MemoryFlash {
  programmed = 0;

  override program(address: number, octets: Uint8Array): void {
    this.programmed += octets.length;
    super.program(address, octets);
  }
}

describe("a hundred meters", () => {
  it("cut and restarted fifty times lose nothing and repeat no counter", async () => {
    const dice = new Dice(100);
    const flash = kept();
    const texts = new Map<number, string>();
    const counters = new Map<number, number>();
    let acknowledged = 0;
    for (let life = 0; life < LIVES; life++) {
      const start = START + life * 20 * MINUTE_MS;
      const rig = Rig.boot({ meters: METERS, flash, start });
      await rig.settled();
      for (let i = 0; i < CLIENTS; i++) {
        const index = dice.roll(METERS);
        const client = await rig.associated(index, lls(rig.identity(index)));
        const stored = (await client.get(attribute(1, TEXT, 2))) as { value: Uint8Array };
        expect(Buffer.from(stored.value).toString()).toBe(texts.get(index) ?? "");
        const text = `${life} ${i}`;
        await client.set(attribute(1, TEXT, 2), d.octetString(Buffer.from(text)));
        texts.set(index, text);
        acknowledged++;
        const ciphered = await rig.associated(index, gmac(rig.identity(index), 1 + life * 1000 + i * 10));
        const { security } = ciphered;
        expect(security!.lowestAcceptable.global - 3).toBeGreaterThanOrEqual(counters.get(index) ?? 0);
        await energyRead(ciphered);
        counters.set(index, security!.lowestAcceptable.global);
        await client.disconnect();
        await ciphered.disconnect();
      }
      await rig.advance(17 * MINUTE_MS);
      for (let index = 0; index < METERS; index++) rig.meter(index).powerCut();
      expect(rig.reports).toEqual([]);
    }
    const last = Rig.boot({ meters: METERS, flash, start: START + LIVES * 20 * MINUTE_MS });
    await last.settled();
    for (const [index, text] of texts) {
      const client = await last.associated(index, lls(last.identity(index)));
      const stored = (await client.get(attribute(1, TEXT, 2))) as { value: Uint8Array };
      expect(Buffer.from(stored.value).toString()).toBe(text);
      await client.disconnect();
    }
    console.log(`power cuts: ${METERS} meters, ${LIVES * METERS} cuts, ${acknowledged} writes acknowledged, none lost`);
  }, 300_000);
});

describe("energy", () => {
  it.each([
    [0, 250],
    [60_000, 17],
    [10_000, 3],
  ])("kept every %i ms of meter time: a cut without warning loses at most %i Wh of 1 kW", async (keepMs, most) => {
    const flash = kept();
    for (let life = 0, start = START; life < 4; life++) {
      const rig = Rig.boot({ flash, start, keepMs });
      await rig.settled();
      const lived = (13 + 4 * life) * MINUTE_MS + 55_000;
      const client = await rig.associated(0, lls(rig.identity(0)));
      await rig.advance(lived);
      const shown = await energyRead(client);
      rig.meter(0).powerCut();
      start += lived;
      const again = Rig.boot({ flash, start, keepMs });
      await again.settled();
      const lost = shown - (await energyRead(await again.associated(0, lls(again.identity(0)))));
      expect(lost).toBeGreaterThanOrEqual(0);
      expect(lost).toBeLessThanOrEqual(most);
      again.meter(0).powerCut();
    }
  });
});

describe("the last gasp", () => {
  it(`is written within ${GASP_MAX} octets, whatever has changed`, () => {
    let most = 0;
    for (let minutes = 1; minutes < 40; minutes += 3) {
      const flash = new CountedFlash(RawMeter.boot().bank.plan.flashSize);
      const meter = RawMeter.boot({ flash });
      const channel = meter.wrapper();
      associateLls(channel, meter.identity);
      channel.exchange(set(1, TEXT, 2, d.octetString(new Uint8Array(40))));
      meter.advance(minutes * MINUTE_MS);
      const before = flash.programmed;
      meter.powerFails();
      expect(flash.programmed).toBeGreaterThan(before);
      most = Math.max(most, flash.programmed - before);
    }
    expect(most).toBeLessThanOrEqual(GASP_MAX);
    console.log(`the last gasp: ${most} octets at most`);
  });
});
