/** Lists that need blocks, and answers no block can carry: SET and ACTION with list in all their APDUs (GB9 9.4.6.5, 9.4.6.6). */
import { beforeEach, describe, expect, it } from "vitest";
import {
  attribute,
  data as d,
  encodeApdu,
  fromHex,
  method,
  type ClientOptions,
  type MethodDescriptor,
} from "../../host/client/index.ts";
import { CONFORMANCE } from "../../host/client/initiate.ts";
import { apduOf, associateLls, CONFORMANCE_ALL, get, hex, initiate, set } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { CLOCK, fullTemplate, gmac, LOAD_PROFILE, lls, Rig, TEXT } from "./rig.ts";

const QUARTER_MS = 900_000;
const INVOKE = { id: 1, confirmed: true, high: true };
const RESET = method(7, LOAD_PROFILE, 1);
const CAPTURE = method(7, LOAD_PROFILE, 2);
const NOWHERE = method(8, "0-1:1.0.0.255", 1);
const ROWS = get(7, LOAD_PROFILE, 7);
const full = fullTemplate();

const without = (...names: (keyof typeof CONFORMANCE)[]): number =>
  names.reduce((bits, name) => bits & ~CONFORMANCE[name], CONFORMANCE_ALL);

const whole = (list: MethodDescriptor[], parameters = list.map(() => d.integer(0))): Uint8Array =>
  encodeApdu({ kind: "action-request-with-list", invoke: INVOKE, list, parameters: [...parameters] });
const first = (list: MethodDescriptor[], last: boolean, raw: string, block = 1): Uint8Array => {
  const pblock = { last, block, raw: fromHex(raw) };
  return encodeApdu({ kind: "action-request-with-list-and-first-pblock", invoke: INVOKE, list, pblock });
};
const next = (last: boolean, block: number, raw: string): Uint8Array =>
  encodeApdu({ kind: "action-request-with-pblock", invoke: INVOKE, pblock: { last, block, raw: fromHex(raw) } });
const more = (block: number): Uint8Array => encodeApdu({ kind: "action-request-next-pblock", invoke: INVOKE, block });

let meter: RawMeter;
let one: WrapperChannel;
const send = (apdu: Uint8Array, through = one): string => hex(through.exchange(apdu));

/** A meter with three rows, and a client that proposes these services and takes APDUs of that size. */
function associate(pduSizeMax = 1224, conformance = CONFORMANCE_ALL): void {
  meter = RawMeter.boot({ template: full });
  one = meter.wrapper();
  associateLls(one, meter.identity, initiate({ pduSizeMax, conformance }));
  meter.advance(3 * QUARTER_MS);
}

