import { describe, expect, test } from "vitest";
import { TemplateError } from "../../host/template/error.ts";
import type { IdentityDocument } from "../../host/template/document.ts";
import { meterIdentity, provisionRecords, PUBLISHED_KEYS } from "../../host/template/identity.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import { templateLoad } from "../../host/template/load.ts";
import { smallTemplate } from "./small.ts";

const { model } = templateLoad();
const { identity } = model.parts;
const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex").toUpperCase();
const METERS = 1000;

interface ProvisionRecord {
  classId: number;
  logicalName: string;
  attribute: number;
  part: number;
  octets: string;
}

/** Records after docs/ARCHITECTURE.md, section 3. */
function recordsRead(octets: Uint8Array): ProvisionRecord[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const records: ProvisionRecord[] = [];
  for (let at = 0; at < octets.length;) {
    const size = view.getUint16(at + 10);
    const name = octets.subarray(at + 2, at + 8);
    records.push({
      classId: view.getUint16(at),
      logicalName: `${name[0]}-${name[1]}:${name[2]}.${name[3]}.${name[4]}.${name[5]}`,
      attribute: view.getInt8(at + 8),
      part: view.getUint8(at + 9),
      octets: hex(octets.subarray(at + 12, at + 12 + size)),
    });
    at += 12 + size;
    expect(at).toBeLessThanOrEqual(octets.length);
  }
  return records;
}

describe("names", () => {
  test("a field capture of the published structure: LGZ 103 07 40710430", () => {
    const landis: IdentityDocument = { manufacturer: "LGZ", deviceType: 103, functions: ["D", "L", "M"] };
    const meter = meterIdentity(landis, 41, 710429);
    expect(meter.logicalDeviceName).toBe("LGZ1030740710430");
    expect(hex(meter.systemTitle)).toBe("4C475A67726D311E".toUpperCase());
  });

  test("meter 0 of seed 1", () => {
    const meter = meterIdentity(identity, 1, 0);
    expect(meter.serialNumber).toBe("00000001");
    expect(meter.logicalDeviceName).toBe("MMM1030300000001");
    expect(hex(meter.systemTitle)).toBe("4D4D4D6730000001");
  });

  test("1,000 meters of each of three seeds are distinct and the same every time", () => {
    const seen = new Set<string>();
    for (const seed of [1, 2, 99]) {
      for (let index = 0; index < METERS; index++) {
        const meter = meterIdentity(identity, seed, index);
        expect(meter).toEqual(meterIdentity(identity, seed, index));
        expect(meter.logicalDeviceName).toMatch(/^MMM10303\d{8}$/);
        expect(meter.systemTitle.length).toBe(8);
        for (const name of [meter.serialNumber, meter.logicalDeviceName, hex(meter.systemTitle)]) {
          expect(seen.has(name), name).toBe(false);
          seen.add(name);
        }
      }
    }
    expect(seen.size).toBe(3 * METERS * 3);
  });

  test("the last meter of a seed still has its own 8 digits", () => {
    expect(meterIdentity(identity, 1, 99_999_998).serialNumber).toBe("99999999");
    expect(() => meterIdentity(identity, 1, 100_000_000)).toThrow("index: 100000000 (limit 99999999, ");
    for (const bad of [-1, 1.5, NaN]) {
      expect(() => meterIdentity(identity, 1, bad)).toThrow(TemplateError);
      expect(() => meterIdentity(identity, bad, 0)).toThrow(TemplateError);
    }
  });
});

