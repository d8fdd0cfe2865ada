/** What survives a restart: everything that was answered, and no invocation counter twice (docs/ARCHITECTURE.md, section 7). */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  attribute,
  AssociationError,
  data as d,
  fromHex,
  method,
  type Client,
  type Data,
} from "../../host/client/index.ts";
import type { Flash } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { Shard } from "../../host/flash/shard.ts";
import { aarqGmac, associateGmac, associateLls, get, hex, securityOf, set } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, ENERGY, energyRead, gmac, LOAD_PROFILE, lls, Rig, SECURITY_SETUP, START, TEXT } from "./rig.ts";

const HOUR_MS = 3_600_000;
const READ = get(3, ENERGY, 2);
const EVENTS = "0-0:99.98.0.255";
const SECRET = attribute(15, "0-0:40.0.1.255", 7);

const endings: (() => void)[] = [];

afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** Where the flash of a meter lives on while banks come and go. */
const places: [string, () => (index: number, size: number) => Flash][] = [
  [
    "memory",
    () => {
      const kept = new Map<number, MemoryFlash>();
      return (index, size) => kept.get(index) ?? kept.set(index, new MemoryFlash(size)).get(index)!;
    },
  ],
  [
    "a file",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "meter-"));
      endings.push(() => rmSync(folder, { recursive: true }));
      return (index, size) => {
        const path = join(folder, "shard");
        const head = { flashSize: size, first: 0, template: 1 };
        const shard = existsSync(path) ? Shard.open(path) : Shard.create(path, head);
        endings.unshift(() => shard.close());
        return shard.flash(index);
      };
    },
  ],
];

/** Whether the power goes with a last gasp. */
const ends: [string, (rig: Rig) => Promise<void>][] = [
  ["the power fails with warning", (rig) => rig.bank.powerFail()],
  ["the power is cut", async (rig) => rig.meter(0).powerCut()],
];

describe.each(places)("with its flash in %s", (_, place) => {
  it.each(ends)("a meter is the same after %s", async (what, end) => {
    const flash = place();
    let rig = Rig.boot({ flash });
    await rig.settled();
    let client = await rig.associated(0, gmac(rig.identity(0)));
    await rig.advance(10 * HOUR_MS + 420_000);
    await client.set(attribute(1, TEXT, 2), d.octetString(fromHex("4142")));
    await client.set(attribute(8, CLOCK, 3), { type: "long", value: -120 });
    await client.set(SECRET, d.octetString(Buffer.from("changed!")));
    await client.action(method(64, SECURITY_SETUP, 1), { type: "enum", value: 0x24 });
    const rows = await client.get(attribute(7, LOAD_PROFILE, 2));
    const log = (await client.get(attribute(7, EVENTS, 2))) as { value: Data[] };
    const energy = await energyRead(client);
    const counter = client.security!.counter;
    await end(rig);

    rig = Rig.boot({ flash, start: START + 11 * HOUR_MS });
    await rig.settled();
    client = await rig.associated(0, gmac(rig.identity(0), counter + 5000));
    expect(await client.get(attribute(1, TEXT, 2))).toEqual(d.octetString(fromHex("4142")));
    expect(await client.get(attribute(8, CLOCK, 3))).toEqual({ type: "long", value: -120 });
    expect(await client.get(attribute(64, SECURITY_SETUP, 2))).toEqual({ type: "enum", value: 0x24 });
    expect((rows as { value: Data[] }).value).toHaveLength(40);
    const after = (await client.get(attribute(7, LOAD_PROFILE, 2))) as { value: Data[] };
    expect(after.value.slice(0, 40)).toEqual((rows as { value: Data[] }).value);
    const logAfter = (await client.get(attribute(7, EVENTS, 2))) as { value: Data[] };
    expect(logAfter.value.slice(0, log.value.length)).toEqual(log.value);
    expect(logAfter.value.length).toBeGreaterThan(log.value.length);
    // Without warning the energy since the last record may be gone, at most that of a capture period: 250 Wh.
    const lost = energy - (await energyRead(client));
    expect(lost).toBeGreaterThanOrEqual(0);
    expect(lost).toBeLessThanOrEqual(what.includes("warning") ? 0 : 250);
    expect(rig.reports).toEqual([]);
  });

  it("a changed password counts from the next association on, and the old one never again", async () => {
    const flash = place();
    let rig = Rig.boot({ flash });
    await rig.settled();
    const old = lls(rig.identity(0));
    const fresh = { ...old, password: Buffer.from("changed!") };
    const client = await rig.associated(0, old);
    await client.set(SECRET, d.octetString(fresh.password));
    for (let life = 0; life < 3; life++) {
      await expect(rig.associated(0, old)).rejects.toThrow(AssociationError);
      expect((await rig.associated(0, fresh)).associated).toBe(true);
      rig.meter(0).powerCut();
      rig = Rig.boot({ flash });
      await rig.settled();
    }
  });
});

