import { describe, expect, test } from "vitest";
import { objectLines, objectsCsv, objectsTable } from "../../host/cli/objects_table.ts";
import { decodeData } from "../../host/client/axdr.ts";
import type { Data } from "../../host/client/index.ts";
import { TemplateError } from "../../host/template/error.ts";
import { extensionsParse } from "../../host/template/extensions.ts";
import { templateLoad } from "../../host/template/load.ts";
import { logicalNameText } from "../../host/template/logical_name.ts";
import type { ObjectModel, TemplateModel } from "../../host/template/model.ts";
import { meterIdentity } from "../../host/template/identity.ts";

const { model } = templateLoad();

/** A reference within a value: the logical name it names, and the class where it names one. */
interface Reference {
  from: string;
  to: string;
  classId?: number;
}

function nameOf(data: Data | undefined): string | undefined {
  if (data?.type !== "octet-string" || data.value.length !== 6) return undefined;
  // Six zeros stand for no object.
  return data.value.every((octet) => octet === 0) ? undefined : logicalNameText(data.value);
}

/** Structures {class_id, logical_name, …} and {logical_name, selector} at any depth. */
function referencesIn(data: Data, from: string, found: Reference[]): void {
  if (data.type !== "array" && data.type !== "structure") return;
  const [first, second] = data.value;
  const named = nameOf(second);
  const script = nameOf(first);
  if (data.type === "structure" && first?.type === "long-unsigned" && named) {
    found.push({ from, to: named, classId: Number(first.value) });
  } else if (data.type === "structure" && second?.type === "long-unsigned" && script) {
    found.push({ from, to: script, classId: 9 });
  }
  // A script action has service_id in front of class_id.
  const third = nameOf(data.value[2]);
  if (data.type === "structure" && first?.type === "enum" && second?.type === "long-unsigned" && third) {
    found.push({ from, to: third, classId: Number(second.value) });
  }
  for (const element of data.value) referencesIn(element, from, found);
}

function referencesOf(object: ObjectModel, of: TemplateModel): Reference[] {
  const found: Reference[] = [];
  for (const row of of.parts.rows.slice(object.firstRow, object.firstRow + object.rowCount)) {
    if (row.default.length > 0) {
      referencesIn(decodeData(row.default), `${object.logicalName} attribute ${row.id}`, found);
    }
  }
  return found;
}

describe("the default template", () => {
  test("every object says what it rests on", () => {
    expect(model.objects.filter(({ source }) => source.length === 0).map(({ logicalName }) => logicalName)).toEqual([]);
  });

  test.each([["none"], ["D"], ["L"], ["D,L"]])(
    "with extensions %s, whatever a value names is there, with that class",
    (text) => {
      const { model: m } = templateLoad("idis-p3", [], undefined, extensionsParse(text));
      const references = m.objects.flatMap((object) => referencesOf(object, m));
      expect(references.length).toBeGreaterThan(100);
      expect(references.filter(({ to, classId }) => m.find(to)?.classId !== classId)).toEqual([]);
    },
  );

  test("extensions choose objects and the function type of both names", () => {
    const of = (text: string) => {
      const { model: m } = templateLoad("idis-p3", [], undefined, extensionsParse(text));
      const { logicalDeviceName, systemTitle } = meterIdentity(m.parts.identity, 1, 0);
      return {
        groups: [...new Set(m.objects.map(({ group }) => group))].filter((g) => "DLM".includes(g)).sort(),
        limiter: m.find("0-0:17.0.0") !== undefined,
        relay: m.find("0-1:96.3.10") !== undefined,
        name: logicalDeviceName,
        title: Buffer.from(systemTitle).toString("hex"),
      };
    };
    const name = (functions: string) => `MMM103${functions}00000001`;
    const title = (functions: string) => `4d4d4d67${functions}0000001`;
    expect(of("none")).toEqual({ groups: [], limiter: false, relay: false, name: name("00"), title: title("0") });
    expect(of("D")).toEqual({ groups: ["D"], limiter: true, relay: false, name: name("01"), title: title("1") });
    expect(of("L")).toEqual({ groups: ["L"], limiter: false, relay: true, name: name("02"), title: title("2") });
    expect(of("l,d")).toEqual({ groups: ["D", "L"], limiter: true, relay: true, name: name("03"), title: title("3") });
    expect(model.parts.identity.functions).toEqual(["D", "L"]);
    expect(() => extensionsParse("D,Z")).toThrow(TemplateError);
    expect(() => extensionsParse("")).toThrow('extensions: "" is not one of D, L, M; write D,L or none');
  });

  test("the objects of the profile's sections are there", () => {
    const wanted: [string, number][] = [
      ["0-0:13.0.0", 20],
      ["0-0:11.0.0", 11],
      ["0-0:10.0.100", 9],
      ["0-0:14.0.1", 6],
      ["0-0:15.0.0", 22],
      ["0-0:98.1.0", 7],
      ["1-0:1.4.0", 5],
      ["1-0:1.6.0", 4],
      ["1-0:31.4.0", 21],
      ["1-0:12.31.0", 3],
      ["0-0:96.7.21", 1],
      ["1-0:99.97.0", 7],
      ["1-0:99.14.0", 7],
      ["0-0:99.98.1", 7],
      ["0-0:97.98.20", 1],
      ["0-0:16.1.0", 21],
      ["0-0:10.0.108", 9],
      ["0-0:96.3.10", 70],
      ["0-0:17.0.0", 71],
      ["0-1:96.3.10", 70],
      ["0-0:44.0.0", 18],
      ["0-0:44.1.0", 122],
      ["0-0:96.13.0", 1],
      ["0-0:21.0.1", 7],
      ["0-0:25.7.0", 48],
      ["0-0:25.4.0", 45],
      ["0-0:29.1.0", 91],
    ];
    expect(wanted.filter(([name, classId]) => model.find(name)?.classId !== classId)).toEqual([]);
  });
});

describe("dlms-meter objects", () => {
  test("JSON lines have rights by client and evidence", () => {
    const clock = objectLines(model).find(({ name }) => name === "Clock")!;
    expect(clock).toMatchObject({ logicalName: "0-0:1.0.0.255", class: 8, version: 0, group: "B", confidence: "high" });
    expect(clock.access["public"]).toBe("get 1-9");
    expect(clock.access["management"]).toMatch(/^get 1-9 set 2-3,5-6,8 act 1-6$/);
  });

  test("the table and the CSV have a line for each object", () => {
    const lines = objectsCsv(model).split("\r\n");
    expect(lines).toHaveLength(model.objects.length + 1);
    expect(lines[0]).toMatch(/^logical name,class,version,class name,name,group,public,management,/);
    expect(lines.find((line) => line.startsWith("0-0:17.0.0.255"))).toMatch(
      /^0-0:17\.0\.0\.255,71,0,Limiter,Limiter,D,-,"get 1-11 set 2,4-9,11",.*X M E,high,/,
    );
    const table = objectsTable(model);
    for (const { logicalName } of model.objects) expect(table).toContain(logicalName);
  });
});