describe("keys", () => {
  test("published unless asked otherwise", () => {
    for (const index of [0, 1, 999]) expect(meterIdentity(identity, 5, index).keys).toEqual(PUBLISHED_KEYS);
    expect(hex(PUBLISHED_KEYS.guek)).toBe("000102030405060708090A0B0C0D0E0F");
    expect(hex(PUBLISHED_KEYS.gbek)).toBe("0F0E0D0C0B0A09080706050403020100");
    expect(hex(PUBLISHED_KEYS.gak)).toBe("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF");
    expect(hex(PUBLISHED_KEYS.master)).toBe("00112233445566778899AABBCCDDEEFF");
    expect(Buffer.from(PUBLISHED_KEYS.lls).toString()).toBe("00000000");
    expect(Buffer.from(PUBLISHED_KEYS.hls).toString()).toBe("0123456789ABCDEF");
  });

  test("derived keys depend on seed, index and purpose", () => {
    const seen = new Set<string>();
    for (const seed of [1, 2]) {
      for (let index = 0; index < METERS; index++) {
        const { keys } = meterIdentity(identity, seed, index, "derive");
        expect(keys).toEqual(meterIdentity(identity, seed, index, "derive").keys);
        for (const key of [keys, keys.consumer!].flatMap((k) => [k.guek, k.gbek, k.gak, k.master])) {
          expect(key.length).toBe(16);
          seen.add(hex(key));
        }
        expect(Buffer.from(keys.lls).toString()).toMatch(/^[0-9A-F]{8}$/);
        expect(Buffer.from(keys.hls).toString()).toMatch(/^[0-9A-F]{16}$/);
      }
    }
    expect(seen.size).toBe(2 * METERS * 8);
  });
});

describe("provision records", () => {
  test("names, serial number, keys and secrets of the default template", () => {
    const records = recordsRead(provisionRecords(meterIdentity(identity, 1, 0), model));
    const setup = { classId: 64, logicalName: "0-0:43.0.0.255" };
    const consumer = { classId: 64, logicalName: "0-0:43.0.1.255" };
    const association = { classId: 15, logicalName: "0-0:40.0.1.255", attribute: 7 };
    expect(records).toEqual([
      {
        classId: 1,
        logicalName: "0-0:42.0.0.255",
        attribute: 2,
        part: 0,
        octets: "09104D4D4D31303330333030303030303031",
      },
      { classId: 1, logicalName: "0-0:96.1.0.255", attribute: 2, part: 0, octets: "09083030303030303031" },
      { classId: 19, logicalName: "0-0:20.0.0.255", attribute: 6, part: 0, octets: "09083030303030303031" },
      { ...setup, attribute: 5, part: 0, octets: "09084D4D4D6730000001" },
      { ...setup, attribute: 0, part: 0, octets: "000102030405060708090A0B0C0D0E0F" },
      { ...setup, attribute: 0, part: 1, octets: "0F0E0D0C0B0A09080706050403020100" },
      { ...setup, attribute: 0, part: 2, octets: "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF" },
      { ...setup, attribute: 0, part: 3, octets: "00112233445566778899AABBCCDDEEFF" },
      { ...consumer, attribute: 5, part: 0, octets: "09084D4D4D6730000001" },
      { ...consumer, attribute: 0, part: 0, octets: "404142434445464748494A4B4C4D4E4F" },
      { ...consumer, attribute: 0, part: 1, octets: "4F4E4D4C4B4A49484746454443424140" },
      { ...consumer, attribute: 0, part: 2, octets: "B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF" },
      { ...consumer, attribute: 0, part: 3, octets: "8899AABBCCDDEEFF0011223344556677" },
      { ...association, part: 0, octets: "09083030303030303030" },
      { ...association, part: 1, octets: "30313233343536373839414243444546" },
    ]);
  });

  test("a template without these objects gets none", () => {
    const small = compileTemplate({ ...smallTemplate(), objects: smallTemplate().objects.slice(0, 4) });
    expect(provisionRecords(meterIdentity(identity, 1, 0), small.model).length).toBe(0);
  });

  test("what does not fit its place is refused", () => {
    const document = smallTemplate();
    document.objects.find((o) => o.name === "ID")!.attributes![2]!.type = "octet-string(7)";
    const small = compileTemplate(document);
    expect(() => provisionRecords(meterIdentity(identity, 1, 0), small.model)).toThrow(
      'object 0-0:96.1.0.255 "ID": attributes.2: 10 octets provisioned (limit 9)',
    );
  });
});
