import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { templateLoad } from "../../host/template/load.ts";
import { TEMPLATE_SCHEMA } from "../../host/template/schema.ts";
import { CLASSES, HIDDEN_ROWS, QUANTITIES, SHARED_TYPES, UNITS } from "../../host/template/tables.ts";
import { typeCapacity, typeDescription, typeFits, typeParse, typeTag, typeText } from "../../host/template/type.ts";
import { rowRead, rowSize } from "./reader.ts";

const { model } = templateLoad();

/** Attributes (logical_name among them) and methods of each class (Blue Book). */
const COUNTS: Record<string, [number, number]> = {
  "1 v0": [2, 0],
  "3 v0": [3, 1],
  "4 v0": [5, 1],
  "5 v0": [9, 2],
  "6 v0": [4, 3],
  "7 v1": [8, 2],
  "8 v0": [9, 6],
  "9 v0": [2, 1],
  "11 v0": [2, 2],
  "15 v3": [11, 6],
  "17 v0": [2, 1],
  "18 v0": [7, 4],
  "20 v0": [10, 1],
  "21 v0": [4, 0],
  "22 v0": [4, 0],
  "23 v1": [9, 0],
  "10 v0": [2, 3],
  "25 v0": [5, 0],
  "26 v0": [4, 0],
  "27 v1": [4, 0],
  "28 v2": [7, 0],
  "29 v2": [6, 1],
  "30 v0": [6, 3],
  "40 v0": [7, 1],
  "41 v0": [6, 0],
  "42 v0": [10, 3],
  "43 v0": [2, 0],
  "44 v0": [5, 0],
  "45 v0": [4, 0],
  "46 v0": [6, 0],
  "47 v0": [8, 0],
  "47 v1": [8, 0],
  "47 v2": [8, 0],
  "48 v0": [10, 2],
  "61 v0": [6, 2],
  "62 v0": [6, 2],
  "62 v1": [6, 2],
  "63 v0": [3, 0],
  "64 v0": [5, 2],
  "64 v1": [6, 8],
  "65 v0": [4, 2],
  "65 v1": [8, 2],
  "67 v0": [15, 1],
  "68 v0": [6, 2],
  "70 v0": [4, 2],
  "70 v1": [4, 2],
  "71 v0": [11, 0],
  "72 v0": [12, 8],
  "72 v1": [14, 8],
  "73 v1": [4, 0],
  "74 v0": [2, 0],
  "76 v0": [11, 0],
  "77 v0": [9, 1],
  "90 v1": [10, 1],
  "91 v3": [26, 2],
  "92 v3": [23, 0],
  "100 v0": [7, 3],
  "122 v0": [3, 3],
  "123 v0": [2, 5],
  "124 v0": [10, 1],
  "130 v0": [6, 0],
  "131 v0": [2, 0],
  "132 v0": [11, 0],
  "132 v1": [11, 1],
  "133 v0": [9, 0],
  "133 v1": [9, 1],
  "151 v0": [3, 0],
  "151 v1": [3, 0],
};

test("the overlays of assembly/store/template.ts have the sizes they declare", () => {
  const sizes: [string, number][] = [
    ["Template", 136],
    ["ObjectRow", 12],
    ["ClassRow", 8],
    ["AttributeRow", 4],
    ["ShapeRow", 8],
    ["HistoryCell", 8],
    ["AssociationRow", 24],
    ["PortRow", 24],
    ["ProfileRow", 16],
    ["EventRow", 4],
    ["EffectRow", 5],
  ];
  for (const [name, size] of sizes) {
    expect(rowSize(name)).toBe(size);
    expect(() => rowRead(new Uint8Array(size), name, 0)).not.toThrow();
    expect(() => rowRead(new Uint8Array(size - 1), name, 0)).toThrow(RangeError);
  }
});

test("schema.json is a valid JSON Schema 2020-12", () => {
  expect(new Ajv2020().validateSchema(TEMPLATE_SCHEMA)).toBe(true);
  expect(TEMPLATE_SCHEMA).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
});

describe("quantities", () => {
  test("ids are distinct, 1 to 65535", () => {
    const ids = [...QUANTITIES.values()].map((q) => q.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id > 0 && id < 0xffff).toBe(true);
  });

  test("are those of assembly/meter/quantity.ts", () => {
    const source = readFileSync("assembly/meter/quantity.ts", "utf8");
    const body = /export const enum Quantity \{([^}]*)\}/.exec(source)![1]!;
    const core = [...body.matchAll(/(\w+) = (\d+),/g)].map(([, name, id]) => [name, Number(id)]);
    const table = [...QUANTITIES.values()]
      .filter(({ name }) => !/-rate-\d$/.test(name))
      .map((q) => [q.name.toUpperCase().replaceAll("-", "_"), q.id]);
    expect(Object.fromEntries(core)).toEqual(Object.fromEntries(table));
  });

  test("of rates have the numbers that assembly/meter/metering_state.ts gives them", () => {
    const source = readFileSync("assembly/meter/metering_state.ts", "utf8");
    const number = (name: string) => Number(new RegExp(`export const ${name}: u32 = (\\d+);`).exec(source)![1]);
    const rated = [...QUANTITIES.values()].filter(({ name }) => /-rate-\d$/.test(name));
    expect(rated.length).toBe(11 * number("RATES"));
    for (const { name, id } of rated) {
      const [, base, rate] = /^(.*)-rate-(\d)$/.exec(name)!;
      const total = QUANTITIES.get(base!)!.id;
      expect(id, name).toBe(number("RATED") + (Number(rate) - 1) * number("BASES") + total);
      expect(total).toBeLessThan(number("BASES"));
    }
  });

  test("units and types are known", () => {
    for (const q of QUANTITIES.values()) {
      if (q.unit !== null) expect(UNITS.has(q.unit), q.name).toBe(true);
      expect(typeParse(q.type).kind).toBe("simple");
    }
  });
});

