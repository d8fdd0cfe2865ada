/**
 * Whatever arrives, the meter does not trap, gives one well-formed answer or none, and serves an honest client afterwards.
 * What it does not understand changes nothing: no record is written, and the association stays.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { decodeApdu, type Apdu } from "../../host/client/index.ts";
import { aarq, aarqLls, apduOf, associateGmac, associateLls, get, hex } from "./apdus.ts";
import { Dice, mutations, type Mutation } from "./mutate.ts";
import { HdlcChannel, RawMeter, type RawSnapshot, type WrapperChannel } from "./raw.ts";
import { AARQS, CIPHERED, PLAIN, type Sample } from "./requests.ts";
import { CLOCK, ENERGY, fullTemplate } from "./rig.ts";

const READ = get(3, ENERGY, 2);
const compiled = fullTemplate();
/** Octets up to which every value of every octet is tried. */
const WHOLE = 80;

const ANSWERS: ReadonlySet<Apdu["kind"]> = new Set([
  ...(["aare", "rlre", "exception-response", "access-response", "general-block-transfer"] as const),
  ...(["get-response-normal", "get-response-with-datablock", "get-response-with-list"] as const),
  ...(["set-response-normal", "set-response-datablock", "set-response-last-datablock"] as const),
  ...(["set-response-last-datablock-with-list", "set-response-with-list"] as const),
  ...(["action-response-normal", "action-response-with-pblock", "action-response-with-list"] as const),
  ...(["action-response-next-pblock", "service-ciphered", "general-glo-ciphering"] as const),
]);

/** Whether the client, which shares no code with the core, reads the octets as an APDU; of the kinds it has. */
function understood(octets: Uint8Array): boolean {
  try {
    return decodeApdu(octets).kind !== "unknown";
  } catch {
    return false;
  }
}

function answerCheck(answer: Uint8Array | undefined): void {
  if (answer === undefined) return;
  const apdu = decodeApdu(answer);
  if (!ANSWERS.has(apdu.kind)) throw new Error(`answers ${hex(answer)}, which is ${apdu.kind}`);
}

function valueCheck(answer: Uint8Array | undefined): void {
  const { result } = apduOf("get-response-normal", answer);
  if (result.data?.type !== "double-long-unsigned") throw new Error(`an honest GET gets ${hex(answer)}`);
}

type Channel = WrapperChannel | HdlcChannel;

const sapOf = (channel: Channel): number => (channel instanceof HdlcChannel ? channel.client.upper : channel.clientSap);

/** A meter in the state of a sample, and the sample's request; each case begins from there. */
class Scene {
  readonly meter = RawMeter.boot({ template: compiled });
  readonly channel: Channel;
  readonly request: Uint8Array;
  private readonly start: RawSnapshot;
  private readonly link: { vs: number; vr: number };
  /** An honest AARQ, a GET and the answer to it; made once, as most of the time goes here. */
  private readonly honest: Uint8Array;
  private readonly read: Uint8Array;
  private readonly answer: string;

  constructor(sample: Sample, use: "wrapper" | "hdlc") {
    this.channel = this.meter[use]({ clientSap: sample.name.includes("public") ? 16 : 1 });
    if (this.channel instanceof HdlcChannel) this.channel.connect();
    this.request = sample.make(this.channel, this.meter);
    this.start = this.meter.snapshot();
    const { vs, vr } = this.channel as HdlcChannel;
    this.link = { vs, vr };
    const open = sapOf(this.channel) === 16;
    this.honest = open ? aarq() : aarqLls(this.meter.identity.keys.lls);
    this.read = open ? get(8, CLOCK, 9) : READ;
    this.answer = open ? "C401C1001601" : "C401C1000600000000";
  }

  rewind(): void {
    this.meter.restore(this.start);
    if (this.channel instanceof HdlcChannel) Object.assign(this.channel, this.link);
  }

  /** Sends one altered request; whether anything was written because of it. */
  send(octets: Uint8Array): boolean {
    const before = this.meter.writes;
    answerCheck(this.channel.exchange(octets));
    return this.meter.writes !== before;
  }

  /** Whether the association there was is still up; an honest GET then gets its value. */
  goesOn(): boolean {
    const answer = hex(this.channel.exchange(READ));
    if (answer === "D80102") return false;
    if (answer !== this.answer) throw new Error(`an honest GET gets ${answer}`);
    return true;
  }

  /** An honest client comes, associates on the same line and reads. */
  visit(): void {
    const { channel } = this;
    if (channel instanceof HdlcChannel) channel.connect();
    const aare = hex(channel.exchange(this.honest));
    if (!aare.includes("A203020100A305A103020100")) throw new Error(`an honest AARQ gets ${aare}`);
    const answer = hex(channel.exchange(this.read));
    if (answer !== this.answer) throw new Error(`an honest GET gets ${answer}`);
  }
}

