import { describe, expect, test } from "vitest";
import { Err, hex, Wire } from "./core.ts";
import { vector } from "./vectors.ts";

const wire = new Wire();

const CONTEXT = "A1090607608574050801 01".replace(" ", "");
const INFORMATION = "BE10040E01000000065F1F0400007E1F04B0";

/** A BER element: tag, length, content. */
const element = (tag: string, content: string): string =>
  tag + (content.length / 2).toString(16).padStart(2, "0").toUpperCase() + content;

describe("AARQ", () => {
  const parse = (fields: string, tag = "60"): number => wire.parse("aarq", hex(element(tag, fields)));

  test("every field of the table", () => {
    const fields: [string, string, string][] = [
      ["protocolVersion", element("80", "0780"), "0780"],
      ["contextName", CONTEXT, "60857405080101"],
      ["calledTitle", element("A2", "0402AABB"), "0402AABB"],
      ["calledQualifier", element("A3", "0401CC"), "0401CC"],
      ["calledApInvocation", element("A4", "040144"), "040144"],
      ["calledAeInvocation", element("A5", "020107"), "020107"],
      ["callingTitle", element("A6", "04084D4D4D0000BC614E"), "4D4D4D0000BC614E"],
      ["callingQualifier", element("A7", "04021234"), "1234"],
      ["callingApInvocation", element("A8", "020105"), "020105"],
      ["callingAeInvocation", element("A9", "020110"), "020110"],
      ["requirements", element("8A", "0780"), "0780"],
      ["mechanismName", element("8B", "60857405080205"), "60857405080205"],
      ["authentication", element("AC", "80084B35366956616759"), "4B35366956616759"],
      ["implementation", element("BD", "0102"), "0102"],
      ["information", INFORMATION, "01000000065F1F0400007E1F04B0"],
    ];
    const whole = fields.map(([, octets]) => octets).join("");
    const expected = Object.fromEntries(fields.map(([name, , content]) => [name, content]));
    expect(parse(whole)).toBe(whole.length / 2 + 3 - (whole.length / 2 < 128 ? 1 : 0));
    expect(wire.read("aarq")).toEqual({ ...expected, authenticationChoice: 0x80 });
    expect(wire.emit("aarq")).toEqual(hex(element("60", whole).replace(/^60(..)/, "60$1")));

    const backwards = [...fields].reverse().map(([, octets]) => octets);
    expect(parse(backwards.join(""))).toBeGreaterThan(0);
    expect(wire.read("aarq")).toEqual({ ...expected, authenticationChoice: 0x80 });
    for (const [name, octets] of fields) expect(parse(whole + octets), `${name} twice`).toBe(Err.MALFORMED);
    for (const [name, octets] of fields) {
      expect(parse(whole.replace(octets, ""))).toBeGreaterThan(0);
      expect(wire.read("aarq")[name], `${name} absent`).toBeUndefined();
    }
  });
  test("unknown fields are skipped (CTT OPEN_7), also long ones", () => {
    expect(parse("9F0155" + CONTEXT + "B0020203" + INFORMATION + "AB00")).toBeGreaterThan(0);
    expect(wire.read("aarq")).toMatchObject({ contextName: "60857405080101" });
    const long = CONTEXT + "AF8180" + "00".repeat(128) + INFORMATION;
    expect(wire.parse("aarq", hex("6082" + (long.length / 2).toString(16).padStart(4, "0") + long))).toBeGreaterThan(0);
    expect(wire.read("aarq")).toMatchObject({ information: "01000000065F1F0400007E1F04B0" });
  });
  test("lengths longer than needed are read; 80, 83 and above are malformed", () => {
    const body = CONTEXT + INFORMATION;
    for (const length of ["811D", "82001D"]) {
      expect(wire.parse("aarq", hex("60" + length + body))).toBe(1 + length.length / 2 + 29);
      expect(wire.emit("aarq")).toEqual(hex("601D" + body));
    }
    for (const length of ["80", "8300001D", "840000001D", "FF"]) {
      expect(wire.parse("aarq", hex("60" + length + body))).toBe(Err.MALFORMED);
    }
  });
  test("a field longer than the APDU, or with octets behind its inner element, is malformed", () => {
    for (const fields of ["A10A0607608574050801", "A1", "A181", "A10A0607608574050801 0100".replace(" ", "")]) {
      expect(parse(fields)).toBe(Err.MALFORMED);
    }
    expect(parse("A109040760857405080101")).toBe(Err.MALFORMED);
    expect(parse("BE03020100")).toBe(Err.MALFORMED);
    expect(parse("AC00")).toBe(Err.MALFORMED);
  });
  test("octets behind the APDU are left to the caller", () => {
    expect(wire.parse("aarq", hex(element("60", CONTEXT) + "FFFF"))).toBe(13);
  });
  test("an empty AARQ is read: the server refuses it", () => {
    expect(parse("")).toBe(2);
    expect(Object.values(wire.read("aarq")).filter((field) => field !== undefined)).toEqual([0]);
  });
  test.each<[string, number, number, number]>([
    // protocol-version, requirements, calling-AE-invocation-id -> bit 0 version supported, bit 1 authentication, user
    // id
    ["", 1, 0, -1],
    ["80020284", 1, 0, -1],
    ["80020244", 0, 0, -1],
    ["800107", 0, 0, -1],
    ["8A020780", 1, 1, -1],
    ["8A020700", 1, 0, -1],
    ["8A0107", 1, 0, -1],
    ["A903020110", 1, 0, 16],
    ["A9030201FF", 1, 0, 255],
    ["A903040110", 1, 0, -1],
    ["A90402020110", 1, 0, -1],
  ])("%s: version %d, authentication %d, user %d", (fields, version, authentication, userId) => {
    expect(parse(fields)).toBeGreaterThan(0);
    expect(wire.call("aarqJudge")).toBe(version | (authentication << 1));
    expect(wire.call("aarqUserId")).toBe(userId);
  });
});

