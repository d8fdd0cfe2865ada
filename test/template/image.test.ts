import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../host/template/compile.ts";
import { templateLoad, templateRead } from "../../host/template/load.ts";
import { accessOf, hexAt, imageRead, nameOf, rowSize } from "./reader.ts";

const NONE = 0xffff;
/** Octets that the image of the default template may have: design goal 20 KiB. */
const IMAGE_SIZE_MAX = 20 * 1024;
const { image, model } = templateLoad();
const content = imageRead(image);
const { head, objects, attributes } = content;

function object(logicalName: string) {
  const index = objects.findIndex((o) => nameOf(o) === logicalName);
  return { index, row: objects[index]! };
}

function attribute(logicalName: string, id: number, part = 0) {
  const { row } = object(logicalName);
  const first = row["firstAttribute"]!;
  return attributes.slice(first, first + row["attributeRows"]!).find((a) => a["id"] === id && a["part"] === part)!;
}

function defaultOf(logicalName: string, id: number): string {
  const row = attribute(logicalName, id);
  return hexAt(image, row["defaultAt"]!, row["defaultSize"]!);
}

function typeOf(logicalName: string, id: number): string {
  const row = attribute(logicalName, id);
  return hexAt(image, row["typeAt"]!, row["typeSize"]!);
}

describe("the head", () => {
  test("names magic, version, size and a check value over what follows it", () => {
    expect(hexAt(image, 0, 4)).toBe("444C4D54");
    expect([head["version"], head["size"]]).toEqual([2, image.length]);
    expect(head["check"]).toBe(crc32(image.subarray(16)));
  });

  test("every single-octet change behind the check value changes it", () => {
    for (let at = 16; at < image.length; at += 97) {
      const changed = Uint8Array.from(image);
      changed[at]! ^= 1;
      expect(crc32(changed.subarray(16))).not.toBe(head["check"]);
    }
  });

  test("sections are aligned, inside the image and apart", () => {
    const spans = [
      [0, rowSize("Template")],
      [head["objectsAt"], (objects.length + 1) * rowSize("ObjectRow")],
      [head["attributesAt"], attributes.length * rowSize("AttributeRow")],
      [head["classesAt"], head["classCount"]! * rowSize("ClassRow")],
      [head["shapesAt"], head["shapeCount"]! * rowSize("ShapeRow")],
      [head["rangesAt"], head["rangeCount"]! * 16],
      [head["effectsAt"], head["effectCount"]! * rowSize("EffectRow")],
      [head["extrasAt"], head["extraCount"]! * 4],
      [head["associationsAt"], content.associations.length * rowSize("AssociationRow")],
      [head["portsAt"], content.ports.length * rowSize("PortRow")],
      [head["profilesAt"], content.profiles.length * rowSize("ProfileRow")],
      [head["eventsAt"], content.events.length * rowSize("EventRow")],
      [head["accessSetsAt"], head["accessSetCount"]! * content.associations.length * 2],
      [head["accessAt"], head["accessSize"]],
      [head["octetsAt"], head["octetsSize"]],
    ] as [number, number][];
    spans.sort((a, b) => a[0] - b[0]);
    spans.forEach(([at, size], i) => {
      expect(at % 4).toBe(0);
      expect(at + size).toBeLessThanOrEqual(spans[i + 1]?.[0] ?? image.length);
    });
  });

  test("clock, event code, sizes and slots", () => {
    expect(head["clockObject"]).toBe(object("0-0:1.0.0.255").index);
    expect(head["eventObject"]).toBe(object("0-0:96.11.0.255").index);
    expect([head["apduSizeMax"], head["pageSize"], head["frameSizeMax"]]).toEqual([1224, 4096, 512 + 15]);
    expect(head["slotCount"]).toBe(4 * 1 + 2 * 4 + 2 * 1 + 1 * 4);
    expect(head["securityCount"]).toBe(2);
  });

  test("the same document gives the same octets", () => {
    const again = compileTemplate(structuredClone(templateRead()));
    expect(Buffer.compare(again.image, image)).toBe(0);
  });

  test("the order of the objects in the document does not matter", () => {
    const document = templateRead();
    document.objects.reverse();
    expect(Buffer.compare(compileTemplate(document).image, image)).toBe(0);
  });
});

