/** Keys demandOf and maximumOf of a template: what they make, and what is refused. */
import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../host/template/compile.ts";
import type { ObjectDocument, TemplateDocument } from "../../host/template/document.ts";
import { templateRead, templatesJoin } from "../../host/template/load.ts";

const BLOCK = "1-0:1.4.0.255";
const MAXIMUM = "1-0:1.6.0.255";

function compiled(...objects: ObjectDocument[]) {
  return compileTemplate(templatesJoin(templateRead(), { objects } as unknown as TemplateDocument));
}

/** The refusal of a template with these changes. */
function refusal(...objects: ObjectDocument[]): string {
  try {
    compiled(...objects);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const demand = (attributes: object): ObjectDocument => ({ logicalName: BLOCK, attributes: attributes as never });

describe("demandOf", () => {
  test("shows the averages of an energy in the unit of its power", () => {
    const { model } = compiled();
    const object = model.find(BLOCK)!;
    const rows = [2, 3].map((id) => model.row(object, id)!);
    expect(rows.map(({ quantity, digits, typeText }) => [quantity, digits, typeText])).toEqual([
      [1, 6, "double-long-unsigned"],
      [1, 6, "double-long-unsigned"],
    ]);
  });

  test.each([
    [{ logicalName: BLOCK, demandOf: "voltage-l1" }, "demandOf: voltage-l1 is not an energy of all phases and rates"],
    [
      { logicalName: BLOCK, demandOf: "active-energy-import-rate-1" },
      "demandOf: active-energy-import-rate-1 is not an energy of all phases and rates",
    ],
    [
      { logicalName: BLOCK, demandOf: "active-energy-import-l1" },
      "demandOf: active-energy-import-l1 is not an energy of all phases and rates",
    ],
    [{ logicalName: BLOCK, demandOf: "heat" }, 'quantity: "heat" is not known (quantities.json)'],
    [{ logicalName: BLOCK, unit: "var" }, "quantity: active-energy-import averages to W, the object's unit is var"],
    [demand({ 8: { value: { "double-long-unsigned": 700 } } }), "period: 700 s do not fill a whole hour"],
    [demand({ 8: { value: { "double-long-unsigned": 0 } } }), "period: 0 s do not fill a whole hour"],
    [demand({ 9: { value: { "long-unsigned": 16 } } }), "number_of_periods: 16 (limits 1 to 15)"],
    [{ logicalName: MAXIMUM, demandOf: "active-energy-import" }, "class 4 (Extended register) is not Demand register"],
  ])("refuses %j", (object, text) => {
    const message = refusal(object as ObjectDocument);
    expect(message).toContain(`object ${object.logicalName}`);
    expect(message).toContain(text);
  });

  test("refuses more registers than a meter has room for", () => {
    const more = Array.from({ length: 7 }, (_, i) => ({
      ...{ logicalName: `1-0:1.4.${i + 1}.255`, kind: "average-demand", demandOf: "active-energy-import" },
    }));
    expect(refusal(...more)).toBe("objects: 17 demand registers (limit 16)");
    expect(refusal(...more.slice(1))).toBe("");
  });
});

describe("maximumOf", () => {
  test("names a demand register, and makes value, status and time the meter's own", () => {
    const { model } = compiled();
    const object = model.find(MAXIMUM)!;
    expect(object.extra).toBe(model.objectIndex(BLOCK)! + 1);
    expect([2, 4, 5].map((id) => model.row(object, id)!.capacity)).toEqual([5, 2, 14]);
  });

  test.each([
    [
      { logicalName: MAXIMUM, maximumOf: "1-0:1.7.0.255" },
      "maximumOf: object 1-0:1.7.0.255 is class 3, not Demand register",
    ],
    [{ logicalName: MAXIMUM, maximumOf: "1-0:99.9.9.255" }, "maximumOf: there is no object 1-0:99.9.9.255"],
    [{ logicalName: BLOCK, maximumOf: BLOCK }, "maximumOf: class 5 (Demand register) is not Extended register"],
  ])("refuses %j", (object, text) => {
    expect(refusal(object as ObjectDocument)).toContain(`${object.logicalName}`);
    expect(refusal(object as ObjectDocument)).toContain(text);
  });
});
