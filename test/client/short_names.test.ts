/** Short name APDUs that no published example has, and names made from base names. */
import { describe, expect, test } from "vitest";
import { decodeApdu, encodeApdu, type Apdu } from "../../host/client/apdu.ts";
import { array, long, longUnsigned, octetString, structure, unsigned } from "../../host/client/data.ts";
import { MalformedError } from "../../host/client/errors.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { shortNameEntriesOf, ShortNames } from "../../host/client/short_names.ts";

/** Octets as the COSEM PDU module lays them out (GB9 9.5). */
const WRITTEN: [string, Apdu][] = [
  ["0501050003", { kind: "read-request", list: [{ access: "block-number", block: 3 }] }],
  [
    "0501060100020301FA08",
    { kind: "read-request", list: [{ access: "read-block", last: true, block: 2, raw: fromHex("01FA08") }] },
  ],
  ["0C01030002", { kind: "read-response", list: [{ acknowledged: 2 }] }],
  ["0C020104010D", { kind: "read-response", list: [{ code: 4 }, { code: 13 }] }],
  ["0D03000201020104", { kind: "write-response", list: [{ code: 0 }, { acknowledged: 0x0102 }, { code: 4 }] }],
  [
    "18000102FD08011105",
    { kind: "information-report-request", list: [{ access: "name", name: 0xfd08 }], data: [unsigned(5)] },
  ],
  [
    "180102AABB0102FD08011105",
    {
      kind: "information-report-request",
      time: fromHex("AABB"),
      list: [{ access: "name", name: 0xfd08 }],
      data: [unsigned(5)],
    },
  ],
];

describe("APDUs", () => {
  test.each(WRITTEN)("%s both ways, cut short and with an octet more", (hex, apdu) => {
    expect(toHex(encodeApdu(apdu))).toBe(hex);
    expect(decodeApdu(fromHex(hex))).toEqual(apdu);
    const octets = fromHex(hex);
    for (let size = 1; size < octets.length; size++) {
      expect(() => decodeApdu(octets.subarray(0, size)), `${size} octets`).toThrow(MalformedError);
    }
    expect(() => decodeApdu(fromHex(`${hex}00`))).toThrow(MalformedError);
  });

  test.each(["050103", "05010800", "0C0104", "0D0103"])("%s has no such choice", (hex) => {
    expect(() => decodeApdu(fromHex(hex))).toThrow(MalformedError);
  });
});

describe("names", () => {
  const element = (base: number, classId: number, name: string) =>
    structure(long(base), longUnsigned(classId), unsigned(0), octetString(name));
  const list = array(
    element(-0x600, 12, "0000280000FF"),
    element(0x1000, 7, "0100630100FF"),
    element(0x2000, 1, "00002A0000FF"),
  );
  const names = new ShortNames(() => Promise.resolve(list));

  test("base_name is a signed long of 16 bits", () => {
    expect(shortNameEntriesOf(list).map((entry) => entry.baseName)).toEqual([0xfa00, 0x1000, 0x2000]);
  });

  test("attributes lie 8 apart, methods behind the offset of the class (Blue Book)", async () => {
    const profile = { classId: 7, logicalName: "1-0:99.1.0.255" };
    expect(await names.attribute({ ...profile, attribute: 1 })).toBe(0x1000);
    expect(await names.attribute({ ...profile, attribute: 8 })).toBe(0x1038);
    expect(await names.method({ ...profile, method: 1 })).toBe(0x1058);
    expect(await names.method({ ...profile, method: 2 })).toBe(0x1060);
  });

  test("what has no name is said so", async () => {
    await expect(names.attribute({ classId: 1, logicalName: "1-0:99.1.0.255", attribute: 2 })).rejects.toThrow(
      /no short/,
    );
    await expect(names.attribute({ classId: 7, logicalName: "1-0:99.1.0.255", attribute: 0 })).rejects.toThrow(
      /attribute 0/,
    );
    await expect(names.method({ classId: 1, logicalName: "0-0:42.0.0.255", method: 1 })).rejects.toThrow(/class 1/);
  });

  test("those of the current association need no list", async () => {
    const alone = new ShortNames(() => Promise.reject(new Error("the list was read")));
    const current = { classId: 12, logicalName: "0-0:40.0.0.255" };
    expect(await alone.attribute({ ...current, attribute: 2 })).toBe(0xfa08);
    expect(await alone.method({ ...current, method: 8 })).toBe(0xfa58);
  });
});
