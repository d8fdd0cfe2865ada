/** Long answers and long requests: service-specific blocks, lists, and general block transfer (GB9 9.4.6; 9.4.6.13). */
import { beforeEach, describe, expect, it } from "vitest";
import {
  attribute,
  data as d,
  encodeApdu,
  encodeData,
  entrySelection,
  fromHex,
  method,
  type AttributeDescriptorWithSelection,
  type Client,
  type ClientOptions,
  type Data,
} from "../../host/client/index.ts";
import { act, apduOf, associateLls, get, getNext, hex, initiate, set, type Exchange } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import {
  CLOCK,
  CURRENT_ASSOCIATION,
  ENERGY,
  energyRead,
  fullTemplate,
  gmac,
  LOAD_PROFILE,
  lls,
  Rig,
  TEXT,
} from "./rig.ts";

const QUARTER_MS = 900_000;
const OBJECTS = attribute(15, CURRENT_ASSOCIATION, 2);
const ROWS = attribute(7, LOAD_PROFILE, 2);
const INVOKE = { id: 1, confirmed: true, high: true };
const full = fullTemplate();

/** Sizes of the APDUs a client has received. */
function sizesOf(client: Client): number[] {
  const sizes: number[] = [];
  client.hooks.received = (octets) => void sizes.push(octets.length);
  return sizes;
}

describe("a long GET", () => {
  const rig = Rig.boot();
  const wanted = new Map<string, string>();
  let used = 1;

  const options = (level: string, more: ClientOptions): ClientOptions =>
    level === "plain" ? lls(rig.identity(0), more) : gmac(rig.identity(0), (used += 5000), "authenc", more);

  it("reference: as much as fits one APDU, row by row", async () => {
    await rig.advance(100 * QUARTER_MS);
    const client = await rig.associated(0, lls(rig.identity(0)));
    const sizes = sizesOf(client);
    const rows: Data[] = [];
    for (let from = 1; from <= 100; from += 10) {
      const part = await client.get(ROWS, entrySelection(from, from + 9));
      rows.push(...(part as { value: Data[] }).value);
    }
    expect(sizes).toHaveLength(10);
    wanted.set("profile", hex(encodeData(d.array(...rows))));
    wanted.set("object_list", hex(encodeData(await client.get(OBJECTS))));
    await client.disconnect();
  });

  const cases = [64, 128, 512, 1224].flatMap((pduSizeMax) =>
    ["wrapper", "hdlc"].flatMap((use) => ["plain", "ciphered"].map((level) => ({ pduSizeMax, use, level }))),
  );

  it.each(cases)("in APDUs of $pduSizeMax over $use, $level", async ({ pduSizeMax, use, level }) => {
    const more: ClientOptions = { pduSizeMax, ...(use === "hdlc" ? { hdlc: {} } : {}) };
    const client = await rig.associated(0, options(level, more));
    const sizes = sizesOf(client);
    expect(hex(encodeData(await client.get(ROWS)))).toBe(wanted.get("profile"));
    expect(hex(encodeData(await client.get(OBJECTS)))).toBe(wanted.get("object_list"));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(pduSizeMax);
    // Blocks are as full as they can be: all but the last of each answer.
    expect(sizes.filter((size) => size >= pduSizeMax - 2).length).toBeGreaterThanOrEqual(sizes.length - 3);
    await client.disconnect();
    expect(rig.reports).toEqual([]);
  });

  it.each([1, 4, 7])("over HDLC with a window of %i and information fields of 300", async (window) => {
    const own = Rig.boot();
    await own.advance(30 * QUARTER_MS);
    const setter = await own.associated(0, lls(own.identity(0)));
    for (const id of [3, 4]) await setter.set(attribute(23, "0-0:22.0.0.255", id), d.unsigned(7));
    for (const id of [5, 6]) await setter.set(attribute(23, "0-0:22.0.0.255", id), d.longUnsigned(300));
    const expected = await setter.get(ROWS);
    const parameters = {
      informationTransmitMax: 300,
      informationReceiveMax: 300,
      windowTransmit: window,
      windowReceive: window,
    };
    const client = await own.associated(0, lls(own.identity(0), { hdlc: { parameters } }));
    expect(client.hdlc!.parameters).toEqual(parameters);
    expect(await client.get(ROWS)).toEqual(expected);
    expect(await client.get(OBJECTS)).toEqual(await setter.get(OBJECTS));
  });
});