describe("objects and attributes", () => {
  test("objects are sorted by logical name, class and version", () => {
    const hex = (value: number) => value.toString(16).padStart(4, "0");
    const keys = objects.map(
      (o, i) => hexAt(image, head["objectsAt"]! + i * 12, 6) + hex(o["classId"]!) + hex(o["version"]!),
    );
    const sorted = [...keys].sort();
    expect(keys).toEqual(sorted);
    expect(new Set(sorted).size).toBe(objects.length);
  });

  test("rows follow one another, sorted by id and part, and name their object", () => {
    let next = 0;
    objects.forEach((o, index) => {
      expect(o["firstAttribute"]).toBe(next);
      const rows = attributes.slice(next, next + o["attributeRows"]!);
      next += rows.length;
      rows.forEach((row, i) => {
        expect(row["object"]).toBe(index);
        const before = rows[i - 1];
        if (before) expect(row["id"]! * 256 + row["part"]!).toBeGreaterThan(before["id"]! * 256 + before["part"]!);
      });
    });
    expect(next).toBe(attributes.length);
  });

  test("every default and type lies in the octets section", () => {
    const end = head["octetsAt"]! + head["octetsSize"]!;
    for (const row of attributes) {
      for (const [at, size] of [
        [row["defaultAt"]!, row["defaultSize"]!],
        [row["typeAt"]!, row["typeSize"]!],
      ] as const) {
        if (size === 0) continue;
        expect(at).toBeGreaterThanOrEqual(head["octetsAt"]!);
        expect(at + size).toBeLessThanOrEqual(end);
      }
    }
  });

  test("a default begins with the tag of its row and fits its capacity", () => {
    for (const row of attributes.filter((a) => a["defaultSize"]! > 0)) {
      expect(image[row["defaultAt"]!]).toBe(row["tag"]);
      if (row["capacity"]! > 0) expect(row["defaultSize"]).toBeLessThanOrEqual(row["capacity"]!);
    }
  });

  test("defaults are the A-XDR of the fact sheets", () => {
    expect(defaultOf("0-0:1.0.0.255", 5)).toBe("090CFFFF03FE0702000000800000");
    expect(defaultOf("0-0:1.0.0.255", 6)).toBe("090CFFFF0AFE0703000000800080");
    expect(defaultOf("0-0:1.0.0.255", 3)).toBe("10FFC4");
    expect(defaultOf("1-0:32.7.0.255", 3)).toBe("02020FFF1623");
    expect(defaultOf("1-0:1.8.0.255", 3)).toBe("02020F00161E");
    expect(defaultOf("0-0:25.0.0.255", 2)).toBe("120FDB");
    expect(defaultOf("0-0:43.0.0.255", 2)).toBe("1600");
    expect(defaultOf("0-0:43.0.0.255", 6)).toBe("0100");
    expect(defaultOf("1-0:99.1.0.255", 4)).toBe("0600000384");
    expect(defaultOf("1-0:99.1.0.255", 3)).toBe(
      "0104" +
        "020412000809060000010000FF0F02120000" +
        "020412000109060000600A01FF0F02120000" +
        "020412000309060100010800FF0F02120000" +
        "020412000309060100020800FF0F02120000",
    );
    expect(defaultOf("1-0:99.1.0.255", 6)).toBe("0204120000090600000000" + "00000F00120000");
  });

  test("types are described in the grammar of compact-array", () => {
    expect(typeOf("0-0:96.1.1.255", 2)).toBe("09");
    expect(typeOf("1-0:1.8.0.255", 2)).toBe("06");
    expect(typeOf("1-0:1.8.0.255", 3)).toBe("02020F16");
    expect(typeOf("1-0:99.1.0.255", 3)).toBe("01000C020412090F12");
    expect(typeOf("0-0:25.1.0.255", 4)).toBe("01000006");
  });

  test("capacities hold the largest value with its tag and length", () => {
    expect(attribute("0-0:96.1.1.255", 2)["capacity"]).toBe(50);
    expect(attribute("0-0:42.0.0.255", 2)["capacity"]).toBe(18);
    expect(attribute("0-0:1.0.0.255", 3)["capacity"]).toBe(3);
    expect(attribute("1-0:99.1.0.255", 3)["capacity"]).toBe(2 + 12 * 18);
    expect(attribute("1-0:1.8.0.255", 3)["capacity"]).toBe(0);
  });

  test("computed values know quantity and digits", () => {
    const seen = (logicalName: string) => {
      const row = attribute(logicalName, 2);
      return [row["quantity"], row["digits"], row["tag"], row["flags"]];
    };
    const COMPUTED = 2;
    expect(seen("1-0:1.8.0.255")).toEqual([1, 6, 6, COMPUTED]);
    expect(seen("1-0:32.7.0.255")).toEqual([65, 2, 18, COMPUTED]);
    expect(seen("1-0:31.7.0.255")).toEqual([69, 1, 18, COMPUTED]);
    expect(seen("1-0:14.7.0.255")).toEqual([112, 1, 18, COMPUTED]);
    expect(seen("1-0:16.7.0.255")).toEqual([88, 3, 5, COMPUTED]);
    expect(seen("1-0:13.7.0.255")).toEqual([116, 0, 16, COMPUTED]);
    expect(seen("0-0:1.0.0.255")).toEqual([128, 0, 9, COMPUTED | 1]);
  });

  test("flags: settable where a client may set, ranged where a range is given, own where each meter has another value", () => {
    const timeZone = attribute("0-0:1.0.0.255", 3);
    expect([timeZone["flags"], timeZone["min"], timeZone["max"]]).toEqual([1 | 8, -720, 840]);
    expect(attribute("0-0:96.1.0.255", 2)["flags"]).toBe(32);
    expect(attribute("0-0:96.1.1.255", 2)["flags"]).toBe(1);
  });

  test("hidden rows stand where docs/ARCHITECTURE.md, section 4, has them", () => {
    const hidden = attributes
      .filter((row) => row["flags"]! & 4)
      .map((row) => `${objects[row["object"]!]!["classId"]} ${row["id"]},${row["part"]} ${row["capacity"]}`);
    const counts = new Map<string, number>();
    for (const key of hidden) counts.set(key, (counts.get(key) ?? 0) + 1);
    const registers = model.objects.filter(
      (o) => o.classId === 3 && /energy/.test(o.attributes[1]?.quantity ?? ""),
    ).length;
    // Management's context and that of consumer information.
    const keys = [0, 1, 2, 3].map((part): [string, number] => [`64 0,${part} 32`, 2]);
    const counters = [4, 5, 6].map((part): [string, number] => [`64 0,${part} 4`, 2]);
    const others: [string, number][] = [
      ["15 7,1 64", 1],
      ["8 2,1 8", 1],
      ...[4, 5, 6].map((part): [string, number] => [`8 2,${part} 6`, 1]),
      ["5 2,1 148", 10],
      ["18 0,0 56", 1],
      ["18 0,1 64", 1],
      ["8 2,2 2", 1],
      ["40 2,1 44", model.objects.filter((o) => o.classId === 40).length],
      ["71 3,1 1", 1],
      ["9 0,0 1", model.objects.filter((o) => o.classId === 9).length],
      ["20 0,0 2", 1],
      ["8 2,7 12", 1],
      ["8 4,1 1", 1],
      ["3 2,1 8", registers],
    ];
    expect(counts).toEqual(new Map([...keys, ...counters, ...others].sort()));
    expect(registers).toBe(62);
  });

  test("instances number associations and ports, and the objects of every other class", () => {
    const instance = (logicalName: string) => object(logicalName).row["instance"];
    const profiles = model.objects.filter((o) => o.classId === 7).map((o) => o.logicalName);
    expect(profiles).toEqual(expect.arrayContaining(["0-0:21.0.0.255", "0-0:99.98.0.255", "1-0:99.1.0.255"]));
    expect(profiles.map(instance)).toEqual(profiles.map((_, i) => i));
    expect(instance("0-0:40.0.0.255")).toBe(NONE);
    expect(instance("0-0:40.0.2.255")).toBe(0);
    expect(instance("0-0:40.0.1.255")).toBe(1);
    expect(instance("0-0:43.0.0.255")).toBe(0);
    expect([instance("0-0:25.0.0.255"), instance("0-0:22.0.0.255")]).toEqual([0, 1]);
    const registers = model.objects.filter((o) => o.classId === 3).map((o) => o.logicalName);
    expect(registers.map(instance)).toEqual(registers.map((_, i) => i));
  });
});

