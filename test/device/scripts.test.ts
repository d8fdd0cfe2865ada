/** Script tables (class_id 9): what a script does, in which order, with whose rights, and that scripts that call one another end. */
import { describe, expect, it } from "vitest";
import { ActionError, attribute, Client, data, method } from "../../host/client/index.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { ValueDocument } from "../../host/template/document.ts";
import { RawMeter } from "./raw.ts";
import { lls, template } from "./rig.ts";

const TABLE = "0-0:10.0.103.255";
/** Two texts a client may set, and one it may only read. */
const TEXT = "0-0:96.1.1.255";
const OTHER_TEXT = "0-0:96.1.2.255";
const SERIAL_NUMBER = "0-0:96.1.0.255";

interface Action {
  service: number;
  classId: number;
  name: string;
  index: number;
  parameter: ValueDocument;
}

const write = (name: string, text: string): Action => ({
  service: 1,
  classId: 1,
  name,
  index: 2,
  parameter: { text },
});
const call = (script: number): Action => ({
  service: 2,
  classId: 9,
  name: TABLE,
  index: 1,
  parameter: { "long-unsigned": script },
});

/** The default template, whose script table for load management has other scripts. */
function scripted(scripts: Record<number, Action[]>): Compiled {
  const array = Object.entries(scripts).map(([id, actions]) => ({
    structure: [
      { "long-unsigned": Number(id) },
      {
        array: actions.map((action) => ({
          structure: [
            { enum: action.service },
            { "long-unsigned": action.classId },
            { ln: action.name },
            { integer: action.index },
            action.parameter,
          ],
        })),
      },
    ],
  }));
  return template({ objects: [{ logicalName: TABLE, attributes: { 2: { value: { array } } } }] });
}

async function booted(scripts: Record<number, Action[]>): Promise<{
  execute(script: number): Promise<unknown>;
  text(name: string): Promise<string>;
  client: Client;
}> {
  const raw = RawMeter.boot({ template: scripted(scripts) });
  const slot = raw.slotOf("wrapper", 0);
  raw.open(slot);
  const client = new Client(raw.transport(slot), lls(raw.identity));
  await client.connect();
  await client.associate();
  return {
    client,
    execute: (script) => client.action(method(9, TABLE, 1), data.longUnsigned(script)),
    text: async (name) => {
      const value = await client.get(attribute(1, name, 2));
      if (value.type !== "octet-string") throw new Error(value.type);
      return new TextDecoder().decode(value.value);
    },
  };
}

/** The Action-Result that a call is refused with, 0 when it is not. */
async function resultOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 0;
  } catch (error) {
    if (error instanceof ActionError) return error.code;
    throw error;
  }
}

describe("script table", () => {
  it("does the actions of the script in their order, and of no other", async () => {
    const { execute, text } = await booted({
      1: [write(TEXT, "one")],
      2: [write(TEXT, "two"), write(OTHER_TEXT, "two"), write(TEXT, "last")],
    });
    await execute(2);
    expect([await text(TEXT), await text(OTHER_TEXT)]).toEqual(["last", "two"]);
  });

  it("writes what some client may, of the right type, and nothing else", async () => {
    const { execute, text } = await booted({
      1: [{ ...write(TEXT, ""), parameter: { unsigned: 1 } }, write(SERIAL_NUMBER, "x"), write(OTHER_TEXT, "done")],
    });
    const serial = await text(SERIAL_NUMBER);
    const before = await text(TEXT);
    await execute(1);
    expect([await text(TEXT), await text(SERIAL_NUMBER), await text(OTHER_TEXT)]).toEqual([before, serial, "done"]);
  });

  it("does nothing as script 0, and refuses a script it does not have and a parameter of another type", async () => {
    const { execute, client, text } = await booted({ 1: [write(TEXT, "one")] });
    const before = await text(TEXT);
    expect(await resultOf(execute(0))).toBe(0);
    expect(await resultOf(execute(7))).toBe(250);
    expect(await resultOf(client.action(method(9, TABLE, 1), data.integer(1)))).toBe(12);
    expect(await text(TEXT)).toBe(before);
  });

  it("lets scripts call scripts, and ends a loop of them", async () => {
    const { execute, text } = await booted({
      1: [call(2), write(OTHER_TEXT, "after")],
      2: [write(TEXT, "called")],
      3: [write(TEXT, "round"), call(3), call(3), write(OTHER_TEXT, "out")],
    });
    await execute(1);
    expect([await text(TEXT), await text(OTHER_TEXT)]).toEqual(["called", "after"]);
    await execute(3);
    expect([await text(TEXT), await text(OTHER_TEXT)]).toEqual(["round", "out"]);
  });

  it("reaches no key, no secret and no association", async () => {
    const zero = { integer: 0 };
    const { execute, text } = await booted({
      1: [
        { service: 2, classId: 64, name: "0-0:43.0.0.255", index: 1, parameter: { enum: 3 } },
        { service: 1, classId: 15, name: "0-0:40.0.1.255", index: 7, parameter: { text: "secret" } },
        { service: 2, classId: 15, name: "0-0:40.0.0.255", index: 1, parameter: zero },
        { service: 1, classId: 1, name: "1-2:3.4.5.6", index: 2, parameter: zero },
        write(TEXT, "end"),
      ],
    });
    expect(await resultOf(execute(1))).toBe(0);
    expect(await text(TEXT)).toBe("end");
  });
});
