/** Every public vector of areas A and C, both directions. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Dice, LinkCore, fromHex, toHex } from "./core.ts";
import { crc16 } from "./frames.ts";

interface Address {
  raw: string;
  len: number;
  upper: number;
  lower?: number;
}
interface Decoded {
  S: number;
  length: number;
  dest: Address;
  src: Address;
  control: string;
  HCS?: string;
  FCS: string;
  params?: Record<string, number>;
  LLC?: string;
  info?: string;
  [name: string]: unknown;
}
interface Vector {
  id: string;
  kind: string;
  hex: string;
  decoded: unknown;
}

const path = new URL("../vectors/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vector[];
const ofKind = (...kinds: string[]) => vectors.filter((v) => /^[AC]-/.test(v.id) && kinds.includes(v.kind));
const core = new LinkCore();

const FRAME_FIELDS = 8;
/** Octets between the flags, when there are flags. */
const body = (hex: string): Uint8Array => fromHex(hex.replace(/^7E(.*)7E$/, "$1"));

function frameParse(octets: Uint8Array): { result: number; at: number; frame: number } {
  const at = core.put(octets);
  const frame = core.room(4 * FRAME_FIELDS);
  return { result: core.call("frameParse", at, octets.length, frame), at, frame };
}

function addressCheck(at: number, size: number, expected: Address): void {
  expect(toHex(core.read(at, size))).toBe(expected.raw);
  expect(core.call("hdlcAddressUpper", at, size)).toBe(expected.upper);
  expect(core.call("hdlcAddressLower", at, size)).toBe(expected.lower ?? 0);
}

function frameCheck(octets: Uint8Array, expected: Decoded): void {
  const { result, at, frame } = frameParse(octets);
  expect(result).toBe(0);
  const [destination, destinationSize, source, sourceSize, control, segmented, info, infoSize] = Array.from(
    { length: FRAME_FIELDS },
    (_, i) => core.u32(frame + 4 * i),
  ) as [number, number, number, number, number, number, number, number];
  addressCheck(destination, destinationSize, expected.dest);
  addressCheck(source, sourceSize, expected.src);
  expect(toHex(Uint8Array.of(control))).toBe(expected.control);
  expect(segmented !== 0 ? 1 : 0).toBe(expected.S);
  expect(octets.length).toBe(expected.length);
  expect(toHex(octets.slice(-2))).toBe(expected.FCS);
  if (expected.HCS !== undefined) expect(toHex(core.read(info - 2, 2))).toBe(expected.HCS);
  else expect(infoSize).toBe(0);
  const carried = toHex(core.read(info, infoSize));
  if (expected.LLC !== undefined) expect(carried).toBe(expected.LLC + expected.info);
  else if (expected.info !== undefined) expect(carried).toBe(expected.info);
  if (expected.params !== undefined) parametersCheck(info, infoSize, expected.params);
  const out = core.room(octets.length);
  expect(core.call("frameSize", frame)).toBe(octets.length);
  expect(core.call("frameEmit", frame, out)).toBe(octets.length);
  expect(toHex(core.read(out, octets.length))).toBe(toHex(octets));
  core.guardsCheck();
  expect(at).toBeGreaterThan(0);
}

function parametersCheck(at: number, size: number, expected: Record<string, number>): void {
  const limits = core.room(16);
  expect(core.call("parametersParse", at, size, limits)).toBe(0);
  const names = ["max-info-TX", "max-info-RX", "window-TX", "window-RX"];
  const read = (from: number) => Object.fromEntries(names.map((name, i) => [name, core.u32(from + 4 * i)]));
  expect(read(limits)).toEqual(expected);
  const out = core.room(23);
  core.call("parametersEmit", out, limits);
  if (size === 23) expect(toHex(core.read(out, 23))).toBe(toHex(core.read(at, 23)));
  const again = core.room(16);
  expect(core.call("parametersParse", out, 23, again)).toBe(0);
  expect(read(again)).toEqual(expected);
}

