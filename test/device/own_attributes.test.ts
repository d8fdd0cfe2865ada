/** Manufacturer attributes: attribute_id below 0 (Blue Book, 4.1.2), which a template adds to objects of any class. */
import { beforeEach, describe, expect, it } from "vitest";
import { accessText } from "../../host/cli/objects_table.ts";
import {
  attribute,
  type Client,
  data as d,
  type Data,
  decodeApdu,
  encodeApdu,
  objectList,
  wpduDecode,
} from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { overrideApply, templateRead, templatesJoin } from "../../host/template/load.ts";
import { act, apduOf, associateLls, get, hex, set } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { CLOCK, core, ENERGY, EVERY_SERVICE, LOAD_PROFILE, lls, Rig, template, TEXT } from "./rig.ts";

const PUSH = "0-4:25.9.0.255";
const DENIED = "C401C10103";

/** Three attributes of a text; one of the energy, computed; one of the clock, whose class answers for its own ones. */
function document(): TemplateDocument {
  const { management } = templateRead().associations;
  const over = {
    associations: { management: { ...management!, conformance: EVERY_SERVICE } },
    objects: [
      {
        logicalName: TEXT,
        access: { public: { get: [1, -1] }, management: { get: [1, 2, -1, -2], set: [2, -2, -3] } },
        attributes: {
          "-1": { value: { "long-unsigned": 300 } },
          "-2": { value: { unsigned: 7 }, min: 5, max: 9 },
          "-3": { type: "octet-string(4)", stored: true },
        },
      },
      {
        logicalName: ENERGY,
        access: { management: { get: [1, 2, 3, -1] } },
        attributes: { "-1": { quantity: "voltage-l1", type: "long-unsigned" } },
      },
      {
        logicalName: CLOCK,
        access: { management: { get: [1, 2, 3, -1], set: [2, -1] } },
        attributes: { "-1": { value: { enum: 1 } } },
      },
      {
        logicalName: PUSH,
        push: [`${TEXT}:-2`, `${TEXT}:-3`, `${TEXT}:0`],
        attributes: { "3": { value: { structure: [{ enum: 0 }, { text: "192.0.2.1:4061" }, { enum: 0 }] } } },
      },
      // The alarm of the first power-up passes no filter.
      { logicalName: "0-0:97.98.11.255", attributes: { "2": { value: { "double-long-unsigned": 0 } } } },
      {
        logicalName: LOAD_PROFILE,
        profile: { columns: [`${CLOCK}:2`, `${TEXT}:-2`], period: 900, depth: 100 },
      },
    ],
  };
  return templatesJoin(templateRead(), over as unknown as TemplateDocument);
}

const compiled = template(document());
let meter: RawMeter;
let channel: WrapperChannel;
const read = (id: number, name = TEXT, classId = 1): string => hex(channel.exchange(get(classId, name, id)));
const write = (id: number, value: Data, name = TEXT, classId = 1): string =>
  hex(channel.exchange(set(classId, name, id, value)));

beforeEach(() => {
  meter = RawMeter.boot({ template: compiled });
  channel = meter.wrapper();
  associateLls(channel, meter.identity);
});

describe("a manufacturer attribute", () => {
  it("is read with its sign in the descriptor, from the template or from a quantity in whole units", () => {
    expect(hex(get(1, TEXT, -1))).toBe("C001C100010000600101FFFF00");
    expect(read(-1)).toBe("C401C10012012C");
    meter.advance(60_000);
    expect(read(-1, ENERGY, 3)).toBe("C401C1001200E6");
  });

  it("takes a SET within its type and range, the classes leaving it alone", () => {
    expect(write(-2, d.unsigned(9))).toBe("C501C100");
    expect(read(-2)).toBe("C401C1001109");
    expect(write(-2, d.unsigned(10))).toBe("C501C1FA");
    expect(write(-2, d.longUnsigned(6))).toBe("C501C10C");
    expect(write(-1, { type: "enum", value: 2 }, CLOCK, 8)).toBe("C501C100");
    expect(read(-1, CLOCK, 8)).toBe("C401C1001602");
  });

  it("needs the right, of each direction, and has to be there", () => {
    expect(write(-1, d.longUnsigned(1))).toBe("C501C103");
    expect(write(-3, d.octetString(Buffer.from("abc")))).toBe("C501C100");
    expect(read(-3)).toBe(DENIED);
    for (const id of [-4, -16, -128]) expect(read(id)).toBe(DENIED);
    expect(read(-2, ENERGY, 3)).toBe(DENIED);
    expect(read(-1, "0-0:96.1.2.255")).toBe(DENIED);
    expect(write(-2, d.unsigned(6), "0-0:96.1.2.255")).toBe("C501C103");
  });
});

describe("beside GET and SET", () => {
  it("goes in ACCESS", () => {
    const at = (id: number) => ({ classId: 1, logicalName: TEXT, attribute: id });
    const request = encodeApdu({
      kind: "access-request",
      invoke: { id: 1, confirmed: true, high: false, selfDescriptive: false, breakOnError: false },
      dateTime: new Uint8Array(0),
      specification: [
        { service: "set", descriptor: at(-2) },
        { service: "get", descriptor: at(-2) },
        { service: "get", descriptor: at(-3) },
      ],
      data: [d.unsigned(6), { type: "null-data" }, { type: "null-data" }],
    });
    const answer = apduOf("access-response", channel.exchange(request));
    expect(answer.results.map(({ code }) => code)).toEqual([0, 0, 3]);
    expect(answer.data[1]).toEqual(d.unsigned(6));
  });

  it("is pushed where a list names it, unless no client may read it; attribute 0 leaves it out", () => {
    channel.exchange(act(40, PUSH, 1, d.integer(0)));
    meter.advance(0);
    const [delivery] = meter.pushed.filter((item) => item !== "close");
    const notification = decodeApdu(wpduDecode(delivery!.octets).apdu);
    if (notification.kind !== "data-notification") throw new Error(notification.kind);
    const [two, three, whole] = (notification.body as { value: Data[] }).value;
    expect([two, three]).toEqual([d.unsigned(7), { type: "null-data" }]);
    expect((whole as { value: Data[] }).value).toHaveLength(2);
  });
});