describe("a long GET that goes wrong", () => {
  let meter: RawMeter;
  let channel: WrapperChannel;
  const LONG = get(15, CURRENT_ASSOCIATION, 2);

  beforeEach(() => {
    meter = RawMeter.boot();
    channel = meter.wrapper();
    associateLls(channel, meter.identity, initiate({ pduSizeMax: 128 }));
  });

  const block = (octets: Uint8Array | undefined): ReturnType<typeof blockOf> => blockOf(octets);
  function blockOf(octets: Uint8Array | undefined): { block: number; last: boolean; error?: number | undefined } {
    const answer = apduOf("get-response-with-datablock", octets);
    return { block: answer.block, last: answer.last, error: answer.error };
  }

  it("a wrong block number: 19, and the transfer is over", () => {
    expect(block(channel.exchange(LONG))).toEqual({ block: 1, last: false });
    expect(block(channel.exchange(getNext(1)))).toEqual({ block: 2, last: false });
    expect(block(channel.exchange(getNext(1)))).toEqual({ block: 1, last: true, error: 19 });
    expect(block(channel.exchange(getNext(2)))).toEqual({ block: 2, last: true, error: 16 });
  });

  it("next without a transfer: 16", () => {
    expect(block(channel.exchange(getNext(1)))).toEqual({ block: 1, last: true, error: 16 });
    channel.exchange(LONG);
    expect(block(channel.exchange(getNext(1, 2)))).toEqual({ block: 1, last: true, error: 16 });
  });

  it.each([
    ["GET", get(8, CLOCK, 9)],
    ["GET of what is not there", get(8, "0-1:1.0.0.255", 2)],
    ["SET", set(1, TEXT, 2, d.octetString(fromHex("00")))],
    ["ACTION", act(8, CLOCK, 7)],
  ])("a new %s abandons the transfer", (_, request) => {
    channel.exchange(LONG);
    expect(hex(channel.exchange(request))).toMatch(/^C[457]01/);
    expect(block(channel.exchange(getNext(1)))).toMatchObject({ error: 16 });
    expect(block(channel.exchange(LONG))).toEqual({ block: 1, last: false });
  });

  it("a profile reset meanwhile: 14", () => {
    meter.advance(60 * QUARTER_MS);
    const other = meter.wrapper({ index: 1 });
    associateLls(other, meter.identity);
    expect(block(channel.exchange(get(7, LOAD_PROFILE, 2)))).toEqual({ block: 1, last: false });
    expect(hex(other.exchange(act(7, LOAD_PROFILE, 1, d.integer(0))))).toBe("C701C10000");
    expect(block(channel.exchange(getNext(1)))).toMatchObject({ last: true, error: 14 });
    expect(block(channel.exchange(getNext(1)))).toMatchObject({ last: true, error: 16 });
  });

  it("rows captured meanwhile belong to the next reading", () => {
    meter.advance(60 * QUARTER_MS);
    const first = apduOf("get-response-with-datablock", channel.exchange(get(7, LOAD_PROFILE, 2)));
    meter.advance(10 * QUARTER_MS);
    expect(hex(first.raw)).toMatch(/^013C/);
    let { block: number, last } = block(channel.exchange(getNext(1)));
    while (!last) ({ block: number, last } = block(channel.exchange(getNext(number))));
    expect(hex(apduOf("get-response-with-datablock", channel.exchange(get(7, LOAD_PROFILE, 2))).raw)).toMatch(/^0146/);
  });

  it("a client too small for any block: 14 and nothing half", () => {
    associateLls(channel, meter.identity, initiate({ pduSizeMax: 12 }));
    expect(hex(channel.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    const answer = apduOf("get-response-with-datablock", channel.exchange(LONG));
    expect(answer.raw?.length ?? 0).toBeLessThanOrEqual(2);
  });
});

describe("lists", () => {
  const descriptors = (client: Client): Promise<{ code: number; data?: Data }[]> =>
    client.getList([
      attribute(3, ENERGY, 2),
      attribute(8, "0-1:1.0.0.255", 2),
      attribute(15, CURRENT_ASSOCIATION, 7),
      attribute(8, CLOCK, 9),
    ]);

  it("GET: each has its own result", async () => {
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, lls(rig.identity(0)));
    expect(await descriptors(client)).toEqual([
      { code: 0, data: { type: "double-long-unsigned", value: 0 } },
      { code: 4 },
      { code: 3 },
      { code: 0, data: { type: "enum", value: 1 } },
    ]);
  });

  it.each([64, 200, 1224])("GET: of long and short ones, in APDUs of %i", async (pduSizeMax) => {
    const rig = Rig.boot({ template: full });
    await rig.advance(50 * QUARTER_MS);
    const client = await rig.associated(0, lls(rig.identity(0), { pduSizeMax }));
    const list: AttributeDescriptorWithSelection[] = [
      attribute(8, CLOCK, 9),
      ROWS,
      attribute(3, ENERGY, 2),
      OBJECTS,
      { ...ROWS, selection: entrySelection(3, 4) },
      attribute(8, CLOCK, 3),
    ];
    const expected = [];
    for (const { selection, ...one } of list) expected.push(await client.getResult(one, selection));
    expect(await client.getList(list)).toEqual(expected);
  });

  it("SET: each has its own result, and a refusal stops nothing", async () => {
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, lls(rig.identity(0)));
    const list = [attribute(1, TEXT, 2), attribute(3, ENERGY, 2), attribute(8, CLOCK, 3), attribute(8, CLOCK, 3)];
    const values = [d.octetString(fromHex("4142")), d.NULL_DATA, { type: "long", value: -120 }, d.NULL_DATA] as Data[];
    expect(await client.setList(list, values)).toEqual([0, 3, 0, 12]);
    expect(await client.get(attribute(8, CLOCK, 3))).toEqual({ type: "long", value: -120 });
  });

  it("ACTION: each has its own result", async () => {
    const rig = Rig.boot({ template: full });
    await rig.advance(QUARTER_MS);
    const client = await rig.associated(0, lls(rig.identity(0)));
    const list = [method(7, LOAD_PROFILE, 1), method(8, "0-1:1.0.0.255", 1), method(7, LOAD_PROFILE, 2)];
    const results = await client.actionList(list, [d.integer(0), d.integer(0), d.integer(0)]);
    expect(results.map(({ result }) => result)).toEqual([0, 4, 0]);
    expect(await client.get(attribute(7, LOAD_PROFILE, 7))).toEqual(d.doubleLongUnsigned(1));
  });

  it("a value list of another length than the names", () => {
    const meter = RawMeter.boot({ template: full });
    const channel = meter.wrapper();
    associateLls(channel, meter.identity);
    const list = [attribute(1, TEXT, 2)];
    const values = [d.octetString(fromHex("41")), d.octetString(fromHex("42"))];
    const setList = encodeApdu({ kind: "set-request-with-list", invoke: INVOKE, list, values });
    expect(hex(channel.exchange(setList))).toBe("D80101");
    const actList = {
      kind: "action-request-with-list",
      invoke: INVOKE,
      list: [method(8, CLOCK, 1)],
      parameters: [],
    } as const;
    expect(hex(channel.exchange(encodeApdu({ ...actList, list: [...actList.list], parameters: [] })))).toBe("D80101");
    expect(hex(channel.exchange(get(1, TEXT, 2)))).toBe("C401C1000900");
  });
});