test("there are vectors of every kind", () => {
  const kinds = new Set(ofKind("crc", "addr", "addr2", "ctl", "frame", "frames", "negframe", "wrapper", "negwrapper"));
  expect(kinds.size).toBe(vectors.filter((v) => /^[AC]-/.test(v.id)).length);
  expect(kinds.size).toBeGreaterThan(70);
});

describe("CRC-16/X-25", () => {
  test.each(ofKind("crc").map((v) => [v.id, v] as const))("%s", (_, v) => {
    const octets = fromHex(v.hex);
    const expected = v.decoded as Record<string, string>;
    core.scoped(() => {
      const at = core.put(octets);
      const transmitted = expected["crc-transmitted"];
      if (transmitted !== undefined) {
        const value = core.call("crc16", at, octets.length);
        expect(toHex(Uint8Array.of(value & 0xff, value >> 8))).toBe(transmitted);
      } else {
        expect(core.call("crc16Update", 0xffff, at, octets.length)).toBe(Number.parseInt(expected["register"]!, 16));
      }
    });
  });

  test("every length to 300 from every alignment agrees with the bitwise one, also in two pieces", () => {
    const dice = new Dice(16);
    core.scoped(() => {
      const octets = dice.octets(308);
      const at = core.put(octets);
      for (let size = 0; size <= 300; size++) {
        const skip = size & 7;
        const expected = crc16(octets.slice(skip, skip + size));
        expect(core.call("crc16", at + skip, size)).toBe(expected);
        const cut = dice.roll(size + 1);
        const half = core.call("crc16Update", 0xffff, at + skip, cut);
        expect(core.call("crc16Update", half, at + skip + cut, size - cut) ^ 0xffff).toBe(expected);
      }
    });
  });
});

describe("addresses", () => {
  test.each(ofKind("addr", "addr2").map((v) => [v.id, v] as const))("%s", (_, v) => {
    core.scoped(() => {
      const octets = fromHex(v.hex);
      let at = core.put(octets);
      for (const expected of v.decoded as Address[]) {
        const left = expected.len + 4;
        expect(core.call("hdlcAddressSize", at, left)).toBe(expected.len);
        for (let short = 0; short < expected.len; short++) expect(core.call("hdlcAddressSize", at, short)).toBe(0);
        addressCheck(at, expected.len, expected);
        const out = core.room(expected.len);
        core.call("hdlcAddressEmit", out, expected.len, expected.upper, expected.lower ?? 0);
        expect(toHex(core.read(out, expected.len))).toBe(expected.raw);
        at += expected.len;
      }
    });
  });
});

describe("control octets", () => {
  const KINDS: Record<string, number> = {
    I: 0x00,
    RR: 0x01,
    UI: 0x03,
    RNR: 0x05,
    DM: 0x0f,
    DISC: 0x43,
    UA: 0x63,
    SNRM: 0x83,
    FRMR: 0x87,
  };

  test.each(ofKind("ctl").map((v) => [v.id, v] as const))("%s", (_, v) => {
    const octet = fromHex(v.hex)[0]!;
    const expected = v.decoded as { type: string; "P/F": number; "N(R)"?: number; "N(S)"?: number };
    expect(core.call("hdlcControlKind", octet)).toBe(KINDS[expected.type]);
    expect((octet & 0x10) !== 0 ? 1 : 0).toBe(expected["P/F"]);
    if (expected["N(R)"] !== undefined) expect(core.call("hdlcControlNr", octet)).toBe(expected["N(R)"]);
    if (expected["N(S)"] !== undefined) expect(core.call("hdlcControlNs", octet)).toBe(expected["N(S)"]);
    const again = core.call(
      "hdlcControlOf",
      KINDS[expected.type]!,
      expected["P/F"],
      expected["N(R)"] ?? 0,
      expected["N(S)"] ?? 0,
    );
    expect(again).toBe(octet);
  });

  test("every octet is what table 5 says, or undefined", () => {
    const unnumbered = new Map([0x83, 0x43, 0x63, 0x0f, 0x87, 0x03].map((base) => [base, base]));
    for (let octet = 0; octet < 256; octet++) {
      const low = octet & 0x0f;
      const numbered = (octet & 1) === 0 ? 0 : low === 1 || low === 5 ? low : undefined;
      const expected = numbered ?? unnumbered.get(octet & 0xef) ?? 0xff;
      expect(core.call("hdlcControlKind", octet), `octet ${octet.toString(16)}`).toBe(expected);
    }
  });
});