describe("AARE", () => {
  const HEAD = CONTEXT + "A203020100" + "A305A10302010E";
  const parse = (fields: string): number => wire.parse("aare", hex(element("61", fields)));

  test("every field of the table, in its order", () => {
    const whole =
      element("80", "0780") +
      HEAD +
      element("A4", "04084D4D4D0000000001") +
      element("A5", "04021234") +
      element("A6", "020105") +
      element("A7", "020106") +
      element("88", "0780") +
      element("89", "60857405080205") +
      element("AA", "8008503677524A323146") +
      element("BD", "0102") +
      element("BE", "04040E010603");
    expect(parse(whole)).toBeGreaterThan(0);
    expect(wire.read("aare")).toEqual({
      protocolVersion: "0780",
      contextName: "60857405080101",
      respondingTitle: "4D4D4D0000000001",
      respondingQualifier: "1234",
      respondingApInvocation: "020105",
      respondingAeInvocation: "020106",
      mechanismName: "60857405080205",
      authentication: "503677524A323146",
      implementation: "0102",
      information: "0E010603",
      result: 0,
      source: 1,
      diagnostic: 14,
      authenticationRequired: 1,
    });
    expect(wire.emit("aare")).toEqual(hex(element("61", whole)));
  });
  test("without result or diagnostic it is malformed", () => {
    expect(parse(HEAD)).toBeGreaterThan(0);
    expect(parse(HEAD.replace("A203020100", ""))).toBe(Err.MALFORMED);
    expect(parse(HEAD.replace("A305A10302010E", ""))).toBe(Err.MALFORMED);
    for (const wrong of [
      "A305A30302010E",
      "A305A00302010E",
      "A305A10304010E",
      "A306A10302010E00",
      "A305A10402010E00",
    ]) {
      expect(parse(HEAD.replace("A305A10302010E", wrong)), wrong).toBe(Err.MALFORMED);
    }
    expect(parse(HEAD.replace("A203020100", "A20402020000"))).toBe(Err.MALFORMED);
  });
  test("one longer than 127 octets, as with a certificate", () => {
    const long = HEAD + "A582012C" + "04820128" + "AB".repeat(296);
    const octets = hex("6182" + (long.length / 2).toString(16).padStart(4, "0") + long);
    expect(wire.parse("aare", octets)).toBe(octets.length);
    expect(wire.emit("aare")).toEqual(octets);
  });
  test.each([127, 128, 255, 256])("of %i octets: its length takes what it needs, in no octet less of room", (size) => {
    const filler = size - HEAD.length / 2 - 2 - (size > 150 ? 1 : 0);
    const long = HEAD + "BD" + (filler < 128 ? "" : "81") + filler.toString(16) + "AB".repeat(filler);
    expect(long).toHaveLength(2 * size);
    const length = size < 128 ? "" : size < 256 ? "81" : "82";
    const octets = hex("61" + length + size.toString(16).padStart(size < 256 ? 2 : 4, "0") + long);
    expect(wire.parse("aare", octets)).toBe(octets.length);
    expect(wire.emit("aare", octets.length)).toEqual(octets);
    for (let room = 0; room < octets.length; room++) expect(wire.emit("aare", room)).toBe(Err.NO_SPACE);
  });
  test("D-AARE-10, D-AARE-11: real ones inside frames", () => {
    for (const id of ["D-AARE-10", "D-AARE-11"]) {
      const info = vector(id).decoded["info"] as string;
      const octets = hex(info.slice(info.indexOf("61")));
      expect(wire.parse("aare", octets)).toBe(octets.length);
      expect(wire.emit("aare")).toEqual(octets);
      const response = hex(wire.read("aare")["information"] as string);
      expect(wire.parse("initiateResponse", response)).toBe(response.length);
      expect(wire.read("initiateResponse")).toMatchObject({ shortTag: 1, conformance: 0x180220, vaaName: 0xfa00 });
      expect(wire.emit("initiateResponse")).toEqual(response);
    }
  });
});

