/** UI frames and associations without an AARE: what they do, and that nobody answers (GB9 8.4.5.4.7, 9.4.4.2). */
import { describe, expect, it } from "vitest";
import { encodeApdu, fromHex, type Data } from "../../host/client/index.ts";
import { templateRead } from "../../host/template/load.ts";
import {
  aarq,
  aarqLls,
  apduOf,
  associateGmac,
  associateLls,
  authentication,
  get,
  hex,
  initiate,
  set,
} from "./apdus.ts";
import { HdlcChannel, RawMeter } from "./raw.ts";
import { CHALLENGE, CLOCK, CURRENT_ASSOCIATION, EVERY_SERVICE, template, TEXT } from "./rig.ts";

const NOT_POSSIBLE = "D80101";
const NOT_SUPPORTED = "D80102";
const DISC = 0x53;
const UI = 0x03;
const UI_POLL = 0x13;
const LLC = [0xe6, 0xe6, 0x00];

const octets = (letters: string): Data => ({ type: "octet-string", value: Uint8Array.from(Buffer.from(letters)) });
const setText = (letters: string): Uint8Array => set(1, TEXT, 2, octets(letters));

/** The request with service class unconfirmed. */
function unconfirmed(apdu: Uint8Array): Uint8Array {
  return apdu.with(2, apdu[2]! & ~0x40);
}

/** Sends an APDU in a UI frame; what comes back, which must be nothing. */
function ui(channel: HdlcChannel, apdu: Uint8Array, control = UI): void {
  expect(channel.send(control, Uint8Array.from([...LLC, ...apdu]))).toEqual([]);
}

/** TEXT, as another client reads it over the wrapper. */
function textOf(meter: RawMeter): string {
  const channel = meter.wrapper({ index: 3 });
  associateLls(channel, meter.identity);
  const { data } = apduOf("get-response-normal", channel.exchange(get(1, TEXT, 2))).result;
  return Buffer.from((data as { value: Uint8Array }).value).toString();
}

const { management } = templateRead().associations;
const every = template({ associations: { management: { ...management!, conformance: EVERY_SERVICE } } });