describe("invocation counters over restarts", () => {
  /** Counters of the answers a client gets: of the AARE, of f(CtoS) around and of some values. */
  async function countersOf(rig: Rig, counter: number): Promise<number[]> {
    const used: number[] = [];
    const tamper = { in: (octets: Uint8Array) => (used.push(...countersIn(octets)), octets) };
    const client: Client = await rig.associated(0, gmac(rig.identity(0), counter), tamper);
    for (let i = 0; i < 5; i++) await energyRead(client);
    return used;
  }

  /** Security headers of a WPDU: the glo-initiateResponse of an AARE, or the APDU itself. */
  function countersIn(octets: Uint8Array): number[] {
    const text = hex(octets.subarray(8));
    const match = /^61.*28..30([0-9A-F]{8})/.exec(text) ?? /^C[CDF](?:..|81..)30([0-9A-F]{8})/.exec(text);
    return match === null ? [] : [Number.parseInt(match[1]!, 16)];
  }

  it.each(["never", "always", "now and then"])("are sent once, when the power fails with warning %s", async (when) => {
    const kept: MemoryFlash[] = [];
    let last = 0;
    let sent = 0;
    for (let life = 0; life < 20; life++) {
      // The same start each time: a clock without battery does not save it.
      const rig = Rig.boot({ flash: (_, size) => (kept[0] ??= new MemoryFlash(size)) });
      for (const counter of await countersOf(rig, 1 + life * 10_000)) {
        expect(counter).toBeGreaterThan(last);
        last = counter;
        sent++;
      }
      const warned = when === "always" || (when === "now and then" && life % 3 === 0);
      if (warned) await rig.bank.powerFail();
      else rig.meter(0).powerCut();
      expect(rig.reports).toEqual([]);
    }
    expect(sent).toBe(20 * 7);
  });

  it("without a flash begin with the time, so that a restart repeats none", () => {
    const first = RawMeter.boot();
    const channel = first.wrapper();
    const secret = associateGmac(channel, first.identity);
    const counter = secret.security.lowestAcceptable.global;
    expect(counter).toBeGreaterThan((START - Date.UTC(2000, 0, 1)) / 1000);
    const second = RawMeter.boot({ start: START + 60_000 });
    const again = associateGmac(second.wrapper(), second.identity);
    expect(again.security.lowestAcceptable.global).toBeGreaterThan(counter);
  });

  it("that were received are not taken again", () => {
    const meter = RawMeter.boot();
    let channel = meter.wrapper();
    const secret = associateGmac(channel, meter.identity);
    const sealed = secret.security.seal(set(1, TEXT, 2, d.octetString(fromHex("41"))));
    channel.exchange(sealed);
    for (let life = 0; life < 5; life++) {
      if (life % 2 === 0) meter.powerFails();
      meter.reboot();
      channel = meter.wrapper();
      // Whoever recorded all of it plays it once more: the AARQ already fails.
      expect(() => associateGmac(channel, meter.identity, 1)).toThrow();
      const answer = hex(channel.exchange(aarqGmac(securityOf(meter.identity, 2))));
      const lowest = Number.parseInt(/^D80106(.{8})$/.exec(answer)![1]!, 16);
      expect(lowest).toBeGreaterThan(secret.security.counter - 1);
      associateGmac(channel, meter.identity, lowest);
      expect(hex(channel.exchange(sealed))).toMatch(/^D80106/);
    }
  });
});

