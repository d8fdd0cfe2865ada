import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TemplateError } from "../../host/template/error.ts";
import { overrideApply, templateLoad, templateRead } from "../../host/template/load.ts";
import type { TemplateModel } from "../../host/template/model.ts";
import { smallTemplate } from "./small.ts";

const folder = mkdtempSync(join(tmpdir(), "template-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: object | string): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function defaultOf(model: TemplateModel, name: string, attribute: number): string {
  const row = model.row(model.find(name)!, attribute)!;
  return Buffer.from(row.default).toString("hex").toUpperCase();
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  return "no refusal";
}

describe("by name or file", () => {
  test("the default is idis-p3", () => {
    expect(templateLoad().model.name).toBe("idis-p3");
    expect(templateLoad("idis-p3").image).toEqual(templateLoad().image);
  });

  test("a file", () => {
    expect(templateLoad(file("small.json", smallTemplate())).model.name).toBe("small");
  });

  test("tables of the package and missing files are no templates", () => {
    for (const name of ["schema", "classes", "quantities", "hidden", "nothing"]) {
      expect(refusal(() => templateRead(name, folder))).toBe(`template "${name}": there is no such template or file`);
    }
  });

  test("files that are not JSON or no template say which file", () => {
    const broken = file("broken.json", "{");
    expect(refusal(() => templateRead(broken))).toMatch(/broken\.json: .*JSON/);
    const odd = file("odd.json", { name: "odd", extends: "idis-p3", colour: 1 });
    expect(refusal(() => templateRead(odd))).toBe(`${odd}: template: unknown key "colour"`);
    expect(refusal(() => templateRead(file("null.json", "null")))).toMatch(/null\.json: template: must be object/);
  });
});

describe("extends", () => {
  test("objects join by logical name, attribute by attribute", () => {
    const path = file("more.json", {
      name: "more",
      extends: "idis-p3",
      objects: [
        { logicalName: "1-0:0.9.11", attributes: { 2: { max: 60 } } },
        { logicalName: "1-0:99.1.0.255", profile: { depth: 5 } },
        { logicalName: "0-0:96.1.20.255", name: "Device ID 21", kind: "device-id", source: ["T"] },
        { logicalName: "1-0:16.8.0.255", remove: true },
      ],
    });
    const { model } = templateLoad(path);
    const { model: before } = templateLoad();
    expect(model.name).toBe("more");
    expect(model.objects.length).toBe(before.objects.length);
    expect(model.find("1-0:16.8.0")).toBeUndefined();
    expect(model.find("Device ID 21")?.logicalName).toBe("0-0:96.1.20.255");
    const limit = model.find("1-0:0.9.11")!;
    expect(model.row(limit, 2)).toMatchObject({ min: 0n, max: 60n });
    expect(limit.name).toBe("Clock time shift limit");
    expect(model.parts.profiles[model.find("1-0:99.1.0")!.instance!]).toMatchObject({ depth: 5, areaSize: 5 * 21 });
    expect(defaultOf(model, "1-0:99.1.0", 4)).toBe("0600000384");
  });

  test("associations, ports and identity join by key, events by code and log", () => {
    const path = file("keys.json", {
      name: "keys",
      extends: "idis-p3",
      identity: { manufacturer: "ABC", deviceType: 102, functions: ["D"] },
      associations: {
        management: { clientSap: 1, mechanisms: ["gmac"], contexts: ["ln-ciphered"], conformance: ["get"] },
      },
      ports: { tcp: { kind: "wrapper", connections: 8, setup: "0-0:25.0.0.255" } },
      events: [{ code: 1, name: "gone", log: "0-0:99.98.0.255" }],
    });
    const { parts } = templateLoad(path).model;
    expect(parts.identity).toEqual({ manufacturer: "ABC", deviceType: 102, functions: ["D"] });
    expect(parts.associations.map((a) => [a.name, a.mechanisms])).toEqual([
      ["public", 1],
      ["management", 32],
      ["pre-established", 1],
      ["consumer-information", 1],
    ]);
    expect(parts.slotCount).toBe(8 + 8 + 2 + 4);
    const log = parts.objects.find((object) => object.logicalName === "0-0:99.98.0.255")!;
    expect(parts.events.filter((e) => e.code === 1)).toEqual([{ code: 1, name: "gone", profile: log.instance }]);
    expect(parts.events.length).toBe(templateLoad().model.parts.events.length);
  });

  test("paths are seen from the file that extends", () => {
    file("base.json", smallTemplate());
    const path = file("child.json", { name: "child", extends: "./base.json" });
    expect(templateLoad(path).model.objects.length).toBe(smallTemplate().objects.length);
  });

  test("circles, missing bases and removing what is not there", () => {
    const a = file("a.json", { name: "a", extends: "./b.json" });
    file("b.json", { name: "b", extends: "./a.json" });
    expect(refusal(() => templateRead(a))).toBe(`${a}: extends leads back to it`);
    const lost = file("lost.json", { name: "lost", extends: "./nowhere.json" });
    expect(refusal(() => templateRead(lost))).toBe(
      `${lost}: extends: template "./nowhere.json": there is no such template or file`,
    );
    const gone = file("gone.json", {
      name: "g",
      extends: "idis-p3",
      objects: [{ logicalName: "9-9:9.9.9", remove: true }],
    });
    expect(refusal(() => templateRead(gone))).toBe(`${gone}: object 9-9:9.9.9: remove: there is no such object`);
  });
});

describe("--override", () => {
  const overridden = (override: string, name: string, attribute: number) =>
    defaultOf(templateLoad("idis-p3", [override]).model, name, attribute);

  test("by logical name or object name, attribute number or name", () => {
    expect(overridden("0-0:96.1.1.255:2=ABC", "0-0:96.1.1", 2)).toBe("0903414243");
    expect(overridden("0-0:96.1.1:value=ABC", "0-0:96.1.1", 2)).toBe("0903414243");
    expect(overridden("0-0:96.1.1=A=B:C", "0-0:96.1.1", 2)).toBe("0905413D423A43");
    expect(overridden("Clock:time_zone=-120", "0-0:1.0.0", 3)).toBe("10FF88");
    expect(overridden("Clock:8=false", "0-0:1.0.0", 8)).toBe("0300");
    expect(overridden("Clock time shift limit=30", "1-0:0.9.11", 2)).toBe("060000001E");
    expect(overridden("Load profile 1:capture_period=60", "1-0:99.1.0", 4)).toBe("060000003C");
    expect(overridden('1-0:1.8.0:scaler_unit={"structure":[{"integer":3},{"enum":30}]}', "1-0:1.8.0", 3)).toBe(
      "02020F03161E",
    );
  });

  test("helpers", () => {
    expect(overridden("0-0:96.1.1=hex:00 FF", "0-0:96.1.1", 2)).toBe("090200FF");
    expect(overridden("Clock:5=clock:*-04-last-1 * 01:30:00", "0-0:1.0.0", 5)).toBe("090CFFFF04FDFF011E0000800000");
    expect(overridden("IPv4 setup:IP_address=ipv4:192.0.2.7", "0-0:25.1.0", 3)).toBe("06C0000207");
    expect(overridden("TCP-UDP setup:IP_reference=ln:0-0:25.7.0.255", "0-0:25.0.0", 3)).toBe("0906000019070" + "0FF");
    expect(overridden('Clock:3={"long":60}', "0-0:1.0.0", 3)).toBe("10003C");
  });

  test("a scaler override moves the digits of the value", () => {
    const { model } = templateLoad("idis-p3", ['1-0:1.8.0:3={"structure":[{"integer":3},{"enum":30}]}']);
    expect(model.row(model.find("1-0:1.8.0")!, 2)?.digits).toBe(9);
  });

  test("overrides apply in order and leave the document alone", () => {
    const document = templateRead();
    const before = JSON.stringify(document);
    overrideApply(document, "Clock:3=0");
    expect(JSON.stringify(document)).toBe(before);
    const { model } = templateLoad("idis-p3", ["Clock:3=0", "Clock:3=15"]);
    expect(defaultOf(model, "Clock", 3)).toBe("10000F");
  });

  test("refusals name the override", () => {
    const message = (override: string) => refusal(() => templateLoad("idis-p3", [override]));
    expect(message("Clock")).toBe('override "Clock": write NAME:ATTRIBUTE=VALUE');
    expect(message("Cuckoo:2=1")).toBe('override "Cuckoo:2=1": there is no object Cuckoo');
    expect(message("0-0:96.14.0:9=1")).toMatch(/has no attribute 9 \(2 value\)$/);
    expect(message("Clock:1=x")).toMatch(/has no attribute 1 \(2 time, /);
    expect(message("Clock:2=x")).toBe('override "Clock:2=x": attribute 2 is computed from clock-time');
    expect(message("1-0:99.1.0:2=x")).toMatch(/attribute 2 \(2 buffer\) has no value of its own$/);
    expect(message("Clock:8=yes")).toBe('override "Clock:8=yes": "yes" is neither true nor false');
    expect(message("1-0:99.1.0:3=x")).toMatch(
      /the attribute is array; write the value as JSON, such as \{"unsigned": 1\}$/,
    );
    expect(message('Clock:3={"long":')).toMatch(/is not JSON/);
    expect(message("Clock:3=1000")).toBe(
      'object 0-0:1.0.0.255 "Clock": attributes.3 (time_zone): value: 1000 is outside min -720 to max 840',
    );
    expect(message("Clock:3=abc")).toMatch(/^object 0-0:1\.0\.0\.255.*attributes\.3\.value\.long: /);
    expect(message('Clock:3={"colour":1}')).toMatch(/unknown key "colour"$/);
  });
});