describe("a UI frame in a confirmed association", () => {
  it.each([
    ["confirmed", (apdu: Uint8Array) => apdu],
    ["unconfirmed", unconfirmed],
  ])("a SET of service class %s takes effect and is not answered", (_class, change) => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    associateLls(channel, meter.identity);
    for (const control of [UI, UI_POLL]) {
      ui(channel, change(setText(`by UI ${control}`)), control);
      expect(textOf(meter)).toBe(`by UI ${control}`);
    }
    expect(hex(channel.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
  });

  it("ciphered: the counter goes on, the effect is there", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    const { security, exchange } = associateGmac(channel, meter.identity);
    ui(channel, security.seal(setText("sealed")));
    expect(textOf(meter)).toBe("sealed");
    expect(hex(exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
  });

  it("what cannot be served is silent too", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    for (const apdu of [get(8, CLOCK, 2), fromHex("6200"), fromHex("FF"), fromHex("C001"), setText("x")]) {
      ui(channel, apdu);
    }
    expect(textOf(meter)).toBe("");
  });
});

describe("services of class unconfirmed in I frames and over the wrapper", () => {
  const access = (confirmed: boolean): Uint8Array =>
    encodeApdu({
      kind: "access-request",
      invoke: { id: 1, confirmed, high: false, selfDescriptive: false, breakOnError: false },
      dateTime: new Uint8Array(0),
      specification: [{ service: "set", descriptor: { classId: 1, logicalName: TEXT, attribute: 2 } }],
      data: [octets("access")],
    });

  it.each(["hdlc", "wrapper"] as const)("are done and not answered, over %s", (kind) => {
    const meter = RawMeter.boot({ template: every });
    const channel = meter[kind]();
    if ("connect" in channel) channel.connect();
    associateLls(channel, meter.identity);
    expect(channel.exchange(unconfirmed(setText("set")))).toBeUndefined();
    expect(textOf(meter)).toBe("set");
    expect(channel.exchange(unconfirmed(get(8, CLOCK, 2)))).toBeUndefined();
    expect(channel.exchange(access(false))).toBeUndefined();
    expect(textOf(meter)).toBe("access");
    expect(hex(channel.exchange(access(true)))).toMatch(/^DA4/);
    expect(channel.exchange(unconfirmed(get(99, CLOCK, 99)))).toBeUndefined();
  });
});

describe("an association opened in a UI frame", () => {
  function opened(connected: boolean) {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    if (connected) channel.connect();
    ui(channel, aarqLls(meter.identity.keys.lls));
    return { meter, channel };
  }

  it("needs no link, is not answered, and serves what asks for no confirmation", () => {
    const { meter, channel } = opened(false);
    ui(channel, unconfirmed(setText("one")));
    expect(textOf(meter)).toBe("one");
    ui(channel, setText("two"));
    expect(textOf(meter)).toBe("one");
  });

  it("is ended by neither DISC nor SNRM nor inactivity, and shows itself as it is", () => {
    const { meter, channel } = opened(true);
    channel.send(DISC);
    ui(channel, unconfirmed(setText("after DISC")));
    expect(textOf(meter)).toBe("after DISC");
    channel.connect();
    meter.advance(0, 121_000);
    ui(channel, unconfirmed(setText("after silence")));
    expect(textOf(meter)).toBe("after silence");
    channel.connect();
    expect(hex(channel.exchange(get(15, CURRENT_ASSOCIATION, 3)))).toBe(NOT_POSSIBLE);
  });

  it("ends with RLRQ in a UI frame, unanswered, and with RLRQ in an I frame, answered", () => {
    for (const framed of [true, false]) {
      const { meter, channel } = opened(true);
      if (framed) ui(channel, fromHex("6200"));
      else expect(hex(channel.exchange(fromHex("6200")))).toBe("6303800100");
      ui(channel, unconfirmed(setText("released")));
      expect(textOf(meter)).toBe("");
      expect(hex(channel.exchange(get(8, CLOCK, 2)))).toBe(NOT_SUPPORTED);
    }
  });

  it("is replaced by an AARQ that is answered, and then ends with its link", () => {
    const { meter, channel } = opened(true);
    associateLls(channel, meter.identity);
    expect(hex(channel.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    channel.send(DISC);
    ui(channel, unconfirmed(setText("gone")));
    expect(textOf(meter)).toBe("");
  });

  it("ends with the line, and when the link is given to others", () => {
    const { meter, channel } = opened(false);
    for (const clientSap of [2, 3, 4, 5]) {
      const other = new HdlcChannel(meter, channel.slot, { clientSap });
      ui(other, aarq());
      ui(other, fromHex("6200"));
      meter.advance(0, 1);
    }
    ui(channel, unconfirmed(setText("lost")));
    expect(textOf(meter)).toBe("");
    ui(channel, aarqLls(meter.identity.keys.lls));
    meter.close(channel.slot);
    meter.open(channel.slot);
    ui(channel, unconfirmed(setText("lost")));
    expect(textOf(meter)).toBe("");
  });

  it("is not there after a wrong password, or with a mechanism that needs an answer", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    ui(channel, aarqLls(Uint8Array.of(1, 2, 3)));
    ui(channel, unconfirmed(setText("wrong")));
    expect(textOf(meter)).toBe("");
    ui(channel, aarq({ ...authentication(5, CHALLENGE), callingApTitle: new Uint8Array(8) }));
    ui(channel, unconfirmed(setText("pending")));
    expect(textOf(meter)).toBe("");
  });
});

describe("an association without AARE because response-allowed is FALSE", () => {
  const request = { userInformation: initiate({ responseAllowed: false }) };

  it("serves what asks for no confirmation, refuses the rest, and ends with DISC", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    channel.connect();
    expect(channel.exchange(aarqLls(meter.identity.keys.lls, request))).toBeUndefined();
    expect(channel.exchange(unconfirmed(setText("quiet")))).toBeUndefined();
    expect(textOf(meter)).toBe("quiet");
    expect(hex(channel.exchange(setText("loud")))).toBe(NOT_POSSIBLE);
    expect(textOf(meter)).toBe("quiet");
    channel.send(DISC);
    ui(channel, unconfirmed(setText("gone")));
    expect(textOf(meter)).toBe("quiet");
  });
});

describe("broadcast", () => {
  /** A UI frame of client 1 to all stations, in an address length. */
  const ALL: [1 | 2 | 4, number, number | undefined][] = [
    [2, 0x7f, 0x7f],
    [4, 0x3fff, 0x3fff],
    [2, 1, 0x7f],
    [4, 1, 0x3fff],
    [1, 0x7f, undefined],
  ];

  it.each(ALL)("in %i octets opens, sets and releases without an answer", (size, upper, lower) => {
    const meter = RawMeter.boot();
    const channel = new HdlcChannel(meter, meter.slotOf("hdlc", 0), { server: { size, upper, lower } });
    ui(channel, aarqLls(meter.identity.keys.lls));
    ui(channel, unconfirmed(setText("to all")));
    expect(textOf(meter)).toBe("to all");
    ui(channel, fromHex("6200"));
    ui(channel, unconfirmed(setText("after")));
    expect(textOf(meter)).toBe("to all");
  });

  it("with P = 1, in I frames, or to no station changes nothing", () => {
    const meter = RawMeter.boot();
    const all = new HdlcChannel(meter, meter.slotOf("hdlc", 0), { server: { size: 2, upper: 0x7f, lower: 0x7f } });
    ui(all, aarqLls(meter.identity.keys.lls));
    ui(all, unconfirmed(setText("poll")), UI_POLL);
    ui(all, unconfirmed(setText("I frame")), 0x10);
    const none = new HdlcChannel(meter, all.slot, { server: { size: 2, upper: 1, lower: 0 } });
    ui(none, unconfirmed(setText("no station")));
    expect(textOf(meter)).toBe("");
  });
});
