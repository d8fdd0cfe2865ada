/** What must hold however octets, segments, blocks and flash operations fall: docs/ARCHITECTURE.md, sections 2, 5 and 7. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { attribute, data as d, encodeData, fromHex, type Client, type Data } from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { apduOf, associateGmac, associateLls, get, getNext, hex, initiate, set, type Ciphered } from "./apdus.ts";
import { RawMeter, type HdlcChannel, type WrapperChannel } from "./raw.ts";
import {
  CLOCK,
  core,
  CURRENT_ASSOCIATION,
  ENERGY,
  energyRead,
  gmac,
  LOAD_PROFILE,
  lls,
  Rig,
  template,
  TEXT,
} from "./rig.ts";

const HOUR_MS = 3_600_000;
const READ = get(3, ENERGY, 2);
const OBJECTS = get(15, CURRENT_ASSOCIATION, 2);

/** Two meters of one bank, in its seats 0 and 1. */
function pair(): [RawMeter, RawMeter] {
  const bank = core().bank(template().image, 2);
  return [RawMeter.boot({ bank, seat: 0 }), RawMeter.boot({ bank, seat: 1, index: 1, seed: 2 })];
}

describe("two meters of one instance, octet by octet in turn", () => {
  /** What both answer to their requests when these are fed one octet each at a time. */
  function interleaved(meters: RawMeter[], requests: Uint8Array[], slot: number): string[] {
    const answers: string[][] = meters.map(() => []);
    for (let at = 0; at < Math.max(...requests.map(({ length }) => length)); at++) {
      meters.forEach((meter, i) => {
        const octet = requests[i]!.subarray(at, at + 1);
        if (octet.length > 0) answers[i]!.push(...meter.feed(slot, octet).map(hex));
      });
    }
    return answers.map((items) => items.join());
  }

  it("each answers as it does alone", () => {
    const work = (meter: RawMeter): Uint8Array[] => {
      const channel = meter.wrapper();
      const secret = associateGmac(channel, meter.identity);
      const apdus = [READ, OBJECTS, set(1, TEXT, 2, d.octetString(fromHex("4142"))), get(8, CLOCK, 2)];
      return apdus.map((apdu) => channel.wpdu(secret.security.seal(apdu)));
    };
    const alone = [0, 1].map((i) => {
      const meter = RawMeter.boot({ index: i, seed: i + 1 });
      return work(meter).map((octets) => meter.feed(0, octets).map(hex).join());
    });
    const meters = pair();
    const requests = meters.map(work);
    const together = requests[0]!.map((_, i) =>
      interleaved(
        meters,
        requests.map((own) => own[i]!),
        0,
      ),
    );
    expect(together.map(([first]) => first)).toEqual(alone[0]);
    expect(together.map(([, second]) => second)).toEqual(alone[1]);
    expect(alone[0]).not.toEqual(alone[1]);
  });

  it("on HDLC lines", () => {
    const frames = (channel: HdlcChannel): Uint8Array[] => {
      channel.connect();
      associateLls(channel, channel.meter.identity);
      const lpdu = Uint8Array.from([0xe6, 0xe6, 0, ...get(1, "0-0:42.0.0.255", 2)]);
      return [channel.frame(channel.controlNext(), lpdu)];
    };
    const meters = pair();
    const channels = meters.map((meter) => meter.hdlc());
    const requests = channels.map((channel) => frames(channel)[0]!);
    const answers = interleaved(meters, requests, channels[0]!.slot);
    meters.forEach((meter, i) => {
      expect(answers[i]).toContain(Buffer.from(meter.identity.logicalDeviceName).toString("hex").toUpperCase());
    });
  });
});

