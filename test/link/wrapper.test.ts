/** The wrapper: WPDUs out of a stream and out of datagrams. */
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { Dice, LinkCore, fromHex, toHex } from "./core.ts";

interface Vector {
  id: string;
  hex: string;
}
const path = new URL("../vectors/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vector[];
const vector = (id: string) => fromHex(vectors.find((v) => v.id === id)!.hex);
const KINDS = ["NONE", "APDU", "TOO_LONG", "CLOSE"];
const INPUT_SIZE = 4096;

class Stream {
  readonly core = new LinkCore();
  readonly line = this.core.room(this.core.call("wrapperLineSize"));
  readonly event = this.core.room(20);
  readonly input = this.core.room(INPUT_SIZE);
  readonly capacity: number;
  readonly inbound: number;
  time = 5000;

  constructor(capacity = 1224) {
    this.capacity = capacity;
    this.inbound = this.core.room(capacity);
    this.core.call("streamOpen", this.line, this.time);
  }

  /** What the event says: kind, client and server wPort, APDU. */
  private told(): [string, number, number, string] {
    const word = (i: number) => this.core.u32(this.event + 4 * i);
    return [KINDS[word(0)]!, word(3), word(4), toHex(this.core.read(word(1), word(2)))];
  }

  receive(octets: Uint8Array): { consumed: number; told: [string, number, number, string] } {
    this.core.octets.set(octets, this.input);
    const { line, input, inbound, capacity, time, event } = this;
    const consumed = this.core.call("streamReceive", line, input, octets.length, inbound, capacity, time, event);
    this.core.guardsCheck();
    return { consumed, told: this.told() };
  }

  /** Offers octets until all are taken; the events in order. */
  offer(octets: Uint8Array): [string, number, number, string][] {
    const all: [string, number, number, string][] = [];
    let rest = octets;
    while (rest.length > 0) {
      const { consumed, told } = this.receive(rest);
      if (told[0] !== "NONE") all.push(told);
      if (consumed <= 0 || consumed > rest.length) throw new Error(`consumed ${consumed} of ${rest.length}`);
      rest = rest.slice(consumed);
    }
    return all;
  }

  datagram(octets: Uint8Array): [string, number, number, string] {
    this.core.octets.set(octets, this.input);
    this.core.call("datagram", this.input, octets.length, this.event);
    return this.told();
  }
}

const wpdu = (source: number, destination: number, apdu: Uint8Array): Uint8Array =>
  Uint8Array.from([
    0,
    1,
    source >> 8,
    source & 255,
    destination >> 8,
    destination & 255,
    apdu.length >> 8,
    apdu.length & 255,
    ...apdu,
  ]);

let stream: Stream;
beforeEach(() => {
  stream = new Stream();
});

describe("a stream", () => {
  test.each(["C-2", "C-4", "C-7"])("%s", (id) => {
    const octets = vector(id);
    const [source, destination] = [(octets[2]! << 8) | octets[3]!, (octets[4]! << 8) | octets[5]!];
    expect(stream.offer(octets)).toEqual([["APDU", source, destination, toHex(octets.slice(8))]]);
  });

  test("C-3: two WPDUs in one segment, one at a time and in order", () => {
    const octets = vector("C-3");
    expect(stream.receive(octets).consumed).toBe(21);
    stream = new Stream();
    const expected = [octets.slice(8, 21), octets.slice(29)].map((apdu) => ["APDU", 1, 1, toHex(apdu)]);
    expect(stream.offer(octets)).toEqual(expected);
  });

  test("cut anywhere, and octet by octet", () => {
    const octets = vector("C-3");
    const expected = stream.offer(octets);
    for (let cut = 0; cut <= octets.length; cut++) {
      const s = new Stream();
      expect([...s.offer(octets.slice(0, cut)), ...s.offer(octets.slice(cut))]).toEqual(expected);
    }
    const s = new Stream();
    expect([...octets].flatMap((octet) => s.offer(Uint8Array.of(octet)))).toEqual(expected);
  });

  test("C-5: another version closes the connection, and stays so", () => {
    expect(stream.offer(vector("C-5"))).toEqual([["CLOSE", 0, 0, ""]]);
    expect(stream.offer(vector("C-2"))).toEqual([["CLOSE", 0, 0, ""]]);
    for (const head of ["01", "0100", "0000", "0002", "FFFF"]) {
      const s = new Stream();
      const told = [...fromHex(head)].flatMap((octet) => s.offer(Uint8Array.of(octet)));
      expect(told).toEqual(head === "01" ? [] : [["CLOSE", 0, 0, ""]]);
    }
    stream = new Stream();
    expect(stream.offer(Uint8Array.from([...vector("C-2"), ...vector("C-5")])).map((e) => e[0])).toEqual([
      "APDU",
      "CLOSE",
    ]);
  });

  test("a WPDU without an APDU is dropped", () => {
    const empty = wpdu(16, 1, new Uint8Array());
    expect(stream.offer(Uint8Array.from([...empty, ...empty, ...vector("C-2")])).map((e) => e[0])).toEqual(["APDU"]);
  });

  test("one that is too long is skipped exactly, told with its head and wPorts; the next is taken", () => {
    for (const capacity of [1, 8, 40]) {
      for (const piece of [1, 7, 41, 4000]) {
        const s = new Stream(capacity);
        const apdu = new Dice(9).octets(41);
        const octets = Uint8Array.from([...wpdu(16, 1, apdu), ...wpdu(102, 1, Uint8Array.of(0xc0))]);
        const told: unknown[] = [];
        for (let at = 0; at < octets.length; at += piece) told.push(...s.offer(octets.slice(at, at + piece)));
        expect(told).toEqual([
          ["TOO_LONG", 16, 1, toHex(apdu.slice(0, capacity))],
          ["APDU", 102, 1, "C0"],
        ]);
      }
    }
  });

  test("one of 65535 octets passes; one of exactly the room is taken", () => {
    const apdu = new Dice(1).octets(65535);
    const octets = wpdu(16, 1, apdu);
    const told: unknown[] = [];
    for (let at = 0; at < octets.length; at += INPUT_SIZE)
      told.push(...stream.offer(octets.slice(at, at + INPUT_SIZE)));
    expect(told).toEqual([["TOO_LONG", 16, 1, toHex(apdu.slice(0, 1224))]]);
    expect(stream.offer(wpdu(16, 1, apdu.slice(0, 1224)))).toEqual([["APDU", 16, 1, toHex(apdu.slice(0, 1224))]]);
  });

  test("idle time counts from the last octet", () => {
    const deadline = (seconds: number) => stream.core.call("streamDeadline", stream.line, seconds);
    expect(deadline(180)).toBe(5000 + 180_000);
    expect(deadline(0)).toBe(0);
    stream.time = 9000;
    stream.offer(fromHex("00"));
    expect(deadline(180)).toBe(9000 + 180_000);
  });

  test("random WPDUs, cut at random, come out as they went in", () => {
    const dice = new Dice(4059);
    const octets: number[] = [];
    const expected: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      const apdu = dice.octets(dice.roll(1400));
      const [source, destination] = [dice.roll(0x10000), dice.roll(0x10000)];
      octets.push(...wpdu(source, destination, apdu));
      if (apdu.length === 0) continue;
      const kind = apdu.length > 1224 ? "TOO_LONG" : "APDU";
      expected.push([kind, source, destination, toHex(apdu.slice(0, 1224))]);
    }
    const told: unknown[] = [];
    for (let at = 0; at < octets.length;) {
      const size = 1 + dice.roll(2000);
      told.push(...stream.offer(Uint8Array.from(octets.slice(at, at + size))));
      at += size;
    }
    expect(told).toEqual(expected);
  });
});

describe("a datagram", () => {
  test("holds exactly one WPDU", () => {
    const octets = vector("C-4");
    expect(stream.datagram(octets)).toEqual(["APDU", 1, 1, toHex(octets.slice(8))]);
  });

  test("C-6, every other truncation, an octet more, two WPDUs, no APDU, another version: dropped", () => {
    const dropped = (octets: Uint8Array) => expect(stream.datagram(octets)[0]).toBe("NONE");
    dropped(vector("C-6"));
    dropped(vector("C-5"));
    dropped(vector("C-3"));
    dropped(wpdu(16, 1, new Uint8Array()));
    const octets = vector("C-4");
    for (let size = 0; size < octets.length; size++) dropped(octets.slice(0, size));
    dropped(Uint8Array.from([...octets, 0]));
  });
});