describe("a restart", () => {
  it("forgets nothing that was answered, whenever it comes", () => {
    const meter = RawMeter.boot();
    for (let life = 1; life <= 30; life++) {
      const channel = meter.wrapper();
      associateLls(channel, meter.identity);
      const value = Uint8Array.from({ length: life }, (_, i) => i);
      expect(hex(channel.exchange(set(1, TEXT, 2, d.octetString(value))))).toBe("C501C100");
      if (life % 3 === 0) meter.advance(HOUR_MS);
      meter.reboot();
      const again = meter.wrapper();
      associateLls(again, meter.identity);
      expect(hex(again.exchange(get(1, TEXT, 2)))).toBe(`C401C10009${hex(Uint8Array.of(life))}${hex(value)}`);
      expect(hex(again.exchange(READ))).toMatch(/^C401C10006/);
    }
  });

  it("takes back what was not answered", () => {
    const meter = RawMeter.boot();
    const channel = meter.wrapper();
    associateLls(channel, meter.identity);
    meter.flashHeld = true;
    expect(channel.exchange(set(1, TEXT, 2, d.octetString(fromHex("41"))))).toBeUndefined();
    meter.flashHeld = false;
    meter.reboot();
    const again = meter.wrapper();
    associateLls(again, meter.identity);
    expect(hex(again.exchange(get(1, TEXT, 2)))).toBe("C401C1000900");
  });
});

/** A flash that can fail, once. */
class FailingFlash extends MemoryFlash {
  failures = 0;

  override program(address: number, octets: Uint8Array): void {
    if (this.failures-- > 0) throw new Error("no space left");
    super.program(address, octets);
  }
}

describe("what is not durable yet", () => {
  it("is not shown to anybody: a GET of another association waits as the SET does", () => {
    const meter = RawMeter.boot();
    const [writer, reader] = [meter.wrapper(), meter.wrapper({ index: 1 })];
    associateLls(writer, meter.identity);
    associateLls(reader, meter.identity);
    expect(hex(reader.exchange(get(1, TEXT, 2)))).toBe("C401C1000900");
    meter.flashHeld = true;
    expect(writer.exchange(set(1, TEXT, 2, d.octetString(fromHex("41"))))).toBeUndefined();
    expect(reader.exchange(get(1, TEXT, 2))).toBeUndefined();
    const slots = [0, 1].map((index) => meter.slotOf("wrapper", index));
    expect(slots.map((slot) => meter.heldCount(slot))).toEqual([1, 1]);
    meter.flashHeld = false;
    meter.drain();
    const [set1, get1] = slots.map((slot) => Buffer.concat(meter.take(slot)).toString("hex").toUpperCase());
    expect(set1).toMatch(/C501C100$/);
    expect(get1).toMatch(/C401C100090141$/);
  });

  it("is gone where its write fails, and only that meter begins anew", async () => {
    const flashes: FailingFlash[] = [];
    const rig = Rig.boot({ meters: 2, flash: (index, size) => (flashes[index] ??= new FailingFlash(size)) });
    const [first, second] = [
      await rig.associated(0, lls(rig.identity(0))),
      await rig.associated(1, lls(rig.identity(1))),
    ];
    const text = attribute(1, TEXT, 2);
    await first.set(text, d.octetString(fromHex("41")));
    flashes[0]!.failures = 1;
    await expect(first.set(text, d.octetString(fromHex("42")))).rejects.toThrow();
    expect(rig.reports).toEqual([expect.stringMatching(/^0: no space left; the meter boots again from its flash$/)]);
    await second.set(text, d.octetString(fromHex("43")));
    expect(await second.get(text)).toEqual(d.octetString(fromHex("43")));
    const again = await rig.associated(0, lls(rig.identity(0)));
    expect(await again.get(text)).toEqual(d.octetString(fromHex("41")));
  });
});