describe("frames", () => {
  test.each(ofKind("frame").map((v) => [v.id, v] as const))("%s", (_, v) => {
    core.scoped(() => frameCheck(body(v.hex), v.decoded as Decoded));
  });

  test.each(ofKind("frames").map((v) => [v.id, v] as const))("%s", (_, v) => {
    const octets = fromHex(v.hex);
    let at = 1;
    for (const expected of v.decoded as Decoded[]) {
      core.scoped(() => frameCheck(octets.slice(at, at + expected.length), expected));
      at += expected.length + 1;
    }
    expect(at).toBe(octets.length);
  });

  test.each(ofKind("frame").map((v) => [v.id, v] as const))("%s: no truncation and no changed octet passes", (_, v) => {
    const octets = body(v.hex);
    for (let size = 0; size < octets.length; size++) {
      core.scoped(() => expect(frameParse(octets.slice(0, size)).result).toBeLessThan(0));
    }
    for (let i = 0; i < octets.length; i++) {
      for (const change of [0x01, 0x10, 0x80, 0xff]) {
        const broken = octets.slice();
        broken[i]! ^= change;
        core.scoped(() => expect(frameParse(broken).result, `octet ${i}`).toBeLessThan(0));
      }
    }
  });

  test("a length that leaves no room for FCS, or room for HCS but no information, is refused however the checks come out", () => {
    const header = (size: number) => [0xa0, size, 0x02, 0x23, 0x21, 0x93];
    const check = (octets: number[]) => [crc16(Uint8Array.from(octets)) & 0xff, crc16(Uint8Array.from(octets)) >> 8];
    for (let size = 7; size <= 10; size++) {
      const withHcs = [...header(size), ...check(header(size))];
      for (const tail of [[0], [0x7e], check(withHcs)]) {
        const octets = Uint8Array.from([...withHcs, ...tail, 0, 0]);
        core.scoped(() => {
          const result = core.call("frameParse", core.put(octets), size, core.room(4 * FRAME_FIELDS));
          // Eight octets are a frame without information: its HCS is its FCS.
          expect(result, `${size}`).toBe(size === 8 ? 0 : -2);
        });
      }
    }
  });

  // The other bad frames have an octet format that is right; the station refuses them (framing.test.ts).
  test.each(["A-N-1", "A-N-3", "A-N-4", "A-N-5"])("%s is refused", (id) => {
    const v = vectors.find((vector) => vector.id === id)!;
    core.scoped(() => expect(frameParse(body(v.hex)).result).toBeLessThan(0));
  });
});

describe("FRMR", () => {
  test.each([
    ["A-FRMR-3", 0xff, 0, 0, 1],
    ["A-FRMR-4", 0x10, 0, 0, 4],
  ])("%s", (id, control, vs, vr, reason) => {
    const octets = body(vectors.find((v) => v.id === id)!.hex);
    core.scoped(() => {
      const { result, frame } = frameParse(octets);
      expect(result).toBe(0);
      const out = core.room(16);
      core.call("frmrParse", core.u32(frame + 24), out);
      expect([0, 4, 8, 12].map((i) => core.u32(out + i))).toEqual([control, vs, vr, reason]);
      const again = core.room(3);
      core.call("hdlcFrmrEmit", again, control, vs, vr, reason);
      expect(toHex(core.read(again, 3))).toBe(toHex(core.read(core.u32(frame + 24), 3)));
    });
  });

  test("V(S), V(R) and reasons return in every combination", () => {
    core.scoped(() => {
      const at = core.room(3);
      const out = core.room(16);
      for (let n = 0; n < 8 * 8 * 16; n++) {
        const fields = [0x31, n & 7, (n >> 3) & 7, n >> 6] as const;
        core.call("hdlcFrmrEmit", at, ...fields);
        core.call("frmrParse", at, out);
        expect([0, 4, 8, 12].map((i) => core.u32(out + i))).toEqual([...fields]);
        expect(core.octets[at + 1]! & 0x11).toBe(0);
      }
    });
  });
});

