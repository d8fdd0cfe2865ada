import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TemplateError } from "../../host/template/error.ts";
import { templateLoad, templateRead } from "../../host/template/load.ts";
import type { TemplateModel } from "../../host/template/model.ts";
import { smallTemplate } from "./small.ts";

const folder = mkdtempSync(join(tmpdir(), "inherit-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** A template that extends the built-in one, on disk. */
function child(name: string, changes: object): string {
  return file(`${name}.json`, { name, extends: "idis-p3", ...changes });
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

const { model: base } = templateLoad();

describe("a template that extends another", () => {
  test("replaces an object as a whole", () => {
    const path = child("replaces", {
      objects: [
        {
          logicalName: "1-0:14.7.0.255",
          replace: true,
          class: 1,
          access: "read",
          attributes: { 2: { value: { unsigned: 50 } } },
        },
      ],
    });
    const frequency = templateLoad(path).model.find("1-0:14.7.0")!;
    expect([frequency.classId, frequency.name, frequency.source]).toEqual([1, "Data", []]);
    expect(frequency.attributes[1]).toMatchObject({ name: "value", type: "unsigned" });
    expect(templateLoad(path).model.objects).toHaveLength(base.objects.length);
  });

  test("changes some keys of a port, an association and the identity, and takes others away", () => {
    const path = child("keys", {
      identity: { deviceType: 102 },
      associations: { management: { mechanisms: ["gmac"] }, "pre-established": null },
      ports: { tcp: { connections: 7 }, udp: null },
    });
    expect(refusal(() => templateLoad(path))).toMatch(/access\.pre-established: there is no such association$/);
    const document = templateRead(path);
    expect(document.identity).toMatchObject({ manufacturer: "MMM", deviceType: 102 });
    expect(document.ports["tcp"]).toEqual({ ...templateRead().ports["tcp"], connections: 7 });
    expect(Object.keys(document.ports)).toEqual(Object.keys(templateRead().ports).filter((name) => name !== "udp"));
    expect(document.associations["pre-established"]).toBeUndefined();
    expect(document.associations["management"]).toMatchObject({ clientSap: 1, mechanisms: ["gmac"] });
  });

  test("takes an event away", () => {
    const path = child("quiet", { events: [{ code: 3, log: "0-0:99.98.0.255", remove: true }] });
    const { events } = templateLoad(path).model.parts;
    expect(events.some((event) => event.code === 3)).toBe(false);
    expect(events).toHaveLength(base.parts.events.length - 1);
  });

  test("chooses extensions: objects of the others go, and the names say which are there", () => {
    const lamp = (group: string, n: number) => ({
      logicalName: `0-0:96.9${n}.0.255`,
      class: 1,
      group,
      access: "read",
      attributes: { 2: { value: { unsigned: n } } },
    });
    const objects = [lamp("D", 1), lamp("L", 2), lamp("O", 3)];
    const found = (functions: string[]) => {
      const { model } = templateLoad(child(`of-${functions.join("")}`, { identity: { functions }, objects }));
      return [1, 2, 3].filter((n) => model.find(`0-0:96.9${n}.0`));
    };
    expect(found([])).toEqual([3]);
    expect(found(["D"])).toEqual([1, 3]);
    expect(found(["D", "L"])).toEqual([1, 2, 3]);
  });

  test("refusals name the file and the place in it", () => {
    const message = (name: string, changes: object) => {
      const path = child(name, changes);
      return refusal(() => templateLoad(path)).replace(path, "FILE");
    };
    expect(message("r1", { objects: [{ logicalName: "9-9:9.9.9", replace: true, class: 1 }] })).toBe(
      "FILE: object 9-9:9.9.9: replace: there is no such object",
    );
    expect(message("r2", { ports: { radio: null } })).toBe(
      "FILE: ports.radio: null: there is no such key to take away",
    );
    expect(message("r3", { events: [{ code: 199, remove: true }] })).toBe(
      "FILE: event 199: remove: there is no such event for log null",
    );
    expect(
      message("r4", { objects: [{ logicalName: "0-0:1.0.0", attributes: { 3: { value: { long: 999 } } } }] }),
    ).toBe('FILE: object 0-0:1.0.0.255 "Clock": attributes.3 (time_zone): value: 999 is outside min -720 to max 840');
    expect(message("r5", { ports: { tcp: { connections: "many" } } })).toBe(
      "FILE: ports.tcp.connections: must be integer",
    );
    expect(message("r6", { ports: { radio: { kind: "wrapper" } } })).toMatch(
      /^FILE: ports\.radio: key "(connections|setup)" is missing$/,
    );
    expect(message("r7", { objects: [{ logicalName: "1-0:1.8.0.255", group: "Z" }] })).toMatch(
      /^FILE: object 1-0:1\.8\.0\.255: group: must be one of /,
    );
  });

  test("what only an extending template may say is refused in others", () => {
    const alone = (change: object) => {
      const path = file("alone.json", { ...smallTemplate(), ...change });
      return refusal(() => templateLoad(path)).replace(path, "FILE");
    };
    const small = smallTemplate();
    const key = Object.keys(small.ports)[0]!;
    expect(alone({ ports: { ...small.ports, [key]: null } })).toBe(`FILE: ports.${key}: must be object`);
    expect(alone({ objects: [{ ...small.objects[0]!, replace: true }, ...small.objects.slice(1)] })).toMatch(
      /replace: only a template that extends another can replace objects$/,
    );
    expect(alone({ events: [{ code: 1, remove: true }] })).toMatch(
      /remove: only a template that extends another can remove events$/,
    );
  });
});

describe("include", () => {
  mkdirSync(join(folder, "parts"));
  const data = (logicalName: string) => ({ logicalName, kind: "plain", attributes: { 2: { value: { unsigned: 1 } } } });
  const part = (name: string, content: object) => file(`parts/${name}.json`, content);
  const whole = (name: string, ...include: string[]) => file(name, { ...smallTemplate(), include });

  test("objects, kinds, access patterns and the group of a file", () => {
    part("one", { group: "K", kinds: { plain: { class: 1 } }, objects: [data("0-0:96.90.1.255")] });
    part("two", { objects: [data("0-0:96.90.2.255"), { ...data("0-0:96.90.3.255"), group: "D" }] });
    const { model } = templateLoad(whole("whole.json", "parts/one.json", "parts/two.json"));
    const group = (at: number) => model.find(`0-0:96.90.${at}`)?.group;
    expect([group(1), group(2), group(3)]).toEqual(["K", "B", undefined]);
    expect(model.objects).toHaveLength(smallTemplate().objects.length + 2);
  });

  test("refusals name the included file", () => {
    const one = part("kinds", { kinds: { plain: { class: 1 } }, objects: [] });
    expect(refusal(() => templateLoad(whole("w1.json", "parts/kinds.json", "./parts/kinds.json")))).toBe(
      `${one}: kinds.plain: another file of the template has it`,
    );
    const lost = whole("w2.json", "parts/lost.json");
    expect(refusal(() => templateLoad(lost))).toBe(
      `${lost}: include: there is no file ${join(folder, "parts/lost.json")}`,
    );
    const odd = part("odd", { objects: [{ logicalName: "0-0:96.90.1", colour: 1 }] });
    expect(refusal(() => templateLoad(whole("w3.json", "parts/odd.json")))).toBe(
      `${odd}: object 0-0:96.90.1: unknown key "colour"`,
    );
    const ports = part("ports", { objects: [], ports: {} });
    expect(refusal(() => templateLoad(whole("w4.json", "parts/ports.json")))).toBe(
      `${ports}: included file: unknown key "ports"`,
    );
  });
});

describe("the examples", () => {
  const names = readdirSync("host/template/examples").map((name) => name.replace(".json", ""));
  const model = (name: string): TemplateModel => templateLoad(name).model;

  test.each(names)("%s compiles by its name and by its path", (name) => {
    expect(templateLoad(`host/template/examples/${name}.json`).image).toEqual(templateLoad(name).image);
    expect(model(name).name).toBe(name);
  });

  test("do what they say", () => {
    expect(model("single-phase").parts.identity.deviceType).toBe(102);
    const left = model("single-phase").objects.filter(({ name }) => /\bL[23]\b/.test(name));
    expect(left.map(({ logicalName }) => logicalName)).toEqual([]);
    const hourly = model("hourly-profile");
    expect(hourly.parts.profiles[hourly.find("1-0:99.1.0")!.instance!]).toMatchObject({ depth: 8784, rowSize: 29 });
    const night = model("night-rate");
    const days = night.row(night.find("0-0:13.0.0")!, 5)!.default;
    expect(Buffer.from(days).toString("hex")).toMatch(/090406000000.*120001.*090416000000.*120002$/);
    expect(model("head-end-only").parts.slotCount).toBe(2);
    expect([...model("head-end-only").find("Clock")!.access.keys()]).toEqual(["management"]);
  });
});
