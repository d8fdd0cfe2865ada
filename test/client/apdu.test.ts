import { describe, expect, test } from "vitest";
import { objectIdentifierOctets, objectIdentifierText } from "../../host/client/acse.ts";
import { cipheredTagOf, decodeApdu, encodeApdu, plainTagOf } from "../../host/client/apdu.ts";
import { MalformedError } from "../../host/client/errors.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { apduForm, securityVectors, vectorsOf, withoutPlaintext } from "./vectors.ts";

const all = [...vectorsOf("apdu"), ...vectorsOf("acse")];

describe("APDU: published examples", () => {
  test("there are as many as expected", () => {
    expect(all.length).toBe(101);
  });

  test.each(all)("$id decodes to what the vector says and encodes to its octets", (v) => {
    const apdu = decodeApdu(fromHex(v.hex));
    expect(apduForm(apdu)).toEqual(withoutPlaintext(v.decoded));
    // The EnergyICT examples write lengths longer than needed; ours are minimal.
    const minimal = v.id.startsWith("F-GBT-E") ? v.hex.replace("8200", "") : v.hex;
    expect(toHex(encodeApdu(apdu))).toBe(minimal);
  });

  test.each(all)("$id: every truncation is refused", (v) => {
    const octets = fromHex(v.hex);
    for (let size = 0; size < octets.length; size++) {
      expect(() => decodeApdu(octets.subarray(0, size)), `${size} octets`).toThrow(MalformedError);
    }
    expect(() => decodeApdu(fromHex(`${v.hex}00`))).toThrow(MalformedError);
  });

  test.each(all)("$id: every changed octet gives an APDU or a refusal, nothing else", (v) => {
    const octets = fromHex(v.hex);
    for (let i = 0; i < octets.length; i++) {
      const changed = octets.slice();
      changed[i] = changed[i]! ^ (1 + (i % 255));
      try {
        decodeApdu(changed);
      } catch (error) {
        expect(error, `octet ${i}`).toBeInstanceOf(MalformedError);
      }
    }
  });

  test.each(vectorsOf("negapdu"))("$id is refused", (v) => {
    expect(() => decodeApdu(fromHex(v.hex))).toThrow(MalformedError);
  });
});

describe("ACSE", () => {
  const ids = ["aarq-hls5", "aarq-hls6", "aarq-hls7-no-certs", "aare-reject-auth-failure"];
  test.each(ids)("%s of the security vectors, both ways", (id) => {
    const output = securityVectors.find((v) => v.id === id)!.output as Record<string, string>;
    for (const [name, hex] of Object.entries(output)) {
      const apdu = decodeApdu(fromHex(hex));
      expect(apdu.kind).toBe(name);
      expect(toHex(encodeApdu(apdu)), name).toBe(hex);
    }
  });

  test("the order of fields does not matter: a real meter puts the title A4 after the challenge AA", () => {
    const output = securityVectors.find((v) => v.id === "aarq-hls5")!.output as Record<string, string>;
    const hex = output["aare"]!;
    const title = "A40A04084D4D4D0000000001";
    const challenge = "AA128010102132435465768798A9BACBDCEDFE0F";
    const moved = hex.replace(title, "").replace(challenge, challenge + title);
    expect(moved).not.toBe(hex);
    expect(decodeApdu(fromHex(moved))).toEqual(decodeApdu(fromHex(hex)));
  });

  test("unknown optional fields are kept, not refused", () => {
    const hex = "6024A109060760857404080101B70501020304 05BE10040E01000000065F1F0400007E1F04B0".replace(
      "74040",
      "74050",
    );
    const apdu = decodeApdu(fromHex(hex));
    expect(apdu).toMatchObject({ kind: "aarq", others: [{ tag: 0xb7 }] });
  });

  test("object identifiers", () => {
    expect(objectIdentifierText(fromHex("60857405080103"))).toBe("2.16.756.5.8.1.3");
    expect(toHex(objectIdentifierOctets("2.16.756.5.8.1.3"))).toBe("60857405080103");
    expect(toHex(objectIdentifierOctets("1.2.840.113549"))).toBe("2A864886F70D");
    expect(() => objectIdentifierText(fromHex("6085"))).toThrow(MalformedError);
  });
});

test("glo- and ded- tags: the whole table, both ways", () => {
  const plain = [0x01, 0x05, 0x06, 0x08, 0x0c, 0x0d, 0x0e, 0x16, 0x18, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc7];
  const glo = [0x21, 0x25, 0x26, 0x28, 0x2c, 0x2d, 0x2e, 0x36, 0x38, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xcf];
  const ded = [0x41, 0x45, 0x46, 0x48, 0x4c, 0x4d, 0x4e, 0x56, 0x58, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd7];
  expect(plain.map((tag) => cipheredTagOf(tag, false))).toEqual(glo);
  expect(plain.map((tag) => cipheredTagOf(tag, true))).toEqual(ded);
  for (let tag = 0; tag < 256; tag++) {
    const i = glo.includes(tag) ? glo.indexOf(tag) : ded.indexOf(tag);
    expect(plainTagOf(tag), `tag ${tag}`).toBe(i < 0 ? undefined : plain[i]);
  }
  for (const tag of [0x0f, 0xd8, 0xd9, 0xda, 0xe0, 0xc6]) expect(cipheredTagOf(tag, false)).toBeUndefined();
});
