/** The events of idis-p3 against the tables of the public sources: logs, alarm bits, error bits. Typed from the tables, not from the template. */
import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../host/template/compile.ts";
import { TemplateError } from "../../host/template/error.ts";
import { templateRead, templatesJoin } from "../../host/template/load.ts";
import type { ObjectDocument, TemplateDocument } from "../../host/template/document.ts";

const whole = (): TemplateDocument => ({
  ...templateRead(),
  identity: { ...templateRead().identity, functions: ["D", "L", "M"] },
});
const { parts } = compileTemplate(whole()).model;
const logOf = (profile: number | undefined): string | undefined =>
  parts.objects.find((object) => object.classId === 7 && object.instance === profile)?.logicalName;

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const channels = (of: (base: number) => number[]): number[] => [100, 110, 120, 130].flatMap(of);

/** Codes of each log. */
const LOGS: Record<string, number[]> = {
  "0-0:99.98.0.255": [...range(1, 25), 47, 48, 51, 52, 88, 89, 236, 253, 254, 255],
  "0-0:99.98.1.255": [...range(40, 46), 49, 50, 91],
  "0-0:99.98.2.255": [...range(59, 75)],
  "0-0:99.98.3.255": channels((base) => range(base, base + 6)),
  "0-0:99.98.4.255": [...range(76, 87), 90, 92, 93, 94],
  "0-0:99.98.5.255": [...range(140, 158)],
};

/** Bit and the events that set it. */
const ALARM_1: [number, number[]][] = [
  [0, [6]],
  [1, [7]],
  [8, [12]],
  [9, [13]],
  [10, [14]],
  [11, [16]],
  [12, [15]],
  [13, [40, 42, 44, 46, 49, 50]],
  ...range(0, 3).flatMap((n): [number, number[]][] => [
    [16 + n, [100 + 10 * n]],
    [20 + n, [103 + 10 * n]],
    [24 + n, [106 + 10 * n]],
    [28 + n, [102 + 10 * n]],
  ]),
];
const ALARM_2: [number, number[]][] = [
  ...[1, 2, 82, 83, 84, 85, 86, 87, 89, 90, 91, 88, 52, 48, 92, 93, 94, 20, 158, 105, 115, 125, 135].map(
    (code, bit): [number, number[]] => [bit, [code]],
  ),
  [31, [68]],
];
const ALARM_3: [number, number[]][] = [
  [14, [41]],
  [15, [236]],
];

const bitsOf = (key: "alarm1" | "alarm2" | "alarm3"): [number, number[]][] => {
  const bits = new Map<number, number[]>();
  for (const event of parts.events) {
    const bit = event[key];
    if (bit !== undefined) bits.set(bit, [...(bits.get(bit) ?? []), event.code]);
  }
  return [...bits].sort(([a], [b]) => a - b);
};
const sorted = (table: [number, number[]][]): [number, number[]][] => [...table].sort(([a], [b]) => a - b);

describe("events", () => {
  test("each stands in its log, and no other does", () => {
    const found = new Map<string, number[]>();
    for (const { code, profile } of parts.events) {
      const log = logOf(profile) ?? "none";
      found.set(log, [...(found.get(log) ?? []), code]);
    }
    expect(Object.fromEntries(found)).toEqual(LOGS);
  });

  test("set the bits of the alarm registers that the tables give them", () => {
    expect(bitsOf("alarm1")).toEqual(sorted(ALARM_1));
    expect(bitsOf("alarm2")).toEqual(sorted(ALARM_2));
    expect(bitsOf("alarm3")).toEqual(ALARM_3);
  });

  test("of M-Bus are there with extension M alone", () => {
    const codes = compileTemplate(templateRead()).model.parts.events.map(({ code }) => code);
    expect(codes.filter((code) => code >= 100 && code < 140)).toEqual([]);
  });
});

describe("what monitors and pushes take from the template", () => {
  const refusal = (object: ObjectDocument): string => {
    try {
      compileTemplate(templatesJoin(templateRead(), { objects: [object] } as unknown as TemplateDocument));
    } catch (error) {
      if (error instanceof TemplateError) return error.message;
      throw error;
    }
    return "compiled";
  };

  test("is refused for objects of another class", () => {
    const register = { logicalName: "1-0:1.8.0.255" };
    expect(refusal({ ...register, event: 70 })).toMatch(/event: class 3 \(Register\) is not Register monitor/);
    expect(refusal({ ...register, pushOn: "alarm" })).toMatch(/pushOn: class 3 \(Register\) is not Push setup/);
    expect(refusal({ ...register, pushRows: "all" })).toMatch(/pushRows: class 3 \(Register\) is not Push setup/);
    expect(refusal({ logicalName: "0-1:25.9.0.255", pushRows: 70000 })).toMatch(/pushRows/);
  });

  test("more register monitors than the core has room for are refused", () => {
    const document = templateRead();
    const like = document.objects.find(({ logicalName }) => logicalName === "1-0:31.4.0.255")!;
    const there = document.objects.filter((object) => object.class === 21).length;
    const more = range(there, 12).map((n) => ({ ...like, logicalName: `1-0:31.4.${n}.255` }));
    const withMore = (count: number) => () =>
      compileTemplate({ ...document, objects: [...document.objects, ...more.slice(0, count)] });
    expect(withMore(12 - there)).not.toThrow();
    expect(withMore(13 - there)).toThrow("objects: 13 register monitors (limit 12)");
  });
});