describe("a lost segment of a ciphered answer", () => {
  it("comes again as the same octets: no second text under one IV", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    const secret = associateGmac(channel, meter.identity);
    const lpdu = Uint8Array.from([0xe6, 0xe6, 0, ...secret.security.seal(get(8, CLOCK, 2))]);
    const first = channel.send(channel.controlNext(), lpdu);
    // It is lost; a second and more goes by, and the clock with it.
    meter.advance(5000, 5000);
    const again = channel.poll();
    expect(again.map(({ information }) => hex(information))).toEqual(first.map(({ information }) => hex(information)));
    expect(hex(secret.security.open(channel.collect(again)!).text)).toMatch(/^C401C100090C07EA0105010D0000/);
  });

  it.each([1, 2, 3])("segment %i of a long one, lost twice", (lost) => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    const secret = associateGmac(channel, meter.identity);
    const lpdu = Uint8Array.from([0xe6, 0xe6, 0, ...secret.security.seal(OBJECTS)]);
    let frames = channel.send(channel.controlNext(), lpdu);
    const parts: number[] = [];
    for (let segment = 1; ; segment++) {
      if (segment === lost) {
        const octets = hex(frames[0]!.information);
        for (let i = 0; i < 2; i++) {
          meter.advance(1000, 1000);
          frames = channel.poll();
          expect(hex(frames[0]!.information)).toBe(octets);
        }
      }
      const [frame] = frames;
      channel.vr = (channel.vr + 1) & 7;
      parts.push(...frame!.information);
      if (!frame!.segmented) break;
      frames = channel.poll();
    }
    expect(() => secret.security.open(Uint8Array.from(parts.slice(3)))).not.toThrow();
  });

  it("an honest client gets by with the loss of any frame, either way", async () => {
    for (let lost = 0; lost < 14; lost++) {
      for (const way of ["in", "out"] as const) {
        const rig = Rig.boot();
        await rig.advance(HOUR_MS);
        let count = 0;
        const tamper = { [way]: (octets: Uint8Array) => (count++ === lost ? null : octets) };
        const options = gmac(rig.identity(0), 1, "authenc", { hdlc: { timeOut: 10 } });
        const client = await rig.associated(0, options, tamper);
        expect(await energyRead(client)).toBe(1000);
        await client.set(attribute(1, TEXT, 2), d.octetString(fromHex("41")));
        expect(await client.get(attribute(1, TEXT, 2))).toEqual(d.octetString(fromHex("41")));
        expect((await client.get(attribute(15, CURRENT_ASSOCIATION, 2))).type).toBe("array");
        expect(rig.reports).toEqual([]);
      }
    }
  });
});

describe("a value that changes between two sendings", () => {
  it("of the same segment stays what it was", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    associateLls(channel, meter.identity);
    const lpdu = Uint8Array.from([0xe6, 0xe6, 0, ...READ]);
    const first = channel.send(channel.controlNext(), lpdu);
    meter.advance(HOUR_MS, 100);
    const again = channel.poll();
    expect(hex(again[0]!.information)).toBe(hex(first[0]!.information));
    expect(hex(channel.collect(again))).toBe("C401C1000600000000");
    expect(hex(channel.exchange(READ))).toBe("C401C10006000003E8");
  });

  it("of a block stays what it was when the answer was begun", () => {
    const meter = RawMeter.boot();
    const channel = meter.wrapper();
    associateLls(channel, meter.identity, initiate({ pduSizeMax: 100 }));
    meter.advance(10 * HOUR_MS);
    const whole = (): string => {
      let answer = apduOf("get-response-with-datablock", channel.exchange(get(7, LOAD_PROFILE, 2)));
      let raw = hex(answer.raw);
      while (!answer.last) {
        answer = apduOf("get-response-with-datablock", channel.exchange(getNext(answer.block)));
        raw += hex(answer.raw);
      }
      return raw;
    };
    const before = whole();
    const other = meter.wrapper({ index: 1 });
    associateLls(other, meter.identity);
    let answer = apduOf("get-response-with-datablock", channel.exchange(get(7, LOAD_PROFILE, 2)));
    let raw = hex(answer.raw);
    while (!answer.last) {
      // Between two blocks rows are captured, and another client writes.
      meter.advance(900_000);
      other.exchange(set(1, TEXT, 2, d.octetString(Uint8Array.of(answer.block))));
      answer = apduOf("get-response-with-datablock", channel.exchange(getNext(answer.block)));
      raw += hex(answer.raw);
    }
    expect(raw).toBe(before);
    expect(whole()).not.toBe(before);
  });
});

/** A flash whose syncs end when the test says so. */
class SlowFlash extends MemoryFlash {
  readonly waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  slow = false;