/** Requests in blocks, octet by octet as they travel. */
const firstBlock = (name: string, last: boolean, block: number, raw: string): Uint8Array => {
  const descriptor = attribute(1, name, 2);
  return encodeApdu({
    kind: "set-request-with-first-datablock",
    invoke: INVOKE,
    descriptor,
    block: { last, block, raw: fromHex(raw) },
  });
};
const nextBlock = (last: boolean, block: number, raw: string): Uint8Array =>
  encodeApdu({ kind: "set-request-with-datablock", invoke: INVOKE, block: { last, block, raw: fromHex(raw) } });
const firstPblock = (last: boolean, block: number, raw: string): Uint8Array =>
  encodeApdu({
    kind: "action-request-with-first-pblock",
    invoke: INVOKE,
    method: method(7, LOAD_PROFILE, 1),
    pblock: { last, block, raw: fromHex(raw) },
  });
const nextPblock = (last: boolean, block: number, raw: string): Uint8Array =>
  encodeApdu({ kind: "action-request-with-pblock", invoke: INVOKE, pblock: { last, block, raw: fromHex(raw) } });

describe("a long request whose blocks come in general block transfer", () => {
  const LONG = Buffer.from("cut into datablocks and into general blocks");

  it.each(["plain", "ciphered"])("is put together from both, %s", async (level) => {
    const rig = Rig.boot({ template: full });
    const more = { pduSizeMax: 64, gbtWindow: 2 };
    const client = await rig.associated(
      0,
      level === "plain" ? lls(rig.identity(0), more) : gmac(rig.identity(0), 1, "authenc", more),
    );
    // The client cuts by its own APDU size and wraps each of its APDUs.
    client.options.gbt = "always";
    const requests: string[] = [];
    client.hooks.plain = (octets) => {
      requests.push(hex(octets).slice(0, 4));
      return octets;
    };
    client.serverPduSizeMax = 30;
    await client.set(attribute(1, TEXT, 2), d.octetString(LONG));
    expect(requests.length).toBeGreaterThan(2);
    expect(requests.map((head) => head.slice(0, 2))).toEqual(requests.map(() => "C1"));
    expect(await client.get(attribute(1, TEXT, 2))).toMatchObject({ value: Uint8Array.from(LONG) });
  });
});