describe("parameters", () => {
  const parse = (hex: string) =>
    core.scoped(() => {
      const octets = fromHex(hex);
      const limits = core.room(16);
      const result = core.call("parametersParse", core.put(octets), octets.length, limits);
      return result === 0 ? [0, 4, 8, 12].map((i) => core.u32(limits + i)) : result;
    });

  test("nothing, and nothing named, means the defaults", () => {
    expect(parse("")).toEqual([128, 128, 1, 1]);
    expect(parse("81")).toEqual([128, 128, 1, 1]);
    expect(parse("818000")).toEqual([128, 128, 1, 1]);
    expect(parse("818003060200")).toBe(-2);
    expect(parse("8180040602FFFF")).toEqual([128, 0xffff, 1, 1]);
  });

  test("values of one to four octets; unknown identifiers and groups are skipped; user data ends the field", () => {
    expect(parse("8180030501F8")).toEqual([248, 128, 1, 1]);
    expect(parse("81800505030007EE")).toEqual([2030, 128, 1, 1]);
    expect(parse("81800605040000 07EE")).toEqual([2030, 128, 1, 1]);
    expect(parse("818009 0903AABBCC 070407".replaceAll(" ", ""))).toBe(-2);
    expect(parse("818008 0903AABBCC 080107")).toEqual([128, 128, 1, 7]);
    expect(parse("81 4402FFFF 8003 060140")).toEqual([128, 64, 1, 1]);
    expect(parse("81 8003 070103 F0 0102030405")).toEqual([128, 128, 3, 1]);
    expect(parse("81F0")).toEqual([128, 128, 1, 1]);
  });

  test("a wrong format, a length that runs over and a value of no or too many octets are malformed", () => {
    for (const hex of ["80", "008000", "8180", "81800105", "8180020502", "8180030500FF", "81800705 0500000000 80"]) {
      expect(parse(hex), hex).toBe(-2);
    }
    const whole = "81801405020080060200800704000000010804000000 01".replaceAll(" ", "");
    expect(parse(whole)).toEqual([128, 128, 1, 1]);
    // The first octet alone is a field without groups.
    for (let size = 2; size < whole.length / 2; size++) expect(parse(whole.slice(0, 2 * size)), `${size}`).toBe(-2);
  });
});

describe("wrapper", () => {
  interface Wpdu {
    version: number;
    "source-wPort": number;
    "dest-wPort": number;
    length: number;
  }

  test.each(ofKind("wrapper").map((v) => [v.id, v] as const))("%s", (_, v) => {
    const octets = fromHex(v.hex);
    const all = (Array.isArray(v.decoded) ? v.decoded : [v.decoded]) as Wpdu[];
    let at = 0;
    for (const expected of all) {
      core.scoped(() => {
        const header = octets.slice(at, at + 8);
        const out = core.room(12);
        expect(core.call("wrapperParse", core.put(header), out)).toBe(0);
        const fields = [0, 4, 8].map((i) => core.u32(out + i)) as [number, number, number];
        expect(fields).toEqual([expected["source-wPort"], expected["dest-wPort"], expected.length]);
        const again = core.room(8);
        core.call("wrapperHeaderEmit", again, ...fields);
        expect(toHex(core.read(again, 8))).toBe(toHex(header));
      });
      at += 8 + expected.length;
    }
    expect(at).toBe(octets.length);
  });

  test("every other version is refused", () => {
    core.scoped(() => {
      const at = core.put(fromHex("0001001000010003"));
      const out = core.room(12);
      for (let version = 0; version <= 0xffff; version++) {
        core.octets.set([version >> 8, version & 0xff], at);
        expect(core.call("wrapperParse", at, out)).toBe(version === 1 ? 0 : -5);
      }
    });
  });
});