describe("classes", () => {
  test("all types can be read, and attribute 1 is logical_name", () => {
    for (const c of CLASSES.values()) {
      expect(c.attributes[0]).toEqual({ name: "logical_name", type: "$logical_name" });
      for (const attribute of c.attributes) expect(() => typeParse(attribute.type), attribute.name).not.toThrow();
      for (const id of c.byClass) expect(id >= 2 && id <= c.attributes.length).toBe(true);
    }
    for (const type of SHARED_TYPES.values()) expect(() => typeParse(type)).not.toThrow();
  });

  test("counts of attributes and methods (Blue Book)", () => {
    for (const [key, [attributes, methods]] of Object.entries(COUNTS)) {
      const c = CLASSES.get(key)!;
      expect([c.attributes.length, c.methods.length], key).toEqual([attributes, methods]);
    }
  });

  test("no class and no shared type stands in two files", () => {
    const files = ["classes.json", ...readdirSync("host/template/classes").map((name) => `classes/${name}`)].map(
      (name) =>
        JSON.parse(readFileSync(`host/template/${name}`, "utf8")) as {
          types: Record<string, string>;
          classes: { id: number; version: number }[];
        },
    );
    expect(files.reduce((count, file) => count + file.classes.length, 0)).toBe(CLASSES.size);
    expect(files.reduce((count, file) => count + Object.keys(file.types).length, 0)).toBe(SHARED_TYPES.size);
  });

  test("hidden rows belong to known classes", () => {
    const ids = new Set([...CLASSES.values()].map((c) => c.id));
    for (const row of HIDDEN_ROWS) expect(ids.has(row.class)).toBe(true);
  });
});

describe("types", () => {
  test("text round-trips", () => {
    for (const text of [
      "unsigned",
      "octet-string(48)",
      "any",
      "array of any",
      "array(3) of structure{long-unsigned, octet-string(6), array of enum}",
      "null-data | long",
    ]) {
      expect(typeText(typeParse(text))).toBe(text);
    }
  });

  test("descriptions follow the grammar of compact-array (data-encoding E.4)", () => {
    const hex = (text: string) =>
      Buffer.from(typeDescription(typeParse(text)))
        .toString("hex")
        .toUpperCase();
    expect(hex("structure{double-long-unsigned, long-unsigned}")).toBe("02020612");
    expect(hex("structure{unsigned, array(3) of long-unsigned}")).toBe("020211" + "01000312");
    expect(hex("array(300) of any")).toBe("01012CFF");
    expect(hex("long | double-long")).toBe("FF");
  });

  test("capacities count tags and lengths", () => {
    const capacity = (text: string) => typeCapacity(typeParse(text));
    expect(capacity("null-data")).toBe(1);
    expect(capacity("octet-string(127)")).toBe(129);
    expect(capacity("octet-string(128)")).toBe(131);
    expect(capacity("octet-string(256)")).toBe(260);
    expect(capacity("bit-string(9)")).toBe(4);
    expect(capacity("array(2) of structure{unsigned, long}")).toBe(2 + 2 * (2 + 2 + 3));
    expect(capacity("unsigned | double-long")).toBe(5);
    for (const open of ["octet-string", "array of enum", "array(2) of any", "structure{any}"]) {
      expect(capacity(open)).toBeUndefined();
    }
  });

  test("tags", () => {
    for (const [text, tag] of [
      ["array of enum", 1],
      ["structure{enum}", 2],
      ["boolean", 3],
      ["long64-unsigned", 21],
      ["time", 27],
      ["any", 255],
    ] as const) {
      expect(typeTag(typeParse(text))).toBe(tag);
    }
  });

  test("fitting", () => {
    const fits = (a: string, b: string) => typeFits(typeParse(a), typeParse(b));
    expect(fits("unsigned", "any")).toBe(true);
    expect(fits("unsigned", "long | unsigned")).toBe(true);
    expect(fits("enum", "long | unsigned")).toBe(false);
    expect(fits("octet-string(7)", "octet-string(6)")).toBe(false);
    expect(fits("octet-string", "octet-string(6)")).toBe(true);
    expect(fits("array(3) of enum", "array of enum")).toBe(true);
    expect(fits("structure{enum}", "structure{enum, enum}")).toBe(false);
    expect(fits("array of enum", "structure{enum}")).toBe(false);
  });
});

describe("the default template", () => {
  test("every object says what it rests on", () => {
    for (const object of model.objects) {
      expect(object.source.length, object.logicalName).toBeGreaterThan(0);
      expect(object.confidence, object.logicalName).toMatch(/^(high|medium|low)$/);
      expect(object.name, object.logicalName).not.toBe("");
    }
  });

  test("names are distinct, so that --override can use them", () => {
    expect(new Set(model.objects.map((o) => o.name)).size).toBe(model.objects.length);
  });

  test("look-ups by logical name and by name", () => {
    const clock = model.find("0-0:1.0.0")!;
    expect(model.find("0-0:1.0.0.255")).toBe(clock);
    expect(model.find("Clock")).toBe(clock);
    expect(model.objectIndex("Clock")).toBe(clock.index);
    expect(model.find("0-0:99.99.99")).toBeUndefined();
    expect(model.attributeName(clock, 3)).toBe("time_zone");
    expect(model.attributeName(clock, 99)).toBe("?");
    expect(model.methodName(clock, 6)).toBe("shift_time");
    expect(model.attributeId(clock, "time")).toBe(2);
    expect(model.attributeId(clock, "9")).toBe(9);
    expect(model.attributeId(clock, "10")).toBeUndefined();
  });
});
