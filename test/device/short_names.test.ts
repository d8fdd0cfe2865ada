/** Read, Write and UnconfirmedWrite with short names: results, selections, blocks both ways, refusals (GB9 9.3.14 to 9.3.16). */
import { beforeEach, describe, expect, it } from "vitest";
import {
  CONFORMANCE,
  data as d,
  decodeApdu,
  encodeApdu,
  encodeData,
  entrySelection,
  fromHex,
  logicalNameParse,
  type Data,
  type VariableAccess,
} from "../../host/client/index.ts";
import { apduOf, associateLls, get, hex } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { CLOCK, CURRENT_ASSOCIATION, ENERGY, LOAD_PROFILE, TEXT } from "./rig.ts";
import {
  associatePublicSn,
  associateSn,
  codesOf,
  itemsOf,
  MANAGEMENT_SN,
  named,
  nameOf,
  PUBLIC_SN,
  read,
  selected,
  SERVICES_SN,
  templateSn,
  write,
} from "./short.ts";

const LDN = 0xfd08;
const OBJECT_LIST = 0xfa08;
const { read: READ, write: WRITE } = CONFORMANCE;
const MULTIPLE = CONFORMANCE["multiple-references"];
const PERIOD_MS = 900_000;
const octets = (text: string): Data => d.octetString(Uint8Array.from(Buffer.from(text)));

let meter: RawMeter;
let channel: WrapperChannel;
const energy = nameOf(ENERGY, 2);
const text = nameOf(TEXT, 2);
const buffer = nameOf(LOAD_PROFILE, 2);

beforeEach(() => {
  meter = RawMeter.boot({ template: templateSn() });
  channel = meter.wrapper({ clientSap: MANAGEMENT_SN });
  associateSn(channel, meter.identity);
});

const ask = (...list: VariableAccess[]): string => hex(channel.exchange(read(...list)));

/** What the text object holds now. */
function textNow(): string {
  const [item] = itemsOf(channel.exchange(read(named(text))));
  const { data } = item as { data: Data };
  return Buffer.from(d.octetsOf(data, "text")).toString();
}

describe("association", () => {
  it("AARQ of the Green Book (D-AARQ-7): only what is offered, VAA name FA00", () => {
    const other = meter.wrapper({ clientSap: PUBLIC_SN, index: 1 });
    const aarq = fromHex("601DA109060760857405080102BE10040E01000000065F1F04001C032004B0");
    const aare = "6129A109060760857405080102A203020100A305A103020100BE10040E0800065F1F040010022004C8FA00";
    expect(hex(other.exchange(aarq))).toBe(aare);
  });

  it("a context of logical names is refused, the answer names the supported one", () => {
    const other = meter.wrapper({ clientSap: PUBLIC_SN, index: 1 });
    const aarq = fromHex("601DA109060760857405080101BE10040E01000000065F1F04001C032004B0");
    const aare = apduOf("aare", other.exchange(aarq));
    expect(aare).toMatchObject({ result: 1, diagnostic: 2, applicationContextName: "2.16.756.5.8.1.2" });
    expect(hex(aare.userInformation).slice(-4)).toBe("FA00");
  });

  it("outside an association Read and Write get a confirmedServiceError, other services an exception", () => {
    const other = meter.wrapper({ clientSap: PUBLIC_SN, index: 1 });
    expect(hex(other.exchange(fromHex("050102FD08")))).toBe("0E010302");
    expect(hex(other.exchange(fromHex("060102FD08010900")))).toBe("0E010302");
    expect(hex(other.exchange(fromHex("160102FD08010900")))).toBe("silence");
    expect(hex(other.exchange(get(1, "0-0:42.0.0.255", 2)))).toBe("D80102");
  });

  it("services of the other referencing are refused", () => {
    expect(hex(channel.exchange(get(1, "0-0:42.0.0.255", 2)))).toBe("D80102");
    expect(hex(channel.exchange(fromHex("D94000000100010100010000600100FF020100")))).toBe("D80102");
    const other = meter.wrapper({ clientSap: 1, index: 1 });
    associateLls(other, meter.identity);
    expect(hex(other.exchange(fromHex("050102FD08")))).toBe("D80102");
    expect(hex(other.exchange(fromHex("060102FD08010900")))).toBe("D80102");
    expect(hex(other.exchange(fromHex("160102FD08010900")))).toBe("silence");
  });
});

