import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../host/template/compile.ts";
import type { AttributeDocument, ObjectDocument, TemplateDocument } from "../../host/template/document.ts";
import { TemplateError } from "../../host/template/error.ts";
import { objectOf, smallTemplate } from "./small.ts";

function refusal(change: (document: TemplateDocument) => void): string {
  const document = smallTemplate();
  change(document);
  try {
    compileTemplate(document);
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError);
    return (error as TemplateError).message;
  }
  return "compiled";
}

/** Sets a key that the types do not know. */
function put(target: object | undefined, key: string, value: unknown = 1): void {
  (target as Record<string, unknown>)[key] = value;
}

describe("the schema", () => {
  test("refuses unknown keys everywhere, naming place and key", () => {
    const energy = 'object 1-0:1.8.0.255 "Energy"';
    expect(refusal((d) => put(d, "colour"))).toBe('template: unknown key "colour"');
    expect(refusal((d) => put(d.identity, "colour"))).toBe('identity: unknown key "colour"');
    expect(refusal((d) => put(d.associations["client"], "colour"))).toBe('associations.client: unknown key "colour"');
    expect(refusal((d) => put(d.ports["tcp"], "colour"))).toBe('ports.tcp: unknown key "colour"');
    expect(refusal((d) => put(d.events[0], "colour"))).toBe('events.0: unknown key "colour"');
    expect(refusal((d) => put(objectOf(d, "Energy"), "colour"))).toBe(`${energy}: unknown key "colour"`);
    expect(refusal((d) => put(objectOf(d, "Energy").access as object, "client", { got: [1] }))).toBe(
      `${energy}: access.client: unknown key "got"`,
    );
    expect(refusal((d) => put(objectOf(d, "ID").attributes![2], "colour"))).toBe(
      'object 0-0:96.1.0.255 "ID": attributes.2: unknown key "colour"',
    );
    expect(refusal((d) => put(objectOf(d, "Profile").profile, "colour"))).toBe(
      'object 1-0:99.1.0.255 "Profile": profile: unknown key "colour"',
    );
    expect(refusal((d) => put(d, "kinds", { k: { colour: 1 } }))).toBe('kinds.k: unknown key "colour"');
    expect(refusal((d) => (objectOf(d, "ID").attributes![2] = { value: { colour: 1 } }))).toBe(
      'object 0-0:96.1.0.255 "ID": attributes.2.value: unknown key "colour"',
    );
  });

  test("refuses missing keys, wrong types and names that are none", () => {
    expect(refusal((d) => put(d, "ports", undefined))).toMatch(/ports/);
    expect(refusal((d) => delete (d as Partial<TemplateDocument>).ports)).toBe('template: key "ports" is missing');
    expect(refusal((d) => put(d, "name", 5))).toBe("name: must be string");
    expect(refusal((d) => put(d.associations["client"], "mechanisms", ["hope"]))).toMatch(
      /^associations\.client\.mechanisms\.0: must be one of none, lls, /,
    );
    expect(refusal((d) => (objectOf(d, "Energy").logicalName = "energy"))).toMatch(/logicalName: must match pattern/);
    expect(refusal((d) => put(objectOf(d, "ID").attributes, "1", {}))).toMatch(/attributes/);
    expect(refusal((d) => (objectOf(d, "ID").attributes![2] = { value: { unsigned: 1, enum: 2 } }))).toMatch(
      /attributes\.2\.value: must NOT have more than 1 properties/,
    );
    for (const json of [null, 5, "x", [], {}]) expect(() => compileTemplate(json)).toThrow(TemplateError);
  });

  test("extends is for the loader", () => {
    expect(refusal((d) => (d.extends = "idis-p3"))).toBe('extends: load.ts joins "idis-p3" first');
  });
});