describe("a long SET", () => {
  let meter: RawMeter;
  let one: WrapperChannel;
  let two: WrapperChannel;
  const send = (through: Exchange, apdu: Uint8Array): string => hex(through.exchange(apdu));

  beforeEach(() => {
    meter = RawMeter.boot({ template: full });
    one = meter.wrapper();
    two = meter.wrapper({ index: 1 });
    associateLls(one, meter.identity);
    associateLls(two, meter.identity);
  });

  it("keeps what whole APDUs brought of it when a general block transfer is given up", () => {
    const part = { lastBlock: false, streaming: false, window: 1, blockNumber: 1, blockNumberAck: 0 };
    const data = fromHex("C10300000000");
    expect(send(one, firstBlock(TEXT, false, 1, "0904"))).toBe("C502C100000001");
    expect(send(one, encodeApdu({ kind: "general-block-transfer", ...part, data }))).toMatch(/^E004000100010/);
    expect(send(one, nextBlock(true, 2, "41424344"))).toBe("C503C10000000002");
    expect(send(one, get(1, TEXT, 2))).toBe("C401C100090441424344");
  });

  it("in blocks, and in one", () => {
    expect(send(one, firstBlock(TEXT, false, 1, "0904"))).toBe("C502C100000001");
    expect(send(one, nextBlock(false, 2, "4142"))).toBe("C502C100000002");
    expect(send(one, get(1, TEXT, 2))).toBe("C401C1000900");
    // That GET has abandoned it.
    expect(send(one, nextBlock(true, 3, "4344"))).toBe("C503C11200000003");
    for (const [last, block, raw] of [
      [false, 2, "4142"],
      [true, 3, "4344"],
    ] as const) {
      if (block === 2) expect(send(one, firstBlock(TEXT, false, 1, "0904"))).toBe("C502C100000001");
      expect(send(one, nextBlock(last, block, raw))).toBe(last ? "C503C10000000003" : "C502C100000002");
    }
    expect(send(one, get(1, TEXT, 2))).toBe("C401C100090441424344");
    expect(send(one, firstBlock(TEXT, true, 1, "090145"))).toBe("C503C10000000001");
    expect(send(one, get(1, TEXT, 2))).toBe("C401C100090145");
  });

  it("a wrong block number: 19, and what was collected is gone", () => {
    send(one, firstBlock(TEXT, false, 1, "0904"));
    expect(send(one, nextBlock(false, 3, "4142"))).toBe("C503C11300000003");
    expect(send(one, nextBlock(true, 2, "41424344"))).toBe("C503C11200000002");
    expect(send(one, firstBlock(TEXT, true, 2, "0900"))).toBe("C503C11300000002");
    expect(send(one, get(1, TEXT, 2))).toBe("C401C1000900");
  });

  it("a value that is none, or of the wrong type: 12", () => {
    for (const raw of ["0905414243", "09", "1101", "09014100", ""]) {
      expect(send(one, firstBlock(TEXT, true, 1, raw))).toBe("C503C10C00000001");
    }
  });

  it("more than the meter can collect: 17", () => {
    const raw = "00".repeat(1000);
    expect(send(one, firstBlock(TEXT, false, 1, raw))).toBe("C502C100000001");
    let answer = "";
    let block = 1;
    while (!answer.startsWith("C503") && block < 10) answer = send(one, nextBlock(false, ++block, raw));
    expect(answer).toBe(`C503C1110000000${block}`);
    expect(send(one, nextBlock(true, block + 1, raw))).toBe(`C503C1120000000${block + 1}`);
    // The inbox is free again.
    expect(send(two, firstBlock(TEXT, true, 1, "0900"))).toBe("C503C10000000001");
  });

  it("of a list, in blocks", () => {
    const list = [attribute(1, TEXT, 2), attribute(3, ENERGY, 2)];
    const start = (last: boolean, raw: string): Uint8Array =>
      encodeApdu({
        kind: "set-request-with-list-and-first-datablock",
        invoke: INVOKE,
        list,
        block: { last, block: 1, raw: fromHex(raw) },
      });
    expect(send(one, start(false, "020901"))).toBe("C502C100000001");
    expect(send(one, nextBlock(true, 2, "5A0600000000"))).toBe("C504C102000300000002");
    expect(send(one, get(1, TEXT, 2))).toBe("C401C10009015A");
    // One value for two names.
    expect(send(one, start(true, "01090141"))).toBe("C504C1020C0C00000001");
  });

  const owners: [string, () => void][] = [
    ["a long SET", () => send(one, firstBlock(TEXT, false, 1, "0904"))],
    ["a long ACTION", () => send(one, firstPblock(false, 1, "0F"))],
    ["a general block transfer", () => send(one, fromHex("E005000100000401020304"))],
  ];

  it.each(owners)("waits while another client has %s in the inbox, and spoils nothing", (_, begin) => {
    begin();
    expect(send(two, firstBlock(TEXT, false, 1, "0901"))).toBe("C503C10200000001");
    expect(send(two, nextBlock(true, 2, "41"))).toBe("C503C11200000002");
    expect(send(two, firstPblock(false, 1, "0F"))).toBe("C701C10200");
    expect(send(two, fromHex("E0050001000003C001C1"))).toBe("E0800000000000");
  });

  const ends: [string, (owner: WrapperChannel) => void][] = [
    ["finished", (owner) => send(owner, nextBlock(true, 2, "41424344"))],
    ["abandoned it", (owner) => send(owner, get(8, CLOCK, 9))],
    ["sent a wrong block", (owner) => send(owner, nextBlock(false, 7, "41"))],
    ["released its association", (owner) => send(owner, fromHex("6200"))],
    ["gone", (owner) => meter.close(owner.slot)],
  ];

  it.each(ends)("may begin when the other client has %s", (_, end) => {
    send(one, firstBlock(TEXT, false, 1, "0904"));
    expect(send(two, firstBlock(TEXT, false, 1, "0901"))).toBe("C503C10200000001");
    end(one);
    expect(send(two, firstBlock(TEXT, false, 1, "0901"))).toBe("C502C100000001");
    expect(send(two, nextBlock(true, 2, "5A"))).toBe("C503C10000000002");
    expect(send(two, get(1, TEXT, 2))).toBe("C401C10009015A");
  });

  it("a block of one client never reaches the request of another", () => {
    const general = (lastBlock: boolean, window: number, blockNumber: number, data: Uint8Array): Uint8Array =>
      encodeApdu({
        ...{ kind: "general-block-transfer", streaming: false, blockNumberAck: 0 },
        ...{ lastBlock, window, blockNumber, data },
      });
    // A first block in a general block transfer, of service class unconfirmed: the inbox is taken.
    one.exchange(general(true, 1, 1, firstBlock(TEXT, false, 1, "0904").with(2, 0x81)));
    expect(send(two, firstBlock(TEXT, false, 1, "0904"))).toBe("C503C10200000001");
    // The client aborts the transfer: it is free.
    one.exchange(general(true, 0, 0, new Uint8Array(0)));
    expect(send(two, firstBlock(TEXT, false, 1, "0904"))).toBe("C502C100000001");
    one.exchange(nextBlock(false, 2, "4242"));
    expect(send(two, nextBlock(true, 2, "41414141"))).toBe("C503C10000000002");
    expect(send(two, get(1, TEXT, 2))).toBe("C401C100090441414141");
  });
});