describe("Read", () => {
  const ldn = (): string => `0910${hex(Buffer.from(meter.identity.logicalDeviceName))}`;

  it("one name", () => {
    expect(ask(named(LDN))).toBe(`0C0100${ldn()}`);
    expect(ask(named(energy))).toBe("0C01000600000000");
    expect(ask(named(nameOf(ENERGY, 1)))).toBe("0C010009060100010800FF");
  });

  it("several names, each with its result", () => {
    const list = [named(LDN), named(0x0008), named(energy), named(energy + 1), named(0xfa58), named(LDN)];
    // Undefined, not a multiple of 8, a method: refused one by one.
    expect(ask(...list)).toBe(`0C0600${ldn()}01040006000000000104010300${ldn()}`);
  });

  it.each([
    ["a name below every base name", 0x0008, "04"],
    ["a name behind the last attribute", nameOf(ENERGY, 4), "04"],
    ["the last name", 0xfff8, "04"],
    ["a method, without parameters", nameOf(LOAD_PROFILE, 12), "03"],
    ["an object of logical names only", nameOf(CURRENT_ASSOCIATION, 7, 12), "03"],
  ])("%s", (_, name, code) => expect(ask(named(name))).toBe(`0C0101${code}`));

  it("an object that the client does not see has no name for it", () => {
    const other = meter.wrapper({ clientSap: PUBLIC_SN, index: 1 });
    associatePublicSn(other);
    expect(hex(other.exchange(read(named(nameOf(CLOCK, 2)))))).not.toBe("0C010104");
    expect(hex(other.exchange(read(named(text))))).toBe("0C010104");
  });

  it("a selection", () => {
    meter.advance(4 * PERIOD_MS);
    const rows = (selection: { selector: number; parameters: Data }): number => {
      const [item] = itemsOf(channel.exchange(read(selected(buffer, selection.selector, selection.parameters))));
      return "data" in item! ? d.elementsOf(item.data!, "buffer").length : -1;
    };
    expect(rows(entrySelection(2, 3))).toBe(2);
    expect(rows(entrySelection(1, 0))).toBe(4);
    const { parameters } = entrySelection(1, 0);
    expect(ask(selected(buffer, 9, parameters))).not.toMatch(/^0C0100/);
    expect(ask(selected(energy, 2, parameters))).toBe("0C01010D");
    expect(ask(selected(buffer, 0, parameters))).not.toMatch(/^0C0100/);
  });

  it("a method by its name and parameters", () => {
    const reset = nameOf(LOAD_PROFILE, 1) + 0x58;
    meter.advance(2 * PERIOD_MS);
    expect(ask(named(nameOf(LOAD_PROFILE, 7)))).toBe("0C01000600000002");
    expect(ask(selected(reset, 0, d.integer(0)))).toBe("0C010000");
    expect(ask(named(nameOf(LOAD_PROFILE, 7)))).toBe("0C01000600000000");
    expect(ask(selected(nameOf(CLOCK, 1) + 0x60, 0, d.integer(0)))).toMatch(/^0C01/);
  });

  it("what was not negotiated is refused", () => {
    associateSn(channel, meter.identity, READ);
    expect(ask(selected(buffer, 2, entrySelection(1, 0).parameters))).toBe("0C01010D");
    expect(ask(named(LDN), named(LDN))).toBe("0E050302");
    expect(hex(channel.exchange(write([named(text)], [octets("A")])))).toBe("0E060302");
    expect(ask({ access: "read-block", last: true, block: 1, raw: read(named(LDN)).subarray(1) })).toBe("0E050302");
    associateSn(channel, meter.identity, WRITE);
    expect(ask(named(LDN))).toBe("0E050302");
  });

  it("an answer too long for the client, without blocks", () => {
    associateSn(channel, meter.identity, READ, 64);
    expect(ask(named(OBJECT_LIST))).toBe("0E050301");
  });

  it.each(["0500", "05010300010000", "0501080000", "05", "050102FD08FF", "05020502FD08050001", "0501070000010900"])(
    "%s is not understood",
    (request) => expect(hex(channel.exchange(fromHex(request)))).toBe("0E050000"),
  );

  it("every truncation is refused and changes nothing", () => {
    const whole = read(selected(buffer, 2, entrySelection(1, 0).parameters), named(LDN));
    for (let size = 1; size < whole.length; size++) {
      expect(hex(channel.exchange(whole.subarray(0, size))), `${size} octets`).toBe("0E050000");
    }
    expect(ask(named(LDN))).toBe(`0C0100${ldn()}`);
  });
});