describe("associations, ports, profiles, events", () => {
  const [publicClient, management] = content.associations as [Record<string, number>, Record<string, number>];

  test("the public client has no security", () => {
    expect(publicClient["clientSap"]).toBe(16);
    expect([publicClient["mechanisms"], publicClient["contexts"]]).toEqual([1 << 0, 1 << 1]);
    expect([publicClient["securitySetup"], publicClient["llsSecret"], publicClient["hlsSecret"]]).toEqual([
      NONE,
      NONE,
      NONE,
    ]);
  });

  test("management has LLS and GMAC, plain and ciphered", () => {
    expect([management["clientSap"], management["serverSap"]]).toEqual([1, 1]);
    expect([management["mechanisms"], management["contexts"]]).toEqual([(1 << 1) | (1 << 5), (1 << 1) | (1 << 3)]);
    expect(management["object"]).toBe(object("0-0:40.0.1.255").index);
    expect(management["securitySetup"]).toBe(object("0-0:43.0.0.255").index);
    expect(attributes[management["llsSecret"]!]).toBe(attribute("0-0:40.0.1.255", 7, 0));
    expect(attributes[management["hlsSecret"]!]).toBe(attribute("0-0:40.0.1.255", 7, 1));
  });

  test("conformance: bit 0 of the standard is bit 23", () => {
    const bits = (...numbers: number[]) => numbers.reduce((sum, bit) => sum | (1 << (23 - bit)), 0);
    expect(management["conformance"]).toBe(bits(1, 2, 11, 12, 14, 16, 17, 19, 20, 21, 23));
    expect(publicClient["conformance"]).toBe(bits(11, 19, 20, 21, 23));
  });

  test("ports share out the slots in order", () => {
    const shown = content.ports.map((p) => [p["kind"], p["flags"], p["connections"], p["links"], p["firstSlot"]]);
    expect(shown).toEqual([
      [1, 0, 4, 1, 0],
      [2, 2, 2, 4, 4],
      [3, 0, 2, 1, 12],
      [2, 6, 1, 4, 14],
    ]);
    const hdlc = content.ports[1]!;
    expect([hdlc["infoSizeMax"], hdlc["windowMax"], hdlc["addressLength"]]).toEqual([512, 7, 0]);
    expect(hdlc["setupObject"]).toBe(object("0-0:22.0.0.255").index);
    const signOn = content.ports.map((p) => [p["localObject"], p["readout"]]);
    const { index, row } = { index: object("0-0:20.0.0.255").index, row: object("0-0:21.0.0.255").row };
    expect(signOn).toEqual([
      [NONE, NONE],
      [NONE, NONE],
      [NONE, NONE],
      [index, row["instance"]],
    ]);
  });

  test("areas hold `depth` rows of cells without tags", () => {
    const area = (logicalName: string) => content.profiles[object(logicalName).row["instance"]!]!;
    // The public sheets say "none" for compressed reading, until somebody chooses it.
    expect(content.profiles.map((row) => [row["form"], row["nulls"]])).toEqual(content.profiles.map(() => [0, 0]));
    expect(area("1-0:99.1.0.255")).toMatchObject({ depth: 2880, areaSize: 2880 * (12 + 1 + 4 + 4) });
    expect(area("1-0:99.2.0.255")).toMatchObject({ depth: 90, areaSize: 90 * (12 + 1 + 4 * 4) });
    expect(area("0-0:99.98.0.255")).toMatchObject({ depth: 100, areaSize: 100 * (12 + 1) });
  });

  test("events name their log and their bits", () => {
    const log = object("0-0:99.98.0.255").row["instance"];
    const event = (code: number) => content.events.find((e) => e["code"] === code);
    expect(event(1)).toMatchObject({
      code: 1,
      profile: log,
      alarm1: 255,
      alarm2: 0,
      alarm3: 255,
      error: 255,
      times: 1,
    });
    expect(event(6)).toMatchObject({ profile: log, alarm1: 0, alarm2: 255, error: 0 });
    expect(event(46)).toMatchObject({ profile: object("0-0:99.98.1.255").row["instance"], alarm1: 13 });
    expect(event(236)).toMatchObject({ alarm3: 15 });
    // Those of an extension are there only with it.
    expect(event(100)).toBeUndefined();
  });
});

