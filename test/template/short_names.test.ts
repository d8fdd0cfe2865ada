/** Base names, associations with short names and inherited rights in templates. */
import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { templateRead } from "../../host/template/load.ts";
import { shortNameSpan } from "../../host/template/short_names.ts";
import { objectOf, smallTemplate } from "./small.ts";

/** The small template with a client that uses short names, and base names from 0100. */
function withShortNames(change: (document: TemplateDocument) => void = () => undefined): TemplateDocument {
  const document = smallTemplate();
  document.associations["short"] = {
    clientSap: 17,
    mechanisms: ["none"],
    contexts: ["sn"],
    conformance: ["read"],
    rightsOf: "client",
  };
  document.shortNamesFrom = "0100";
  change(document);
  return document;
}

const refusal = (change: (document: TemplateDocument) => void): string => {
  try {
    compileTemplate(withShortNames(change));
  } catch (error) {
    return (error as Error).message;
  }
  return "compiled";
};

describe("base names", () => {
  test("are given out in the order of logical names, behind one another", () => {
    const { model } = compileTemplate(withShortNames());
    const given = model.objects.map((object) => [object.name, object.baseName?.toString(16)]);
    expect(given).toEqual([
      // The clock is seen by nobody.
      ["Clock", undefined],
      // 6 attributes.
      ["TCP-UDP setup", "100"],
      // 2 attributes.
      ["ID", "130"],
      // Method 1 at 28.
      ["Energy", "140"],
      ["Profile", "170"],
    ]);
  });

  test("go around those the template gives", () => {
    const { model } = compileTemplate(withShortNames((d) => (objectOf(d, "Energy").shortName = "0110")));
    const baseOf = (name: string): number => model.find(name)!.baseName!;
    expect([baseOf("Energy"), baseOf("TCP-UDP setup"), baseOf("ID")]).toEqual([0x110, 0x140, 0x170]);
  });

  test("no two objects of idis-p3-sn share a name, and all lie in 16 bits", () => {
    const { model } = compileTemplate(templateRead("idis-p3-sn"));
    const taken = new Map<number, string>();
    for (const object of model.objects) {
      if (object.baseName === undefined) continue;
      for (let name = object.baseName; name < object.baseName + shortNameSpan(object); name += 8) {
        expect(taken.get(name), `${object.name} at ${name.toString(16)}`).toBeUndefined();
        expect(name).toBeLessThan(0x10000);
        taken.set(name, object.name);
      }
    }
  });

  test("idis-p3 itself has none", () => {
    const { model } = compileTemplate(templateRead());
    expect(model.objects.every((object) => object.baseName === undefined)).toBe(true);
  });
});

describe("rights of another association", () => {
  test("are had where an object gives none", () => {
    const { model } = compileTemplate(
      withShortNames((d) => (objectOf(d, "ID").access = { client: { get: [2] }, short: {} })),
    );
    expect(model.find("Energy")!.access.get("short")).toEqual(model.find("Energy")!.access.get("client"));
    expect(model.find("ID")!.access.has("short")).toBe(false);
    expect(model.find("Clock")!.access.has("short")).toBe(false);
  });
});

describe("refusals", () => {
  test.each<[string, (document: TemplateDocument) => void, RegExp]>([
    [
      "overlap",
      (d) => ((objectOf(d, "Energy").shortName = "0200"), (objectOf(d, "ID").shortName = "0228")),
      /"Energy": shortName: 0200 runs into 0228 to 0230 of object .* "ID"/,
    ],
    ["beyond the end", (d) => (objectOf(d, "Energy").shortName = "FFE0"), /"Energy": shortName: FFE0/],
    ["zero", (d) => (objectOf(d, "Energy").shortName = "0000"), /"Energy": shortName: 0000/],
    ["no multiple of 8", (d) => (objectOf(d, "Energy").shortName = "0204"), /shortName: must match pattern/],
    ["missing", (d) => delete d.shortNamesFrom, /"TCP-UDP setup": shortName is missing/],
    ["too many", (d) => (d.shortNamesFrom = "FFF0"), /shortName: FFF0/],
    [
      "both kinds of names",
      (d) => (d.associations["short"]!.contexts = ["ln", "sn"]),
      /contexts: logical names and short/,
    ],
    [
      "a service of the other kind",
      (d) => (d.associations["short"]!.conformance = ["get"]),
      /"get" is not a service of short/,
    ],
    [
      "and the reverse",
      (d) => (d.associations["client"]!.conformance = ["read"]),
      /"read" is not a service of logical/,
    ],
    ["rights of nobody", (d) => (d.associations["short"]!.rightsOf = "nobody"), /rightsOf: "nobody" is not/],
    ["rights of itself", (d) => (d.associations["short"]!.rightsOf = "short"), /rightsOf: "short" is not/],
    ["an object of the other kind", (d) => (d.associations["short"]!.object = "1-0:1.8.0.255"), /is class 3, not 12/],
  ])("%s", (_, change, message) => expect(refusal(change)).toMatch(message));

  test("two objects of one logical name, unless they are the two kinds of association", () => {
    const twin = refusal((d) => d.objects.push({ ...objectOf(d, "Energy"), name: "Twin", class: 12, version: 4 }));
    expect(twin).toMatch(/Energy|Twin/);
  });
});