/** Reads in blocks to the end; the raw octets, and the size of each APDU. */
function blocksRead(request: Uint8Array): { raw: Uint8Array; sizes: number[] } {
  const raw: number[] = [];
  const sizes: number[] = [];
  let answer = channel.exchange(request);
  for (let block = 1; ; block++) {
    const [item] = itemsOf(answer);
    if (item === undefined || !("raw" in item)) throw new Error(hex(answer));
    expect(item.block).toBe(block);
    raw.push(...item.raw);
    sizes.push(answer!.length);
    if (item.last) return { raw: Uint8Array.from(raw), sizes };
    answer = channel.exchange(read({ access: "block-number", block }));
  }
}

describe("a long answer", () => {
  const NAMES = [named(OBJECT_LIST), named(LDN)];

  it.each([40, 64, 127, 128, 200, 300])("comes in blocks of %i octets that hold the list with its count", (size) => {
    associateSn(channel, meter.identity, SERVICES_SN, size);
    const { raw, sizes } = blocksRead(read(...NAMES));
    expect(sizes.slice(0, -1).every((one) => one === size || one === size - 1)).toBe(true);
    const results = itemsOf(Uint8Array.of(0x0c, ...raw));
    expect(results).toHaveLength(2);
    const [list, ldn] = results as { data: Data }[];
    const seen = templateSn().model.objects.filter((object) => object.access.has("short-names"));
    expect(d.elementsOf(list!.data, "object_list")).toHaveLength(seen.length);
    expect(d.octetsOf(ldn!.data, "LDN")).toHaveLength(16);
  });

  it("ends at a wrong block number", () => {
    associateSn(channel, meter.identity, SERVICES_SN, 64);
    for (const wrong of [0, 2, 3, 0xffff]) {
      expect(ask(named(OBJECT_LIST))).toMatch(/^0C0102000001/);
      expect(ask({ access: "block-number", block: wrong })).toBe("0C010113");
      expect(ask({ access: "block-number", block: 1 })).toBe("0C010110");
    }
  });

  it("is not there before it begins, nor after another request", () => {
    expect(ask({ access: "block-number", block: 1 })).toBe("0C010110");
    associateSn(channel, meter.identity, SERVICES_SN, 64);
    ask(named(OBJECT_LIST));
    ask(named(energy));
    expect(ask({ access: "block-number", block: 1 })).toBe("0C010110");
  });
});