describe("with other services and objects", () => {
  let rig: Rig;
  let client: Client;
  const boot = async (flash = new MemoryFlash(core().bank(compiled.image, 1).plan.flashSize)): Promise<void> => {
    rig = Rig.boot({ template: compiled, flash: () => flash });
    client = await rig.associated(0, lls(rig.identity(0)));
  };

  it("attribute 0 leaves it out", async () => {
    await boot();
    const whole = await client.get(attribute(1, TEXT, 0));
    expect((whole as { value: Data[] }).value).toHaveLength(2);
  });

  it("stands in lists with the others", async () => {
    await boot();
    const list = await client.getList([attribute(1, TEXT, -1), attribute(1, TEXT, -4), attribute(1, TEXT, -2)]);
    expect(list.map(({ code, data }) => data ?? code)).toEqual([d.longUnsigned(300), 3, d.unsigned(7)]);
  });

  it("is in object_list behind those of the class, with the rights that are enforced", async () => {
    await boot();
    const entry = (await objectList(client)).find((o) => o.logicalName === TEXT)!;
    expect(entry.attributes.map((a) => [a.attribute, a.mode])).toEqual([
      [1, 1],
      [2, 3],
      [-1, 1],
      [-2, 3],
      [-3, 2],
    ]);
    expect(entry.methods).toEqual([]);
    for (const { logicalName, classId, attributes } of await objectList(client)) {
      for (const { attribute: id, mode } of attributes.filter((a) => a.attribute < 0)) {
        const { code } = await client.getResult(attribute(classId, logicalName, id));
        expect([logicalName, id, code]).toEqual([logicalName, id, (mode & 1) === 0 ? 3 : 0]);
      }
    }
    const others = await rig.associated(0, { clientSap: 16 });
    const seen = (await objectList(others)).find((o) => o.logicalName === TEXT)!;
    expect(seen.attributes.map((a) => a.mode)).toEqual([1, 0, 1, 0, 0]);
    expect(await others.get(attribute(1, TEXT, -1))).toEqual(d.longUnsigned(300));
    expect((await others.getResult(attribute(1, TEXT, -2))).code).toBe(3);
  });

  it("is the same after a restart", async () => {
    const flash = new MemoryFlash(core().bank(compiled.image, 1).plan.flashSize);
    await boot(flash);
    await client.set(attribute(1, TEXT, -2), d.unsigned(5));
    await client.set(attribute(8, CLOCK, -1), { type: "enum", value: 4 });
    await rig.bank.powerFail();
    await boot(flash);
    expect(await client.get(attribute(1, TEXT, -2))).toEqual(d.unsigned(5));
    expect(await client.get(attribute(8, CLOCK, -1))).toEqual({ type: "enum", value: 4 });
  });

  it("is captured and listed as a column", async () => {
    await boot();
    await client.set(attribute(1, TEXT, -2), d.unsigned(8));
    await rig.advance(900_000);
    const rows = (await client.get(attribute(7, LOAD_PROFILE, 2))) as { value: { value: Data[] }[] };
    expect(rows.value.at(-1)!.value[1]).toEqual(d.unsigned(8));
    const columns = (await client.get(attribute(7, LOAD_PROFILE, 3))) as { value: { value: Data[] }[] };
    expect(columns.value[1]!.value[2]).toEqual(d.integer(-2));
  });
});

describe("the compiler", () => {
  const compile = (attributes: object, access: object) => () =>
    template({ objects: [{ logicalName: TEXT, attributes, access }] } as unknown as Partial<TemplateDocument>);
  const value = { value: { unsigned: 1 } };

  it("refuses gaps, more than 16, and rights to what is not there", () => {
    expect(compile({ "-1": value, "-3": value }, {})).toThrow("attributes.-3: there is no -2");
    expect(compile({ "-2": value }, {})).toThrow("attributes.-2: there is no -1");
    const seventeen = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [String(-1 - i), value]));
    expect(compile(seventeen, {})).toThrow("attributes: 17 of the manufacturer (limit 16)");
    expect(compile({ "-1": value }, { management: { get: [1, -2] } })).toThrow("get: -2 is not among the attributes");
    expect(compile({ "-1": value }, { management: { act: [-1] } })).toThrow(/act/);
    expect(compile({ "-1": {} }, { management: { get: [1, -1] } })).toThrow("(manufacturer_1): value is missing");
  });

  it("counts `all` as those of the class, shows them to people, and takes overrides", () => {
    const { model } = compile({ "-1": value, "-2": value }, { management: { get: "all", set: [2, -2] } })();
    expect(accessText(model.find(TEXT)!, "management")).toBe("get 1-2 set 2,-2");
    expect(accessText(compiled.model.find(TEXT)!, "management")).toBe("get 1-2,-1,-2 set 2,-2,-3");
    const changed = overrideApply(document(), `${TEXT}:-1=301`);
    expect(changed.objects.find((o) => o.logicalName === TEXT)!.attributes!["-1"]!.value).toEqual({
      "long-unsigned": "301",
    });
    expect(() => overrideApply(document(), `${TEXT}:-4=1`)).toThrow("has no attribute -4");
  });
});