describe("a long ACTION", () => {
  it("its parameters in blocks", () => {
    const meter = RawMeter.boot({ template: full });
    const channel = meter.wrapper();
    associateLls(channel, meter.identity);
    meter.advance(3 * QUARTER_MS);
    const send = (apdu: Uint8Array): string => hex(channel.exchange(apdu));
    expect(send(nextPblock(true, 1, "0F00"))).toBe("C701C11000");
    expect(send(firstPblock(false, 1, "0F"))).toBe("C704C100000001");
    expect(send(nextPblock(false, 3, "00"))).toBe("C701C10E00");
    expect(send(firstPblock(true, 1, "0F"))).toBe("C701C10C00");
    expect(send(get(7, LOAD_PROFILE, 7))).toBe("C401C1000600000003");
    expect(send(firstPblock(false, 1, "0F"))).toBe("C704C100000001");
    expect(send(nextPblock(true, 2, "00"))).toBe("C701C10000");
    expect(send(get(7, LOAD_PROFILE, 7))).toBe("C401C1000600000000");
  });

  it("its return data in blocks: f(CtoS) for a client of 24 octets", async () => {
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, gmac(rig.identity(0), 1, "none", { pduSizeMax: 24 }));
    expect(client.associated).toBe(true);
    expect(await energyRead(client)).toBe(0);
  });
});

