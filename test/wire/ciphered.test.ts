import { describe, expect, test } from "vitest";
import { Err, hex, Wire } from "./core.ts";
import { securityApdus } from "./vectors.ts";

const wire = new Wire();

const NONE = 0;
const GLO = 1;
const DED = 2;
const GENERAL_GLO = 3;
const GENERAL_DED = 4;
const GENERAL = 5;

/** Plain, global, dedicated, from the tag numbers of the COSEM PDU module. */
const TABLE: [plain: number, glo: number, ded: number][] = [
  [0x01, 0x21, 0x41],
  [0x05, 0x25, 0x45],
  [0x06, 0x26, 0x46],
  [0x08, 0x28, 0x48],
  [0x0c, 0x2c, 0x4c],
  [0x0d, 0x2d, 0x4d],
  [0x0e, 0x2e, 0x4e],
  [0x16, 0x36, 0x56],
  [0x18, 0x38, 0x58],
  [0xc0, 0xc8, 0xd0],
  [0xc1, 0xc9, 0xd1],
  [0xc2, 0xca, 0xd2],
  [0xc3, 0xcb, 0xd3],
  [0xc4, 0xcc, 0xd4],
  [0xc5, 0xcd, 0xd5],
  [0xc7, 0xcf, 0xd7],
];

describe("tags of ciphered APDUs", () => {
  test("all 256 octets", () => {
    const general: Record<number, number> = { 0xdb: GENERAL_GLO, 0xdc: GENERAL_DED, 0xdd: GENERAL };
    for (let tag = 0; tag < 256; tag++) {
      const glo = TABLE.find((row) => row[1] === tag);
      const ded = TABLE.find((row) => row[2] === tag);
      expect(wire.call("family", tag), tag.toString(16)).toBe(glo ? GLO : ded ? DED : (general[tag] ?? NONE));
      expect(wire.call("tagPlain", tag), tag.toString(16)).toBe((glo ?? ded)?.[0] ?? 0);
      const plain = TABLE.find((row) => row[0] === tag);
      expect(wire.call("tagCiphered", tag, GLO)).toBe(plain?.[1] ?? 0);
      expect(wire.call("tagCiphered", tag, DED)).toBe(plain?.[2] ?? 0);
      expect(wire.call("tagCiphered", tag, GENERAL_GLO)).toBe(0xdb);
      expect(wire.call("tagCiphered", tag, GENERAL_DED)).toBe(0xdc);
      expect(wire.call("tagCiphered", tag, GENERAL)).toBe(0xdd);
      expect(wire.call("tagCiphered", tag, NONE)).toBe(0);
    }
  });
});

describe("envelopes", () => {
  test("an authenticated one in fields (gb-t40-glo-get-sc10)", () => {
    wire.parse("ciphered", hex("C81E1001234567C0010000080000010000FF020006725D910F9221D263877516"));
    expect(wire.read("ciphered")).toEqual({
      tag: 0xc8,
      title: undefined,
      control: 0x10,
      invocationCounter: 0x01234567,
      text: "C0010000080000010000FF0200",
      tagOctets: "06725D910F9221D263877516",
    });
  });
  test("an encrypted one has no tag (gb-t40-glo-get-sc20)", () => {
    wire.parse("ciphered", hex("C8122001234567411312FF935A47566827C467BC"));
    expect(wire.read("ciphered")).toMatchObject({ text: "411312FF935A47566827C467BC", tagOctets: undefined });
  });
  test("header and tag must fit the string", () => {
    for (let size = 0; size < 20; size++) {
      const secured = "30" + "00".repeat(19);
      const text = "C8" + size.toString(16).padStart(2, "0") + secured.slice(0, 2 * size);
      expect(wire.parse("ciphered", hex(text)), `A+E ${size}`).toBe(size < 17 ? Err.MALFORMED : 2 + size);
      const open = text.replace(/^(C8..)30/, "$120");
      expect(wire.parse("ciphered", hex(open)), `E ${size}`).toBe(size < 5 ? Err.MALFORMED : 2 + size);
    }
  });
  test("octets behind it are malformed, other tags unknown", () => {
    expect(wire.parse("ciphered", hex("C8052000000001" + "00"))).toBe(Err.MALFORMED);
    for (const tag of ["C0", "DD", "DF", "E0", "D8", "00"]) {
      expect(wire.parse("ciphered", hex(tag + "052000000001"))).toBe(Err.UNKNOWN);
    }
  });
  test("an empty title stands for the one known", () => {
    expect(wire.parse("ciphered", hex("DB00" + "052000000001"))).toBe(8);
    expect(wire.read("ciphered")).toMatchObject({ title: "", text: "" });
    expect(wire.emit("ciphered")).toEqual(hex("DB00052000000001"));
  });
  test("sizes foretold are the sizes written, for every length of text and title", () => {
    const tags = [0xc8, 0xdb, 0xdc];
    for (const tag of tags) {
      for (const control of [0x00, 0x10, 0x20, 0x30]) {
        for (const textSize of [0, 1, 100, 110, 111, 122, 123, 127, 128, 230, 238, 239, 250, 251, 1000]) {
          const tagSize = control & 0x10 ? 12 : 0;
          const secured = 5 + textSize + tagSize;
          const lengthSize = secured < 128 ? 1 : secured < 256 ? 2 : 3;
          const title = tag === 0xc8 ? 0 : 9;
          const head = wire.call("headSize", tag, 8, control, textSize);
          expect(head).toBe(1 + title + lengthSize + 5);
          expect(wire.call("wholeSize", tag, 8, control, textSize)).toBe(head + textSize + tagSize);
        }
      }
    }
  });
});