/** Tries every case in turn; a failure says which one it was. */
function each(cases: Iterable<Mutation>, run: (octets: Uint8Array) => void): number {
  let count = 0;
  for (const { what, octets } of cases) {
    try {
      run(octets);
    } catch (error) {
      throw new Error(`${what}, ${hex(octets)}: ${(error as Error).message}`, { cause: error });
    }
    count++;
  }
  return count;
}

/** An AARQ or RLRQ, whole or broken, may end an association; nothing else does. */
const mayEnd = (octets: Uint8Array): boolean => octets[0] === 0x60 || octets[0] === 0x62;

const uses = [
  { use: "wrapper" as const, whole: WHOLE },
  { use: "hdlc" as const, whole: 0 },
];

describe.each(uses)("altered requests over $use", ({ use, whole }) => {
  it.each(AARQS)("$name", (sample) => {
    const scene = new Scene(sample, use);
    each(mutations(scene.request, whole), (octets) => {
      scene.rewind();
      scene.send(octets);
      scene.visit();
    });
  });

  it.each(PLAIN)("$name", (sample) => {
    const scene = new Scene(sample, use);
    const count = each(mutations(scene.request, whole), (octets) => {
      scene.rewind();
      const wrote = scene.send(octets);
      if (wrote && !understood(octets)) throw new Error("something is stored that nobody understands");
      if (!scene.goesOn() && !mayEnd(octets)) throw new Error("the association is gone");
      if ((octets.length + octets[0]!) % 16 === 0) scene.visit();
    });
    expect(count).toBeGreaterThan(scene.request.length * 9);
  });

  it.each(CIPHERED)("$name", (sample) => {
    const scene = new Scene(sample, use);
    const pending = sample.name.startsWith("pass 3");
    each(mutations(scene.request, whole), (octets) => {
      scene.rewind();
      const wrote = scene.send(octets);
      // Nothing altered opens. A plain APDU may come out of one, where the policy allows it: its tag then says so.
      const plain = octets[0]! >= 0xc0 && octets[0]! < 0xc8;
      if (wrote && !plain && !mayEnd(octets)) throw new Error("an altered APDU has changed something");
      const up = !pending && scene.goesOn();
      if (!pending && !up && !mayEnd(octets)) throw new Error("the association is gone");
    });
    scene.rewind();
    associateGmac(scene.channel, scene.meter.identity, 5000);
  });
});

describe("altered octets of the link", () => {
  let meter: RawMeter;
  let start: RawSnapshot;

  beforeAll(() => {
    meter = RawMeter.boot({ template: compiled });
    for (const use of ["wrapper", "hdlc"] as const) for (const index of [0, 1]) meter.open(meter.slotOf(use, index));
    start = meter.snapshot();
  });

  /** A new client on a new line of each kind. */
  function visit(): void {
    const wrapper = meter.wrapper({ index: 1 });
    associateLls(wrapper, meter.identity);
    valueCheck(wrapper.exchange(READ));
    const hdlc = meter.hdlc({ index: 1 });
    hdlc.connect();
    associateLls(hdlc, meter.identity);
    valueCheck(hdlc.exchange(READ));
  }

  it("a WPDU: the line goes on or is closed, and others do not care", () => {
    const slot = meter.slotOf("wrapper", 0);
    const count = each(mutations(meter.wrapper().wpdu(READ), 40), (octets) => {
      meter.restore(start);
      meter.open(slot);
      const own = meter.wrapper();
      associateLls(own, meter.identity);
      for (const item of meter.feed(slot, octets)) answerCheck(item.subarray(8));
      visit();
    });
    expect(count).toBeGreaterThan(21 * 255);
  });

  /** Frames of an HDLC client in the middle of its work. */
  function frames(): { name: string; octets: (channel: HdlcChannel) => Uint8Array }[] {
    const lpdu = Uint8Array.from([0xe6, 0xe6, 0x00, ...READ]);
    const parameters = Buffer.from("818014050200800602008007040000000108040000000100".slice(0, 46), "hex");
    return [
      { name: "I", octets: (c) => c.frame((c.vr << 5) | 0x10 | (c.vs << 1), lpdu) },
      { name: "SNRM", octets: (c) => c.frame(0x93, Uint8Array.from(parameters)) },
      { name: "RR", octets: (c) => c.frame((c.vr << 5) | 0x11) },
      { name: "DISC", octets: (c) => c.frame(0x53) },
      { name: "UI", octets: (c) => c.frame(0x13, lpdu) },
    ];
  }

  it.each(frames())("a frame $name: what its check does not fit is no frame", ({ octets }) => {
    const channel = meter.hdlc();
    channel.connect();
    associateLls(channel, meter.identity);
    const before = meter.snapshot();
    const { vs, vr } = channel;
    each(mutations(octets(channel), 0), (altered) => {
      meter.restore(before);
      Object.assign(channel, { vs, vr });
      // Excess octets leave the frame itself good.
      const good = hex(altered).startsWith(hex(octets(channel)));
      const sent = meter.feed(channel.slot, altered);
      if (!good && sent.length > 0) throw new Error("a broken frame is answered");
      if (good) return;
      // The client's time-out is longer than the gap after which the meter gives a frame up.
      meter.advance(0, 1100);
      valueCheck(channel.exchange(READ));
    });
  });

  it.each(frames())("a frame $name with its checks made to fit", ({ octets }) => {
    const channel = meter.hdlc();
    channel.connect();
    associateLls(channel, meter.identity);
    const before = meter.snapshot();
    const { vs, vr } = channel;
    const good = octets(channel);
    each(mutations(good.subarray(1, -1), 0), (altered) => {
      meter.restore(before);
      Object.assign(channel, { vs, vr });
      meter.feed(channel.slot, refitted(altered));
      meter.advance(0, 1100);
      channel.connect();
      associateLls(channel, meter.identity);
      valueCheck(channel.exchange(READ));
    });
  });
});

