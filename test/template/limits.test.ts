import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../host/template/compile.ts";
import type { AttributeDocument, TemplateDocument } from "../../host/template/document.ts";
import { TemplateError } from "../../host/template/error.ts";
import { LIMITS, planRefusalText } from "../../host/template/limits.ts";
import { objectOf, smallTemplate } from "./small.ts";

/** The message with which a changed small template is refused. */
function refusal(change: (document: TemplateDocument) => void): string {
  const document = smallTemplate();
  change(document);
  try {
    compileTemplate(document);
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError);
    const { message } = error as TemplateError;
    expect(message).not.toContain("\n");
    return message;
  }
  return "compiled";
}

function data(name: string, index: number, attribute: AttributeDocument) {
  return { logicalName: `0-1:96.${index >> 8}.${index & 255}.255`, name, class: 1, attributes: { 2: attribute } };
}

function column(i: number) {
  return `0-1:96.${i >> 8}.${i & 255}.255:2`;
}

test("limits are those of the core", () => {
  const source = readFileSync("assembly/base/limits.ts", "utf8");
  for (const [name, value] of Object.entries(LIMITS)) {
    if (name === "APDU_SIZE_MIN") continue;
    const text = new RegExp(`export const ${name}: u32 = ([\\d +]+);`).exec(source)?.[1];
    expect(text, name).toBeDefined();
    expect(
      text!.split("+").reduce((sum, part) => sum + Number(part), 0),
      name,
    ).toBe(value);
  }
});

test("the small template compiles", () => {
  expect(refusal(() => {})).toBe("compiled");
});

test("every refusal of plan() has a sentence", () => {
  const source = readFileSync("assembly/store/layout.ts", "utf8");
  const limits = /export const enum Limit \{([^}]*)\}/.exec(source)![1]!;
  const codes = [...limits.matchAll(/= (\d+),/g)].map((match) => Number(match[1]));
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes.filter((c) => c !== 0)) expect(planRefusalText(code, 7)).not.toContain("value 7");
  expect(planRefusalText(999, 7)).toBe("limit 999, value 7");
});

describe("counts", () => {
  const many = (count: number) =>
    refusal((d) => {
      for (let i = 0; i < count; i++) d.objects.push(data(`d${i}`, i, { value: { unsigned: 1 } }));
    });

  test("objects", () => {
    expect(many(LIMITS.OBJECTS_MAX - 5)).toBe("compiled");
    expect(many(LIMITS.OBJECTS_MAX - 4)).toBe("objects: 8193 objects (limit 8192)");
  });

  test("attribute rows", () => {
    const message = refusal((d) => {
      const tcp = objectOf(d, "TCP-UDP setup");
      for (let i = 0; i < 7000; i++) d.objects.push({ ...tcp, logicalName: `0-2:25.${i >> 8}.${i & 255}.255` });
    });
    expect(message).toMatch(/^objects: 350\d\d attribute rows \(limit 32768\)$/);
  });

  test("associations", () => {
    const more = (count: number) =>
      refusal((d) => {
        for (let i = 1; i < count; i++) d.associations[`c${i}`] = { ...d.associations["client"]!, clientSap: 100 + i };
      });
    expect(more(8)).toBe("compiled");
    expect(more(9)).toBe("associations: 9 associations (limit 8)");
  });

  test("ports and slots", () => {
    const more = (count: number, connections: number) =>
      refusal((d) => {
        for (let i = 1; i < count; i++) d.ports[`p${i}`] = { ...d.ports["tcp"]!, connections };
      });
    expect(more(8, 1)).toBe("compiled");
    expect(more(9, 1)).toBe("ports: 9 ports (limit 8)");
    expect(more(2, 31)).toBe("compiled");
    expect(more(2, 32)).toBe("port p1: connections: 33 slots with the ports before it (limit 32)");
    expect(more(2, 33)).toBe("port p1: connections: 33 (limits 1 to 32)");
  });

  test("profiles", () => {
    const more = (count: number) =>
      refusal((d) => {
        for (let i = 1; i < count; i++) {
          d.objects.push({ ...objectOf(d, "Profile"), logicalName: `1-${i}:99.1.0.255`, name: `p${i}` });
        }
      });
    expect(more(24)).toBe("compiled");
    expect(more(25)).toBe("objects: 25 profiles (limit 24)");
  });

  test("columns", () => {
    const columns = (count: number, columnsMax?: number) =>
      refusal((d) => {
        const profile = objectOf(d, "Profile").profile!;
        profile.columns = Array.from({ length: count }, () => "1-0:1.8.0.255:2");
        if (columnsMax !== undefined) profile.columnsMax = columnsMax;
      });
    expect(columns(32)).toBe("compiled");
    expect(columns(33)).toBe('object 1-0:99.1.0.255 "Profile": profile.columns: 33 columns (limit 32)');
    expect(columns(2, 33)).toBe('object 1-0:99.1.0.255 "Profile": profile.columns: 33 columns (limit 32)');
    expect(columns(3, 2)).toBe('object 1-0:99.1.0.255 "Profile": profile.columns: 3 columns (limit 2)');
  });

  test("octets of a row", () => {
    const row = (size: number) =>
      refusal((d) => {
        const count = 5;
        for (let i = 0; i < count; i++) {
          d.objects.push(data(`d${i}`, i, { type: `octet-string(${size})`, value: { text: "" }, stored: true }));
        }
        objectOf(d, "Profile").profile!.columns = Array.from({ length: count }, (_, i) => column(i));
      });
    expect(row(101)).toBe("compiled");
    expect(row(102)).toBe('object 1-0:99.1.0.255 "Profile": profile.columns: a row of 515 octets (limit 512)');
  });

  test("security setups", () => {
    const message = refusal((d) => {
      for (let i = 0; i < 5; i++) d.objects.push({ logicalName: `0-0:43.0.${i}.255`, class: 64, version: 1 });
    });
    expect(message).toBe("objects: 5 security setups (limit 4)");
  });
});