describe("a long Read request", () => {
  const body = read(named(energy), named(LDN), named(text)).subarray(1);
  const block = (number: number, last: boolean, raw: Uint8Array): VariableAccess => ({
    access: "read-block",
    last,
    block: number,
    raw,
  });

  it("is collected, however it is cut", () => {
    const whole = hex(channel.exchange(Uint8Array.of(0x05, ...body)));
    for (let cut = 1; cut < body.length; cut++) {
      expect(ask(block(1, false, body.subarray(0, cut)))).toBe("0C01030001");
      expect(ask(block(2, true, body.subarray(cut)))).toBe(whole);
    }
    expect(ask(block(1, true, body))).toBe(whole);
  });

  it("wrong numbers end it", () => {
    expect(ask(block(2, false, body))).toBe("0C010110");
    for (const wrong of [0, 3, 0xffff]) {
      ask(block(1, false, body));
      expect(ask(block(wrong, true, body))).toBe("0C010113");
      expect(ask(block(2, true, body))).toBe("0C010110");
    }
  });

  it("what is no list is not understood, nor blocks in blocks", () => {
    expect(ask(block(1, true, fromHex("0203")))).toBe("0E050000");
    expect(ask(block(1, true, fromHex("01050001")))).toBe("0E050000");
    expect(ask(block(1, true, new Uint8Array(0)))).toBe("0E050000");
  });

  it("has its limit", () => {
    const filler = new Uint8Array(1000);
    for (let number = 1; number <= 4; number++) ask(block(number, false, filler));
    expect(ask(block(5, false, filler))).toBe("0C01010F");
    expect(ask(block(6, true, filler))).toBe("0C010110");
  });
});

describe("Write", () => {
  it("one name, and several with their results", () => {
    expect(codesOf(channel.exchange(write([named(text)], [octets("AB")])))).toEqual([0]);
    expect(textNow()).toBe("AB");
    const list = [named(text), named(0x0008), named(energy), named(text)];
    const values = [octets("CD"), octets("CD"), d.doubleLongUnsigned(1), d.unsigned(1)];
    expect(hex(channel.exchange(write(list, values)))).toBe("0D040001040103010C");
    expect(textNow()).toBe("CD");
  });

  it("a method without return data", () => {
    meter.advance(2 * PERIOD_MS);
    const reset = nameOf(LOAD_PROFILE, 1) + 0x58;
    expect(codesOf(channel.exchange(write([named(reset)], [d.integer(0)])))).toEqual([0]);
    expect(ask(named(nameOf(LOAD_PROFILE, 7)))).toBe("0C01000600000000");
  });

  it("a selection is refused", () => {
    const name = selected(text, 1, d.NULL_DATA);
    expect(codesOf(channel.exchange(write([name], [octets("X")])))).toEqual([13]);
  });

  it.each(["0600", "060102FD0800", "060102FD08020900", "0601020100", "060103000000", "06020700000102FD08020900090100"])(
    "%s is not understood",
    (request) => expect(hex(channel.exchange(fromHex(request)))).toBe("0E060000"),
  );

  it("every truncation is refused and changes nothing", () => {
    const whole = write([named(text), named(text)], [octets("AAAA"), octets("BBBB")]);
    const before = meter.writes;
    for (let size = 1; size < whole.length; size++) {
      expect(hex(channel.exchange(whole.subarray(0, size))), `${size} octets`).toBe("0E060000");
    }
    expect(meter.writes).toBe(before);
  });

  it("more results than the client can take: nothing is written", () => {
    associateSn(channel, meter.identity, WRITE | MULTIPLE, 12);
    const list = Array.from({ length: 6 }, () => named(text));
    expect(
      hex(
        channel.exchange(
          write(
            list,
            list.map(() => octets("Z")),
          ),
        ),
      ),
    ).toBe("0E060301");
    associateSn(channel, meter.identity);
    expect(textNow()).not.toBe("Z");
  });
});

