/** APDUs after the grammar: any service, on objects that exist and some that do not, with Data of any shape. */
import {
  decodeData,
  encodeApdu,
  encodeData,
  entrySelection,
  type AttributeDescriptorWithSelection,
  type Data,
} from "../../host/client/index.ts";
import { template } from "../device/rig.ts";
import type { Dice } from "../testing.ts";
import { anyData } from "./mutate.ts";

interface Named {
  classId: number;
  logicalName: string;
}

let names: Named[] | undefined;
/** Objects of the default template; the current association and one that is nowhere come with them. */
function objects(): Named[] {
  names ??= [
    ...template().model.objects,
    { classId: 15, logicalName: "0-0:40.0.0.255" },
    { classId: 3, logicalName: "9-9:9.9.9.9" },
  ];
  return names;
}

const pick = <T>(dice: Dice, from: readonly T[]): T => from[dice.roll(from.length)]!;

/** Data of the grammar that the client can encode; null-data in place of what it cannot. */
function dataOf(dice: Dice): Data {
  for (let tries = 0; tries < 4; tries++) {
    try {
      return decodeData(anyData(dice));
    } catch {
      // A count that is not true, on purpose: the octets of mutate.ts bring those.
    }
  }
  return { type: "null-data" };
}

function invoke(dice: Dice): { id: number; confirmed: boolean; high: boolean } {
  return { id: dice.roll(16), confirmed: dice.roll(8) > 0, high: dice.roll(2) === 0 };
}

function descriptor(dice: Dice): AttributeDescriptorWithSelection {
  const named = pick(dice, objects());
  const classId = dice.roll(20) === 0 ? dice.roll(80) : named.classId;
  const attribute = { classId, logicalName: named.logicalName, attribute: dice.roll(12) - 1 };
  const way = dice.roll(6);
  if (way === 0) return { ...attribute, selection: { selector: dice.roll(4), parameters: dataOf(dice) } };
  if (way > 1) return attribute;
  const [from, to] = [dice.roll(12), dice.roll(12)];
  return { ...attribute, selection: entrySelection(from, to, dice.roll(4), dice.roll(5)) };
}

function method(dice: Dice): { classId: number; logicalName: string; method: number } {
  const { classId, logicalName } = pick(dice, objects());
  return { classId, logicalName, method: dice.roll(9) };
}

const some = <T>(dice: Dice, make: (dice: Dice) => T): T[] =>
  Array.from({ length: 1 + dice.roll(4) }, () => make(dice));

function block(dice: Dice, last = dice.roll(2) === 0): { last: boolean; block: number; raw: Uint8Array } {
  return { last, block: pick(dice, [0, 1, 1, 1, 2, 2, 3, 0xffffffff]), raw: anyData(dice) };
}

function access(dice: Dice): Uint8Array {
  const services = ["get", "set", "action"] as const;
  const specification = some(dice, (d) => {
    const service = pick(d, services);
    return service === "action" ? { service, method: method(d) } : { service, descriptor: descriptor(d) };
  });
  return encodeApdu({
    kind: "access-request",
    invoke: { ...invoke(dice), selfDescriptive: dice.roll(2) === 0, breakOnError: dice.roll(2) === 0 },
    dateTime: pick(dice, [new Uint8Array(0), dice.octets(12)]),
    specification: specification as never,
    data: specification.map(() => dataOf(dice)),
  });
}

function gbt(dice: Dice, inner: Uint8Array): Uint8Array {
  return encodeApdu({
    kind: "general-block-transfer",
    lastBlock: dice.roll(2) === 0,
    streaming: dice.roll(4) === 0,
    window: pick(dice, [0, 1, 1, 2, 5, 63]),
    blockNumber: pick(dice, [0, 1, 1, 1, 2, 3, 0xffff]),
    blockNumberAck: pick(dice, [0, 0, 1, 2, 3, 0xffff]),
    data: dice.roll(3) === 0 ? new Uint8Array(0) : inner,
  });
}

const MAKERS: readonly ((dice: Dice) => Uint8Array)[] = [
  (d) => encodeApdu({ kind: "get-request-normal", invoke: invoke(d), descriptor: descriptor(d) }),
  (d) => encodeApdu({ kind: "get-request-next", invoke: invoke(d), block: pick(d, [0, 1, 1, 2, 3, 0xffffffff]) }),
  (d) => encodeApdu({ kind: "get-request-with-list", invoke: invoke(d), list: some(d, descriptor) }),
  (d) => encodeApdu({ kind: "set-request-normal", invoke: invoke(d), descriptor: descriptor(d), value: dataOf(d) }),
  (d) => {
    const list = some(d, descriptor);
    return encodeApdu({ kind: "set-request-with-list", invoke: invoke(d), list, values: list.map(() => dataOf(d)) });
  },
  (d) =>
    encodeApdu({
      kind: "set-request-with-first-datablock",
      invoke: invoke(d),
      descriptor: descriptor(d),
      block: block(d),
    }),
  (d) => encodeApdu({ kind: "set-request-with-datablock", invoke: invoke(d), block: block(d) }),
  (d) => encodeApdu({ kind: "action-request-normal", invoke: invoke(d), method: method(d), parameters: dataOf(d) }),
  (d) => encodeApdu({ kind: "action-request-normal", invoke: invoke(d), method: method(d) }),
  (d) => encodeApdu({ kind: "action-request-next-pblock", invoke: invoke(d), block: d.roll(4) }),
  (d) => {
    const list = some(d, method);
    return encodeApdu({
      kind: "action-request-with-list",
      invoke: invoke(d),
      list,
      parameters: list.map(() => dataOf(d)),
    });
  },
  access,
];

/** Services of short name referencing and notifications, whose octets are put together here. */
function plainOctets(dice: Dice): Uint8Array {
  const names = some(dice, (d) => Uint8Array.of(2, d.roll(256), d.roll(256)));
  const list = Buffer.concat([Buffer.from([names.length]), ...names]);
  const data = names.map(() => encodeData(dataOf(dice)));
  const tag = pick(dice, [0x05, 0x06, 0x16, 0x18, 0x0f, 0x10, 0xc2]);
  if (tag === 0x05) return Buffer.concat([Buffer.from([tag]), list]);
  if (tag !== 0x06 && tag !== 0x16) return Buffer.concat([Buffer.from([tag]), dice.octets(5), data[0]!]);
  return Buffer.concat([Buffer.from([tag]), list, Buffer.from([data.length]), ...data]);
}

/** Any xDLMS request. */
export function anyRequest(dice: Dice): Uint8Array {
  const way = dice.roll(16);
  if (way === 0) return plainOctets(dice);
  const inner = pick(dice, MAKERS)(dice);
  return way < 4 ? gbt(dice, inner) : inner;
}