describe("sizes", () => {
  test("apduSizeMax", () => {
    expect(refusal((d) => (d.apduSizeMax = 1225))).toBe("apduSizeMax: 1225 octets (limits 64 to 1224)");
    expect(refusal((d) => (d.apduSizeMax = 63))).toBe("apduSizeMax: 63 octets (limits 64 to 1224)");
    expect(refusal((d) => (d.apduSizeMax = 64))).toBe("compiled");
  });

  test("pageSize", () => {
    const message = (size: number) => `pageSize: ${size} is not a power of two (limits 8 to 4096)`;
    for (const size of [0, 4, 12, 8192]) expect(refusal((d) => (d.pageSize = size))).toBe(message(size));
    expect(refusal((d) => (d.pageSize = 8))).toBe("compiled");
  });

  test("memory", () => {
    const memory = (key: string, size: number) =>
      refusal((d) => {
        d.apduSizeMax = 256;
        d.memory = { [key]: size };
      });
    const message = (key: string, size: number, limits: string) =>
      `memory.${key}: ${size} octets (limits ${limits}, a multiple of 8)`;
    for (const [key, least, most] of [
      ["journalTail", 4096, 8192],
      ["inbox", 256, 4096],
      ["answer", 312, 1280],
    ] as const) {
      for (const size of [least - 8, least + 1, most + 8])
        expect(memory(key, size)).toBe(message(key, size, `${least} to ${most}`));
      for (const size of [least, most]) expect(memory(key, size)).toBe("compiled");
    }
  });

  test("HDLC port", () => {
    const hdlc = (port: object, setup: object = {}) =>
      refusal((d) => {
        d.ports["hdlc"] = {
          kind: "hdlc",
          connections: 1,
          setup: "0-0:22.0.0.255",
          infoSizeMax: 512,
          windowMax: 7,
          ...port,
        };
        const values = { 3: { unsigned: 1 }, 4: { unsigned: 1 }, 5: { "long-unsigned": 128 }, ...setup };
        const attributes = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value }]));
        d.objects.push({ logicalName: "0-0:22.0.0.255", class: 23, version: 1, attributes });
      });
    expect(hdlc({})).toBe("compiled");
    expect(hdlc({ infoSizeMax: 31 })).toBe("port hdlc: infoSizeMax: 31 (limits 32 to 2030)");
    expect(hdlc({ infoSizeMax: 2031 })).toBe("port hdlc: infoSizeMax: 2031 (limits 32 to 2030)");
    expect(hdlc({ windowMax: 8 })).toBe("port hdlc: windowMax: 8 (limits 1 to 7)");
    expect(hdlc({ addressLength: 3 })).toBe("port hdlc: addressLength: 3 (1, 2, 4, or 0 for what the client uses)");
    expect(hdlc({ windowMax: 2 }, { 3: { unsigned: 3 } })).toBe(
      "port hdlc: setup: window_size_transmit of object 0-0:22.0.0.255 is 3 (limit of the port 2)",
    );
    expect(hdlc({ infoSizeMax: 100 })).toBe(
      "port hdlc: setup: max_info_field_length_transmit of object 0-0:22.0.0.255 is 128 (limit of the port 100)",
    );
    expect(hdlc({ setup: "0-0:25.0.0.255" })).toBe("port hdlc: setup: object 0-0:25.0.0.255 is class 41, not 23");
  });

  test("wrapper port", () => {
    expect(refusal((d) => (d.ports["tcp"]!.links = 2))).toBe("compiled");
    expect(refusal((d) => (d.ports["tcp"]!.links = 33))).toBe("port tcp: links: 33 (limits 1 to 32)");
    const sims = refusal((d) => (objectOf(d, "TCP-UDP setup").attributes![5] = { value: { unsigned: 2 } }));
    expect(sims).toBe("port tcp: setup: nb_of_sim_conn of object 0-0:25.0.0.255 is 2 (limit of the port 1)");
  });

  test("capacity", () => {
    const id = (attribute: AttributeDocument) =>
      refusal((d) => (objectOf(d, "ID").attributes = { 2: { value: { text: "A" }, ...attribute } }));
    const where = 'object 0-0:96.1.0.255 "ID": attributes.2 (value): ';
    expect(id({ type: "octet-string(1980)" })).toBe("compiled");
    expect(id({ type: "octet-string(1981)" })).toBe(`${where}capacity: 1985 octets (limit 1984)`);
    expect(id({ type: "octet-string" })).toBe(`${where}type: octet-string has no largest size; write one, or capacity`);
    expect(id({ type: "octet-string", capacity: 2 })).toBe(`${where}value: 3 octets, the capacity is 2`);
    expect(id({ type: "octet-string(8)", value: { text: "123456789" } })).toBe(
      `${where}value: octet-string of 9 is longer than 8`,
    );
  });

  test("scaler against the quantity", () => {
    const energy = (change: object) => refusal((d) => Object.assign(objectOf(d, "Energy"), change));
    const where = 'object 1-0:1.8.0.255 "Energy": attributes.2 (value): ';
    expect(energy({ scaler: -6 })).toBe("compiled");
    expect(energy({ scaler: -7 })).toBe(`${where}scaler -7: active-energy-import counts 10^-6 Wh (limits -6 to 12)`);
    expect(energy({ unit: "varh" })).toBe(
      `${where}quantity: active-energy-import counts Wh, the object's unit is varh`,
    );
    expect(energy({ quantity: "heat" })).toBe(`${where}quantity: "heat" is not known (quantities.json)`);
  });

  test("ranges", () => {
    const ranged = (attribute: AttributeDocument) =>
      refusal((d) => d.objects.push(data("R", 1, { type: "unsigned", ...attribute })));
    const where = 'object 0-1:96.0.1.255 "R": attributes.2 (value): ';
    expect(ranged({ value: { unsigned: 5 }, min: 5, max: 5 })).toBe("compiled");
    expect(ranged({ value: { unsigned: 4 }, min: 5 })).toBe(`${where}value: 4 is outside min 5 to max 255`);
    expect(ranged({ value: { unsigned: 4 }, max: 256 })).toBe(
      `${where}min, max: 0 to 256 is not a range within 0 to 255`,
    );
    expect(ranged({ value: { unsigned: 256 } })).toBe(`${where}value: 256 is outside unsigned (0 to 255)`);
    expect(ranged({ type: "octet-string(2)", value: { text: "" }, min: 1 })).toBe(
      `${where}min, max: octet-string(2) has no range`,
    );
  });
});