describe("RLRQ and RLRE", () => {
  test("a reason of another size, or twice, is malformed", () => {
    expect(wire.parse("rlrq", hex("6204 80020000".replace(" ", "")))).toBe(Err.MALFORMED);
    expect(wire.parse("rlrq", hex("6206800100800100"))).toBe(Err.MALFORMED);
    expect(wire.parse("rlrq", hex("62028000"))).toBe(Err.MALFORMED);
  });
  test("unknown fields are skipped", () => {
    expect(wire.parse("rlrq", hex("62058001018500"))).toBe(7);
    expect(wire.read("rlrq")).toEqual({ reason: 1, information: undefined });
  });
  test("one is not the other", () => {
    expect(wire.parse("rlre", hex("6203800100"))).toBe(Err.UNKNOWN);
    expect(wire.parse("rlrq", hex("6303800100"))).toBe(Err.UNKNOWN);
  });
});

describe("names", () => {
  const parse = (text: string, kind: number): number => {
    const octets = hex(text);
    return wire.call("nameParse", wire.put(octets), octets.length, kind);
  };
  test("the last arc of the standard's names, both ways", () => {
    for (let id = 0; id < 128; id++) {
      const size = wire.emitWith((at) => wire.call("nameEmit", 2, id, at, 7), 7);
      const octets = wire.outOctets(size).toString("hex");
      expect(octets).toBe("608574050802" + id.toString(16).padStart(2, "0"));
      expect(parse(octets, 2)).toBe(id);
      expect(parse(octets, 1)).toBe(Err.UNKNOWN);
    }
  });
  test("any other name is UNKNOWN", () => {
    const context = "60857405080101";
    for (const wrong of ["", context + "00", context.slice(2), "5F857504070203", "61857405080101", "60857405090101"]) {
      expect(parse(wrong, 1), wrong).toBe(Err.UNKNOWN);
    }
  });
});

describe("refusals without an invoke-id", () => {
  test.each([
    ["D80102", { stateError: 1, serviceError: 2, invocationCounter: 0 }],
    ["D80202", { stateError: 2, serviceError: 2, invocationCounter: 0 }],
    ["D8010601234567", { stateError: 1, serviceError: 6, invocationCounter: 0x01234567 }],
  ])("%s", (text, value) => {
    expect(wire.parse("exceptionResponse", hex(text))).toBe(text.length / 2);
    expect(wire.read("exceptionResponse")).toEqual(value);
    expect(wire.emit("exceptionResponse")).toEqual(hex(text));
  });
  test("the counter is there with code 6 and only then", () => {
    expect(wire.parse("exceptionResponse", hex("D80106"))).toBe(Err.INCOMPLETE);
    expect(wire.parse("exceptionResponse", hex("D8010501234567"))).toBe(Err.MALFORMED);
  });
  test("confirmedServiceError", () => {
    expect(wire.parse("confirmedServiceError", hex("0E010603"))).toBe(4);
    expect(wire.read("confirmedServiceError")).toEqual({ service: 1, choice: 6, value: 3 });
  });
});

describe("initiate", () => {
  test("D-INI with a dedicated key, and both ciphered plain texts of the Green Book", () => {
    const request = "01 01 10 00112233445566778899AABBCCDDEEFF 00 00 06 5F1F0400 007E1F 04B0";
    const octets = hex(request);
    expect(wire.parse("initiateRequest", octets)).toBe(octets.length);
    expect(wire.read("initiateRequest")).toEqual({
      dedicatedKey: "00112233445566778899AABBCCDDEEFF",
      responseAllowed: 1,
      qualityOfService: -1,
      version: 6,
      conformance: 0x007e1f,
      shortTag: 0,
      pduSizeMax: 1200,
    });
    expect(wire.emit("initiateRequest")).toEqual(octets);
  });
  test("the conformance tag is 5F 1F or 5F, its length 4, without unused bits", () => {
    const of = (conformance: string): number =>
      wire.parse("initiateRequest", hex("01000000 06" + conformance + "04B0"));
    expect(of("5F1F0400007E1F")).toBe(14);
    expect(of("5F0400007E1F")).toBe(13);
    for (const wrong of ["5E1F0400007E1F", "5F1E0400007E1F", "5F1F0300007E1F", "5F1F0401007E1F", "5F0401007E1F"]) {
      expect(of(wrong), wrong).toBe(Err.MALFORMED);
    }
  });
  test("octets behind it are malformed", () => {
    expect(wire.parse("initiateRequest", hex("01000000065F1F0400007E1F04B000"))).toBe(Err.MALFORMED);
    expect(wire.parse("initiateResponse", hex("0800065F1F040000501F01F4000700"))).toBe(Err.MALFORMED);
  });
});