  override sync(): Promise<void> | undefined {
    if (!this.slow) return undefined;
    return new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Ends the sync under way. */
  async end(error?: Error): Promise<void> {
    const { resolve, reject } = this.waiting.shift()!;
    if (error === undefined) resolve();
    else reject(error);
    await new Promise((done) => setImmediate(done));
  }
}

describe("durability", () => {
  async function slowRig(): Promise<{ rig: Rig; flash: SlowFlash; one: Client; two: Client }> {
    const flashes: SlowFlash[] = [];
    const rig = Rig.boot({ flash: (_, size) => (flashes[0] ??= new SlowFlash(size)) });
    const one = await rig.associated(0, lls(rig.identity(0)));
    const two = await rig.associated(0, lls(rig.identity(0)));
    await one.set(attribute(1, TEXT, 2), d.octetString(fromHex("4F4C44")));
    const flash = flashes[0]!;
    flash.slow = true;
    return { rig, flash, one, two };
  }

  const state = (answer: Promise<unknown>): { done: boolean; failed: boolean } => {
    const seen = { done: false, failed: false };
    answer.then(
      () => (seen.done = true),
      () => (seen.failed = true),
    );
    return seen;
  };
  const NEW = d.octetString(fromHex("4E4557"));
  const later = (): Promise<unknown> => new Promise((done) => setTimeout(done, 5));

  it("neither the answer to a SET nor a GET that sees it leaves before the record is durable", async () => {
    const { rig, flash, one, two } = await slowRig();
    const put = state(one.set(attribute(1, TEXT, 2), NEW));
    const answer = two.get(attribute(1, TEXT, 2));
    const got = state(answer);
    await later();
    expect([put.done, got.done, flash.waiting.length]).toEqual([false, false, 1]);
    while (flash.waiting.length > 0) await flash.end();
    await later();
    expect([put.done, got.done]).toEqual([true, true]);
    expect(await answer).toEqual(NEW);
    expect(rig.reports).toEqual([]);
  });

  it("a write that fails drops them, and the meter restarts with the old value", async () => {
    const { rig, flash, one, two } = await slowRig();
    const put = state(one.set(attribute(1, TEXT, 2), NEW));
    const got = state(two.get(attribute(1, TEXT, 2)));
    await later();
    flash.slow = false;
    // What was not synchronised is lost with the write that failed.
    await flash.end(new Error("no space left"));
    await rig.settled();
    await later();
    expect([put.done, got.done, put.failed, got.failed]).toEqual([false, false, true, true]);
    expect(rig.reports.join()).toMatch(/boots again from its flash/);
    expect(rig.meter(0).state).toBe("running");
    const client = await rig.associated(0, lls(rig.identity(0)));
    const value = await client.get(attribute(1, TEXT, 2));
    // The octets were programmed; whether they count is the journal's to say, but a half of them never does.
    expect([hex(encodeData(NEW)), "09034F4C44"]).toContain(hex(encodeData(value)));
  });

  it("a program that fails leaves the old value for certain", async () => {
    const flashes: MemoryFlash[] = [];
    const rig = Rig.boot({ flash: (_, size) => (flashes[0] ??= new MemoryFlash(size)) });
    const client = await rig.associated(0, lls(rig.identity(0)));
    await client.set(attribute(1, TEXT, 2), d.octetString(fromHex("4F4C44")));
    const flash = flashes[0]!;
    const program = flash.program.bind(flash);
    flash.program = () => {
      flash.program = program;
      throw new Error("no space left");
    };
    await expect(client.set(attribute(1, TEXT, 2), NEW)).rejects.toThrow();
    expect(rig.reports).toEqual(["0: no space left; the meter boots again from its flash"]);
    const again = await rig.associated(0, lls(rig.identity(0)));
    expect(await again.get(attribute(1, TEXT, 2))).toEqual(d.octetString(fromHex("4F4C44")));
  });

  it("what shows nothing new does not wait", () => {
    const meter = RawMeter.boot();
    const one = meter.wrapper();
    associateLls(one, meter.identity);
    meter.flashHeld = true;
    expect(hex(one.exchange(READ))).toBe("C401C1000600000000");
    expect(one.exchange(set(1, TEXT, 2, NEW))).toBeUndefined();
    expect(meter.heldCount(one.slot)).toBe(1);
    meter.flashHeld = false;
    meter.drain();
    expect(meter.take(one.slot).map((item) => hex(item.subarray(8)))).toEqual(["C501C100"]);
  });
});

describe("a block copied in the middle of a transfer", () => {
  const rest = (channel: WrapperChannel | HdlcChannel, block: number): string => {
    let raw = "";
    for (let number = block; ; number++) {
      const answer = apduOf("get-response-with-datablock", channel.exchange(getNext(number)));
      raw += hex(answer.raw);
      if (answer.last) return raw;
    }
  };

  /** A bank with seats to spare, and the meter in its last seat. */
  function moved(meter: RawMeter): RawMeter {
    const bank = core().bank(template().image, 3);
    return meter.move(bank, 2);
  }

  it("goes on in another seat of another instance, octet for octet", () => {
    const meter = RawMeter.boot();
    const channel = meter.wrapper();
    associateLls(channel, meter.identity, initiate({ pduSizeMax: 100 }));
    meter.advance(30 * HOUR_MS);
    channel.exchange(get(7, LOAD_PROFILE, 2));
    const copy = moved(meter);
    expect(rest(copy.wrapper(), 1)).toBe(rest(channel, 1));
  });

  it("with its ciphering, its HDLC link and its counters", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    const secret: Ciphered = associateGmac(channel, meter.identity, 1, initiate({ pduSizeMax: 300 }));
    expect(hex(secret.exchange(OBJECTS))).toMatch(/^C402C10000000001/);
    const copy = moved(meter).hdlc();
    Object.assign(copy, { vs: channel.vs, vr: channel.vr });
    const request = secret.security.seal(getNext(1));
    const answers = [channel.exchange(request)!, copy.exchange(request)!];
    expect(hex(answers[1])).toBe(hex(answers[0]));
    secret.security.checkCounters = false;
    expect(hex(secret.security.open(answers[1]!).text)).toMatch(/^C402C10000000002/);
    expect(hex(copy.exchange(request))).toMatch(/^D80106/);
  });

  it("and the meters live on apart", () => {
    const meter = RawMeter.boot();
    const channel = meter.wrapper();
    associateLls(channel, meter.identity);
    const copy = moved(meter);
    const other = copy.wrapper();
    expect(hex(other.exchange(set(1, TEXT, 2, d.octetString(fromHex("42")))))).toBe("C501C100");
    expect(hex(other.exchange(get(1, TEXT, 2)))).toBe("C401C100090142");
    expect(hex(channel.exchange(get(1, TEXT, 2)))).toBe("C401C1000900");
  });
});