describe("an ACTION with list, its parameters in blocks", () => {
  const LIST = [CAPTURE, NOWHERE, CAPTURE];

  beforeEach(() => associate());

  it("octet by octet: the list of parameters goes with its count", () => {
    const name = "00070100630100FF02";
    const request = `C305C103${name}00080001010000FF01${name}00000000010203`;
    expect(hex(first(LIST, false, "030F"))).toBe(request.replace("0203", "02030F"));
    expect(send(first(LIST, false, "030F"))).toBe("C704C100000001");
    expect(send(next(false, 2, "000F"))).toBe("C704C100000002");
    expect(send(next(true, 3, "000F00"))).toBe("C703C103000004000000");
    expect(send(ROWS)).toBe("C401C1000600000005");
  });

  it("in one block that is the first and the last", () => {
    expect(send(first([RESET, CAPTURE], true, "020F000F00"))).toBe("C703C10200000000");
    expect(send(ROWS)).toBe("C401C1000600000001");
  });

  it("parameters that are none, cut, too many or too few: 12, and nothing is run", () => {
    for (const raw of ["", "03", "030F000F00", "020F000F00", "030F000F000F00FF", "040F000F000F000F00", "03FE"]) {
      expect(send(first(LIST, true, raw))).toBe("C701C10C00");
    }
    expect(send(ROWS)).toBe("C401C1000600000003");
  });

  it("no list at all is answered by none", () => {
    expect(send(first([], true, "00"))).toBe("C703C100");
    expect(send(whole([]))).toBe("C703C100");
  });

  it("wrong numbers: 14; blocks without a first one: 16; more than the meter can collect: 15", () => {
    expect(send(next(true, 2, "00"))).toBe("C701C11000");
    expect(send(first(LIST, false, "030F"))).toBe("C704C100000001");
    expect(send(next(true, 3, "000F000F00"))).toBe("C701C10E00");
    expect(send(next(true, 2, "000F000F00"))).toBe("C701C11000");
    expect(send(first(LIST, false, "030F", 2))).toBe("C701C10E00");
    expect(send(first(LIST, false, `0309${"00".repeat(900)}`))).toBe("C704C100000001");
    let answer = "";
    for (let block = 2; !answer.startsWith("C701") && block < 9; block++) {
      answer = send(next(false, block, "00".repeat(1000)));
    }
    expect(answer).toBe("C701C10F00");
    expect(send(ROWS)).toBe("C401C1000600000003");
  });

  it("a new request abandons it, and another client waits for the inbox", () => {
    const two = meter.wrapper({ index: 1 });
    associateLls(two, meter.identity);
    expect(send(first(LIST, false, "030F"))).toBe("C704C100000001");
    expect(send(first(LIST, false, "030F"), two)).toBe("C701C10200");
    expect(send(ROWS)).toBe("C401C1000600000003");
    expect(send(next(true, 2, "000F000F00"))).toBe("C701C11000");
    expect(send(first(LIST, false, "030F"), two)).toBe("C704C100000001");
    expect(send(next(true, 2, "000F000F00"), two)).toBe("C703C103000004000000");
  });

  it.each([["bt-action"], ["multiple-references"], ["action"]] as const)("is not served without %s", (name) => {
    associate(1224, without(name));
    expect(send(first(LIST, true, "030F000F000F00"))).toBe("D80102");
  });

  it.each([2, 60, 200])(
    "inside a general block transfer, where the inbox holds the request itself: %i methods",
    (count) => {
      const list = Array.from({ length: count }, () => NOWHERE);
      const length = `${count < 128 ? "" : "81"}${count.toString(16).padStart(2, "0").toUpperCase()}`;
      const request = first(list, true, `${length}${"0F00".repeat(count)}`);
      let answer: Uint8Array | undefined;
      for (let block = 1, at = 0; at < request.length; block++, at += 1000) {
        const ack = { blockNumber: block, blockNumberAck: block - 1, data: request.subarray(at, at + 1000) };
        const turn = { lastBlock: at + 1000 >= request.length, streaming: false, window: 1 };
        answer = one.exchange(encodeApdu({ kind: "general-block-transfer", ...turn, ...ack }));
      }
      expect(hex(apduOf("general-block-transfer", answer).data)).toBe(`C703C1${length}${"0400".repeat(count)}`);
    },
  );
});