describe("UnconfirmedWrite", () => {
  const unconfirmed = (list: VariableAccess[], data: Data[]): string =>
    hex(channel.exchange(encodeApdu({ kind: "unconfirmed-write-request", list, data })));

  it("writes and says nothing, whatever comes of it", () => {
    expect(unconfirmed([named(text), named(energy)], [octets("UW"), d.unsigned(1)])).toBe("silence");
    expect(textNow()).toBe("UW");
    expect(hex(channel.exchange(fromHex("1600")))).toBe("silence");
    expect(hex(channel.exchange(fromHex("16")))).toBe("silence");
    const block: VariableAccess = { access: "write-block", last: true, block: 1 };
    expect(unconfirmed([block], [octets("x")])).toBe("silence");
    associateSn(channel, meter.identity, READ | WRITE);
    expect(unconfirmed([named(text)], [octets("NO")])).toBe("silence");
    expect(textNow()).toBe("UW");
  });
});

describe("a long Write request", () => {
  const body = (value: string): Uint8Array =>
    write([named(text), named(energy)], [octets(value), d.unsigned(1)]).subarray(1);
  const send = (number: number, last: boolean, raw: Data): number[] =>
    codesOf(channel.exchange(write([{ access: "write-block", last, block: number }], [raw])));

  it("is collected, however it is cut", () => {
    for (let cut = 1; cut < body("12").length; cut++) {
      const whole = body(String(cut));
      expect(send(1, false, d.octetString(whole.subarray(0, cut)))).toEqual([-1]);
      expect(send(2, true, d.octetString(whole.subarray(cut)))).toEqual([0, 3]);
      expect(textNow()).toBe(String(cut));
    }
  });

  it("the first block is as the vector has it (F-SN-W4)", () => {
    expect(hex(channel.exchange(fromHex("06010700000101090401020304")))).toBe("0D01020001");
  });

  it("wrong numbers end it", () => {
    expect(send(2, false, octets("x"))).toEqual([18]);
    for (const wrong of [0, 3, 0xffff]) {
      send(1, false, octets("x"));
      expect(send(wrong, true, octets("x"))).toEqual([19]);
      expect(send(2, true, octets("x"))).toEqual([18]);
    }
    expect(send(1, false, d.unsigned(1))).toEqual([12]);
  });

  it("what is no request is not understood", () => {
    const one: VariableAccess = { access: "write-block", last: true, block: 1 };
    for (const raw of ["", "0102", "0102FD0800", "01070000010109" + "00"]) {
      expect(hex(channel.exchange(write([one], [d.octetString(fromHex(raw))]))), raw).toBe("0E060000");
    }
  });

  it("another client's long request waits for its turn", () => {
    const other = meter.wrapper({ clientSap: MANAGEMENT_SN, index: 1 });
    associateSn(other, meter.identity);
    send(1, false, octets("x"));
    const first = write([{ access: "write-block", last: false, block: 1 }], [octets("y")]);
    expect(codesOf(other.exchange(first))).toEqual([2]);
    const long = read({ access: "read-block", last: false, block: 1, raw: fromHex("01") });
    expect(itemsOf(other.exchange(long))).toEqual([{ code: 2 }]);
  });
});

it("values written are durable before they are acknowledged", () => {
  meter.flashHeld = true;
  expect(channel.exchange(write([named(text)], [octets("K")]))).toBeUndefined();
  meter.flashHeld = false;
  meter.drain();
  expect(hex(decodeWpdu(meter.take(channel.slot)))).toBe("0D0100");
  meter.reboot();
  channel = meter.wrapper({ clientSap: MANAGEMENT_SN });
  associateSn(channel, meter.identity);
  expect(textNow()).toBe("K");
});

function decodeWpdu(items: Uint8Array[]): Uint8Array {
  return items[0]!.subarray(8);
}

it("logical names read through their names are those of the objects", () => {
  const model = templateSn().model;
  for (const object of model.objects.filter((one) => one.access.has("short-names"))) {
    const answer = decodeApdu(channel.exchange(read(named(object.baseName!)))!);
    const value = encodeData(d.octetString(logicalNameParse(object.logicalName)));
    expect(hex(encodeApdu(answer)), object.name).toBe(`0C0100${hex(value)}`);
  }
});
