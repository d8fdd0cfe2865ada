/** Historical values: objects that show cells of past billing periods (template key history). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { longUnsigned, NULL_DATA } from "../../host/client/data.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { ROOT } from "../tidy/sources.ts";
import { BILLING_SCRIPTS, tariffTemplate, TariffWorld, WH } from "./tariff_world.ts";

const example = JSON.parse(
  readFileSync(join(ROOT, "host/template/examples/billing-history.json"), "utf8"),
) as TemplateDocument;
const LAST = "1-0:1.8.0.101";
const BEFORE = "1-0:1.8.0.102";

describe("a historical value", () => {
  test("is null-data before there is a period, then what was billed", () => {
    const world = new TariffWorld("2024-01-10T09:00:00Z", undefined, { objects: example.objects });
    const end = () => expect(world.invoke(BILLING_SCRIPTS, 1, longUnsigned(1))).toBe(0);
    const shown = () => [LAST, BEFORE].map((name) => world.get(name));
    expect(shown()).toEqual([NULL_DATA, NULL_DATA]);
    world.sample({ energies: [3 * WH] });
    end();
    world.sample({ energies: [4 * WH, WH] });
    expect(shown()).toEqual([{ type: "double-long-unsigned", value: 3 }, NULL_DATA]);
    end();
    expect(shown()).toEqual([
      { type: "double-long-unsigned", value: 7 },
      { type: "double-long-unsigned", value: 3 },
    ]);
    expect(world.number("1-0:2.8.0.101")).toBe(1);
  });

  test.each([
    [{ profile: "0-0:98.9.0.255" }, /history: profile: there is no object/],
    [{ profile: "1-0:1.8.0.255" }, /history: profile: object 1-0:1.8.0.255 is no Profile generic/],
    [{ column: "1-0:1.8.0.255:9" }, /history: column: object 1-0:1.8.0.255 has no value in attribute 9/],
    [{ column: "1-0:32.7.0.255:2" }, /is long-unsigned, not double-long-unsigned/],
  ])("is checked when the template is compiled: %j", (change, message) => {
    const history = { profile: "0-0:98.1.0.255", column: "1-0:1.8.0.255:2", back: 1, ...change };
    const attributes = { 2: { type: "double-long-unsigned", history } };
    const object = { logicalName: LAST, name: "last", class: 3, unit: "Wh", access: "read", attributes };
    expect(() => tariffTemplate({ objects: [object] })).toThrow(message);
  });
});