describe("an ACTION with list, its answer in blocks", () => {
  const COUNT = 60;
  const list = Array.from({ length: COUNT }, (_, i) => (i % 3 === 0 ? CAPTURE : NOWHERE));
  const results = list.map((_, i) => (i % 3 === 0 ? 0 : 4));
  const octets = `${COUNT.toString(16).toUpperCase()}${results.map((result) => `0${result}00`).join("")}`;

  it("octet by octet: the list of results goes with its count", () => {
    associate(64);
    const parts: string[] = [];
    let answer = one.exchange(whole(list));
    for (let number = 1; ; number++) {
      expect(answer!.length).toBeLessThanOrEqual(64);
      const { pblock } = apduOf("action-response-with-pblock", answer);
      expect(pblock.block).toBe(number);
      parts.push(hex(pblock.raw));
      if (pblock.last) break;
      answer = one.exchange(more(number));
    }
    expect(parts.join("")).toBe(octets);
    expect(parts).toHaveLength(Math.ceil(octets.length / 2 / 53));
    // Over: and what follows is no part of it.
    expect(send(more(parts.length))).toBe("C701C11000");
    expect(send(ROWS)).toBe(`C401C10006000000${(3 + 20).toString(16)}`.toUpperCase());
  });

  it("a wrong block number ends it: 14", () => {
    associate(64);
    one.exchange(whole(list));
    expect(send(more(2))).toBe("C701C10E00");
    expect(send(more(1))).toBe("C701C11000");
  });

  it("in general block transfer where there are no other blocks", () => {
    associate(64, without("bt-action"));
    const answer = apduOf("general-block-transfer", one.exchange(whole(list)));
    expect(hex(answer.data)).toBe(`C703C1${octets}`.slice(0, 2 * answer.data.length));
  });

  it("which no block could carry is refused before anything is run", () => {
    associate(64, without("bt-action", "general-block-transfer"));
    expect(send(whole(list))).toBe("D80104");
    expect(send(ROWS)).toBe("C401C1000600000003");
    // 3 + 1 + 2 * 30 = 64 octets are carried.
    expect(send(whole(list.slice(0, 30)))).toBe(`C703C11E${octets.slice(2, 2 + 120)}`);
    expect(send(whole(list.slice(0, 31)))).toBe("D80104");
  });

  const level: [string, (rig: Rig, more: ClientOptions) => ClientOptions][] = [
    ["plain", (rig, options) => lls(rig.identity(0), options)],
    ["ciphered", (rig, options) => gmac(rig.identity(0), 1, "authenc", options)],
  ];

  it.each(level)("as the client reads it, %s, over the wrapper and HDLC, in any blocks", async (_, options) => {
    for (const hdlc of [undefined, {}]) {
      for (const conformance of [CONFORMANCE_ALL, without("bt-action")]) {
        const rig = Rig.boot({ template: full });
        const use = hdlc === undefined ? {} : { hdlc };
        const client = await rig.associated(0, options(rig, { pduSizeMax: 64, conformance, ...use }));
        // The descriptors must fit one APDU, the parameters need not.
        client.serverPduSizeMax = 600;
        const parameters = list.map((_, i) => (i === 1 ? d.octetString(new Uint8Array(900)) : d.integer(0)));
        const answers = await client.actionList(
          list,
          conformance === CONFORMANCE_ALL ? parameters : list.map(() => d.integer(0)),
        );
        expect(answers.map((answer) => answer.result)).toEqual(results);
        expect(await client.get(attribute(7, LOAD_PROFILE, 7))).toEqual(d.doubleLongUnsigned(20));
        await client.disconnect();
        expect(rig.reports).toEqual([]);
      }
    }
  });
});

describe("a SET with list whose answer is long", () => {
  const COUNT = 80;
  const list = Array.from({ length: COUNT }, (_, i) => (i === 0 ? attribute(1, TEXT, 2) : attribute(8, CLOCK, 9)));
  const values = list.map(() => d.octetString(fromHex("41")));
  const request = encodeApdu({ kind: "set-request-with-list", invoke: INVOKE, list, values });
  const text = "C401C10009";

  it("comes in general block transfer", async () => {
    associate(64);
    const { data, lastBlock } = apduOf("general-block-transfer", one.exchange(request));
    expect([lastBlock, hex(data).slice(0, 12)]).toEqual([false, "C505C1500003"]);
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, lls(rig.identity(0), { pduSizeMax: 64 }));
    expect(await client.setList(list, values)).toEqual([0, ...Array.from({ length: COUNT - 1 }, () => 3)]);
    client.serverPduSizeMax = 1000;
    expect(await client.setList(list, values)).toEqual([0, ...Array.from({ length: COUNT - 1 }, () => 3)]);
  });

  it("without that is refused before anything is set, whole or in blocks", () => {
    associate(64, without("general-block-transfer"));
    expect(send(request)).toBe("D80104");
    const raw = fromHex(`${COUNT.toString(16)}${"090141".repeat(COUNT)}`);
    const block = { last: true, block: 1, raw };
    const blocks = { kind: "set-request-with-list-and-first-datablock", invoke: INVOKE, list, block } as const;
    expect(send(encodeApdu({ ...blocks, list: [...list] }))).toBe("D80104");
    expect(send(get(1, TEXT, 2))).toBe(`${text}00`);
    expect(send(set(1, TEXT, 2, d.octetString(fromHex("42"))))).toBe("C501C100");
    expect(send(get(1, TEXT, 2))).toBe(`${text}0142`);
  });
});
