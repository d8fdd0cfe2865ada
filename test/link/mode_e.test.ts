/** Sign-on in mode E: the messages, every transition, and what a meter does on a line. */
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { Dice, fromHex, LinkCore, toHex } from "./core.ts";
import { ACTS, CELLS, EVENTS, STATES } from "./sign_on_cells.ts";

interface Vector {
  id: string;
  hex: string;
  decoded: { "7-bit"?: string };
}
const path = new URL("../vectors/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vector[];
const vectorOf = (id: string): Vector => vectors.find((v) => v.id === id)!;
const vector = (id: string): Uint8Array => fromHex(vectorOf(id).hex);
const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const text = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");

const OK = 0;
const MALFORMED = -2;

/** Even parity, counted bit by bit. */
function even(octets: Uint8Array): Uint8Array {
  return octets.map((octet) => octet | (([...octet.toString(2)].filter((bit) => bit === "1").length % 2) << 7));
}
const plain = (octets: Uint8Array): Uint8Array => octets.map((octet) => octet & 0x7f);

let core: LinkCore;
beforeEach(() => {
  core = new LinkCore();
});

function request(octets: Uint8Array): string | number {
  const [at, out] = [core.put(octets), core.room(8)];
  const err = core.call("requestParse", at, octets.length, out);
  return err === OK ? text(core.read(core.u32(out), core.u32(out + 4))) : err;
}

function select(octets: Uint8Array): number[] | number {
  const [at, out] = [core.put(octets), core.room(12)];
  const err = core.call("selectParse", at, octets.length, out);
  return err === OK ? [0, 4, 8].map((offset) => core.u32(out + offset)) : err;
}

describe("messages", () => {
  test("B-1, B-2: a request to everybody and to one device", () => {
    expect(request(vector("B-1"))).toBe("");
    expect(request(vector("B-2"))).toBe("12345678");
    expect(request(ascii(`/?${"9".repeat(32)}!\r\n`))).toBe("9".repeat(32));
    expect(request(ascii(`/?${"9".repeat(33)}!\r\n`))).toBe(MALFORMED);
  });

  test("B-3: the identification", () => {
    const [flag, ident, out] = [core.put(ascii("XXX")), core.put(ascii("00000001")), core.room(40)];
    const size = core.call("identificationEmit", out, flag, 5, ident, 8);
    expect(toHex(core.read(out, size))).toBe(vectorOf("B-3").hex);
  });

  test.each([
    ["B-4", [2, 5, 2]],
    ["B-5", [0, 5, 0]],
    ["B-6", [0, 5, 1]],
  ])("%s: option select, both ways", (id, [v, z, y]) => {
    expect(select(vector(id))).toEqual([v, z, y]);
    const out = core.room(6);
    expect(core.call("optionSelectEmit", out, v!, z!, y!)).toBe(6);
    expect(toHex(core.read(out, 6))).toBe(vectorOf(id).hex);
  });

  test("B-7: break, and nothing that differs from it in one octet", () => {
    const octets = vector("B-7");
    const isBreak = (changed: Uint8Array): number => core.scoped(() => core.call("isBreak", core.put(changed), 5));
    expect(isBreak(octets)).toBe(1);
    for (let at = 0; at < 5; at++) {
      for (let value = 0; value < 256; value++) {
        expect(isBreak(octets.with(at, value))).toBe(value === octets[at] ? 1 : 0);
      }
    }
    for (let size = 0; size < 5; size++) expect(core.call("isBreak", core.put(octets), size)).toBe(0);
  });

  test("B-8, B-9: parity in the eighth bit, both ways, for every character and octet", () => {
    for (const id of ["B-8", "B-9"]) {
      const characters = [...fromHex(vectorOf(id).decoded["7-bit"]!)];
      expect(characters.map((c) => core.call("parityAdd", c))).toEqual([...vector(id)]);
      expect([...vector(id)].map((octet) => core.call("parityTake", octet))).toEqual(characters);
    }
    const taken = Array.from({ length: 256 }, (_, octet) => core.call("parityTake", octet));
    expect(taken.filter((character) => character === MALFORMED)).toHaveLength(128);
    for (let c = 0; c < 128; c++) expect(taken[even(Uint8Array.of(c))[0]!]).toBe(c);
  });

  test.each(["B-1", "B-2", "B-4"])("%s cut short or with a frame octet changed is malformed", (id) => {
    const octets = vector(id);
    const parse = (changed: Uint8Array): unknown => core.scoped(() => (id === "B-4" ? select : request)(changed));
    for (let size = 0; size < octets.length; size++) expect(parse(octets.subarray(0, size))).toBe(MALFORMED);
    const frame = id === "B-4" ? [0, 4, 5] : [0, 1, octets.length - 3, octets.length - 2, octets.length - 1];
    for (const at of frame) {
      for (let value = 0; value < 256; value++) {
        if (value !== octets[at]) expect(parse(octets.with(at, value))).toBe(MALFORMED);
      }
    }
  });

  test("an address has no marks or control characters, an option select has digits", () => {
    for (let value = 0; value < 256; value++) {
      const good = value >= 0x20 && value < 0x7f && value !== 0x2f && value !== 0x21;
      const parsed = core.scoped(() => request(vector("B-2").with(4, value)));
      expect(parsed).toBe(good ? `12${String.fromCharCode(value)}45678` : MALFORMED);
      for (const at of [1, 2, 3]) {
        const digit = value >= 0x30 && value <= 0x39;
        const expected = digit ? [2, 5, 2].with(at - 1, value - 0x30) : MALFORMED;
        expect(core.scoped(() => select(vector("B-4").with(at, value)))).toEqual(expected);
      }
    }
  });
});

describe("the table", () => {
  test.each(STATES.flatMap((state, s) => EVENTS.map((event, e) => [state, event, s, e] as const)))(
    "%s at %s",
    (state, event, s, e) => {
      const cell = core.call("signOnStep", s, e);
      expect(`${STATES[cell >> 4]} ${ACTS[cell & 15]}`).toBe(CELLS[`${state} ${event}`] ?? `${state} IGNORE`);
    },
  );

  test("has no other rows or columns", () => {
    expect(() => core.call("signOnStep", STATES.length, 0)).toThrow();
    expect(() => core.call("signOnStep", 0, EVENTS.length)).toThrow();
  });
});

/** Time in which a client shall begin HDLC. */
const IDLE_MS = 90_000;

/** A meter's end of an optical port. */
class Port {
  time = 1000;
  private readonly line = core.room(core.call("signOnLineSize"));
  private readonly input = core.room(256);
  private readonly out = core.room(64);
  private readonly p = core.room(40);

  constructor(flag = "XXX", address = "00012345", ident = "00000001", baudMax = 5, readout = false) {
    const texts = [flag, address, ident].map((one) => [core.put(ascii(one)), one.length] as const);
    const [f, a, i] = texts as [readonly [number, number], readonly [number, number], readonly [number, number]];
    const words = [f[0], ...a, ...i, baudMax, 0, readout ? 1 : 0, IDLE_MS];
    words.forEach((word, n) => core.setU32(this.p + 4 * n, word));
  }

  get state(): string {
    return STATES[core.call("signOnState", this.line)]!;
  }
  get rate(): number {
    return core.call("signOnRate", this.line);
  }
  get deadline(): number {
    return core.call("signOnDeadline", this.line);
  }

  /** Octets as they are on the line; returns how many were taken. */
  feed(octets: Uint8Array): number {
    core.octets.set(octets, this.input);
    const taken = core.call("signOnReceive", this.line, this.p, this.input, octets.length, this.time);
    core.guardsCheck();
    return taken;
  }
  send(octets: Uint8Array): void {
    expect(this.feed(even(octets))).toBe(octets.length);
  }
  poll(): Uint8Array {
    const octets = core.read(this.out, core.call("signOnTransmit", this.line, this.p, this.out, 64, this.time));
    core.guardsCheck();
    return octets;
  }
  sent(): void {
    core.call("signOnSent", this.line, this.p, this.time);
  }
  tick(): void {
    core.call("signOnTick", this.line, this.p, this.time);
  }
  heard(connected: boolean): void {
    core.call("signOnHeard", this.line, this.p, connected ? 1 : 0, this.time);
  }
  end(): void {
    core.call("signOnEnd", this.line, this.p, this.time);
  }
  /** Sends a piece of the data block: lines of text, and what the next piece begins with. */
  piece(lines: string, next: number): string {
    this.time = Math.max(this.time, this.deadline);
    const head = core.call("signOnDataHead", this.line);
    core.octets.set(ascii(lines), this.out + head);
    const size = core.call("signOnDataSend", this.line, this.p, this.out, lines.length, next, this.time);
    const octets = core.read(this.out, size);
    expect(octets).toEqual(even(plain(octets)));
    this.sent();
    return toHex(plain(octets));
  }
  /** Lets the reaction time pass and the answer leave. */
  answer(): string {
    this.time = this.deadline;
    const octets = this.poll();
    expect(octets).toEqual(even(plain(octets)));
    this.sent();
    return toHex(plain(octets));
  }
  identified(expected = text(vector("B-3"))): this {
    this.send(vector("B-1"));
    expect(this.answer()).toBe(toHex(ascii(expected)));
    expect(this.state).toBe("SELECT");
    return this;
  }
}

describe("on a line", () => {
  test("request, identification, option select, confirmation at the new rate, HDLC, and back", () => {
    const port = new Port();
    expect([port.rate, port.deadline, port.state]).toEqual([300, 0, "REQUEST"]);
    port.identified();
    expect(port.rate).toBe(300);
    port.send(vector("B-4"));
    expect([port.rate, port.state]).toEqual([9600, "CONFIRM"]);
    port.time = port.deadline;
    expect(toHex(port.poll())).toBe(vectorOf("B-8").hex);
    expect(port.state).toBe("CONFIRMING");
    port.sent();
    expect([port.state, port.deadline, port.rate]).toEqual(["HDLC", port.time + IDLE_MS, 9600]);
    expect(port.feed(fromHex("7EA00703"))).toBe(0);
    port.end();
    expect([port.state, port.rate]).toEqual(["REQUEST", 300]);
    port.identified();
  });

  test.each([
    ["XXX", 200],
    ["XXx", 20],
  ])("%s answers after %i ms, not before", (flag, reaction) => {
    const port = new Port(flag);
    port.send(vector("B-1"));
    port.time += reaction - 1;
    expect(port.poll()).toHaveLength(0);
    port.time += 1;
    expect(text(plain(port.poll()))).toBe(`/${flag}5\\200000001\r\n`);
    expect(port.poll()).toHaveLength(0);
  });

  test.each([
    ["", true],
    ["00012345", true],
    ["12345", true],
    ["000000000012345", true],
    ["1234", false],
    ["123450", false],
    ["0", false],
  ])("a request to %j is for device 00012345: %s", (address, ours) => {
    const port = new Port();
    port.send(ascii(`/?${address}!\r\n`));
    expect(port.state).toBe(ours ? "IDENTIFY" : "REQUEST");
  });

  test.each(["000", "262", "292", "050", "152", "959", "057"])(
    "%s is nothing that a meter of 9600 Bd without data readout has",
    (vzy) => {
      const port = new Port().identified();
      port.send(ascii(`\x06${vzy}\r\n`));
      expect([port.state, port.rate]).toEqual(["REQUEST", 300]);
      port.identified();
    },
  );

  test.each(["000", "050", "250", "150"])("%s selects the data readout", (vzy) => {
    const port = new Port("XXX", "", "", 5, true).identified("/XXX5\\2\r\n");
    port.send(ascii(`\x06${vzy}\r\n`));
    expect([port.state, port.rate]).toEqual(["READOUT", vzy[1] === "5" ? 9600 : 300]);
  });

  test.each(["060", "262", "152", "057", "959"])("%s is not offered: the data readout comes at 300 Bd", (vzy) => {
    const port = new Port("XXX", "", "", 5, true).identified("/XXX5\\2\r\n");
    port.send(ascii(`\x06${vzy}\r\n`));
    expect([port.state, port.rate]).toEqual(["READOUT", 300]);
  });

  test("the data block in pieces: STX once, the block check of all characters, and back to 300 Bd", () => {
    const port = new Port("XXX", "", "", 5, true).identified("/XXX5\\2\r\n");
    port.send(vector("B-5"));
    const pieces = ["1-0:1.8.0*255(1*Wh)\r\n", "0-0:96.1.0*255(7)\r\n", ""];
    const sent = pieces.map((lines, i) => {
      expect(port.state).toBe("READOUT");
      return port.piece(lines, (i + 1) % 3);
    });
    const whole = Buffer.from(sent.join(""), "hex");
    expect(whole.subarray(0, -1).toString("latin1")).toBe(`\x02${pieces.join("")}!\r\n\x03`);
    expect(whole.at(-1)).toBe(whole.subarray(1, -1).reduce((bcc, octet) => bcc ^ octet, 0));
    expect([port.state, port.rate]).toEqual(["REQUEST", 300]);
    port.identified("/XXX5\\2\r\n");
  });

  test("an empty data block is one piece", () => {
    const port = new Port("XXX", "", "", 5, true).identified("/XXX5\\2\r\n");
    port.time += 1500;
    port.tick();
    expect(port.piece("", 0)).toBe(toHex(Uint8Array.of(2, 0x21, 13, 10, 3, 0x21 ^ 13 ^ 10 ^ 3)));
    expect(port.state).toBe("REQUEST");
  });

  test("programming mode is refused with a break at the rate that was selected", () => {
    for (const readout of [false, true]) {
      const port = new Port("XXX", "00012345", "00000001", 5, readout).identified();
      port.send(vector("B-6"));
      expect([port.state, port.rate]).toEqual(["REFUSE", 9600]);
      expect(port.answer()).toBe(vectorOf("B-7").hex);
      expect([port.state, port.rate]).toEqual(["REQUEST", 300]);
    }
  });

  test("a client that selects HDLC and sends no frame is let go of, one that has connected is not", () => {
    const port = new Port().identified();
    port.send(vector("B-4"));
    port.answer();
    port.time += IDLE_MS - 1;
    port.tick();
    port.heard(false);
    port.time += IDLE_MS - 1;
    port.tick();
    expect(port.state).toBe("HDLC");
    port.heard(true);
    port.time += 10 * IDLE_MS;
    port.tick();
    expect([port.state, port.deadline]).toEqual(["HDLC", 0]);
    port.heard(false);
    port.time += IDLE_MS;
    port.tick();
    expect([port.state, port.rate]).toEqual(["REQUEST", 300]);
  });

  test("each rate up to the highest can be selected", () => {
    for (let z = 0; z <= 5; z++) {
      const port = new Port().identified();
      port.send(ascii(`\x062${z}2\r\n`));
      expect(port.rate).toBe(300 * 2 ** z);
    }
  });

  test("silence of 1500 ms after the identification, or within an answer, ends the attempt", () => {
    const port = new Port().identified();
    port.time += 1499;
    port.tick();
    expect(port.state).toBe("SELECT");
    port.send(vector("B-4").subarray(0, 3));
    port.time += 1499;
    port.tick();
    expect(port.state).toBe("SELECT");
    port.time += 1;
    port.tick();
    expect([port.state, port.deadline]).toEqual(["REQUEST", 0]);
    port.send(vector("B-4").subarray(3));
    port.identified();
  });

  test("a gap of more than 1500 ms within a request forgets its beginning", () => {
    const port = new Port();
    port.send(vector("B-1").subarray(0, 3));
    port.time += 1501;
    port.send(vector("B-1").subarray(3));
    expect(port.state).toBe("REQUEST");
    port.send(vector("B-1").subarray(0, 3));
    port.time += 1500;
    port.send(vector("B-1").subarray(3));
    expect(port.state).toBe("IDENTIFY");
  });

  test("a request is found behind noise, octet by octet, and again in place of an option select", () => {
    const port = new Port();
    for (const octet of [...fromHex("000000FF7E55"), ...even(vector("B-1"))]) port.feed(Uint8Array.of(octet));
    expect(port.state).toBe("IDENTIFY");
    port.answer();
    port.send(vector("B-2"));
    expect(port.state).toBe("REQUEST");
    port.identified().send(vector("B-1"));
    expect(port.answer()).toBe(vectorOf("B-3").hex);
  });

  test("a wrong parity anywhere spoils the message", () => {
    const good = even(vector("B-1"));
    for (let at = 0; at < good.length; at++) {
      const port = new Port();
      port.feed(good.with(at, good[at]! ^ 0x80));
      expect(port.state).toBe("REQUEST");
    }
  });

  test("break ends the attempt", () => {
    const port = new Port().identified();
    port.send(vector("B-7"));
    expect(port.state).toBe("REQUEST");
    port.identified().send(vector("B-7").with(4, 0x70));
    expect(port.state).toBe("REQUEST");
  });

  test("any octets whatever never stop it, and it answers the next request", () => {
    const dice = new Dice(21);
    const port = new Port();
    const telling = [0x2f, 0x3f, 0x21, 0x06, 0x01, 0x03, 0x0d, 0x0a, 0x32, 0x35];
    for (let n = 0; n < 20_000; n++) {
      const octets = Uint8Array.from({ length: dice.roll(12) }, () =>
        dice.roll(2) === 0 ? dice.roll(256) : even(Uint8Array.of(telling[dice.roll(telling.length)]!))[0]!,
      );
      const taken = port.feed(octets);
      expect(taken).toBe(port.state === "HDLC" ? 0 : octets.length);
      port.time += dice.roll(400);
      if (port.poll().length > 0) port.sent();
      port.tick();
      if (port.state === "HDLC") port.end();
    }
    port.time += 5000;
    port.poll();
    port.sent();
    port.time += 5000;
    port.tick();
    port.identified();
  });
});