describe("determinism", () => {
  /** Everything a meter sends in a busy day: associations, values, a profile, a SET, a restart. */
  async function digest(seed: number, metrology: "constant" | "household" = "household"): Promise<string> {
    const hash = createHash("sha256");
    const rig = Rig.boot({ seed, metrology, meters: 2 });
    const tamper = { in: (octets: Uint8Array) => (hash.update(octets), octets) };
    for (let visit = 0; visit < 4; visit++) {
      await rig.advance(5 * HOUR_MS);
      for (const index of [0, 1]) {
        const link = visit % 2 === 0 ? {} : { hdlc: {} };
        const options = gmac(rig.identity(index), 1 + visit * 1000, "authenc", link);
        const client = await rig.associated(index, options, tamper);
        await energyRead(client);
        await client.get(attribute(7, LOAD_PROFILE, 2));
        await client.set(attribute(1, TEXT, 2), d.octetString(Uint8Array.of(visit)));
        await client.release();
        await client.disconnect();
      }
    }
    expect(rig.reports).toEqual([]);
    return hash.digest("hex");
  }

  it("the same seed gives the same octets, another seed others", async () => {
    const one = await digest(1);
    expect(await digest(1)).toBe(one);
    expect(await digest(2)).not.toBe(one);
    expect(await digest(1, "constant")).not.toBe(one);
  });
});

describe("a thousand meters in one process", () => {
  it("are distinct, and each is read", async () => {
    const rig = Rig.boot({ meters: 1000, metrology: "household" });
    await rig.advance(2 * HOUR_MS);
    const names = new Set<string>();
    const titles = new Set<string>();
    const energies = new Set<number>();
    const text = (data: Data): string => hex((data as { value: Uint8Array }).value);
    for (let index = 0; index < 1000; index++) {
      const client = await rig.associated(index, lls(rig.identity(index), index % 10 === 0 ? { hdlc: {} } : {}));
      const name = text(await client.get(attribute(1, "0-0:42.0.0.255", 2)));
      expect(name).toBe(Buffer.from(rig.identity(index).logicalDeviceName).toString("hex").toUpperCase());
      names.add(name);
      titles.add(text(await client.get(attribute(64, "0-0:43.0.0.255", 5))));
      energies.add(await energyRead(client));
      await client.disconnect();
    }
    expect([names.size, titles.size]).toEqual([1000, 1000]);
    // Households differ; that two of a thousand have used the same Wh is chance.
    expect(energies.size).toBeGreaterThan(500);
    expect(rig.reports).toEqual([]);
  });
});