describe("general block transfer and ACCESS", () => {
  const options = (rig: Rig, more: ClientOptions): ClientOptions => gmac(rig.identity(0), 1, "authenc", more);

  it.each([64, 300])("a long ACCESS comes back in blocks of %i, lost ones again", async (pduSizeMax) => {
    const rig = Rig.boot({ template: full });
    await rig.advance(40 * QUARTER_MS);
    const client = await rig.associated(0, options(rig, { pduSizeMax, family: "general-glo" }));
    const rows = await client.get(ROWS);
    const specification = [
      { service: "get" as const, descriptor: ROWS },
      { service: "get" as const, descriptor: attribute(3, ENERGY, 2) },
      { service: "set" as const, descriptor: attribute(1, TEXT, 2) },
    ];
    const values = [d.NULL_DATA, d.NULL_DATA, d.octetString(fromHex("41"))];
    const sizes = sizesOf(client);
    client.hooks.gbtLose = new Set([2, 3]);
    const answer = await client.access(specification, values);
    expect(answer.data[0]).toEqual(rows);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(pduSizeMax);
    expect(await client.get(attribute(1, TEXT, 2))).toEqual(d.octetString(fromHex("41")));
  });

  it("every request and answer in blocks", async () => {
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, options(rig, { pduSizeMax: 100 }));
    client.options.gbt = "always";
    expect(await energyRead(client)).toBe(0);
    await client.set(attribute(1, TEXT, 2), d.octetString(new Uint8Array(48).fill(7)));
    expect(await client.get(attribute(1, TEXT, 2))).toEqual(d.octetString(new Uint8Array(48).fill(7)));
    expect((await client.get(OBJECTS)).type).toBe("array");
  });
});