describe("objects", () => {
  const energy = (change: Partial<ObjectDocument>) => refusal((d) => Object.assign(objectOf(d, "Energy"), change));
  const where = 'object 1-0:1.8.0.255 "Energy": ';

  test("classes and versions", () => {
    expect(energy({ class: 2 })).toBe(`${where}class 2 version 0: the class is not known`);
    expect(energy({ version: 3 })).toBe(`${where}class 3 version 3: known version: 0`);
    expect(refusal((d) => delete objectOf(d, "Energy").class)).toBe(`${where}class is missing`);
  });

  test("one object per logical name, .255 or not", () => {
    const message = refusal((d) => d.objects.push({ ...objectOf(d, "Energy"), logicalName: "1-0:1.8.0" }));
    expect(message).toMatch(/^object 1-0:1\.8\.0\.255 "Energy": logicalName: there are two objects of this name$/);
  });

  test("logical names of octets above 255", () => {
    expect(energy({ logicalName: "1-0:1.8.256.255" })).toBe(
      'object 1-0:1.8.256.255 "Energy": "1-0:1.8.256.255" is not a logical name such as 1-0:1.8.0.255',
    );
  });

  test("kinds and access patterns that are not there", () => {
    expect(energy({ kind: "k" })).toBe(`${where}kind: there is no kind "k"`);
    expect(energy({ access: "a" })).toBe(`${where}access: there is no access pattern "a"`);
    const circle = refusal((d) => {
      d.kinds = { a: { kind: "b" }, b: { kind: "a" } };
      objectOf(d, "Energy").kind = "a";
    });
    expect(circle).toBe(`${where}kind: "a" leads back to itself`);
  });

  test("rights", () => {
    const access = (rights: object) => energy({ access: { client: rights } });
    expect(energy({ access: { nobody: { get: "all" } } })).toBe(`${where}access.nobody: there is no such association`);
    expect(access({ get: [4] })).toBe(
      `${where}access.client: get: 4 is not in class 3 (Register), which has 3 attributes`,
    );
    expect(access({ act: [2] })).toBe(
      `${where}access.client: act: 2 is not in class 3 (Register), which has 1 methods`,
    );
    expect(access({ set: [1] })).toBe(`${where}access.client: set: attribute 1 (logical_name) cannot be set`);
    const clock = refusal((d) => (objectOf(d, "Clock").access = { client: { get: [3] } }));
    expect(clock).toBe('object 0-0:1.0.0.255 "Clock": attributes.3 (time_zone): readable, but it has no value');
    const setOnly = refusal((d) => (objectOf(d, "Clock").access = { client: { set: [3] } }));
    expect(setOnly).toBe('object 0-0:1.0.0.255 "Clock": attributes.3 (time_zone): settable, but it has no value');
  });

  test("attributes beyond the class", () => {
    expect(energy({ attributes: { 4: { value: null } } })).toBe(
      `${where}attributes.4: class 3 (Register) has attributes 1 to 3`,
    );
  });

  test("short forms where they do not belong", () => {
    const id = refusal((d) => Object.assign(objectOf(d, "ID"), { unit: "Wh" }));
    expect(id).toBe('object 0-0:96.1.0.255 "ID": scaler: class 1 (Data) has no scaler_unit');
    expect(energy({ unit: "parsec" })).toMatch(/unit: "parsec" is not known \(year, /);
    expect(energy({ profile: { columns: ["1-0:1.8.0.255:2"], period: 0, depth: 1 } })).toBe(
      `${where}profile: class 3 (Register) is not Profile generic`,
    );
    expect(refusal((d) => delete objectOf(d, "Profile").profile)).toBe(
      'object 1-0:99.1.0.255 "Profile": profile is missing',
    );
    expect(energy({ remove: true })).toMatch(/remove: only a template that extends another can remove objects$/);
  });
});

describe("values", () => {
  const clock = (id: number, attribute: AttributeDocument) =>
    refusal((d) => Object.assign(objectOf(d, "Clock").attributes!, { [id]: attribute }));
  const id = (attribute: AttributeDocument) =>
    refusal((d) => (objectOf(d, "ID").attributes![2] = { type: "octet-string(30)", ...attribute }));
  const where = 'object 0-0:96.1.0.255 "ID": attributes.2 (value): ';

  test("of another type than the class has", () => {
    const place = 'object 0-0:1.0.0.255 "Clock": attributes.3 (time_zone): ';
    expect(clock(3, { value: { unsigned: 1 } })).toBe(`${place}value: unsigned where long is wanted`);
    expect(clock(3, { type: "unsigned" })).toBe(`${place}type: unsigned where the class has long`);
    expect(clock(3, { value: { long: "1.5" } })).toMatch(/attributes\.3\.value\.long/);
    expect(clock(5, { value: { text: "thirteen char" } })).toMatch(/octet-string of 13 is longer than 12$/);
  });

  test("inside arrays and structures, naming the place", () => {
    expect(id({ type: "array(2) of unsigned", value: { array: [{ unsigned: 1 }, { long: 1 }] } })).toBe(
      `${where}value: array[1]: long where unsigned is wanted`,
    );
    expect(id({ type: "structure{unsigned, enum}", value: { structure: [{ unsigned: 1 }] } })).toBe(
      `${where}value: structure of 1 where structure{unsigned, enum} is wanted`,
    );
    expect(id({ type: "array(1) of unsigned", value: { array: [{ unsigned: 1 }, { unsigned: 1 }] } })).toBe(
      `${where}value: array of 2 is longer than 1`,
    );
    expect(id({ type: "array(1) of unsigned", value: { array: [{ unsigned: 256 }] } })).toBe(
      `${where}value: array[0]: 256 is outside unsigned (0 to 255)`,
    );
  });

  test("that cannot be read", () => {
    expect(id({ value: { clock: "tomorrow" } })).toBe(
      `${where}value: "tomorrow" is not a date-time such as *-03-last sun 02:00:00`,
    );
    expect(id({ type: "double-long-unsigned", value: { ipv4: "1.2.3" } })).toBe(
      `${where}value: "1.2.3" is not an IPv4 address`,
    );
    expect(id({ type: "date-time", value: { "date-time": "07E8" } })).toBe(
      `${where}value: date-time has 12 octets, not 2`,
    );
    expect(id({})).toBe("compiled");
    const readOnly = refusal((d) => {
      objectOf(d, "ID").access = {};
      objectOf(d, "ID").attributes![2] = { type: "octet-string(30)" };
    });
    expect(readOnly).toBe(`${where}value is missing`);
  });

  test("types that are none", () => {
    for (const [type, problem] of [
      ["octets", 'type "octets": "octets" is not a type'],
      ["unsigned(3)", 'type "unsigned(3)": unsigned takes no size'],
      ["octet-string(0)", 'type "octet-string(0)": a size is 1 to 65535'],
      ["octet-string(3", 'type "octet-string(3": ")" is missing'],
      ["array(3) unsigned", 'type "array(3) unsigned": "of" is missing'],
      ["structure{unsigned", 'type "structure{unsigned": "}" is missing'],
      ["unsigned unsigned", 'type "unsigned unsigned": "unsigned" is too much'],
      ["$nothing", 'type "$nothing": $nothing is not a shared type'],
    ]) {
      expect(id({ type: type! })).toBe(`${where}type: ${problem}`);
    }
  });
});

describe("associations, profiles, events, head", () => {
  test("associations", () => {
    const client = (change: object) => refusal((d) => Object.assign(d.associations["client"]!, change));
    expect(client({ mechanisms: ["gmac"] })).toBe(
      "association client: securitySetup: ciphering and gmac need a security setup object",
    );
    expect(client({ contexts: ["ln-ciphered"] })).toMatch(/securitySetup: ciphering/);
    expect(client({ object: "1-0:1.8.0.255" })).toBe(
      "association client: object: object 1-0:1.8.0.255 is class 3, not 15",
    );
    expect(client({ object: "0-0:40.0.9.255" })).toBe("association client: object: there is no object 0-0:40.0.9.255");
    expect(client({ mechanisms: ["lls"] })).toBe(
      "association client: mechanisms: a secret needs an object with attribute 7 (secret)",
    );
    const twin = refusal((d) => (d.associations["other"] = { ...d.associations["client"]! }));
    expect(twin).toBe("association other: clientSap: client has the same SAPs");
    const shared = refusal((d) => {
      d.objects.push({ logicalName: "0-0:40.0.1.255", class: 15, version: 3 });
      d.associations["client"]!.object = "0-0:40.0.1.255";
      d.associations["other"] = { ...d.associations["client"]!, clientSap: 1 };
    });
    expect(shared).toBe("association other: object: another association has the same one");
  });

  test("what only lines with HDLC have", () => {
    const port = (change: object) => refusal((d) => Object.assign(d.ports["tcp"]!, change));
    expect(port({ local: "0-0:25.0.0.255" })).toBe("port tcp: local: only HDLC ports have it");
    expect(port({ identify: true })).toBe("port tcp: identify: only HDLC ports have it");
    const hdlc = (change: object) =>
      refusal((d) => {
        d.objects.push({ logicalName: "0-0:22.0.0.255", class: 23, version: 1 });
        d.ports["line"] = { kind: "hdlc", connections: 1, setup: "0-0:22.0.0.255", ...change };
      });
    expect(hdlc({})).toBe("compiled");
    expect(hdlc({ local: "0-0:25.0.0.255" })).toBe("port line: local: object 0-0:25.0.0.255 is class 41, not 19");
    expect(hdlc({ readout: "1-0:99.1.0.255" })).toBe("port line: readout: the port has no local");
  });

  test("columns", () => {
    const columns = (...names: string[]) => refusal((d) => (objectOf(d, "Profile").profile!.columns = names));
    const where = 'object 1-0:99.1.0.255 "Profile": ';
    expect(columns("1-0:9.9.9.255:2")).toMatch(/there is no object 1-0:9\.9\.9\.255$/);
    expect(columns("1-0:1.8.0.255")).toMatch(/is not (a logical name|logical name and attribute)/);
    expect(columns("0-0:1.0.0.255:3")).toBe(
      `${where}profile.columns "0-0:1.0.0.255:3": object 0-0:1.0.0.255 has no value in attribute 3`,
    );
    expect(columns("1-0:1.8.0.255:3")).toBe(
      `${where}profile.columns "1-0:1.8.0.255:3": structure{integer, enum} cannot stand in a row: strings need a stored value (limit 129)`,
    );
    expect(columns("0-0:96.1.0.255:2")).toBe("compiled");
  });

  test("forms of a buffer", () => {
    const form = (change: object) => refusal((d) => Object.assign(objectOf(d, "Profile").profile!, change));
    const profile = 'object 1-0:99.1.0.255 "Profile": profile';
    expect(form({ form: "packed" })).toBe(`${profile}.form: must be one of plain, null-data, compact-array`);
    expect(form({ nullData: ["time"] })).toBe(`${profile}.nullData: only with form "null-data", not "plain"`);
    expect(form({ form: "compact-array", midnightWhole: true })).toBe(
      `${profile}.midnightWhole: only with form "null-data", not "compact-array"`,
    );
    expect(form({ form: "null-data", nullData: ["date"] })).toMatch(/nullData\.0: must be one of time, status, values/);
    expect(form({ form: "null-data", nullData: ["time"], midnightWhole: true })).toBe("compiled");
    expect(form({ form: "compact-array" })).toBe("compiled");
  });

  test("events", () => {
    expect(refusal((d) => (d.events[0]!.log = "1-0:1.8.0.255"))).toBe(
      'event 1 "power down": log: object 1-0:1.8.0.255 is class 3, not Profile generic',
    );
    expect(refusal((d) => (d.events[0]!.log = "1-0:1.8.9.255"))).toBe(
      'event 1 "power down": log: there is no object 1-0:1.8.9.255',
    );
    expect(refusal((d) => d.events.push({ ...d.events[0]!, name: "again" }))).toBe(
      'event 1 "again": code: it stands twice for this log',
    );
  });

  test("clock and event code", () => {
    expect(refusal((d) => (d.clock = "1-0:1.8.0.255"))).toBe("clock: object 1-0:1.8.0.255 is class 3, not 8");
    expect(refusal((d) => (d.eventCode = "0-0:96.11.0.255"))).toBe("eventCode: there is no object 0-0:96.11.0.255");
  });
});