/** The content of a frame with length, HCS and FCS that fit, between flags. */
function refitted(content: Uint8Array): Uint8Array {
  const crc = (octets: Uint8Array): number => {
    let register = 0xffff;
    for (const octet of octets) {
      register ^= octet;
      for (let bit = 0; bit < 8; bit++) register = (register & 1) !== 0 ? (register >>> 1) ^ 0x8408 : register >>> 1;
    }
    return register ^ 0xffff;
  };
  const fitted = Uint8Array.from(content);
  const put = (at: number): void => {
    if (at < 0 || at + 2 > fitted.length) return;
    const value = crc(fitted.subarray(0, at));
    fitted[at] = value & 0xff;
    fitted[at + 1] = value >>> 8;
  };
  // Format 2, addresses 2 and 1, control 1: the HCS of a frame with information stands at 6.
  if (fitted.length > 8) put(6);
  put(fitted.length - 2);
  return Uint8Array.of(0x7e, ...fitted, 0x7e);
}

describe("garbage", () => {
  const ROUNDS = 20_000;

  it("in WPDUs of an open association, and of none", () => {
    const meter = RawMeter.boot({ template: compiled });
    const dice = new Dice(11);
    const tags = [0x60, 0x62, 0xc0, 0xc1, 0xc3, 0xc8, 0xc9, 0xcb, 0xd0, 0xd9, 0xdb, 0xdc, 0xe0, 0x01, 0x05];
    for (let round = 0; round < ROUNDS; round++) {
      const channel = meter.wrapper({ clientSap: dice.pick([1, 16]), index: dice.next(2) });
      const octets = dice.octets(dice.next(48));
      if (octets.length > 0 && dice.next(4) > 0) octets[0] = dice.pick(tags);
      if (octets.length > 2 && dice.next(2) > 0) octets.set([1 + dice.next(6), 0xc1], 1);
      each([{ what: `round ${round}`, octets }], () => answerCheck(channel.exchange(octets)));
      if (round % 50 !== 0) continue;
      const honest = meter.wrapper({ index: round % 100 === 0 ? 0 : 1 });
      associateLls(honest, meter.identity);
      valueCheck(honest.exchange(READ));
    }
  });

  it.each(["wrapper", "hdlc"] as const)("as a stream on a %s line", (use) => {
    const meter = RawMeter.boot({ template: compiled });
    const dice = new Dice(12);
    const slot = meter.slotOf(use, 0);
    for (let round = 0; round < 2000; round++) {
      if (!meter.isOpen(slot)) meter.open(slot);
      const octets = dice.octets(1 + dice.next(200));
      // Flags, formats and headers now and then, so that something begins.
      for (let at = dice.next(20); at < octets.length; at += 1 + dice.next(30)) {
        octets.set(
          dice.pick([[0x7e], [0x7e, 0xa0], [0x7e, 0xa0, 0x07], [0, 1, 0, 1, 0, 1, 0]]).slice(0, octets.length - at),
          at,
        );
      }
      each([{ what: `round ${round}`, octets }], () => void meter.feed(slot, octets));
      meter.advance(0, dice.next(300));
    }
    if (meter.isOpen(slot)) meter.close(slot);
    const channel = meter[use]();
    if (channel instanceof HdlcChannel) channel.connect();
    associateLls(channel, meter.identity);
    valueCheck(channel.exchange(READ));
  });
});