describe("access", () => {
  const [publicClient, management] = [0, 1];
  const rights = (association: number, logicalName: string) => accessOf(image, association, object(logicalName).row);

  test("the public client sees five objects and may only read", () => {
    const seen = objects.filter((o) => accessOf(image, publicClient, o).length > 0);
    expect(seen.map(nameOf)).toEqual([
      "0-0:1.0.0.255",
      "0-0:40.0.0.255",
      "0-0:41.0.0.255",
      "0-0:42.0.0.255",
      "0-0:43.1.0.255",
    ]);
    for (const o of objects) for (const mode of accessOf(image, publicClient, o)) expect(mode & ~1).toBe(0);
    expect(rights(publicClient, "0-0:40.0.0.255")).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  test("management: one octet per attribute, then per method", () => {
    expect(rights(management, "0-0:40.0.0.255")).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(rights(management, "0-0:40.0.1.255")).toEqual([1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1]);
    expect(rights(management, "1-0:99.1.0.255")).toEqual([1, 1, 3, 3, 1, 1, 1, 3, 1, 1]);
    expect(rights(management, "0-0:1.0.0.255")).toEqual([1, 3, 3, 1, 3, 3, 1, 3, 1, 1, 1, 1, 1, 1, 1]);
    expect(rights(management, "1-0:1.8.0.255")).toEqual([1, 1, 1, 0]);
  });

  test("offset 0 is reserved, equal rows stand once", () => {
    expect(hexAt(image, head["accessAt"]!, 2)).toBe("0000");
    const rows = content.associations.flatMap((_, i) => objects.map((o) => accessOf(image, i, o)));
    const distinct = new Set(rows.map((row) => row.join()));
    const octets = [...distinct].reduce((sum, row) => sum + (row === "" ? 0 : row.split(",").length), 0);
    expect(distinct.size).toBeLessThan(rows.length / 4);
    expect(head["accessSize"]).toBe(2 + octets);
  });

  test("nothing readable is without a value", () => {
    for (const o of model.objects) {
      for (const a of o.attributes.slice(1)) {
        const readable = [...o.access.values()].some((row) => row[a.id - 1]! & 1);
        if (!readable || a.row === undefined) continue;
        const row = attributes[a.row]!;
        expect(row["defaultSize"]! > 0 || row["quantity"]! > 0, `${o.logicalName} attribute ${a.id}`).toBe(true);
      }
    }
  });
});

describe("what objects have in common", () => {
  test("stands once, and the image keeps to its size", () => {
    const rows = (name: string, at: number, count: number) =>
      Array.from({ length: count }, (_, i) => hexAt(image, at + i * rowSize(name), rowSize(name)));
    for (const all of [
      rows("ClassRow", head["classesAt"]!, head["classCount"]!),
      rows("ShapeRow", head["shapesAt"]!, head["shapeCount"]!),
    ]) {
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBeLessThan(attributes.length / 3);
    }
    expect(image.length).toBeLessThanOrEqual(IMAGE_SIZE_MAX);
  });

  test("sizes from 255 octets on take three octets in front", () => {
    const long = attributes.filter((a) => a["defaultSize"]! >= 255);
    expect(long.length).toBeGreaterThan(0);
    for (const row of long) {
      const at = row["defaultAt"]!;
      expect(hexAt(image, at - 3, 3)).toBe(
        `FF${hexAt(Uint8Array.of(row["defaultSize"]! & 255, row["defaultSize"]! >> 8), 0, 2)}`,
      );
    }
  });
});