describe("general-ciphering and general-signing in fields", () => {
  const of = (id: string, kind: string): Buffer => {
    const found = securityApdus().find((v) => v.id === id && v.kind === kind);
    if (found === undefined) throw new Error(`no ${id}`);
    return found.octets;
  };
  const titles = { originator: "4D4D4D0000BC614E", recipient: "4D4D4D0000000001" };

  test("identified key", () => {
    wire.parse("generalCiphering", of("gc-identified-ae", "generalCiphering"));
    expect(wire.read("generalCiphering")).toMatchObject({
      ...titles,
      transaction: "0102030405060708",
      dateTime: "",
      other: "",
      header: "080102030405060708084D4D4D0000BC614E084D4D4D00000000010000",
      keyInfo: 0,
      keyId: 0,
      keyParameters: undefined,
      keyData: undefined,
      control: 0x31,
      invocationCounter: 9,
    });
  });
  test("wrapped key, no key-info, agreed key", () => {
    wire.parse("generalCiphering", of("gc-wrapped", "generalCiphering"));
    expect(wire.read("generalCiphering")).toMatchObject({ keyInfo: 1, keyId: 0, keyParameters: undefined });
    expect(wire.read("generalCiphering")["keyData"]).toMatch(/^77C00A662BB701613D60F7[0-9A-F]{26}$/);
    wire.parse("generalCiphering", of("gc-wrapped-reuse-nokeyinfo", "generalCiphering"));
    expect(wire.read("generalCiphering")).toMatchObject({ keyInfo: -1, keyData: undefined, control: 0x31 });
    wire.parse("generalCiphering", of("gb-1e1s-access-apdu", "generalCiphering"));
    const agreed = wire.read("generalCiphering");
    expect(agreed).toMatchObject({ keyInfo: 2, keyParameters: "01" });
    expect((agreed["keyData"] as string).length).toBe(2 * 128);
  });
  test("date-time and other information", () => {
    wire.parse("generalCiphering", of("gc-identified-datetime", "generalCiphering"));
    expect(wire.read("generalCiphering")).toMatchObject({ dateTime: "07E90A1404120000FF800000", other: "0102" });
  });
  test("another key-info is UNKNOWN", () => {
    const octets = of("gc-identified-ae", "generalCiphering");
    octets[31] = 3;
    expect(octets[30]).toBe(1);
    expect(wire.parse("generalCiphering", octets)).toBe(Err.UNKNOWN);
  });
  test("what a signature covers is header and content with their lengths, as received", () => {
    const octets = of("gs-get-p256", "generalSigning");
    wire.parse("generalSigning", octets);
    const signing = wire.read("generalSigning");
    expect(signing).toMatchObject({ ...titles, content: "C0010000080000010000FF0200" });
    expect(signing["signed"]).toBe(
      "080102030405060708084D4D4D0000BC614E084D4D4D000000000100000DC0010000080000010000FF0200",
    );
    expect((signing["signature"] as string).length).toBe(2 * 64);
  });
});
