/** Opening and releasing associations: each step of the AARQ procedure fails with its own diagnostic (GB9 9.4.4). */
import { beforeEach, describe, expect, it } from "vitest";
import {
  CLIENT_TITLE_DEFAULT,
  CONFORMANCE,
  CONTEXT,
  contextName,
  decodeApdu,
  encodeApdu,
  fromHex,
  hlsAnswer,
  hlsCheck,
  MECHANISM,
  type Aarq,
} from "../../host/client/index.ts";
import type { InitiateRequest } from "../../host/client/initiate.ts";
import {
  aarq,
  aarqGmac,
  aarqLls,
  act,
  apduOf,
  associateGmac,
  associateLls,
  authentication,
  AUTHENTICATION,
  get,
  handshakeOf,
  hex,
  hlsReply,
  initiate,
  securityOf,
  set,
} from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { CHALLENGE, CLOCK, CURRENT_ASSOCIATION, ENERGY, TEXT } from "./rig.ts";

const USER = 1;
const PROVIDER = 2;
const NOT_POSSIBLE = "D80101";
const NOT_SUPPORTED = "D80102";

let meter: RawMeter;
let channel: WrapperChannel;

beforeEach(() => {
  meter = RawMeter.boot();
  channel = meter.wrapper();
});

interface Refusal {
  result: number;
  source: number;
  diagnostic: number;
  information: string;
}

/** What the AARE says; the kind of its user-information, or its octets when it is an error. */
function answerTo(request: Uint8Array, through = channel): Refusal {
  const aare = apduOf("aare", through.exchange(request));
  const octets = aare.userInformation;
  const inner = octets === undefined ? undefined : decodeApdu(octets);
  const information = inner === undefined ? "none" : inner.kind === "initiate-response" ? inner.kind : hex(octets);
  return { result: aare.result, source: aare.diagnosticSource, diagnostic: aare.diagnostic, information };
}

const refused = (diagnostic: number, information = "initiate-response", source = USER): Refusal => ({
  result: 1,
  source,
  diagnostic,
  information,
});

const ACCEPTED: Refusal = { result: 0, source: USER, diagnostic: 0, information: "initiate-response" };

/** A refusal leaves no association and no harm: the next honest AARQ is accepted. */
function expectIdle(through = channel): void {
  expect(hex(through.exchange(get(8, CLOCK, 2)))).toBe(NOT_SUPPORTED);
  const honest = through.clientSap === 1 ? aarqLls(meter.identity.keys.lls) : aarq();
  if (through.clientSap === 1 || through.clientSap === 16) expect(answerTo(honest, through)).toEqual(ACCEPTED);
}

const PASSWORD = Uint8Array.from(Buffer.from("00000000"));
type Change = { [K in keyof Aarq]?: Aarq[K] | undefined };
const withInitiate = (more: Partial<InitiateRequest>): Change => ({ userInformation: initiate(more) });

describe("AARQ of the management client", () => {
  const cases: [string, Change, Refusal][] = [
    ["protocol-version without version1", { protocolVersion: fromHex("0244") }, refused(2, "none", PROVIDER)],
    ["protocol-version 02 84", { protocolVersion: fromHex("0284") }, ACCEPTED],
    ["protocol-version 07 80", { protocolVersion: fromHex("0780") }, ACCEPTED],
    ["no user-information", { userInformation: undefined }, refused(1, "none", PROVIDER)],
    ["short name context", { applicationContextName: contextName(CONTEXT.SN) }, refused(2)],
    ["ciphered short name context", { applicationContextName: contextName(CONTEXT.SN_CIPHERED) }, refused(2)],
    ["a context that is none", { applicationContextName: "2.16.756.5.8.2.1" }, refused(2)],
    [
      "ciphered context without title",
      { applicationContextName: contextName(CONTEXT.LN_CIPHERED), callingApTitle: undefined },
      refused(3),
    ],
    [
      "ciphered context, title of 7 octets",
      { applicationContextName: contextName(CONTEXT.LN_CIPHERED), callingApTitle: new Uint8Array(7) },
      refused(3),
    ],
    ["HLS-GMAC without title", authentication(MECHANISM.HLS_GMAC, CHALLENGE), refused(3)],
    [
      "no authentication",
      { acseRequirements: undefined, mechanismName: undefined, authenticationValue: undefined },
      refused(14),
    ],
    ["requirements without the authentication bit", { acseRequirements: fromHex("0700") }, refused(14)],
    ["no mechanism name", { mechanismName: undefined }, refused(12)],
    [
      "HLS-SHA256",
      { ...authentication(MECHANISM.HLS_SHA256, CHALLENGE), callingApTitle: CLIENT_TITLE_DEFAULT },
      refused(11),
    ],
    ["HLS-MD5", authentication(MECHANISM.HLS_MD5, CHALLENGE), refused(11)],
    ["the lowest mechanism by name", authentication(MECHANISM.NONE, PASSWORD), refused(11)],
    ["a mechanism that is none", { mechanismName: contextName(1) }, refused(11)],
    ["no authentication value", { authenticationValue: undefined }, refused(13)],
    ["a password as bit string", { authenticationValue: { tag: 0x81, octets: PASSWORD } }, refused(13)],
    ["a wrong password", authentication(MECHANISM.LLS, Buffer.from("00000001")), refused(13)],
    ["a password cut short", authentication(MECHANISM.LLS, PASSWORD.subarray(1)), refused(13)],
    ["a password with one more", authentication(MECHANISM.LLS, Buffer.from("000000000")), refused(13)],
    ["an empty password", authentication(MECHANISM.LLS, new Uint8Array(0)), refused(13)],
    ["version 5", withInitiate({ version: 5 }), refused(1, "0E010601")],
    ["version 7", withInitiate({ version: 7 }), ACCEPTED],
    ["no service in common", withInitiate({ conformance: CONFORMANCE.read }), refused(1, "0E010602")],
    ["a PDU size of 11", withInitiate({ pduSizeMax: 11 }), refused(1, "0E010603")],
    ["a PDU size of 12", withInitiate({ pduSizeMax: 12 }), ACCEPTED],
    ["no limit of PDU size", withInitiate({ pduSizeMax: 0 }), ACCEPTED],
    ["a dedicated key in the clear", withInitiate({ dedicatedKey: new Uint8Array(16) }), refused(1, "0E010604")],
    ["unknown fields", { others: [{ tag: 0xbd, octets: fromHex("040100") }] }, ACCEPTED],
    ["a user id", { callingAeInvocationId: 7 }, ACCEPTED],
    ["called titles", { calledApTitle: new Uint8Array(8), calledAeInvocationId: 1 }, ACCEPTED],
    ["right in all", {}, ACCEPTED],
  ];

  it.each(cases)("%s", (_, change, expected) => {
    expect(answerTo(aarqLls(PASSWORD, change))).toEqual(expected);
    if (expected.result === 0) expect(hex(channel.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    else expectIdle();
  });

  it.each([7, 65])("a challenge of %i octets", (size) => {
    const more = authentication(MECHANISM.HLS_GMAC, new Uint8Array(size).fill(5));
    expect(answerTo(aarq({ ...more, callingApTitle: CLIENT_TITLE_DEFAULT }))).toEqual(refused(13));
    expectIdle();
  });

  it.each([8, 64])("a challenge of %i octets is taken", (size) => {
    const more = authentication(MECHANISM.HLS_GMAC, new Uint8Array(size).fill(5));
    const answer = answerTo(aarq({ ...more, callingApTitle: CLIENT_TITLE_DEFAULT }));
    expect(answer).toEqual({ ...ACCEPTED, diagnostic: 14 });
  });

  it("octets that are no BER", () => {
    expect(answerTo(fromHex("6003A10906"))).toEqual(refused(1, "none", PROVIDER));
    expectIdle();
  });

  it("a supported context is offered in a refusal", () => {
    const aare = apduOf("aare", channel.exchange(aarqLls(PASSWORD, { applicationContextName: contextName(2) })));
    expect(aare.applicationContextName).toBe(contextName(CONTEXT.LN));
  });
});

describe("AARQ of other clients", () => {
  it("the public client needs nothing, and may not have more", () => {
    const open = meter.wrapper({ clientSap: 16, index: 1 });
    expect(answerTo(aarq(), open)).toEqual(ACCEPTED);
    expect(answerTo(aarqLls(PASSWORD), open)).toEqual(refused(11));
    expect(answerTo(aarqGmac(securityOf(meter.identity)), open)).toEqual(refused(2));
    expectIdle(open);
  });

  it.each([0, 2, 17, 100, 0xffff])("client %i is unknown", (clientSap) => {
    const unknown = meter.wrapper({ clientSap, index: 1 });
    expect(answerTo(aarq(), unknown)).toMatchObject({ result: 1, source: USER, diagnostic: 1 });
    expectIdle(unknown);
  });

  it("a WPDU to a server that is not there is dropped, and the connection stays", () => {
    const nobody = meter.wrapper({ serverSap: 2 });
    expect(nobody.exchange(aarqLls(PASSWORD))).toBeUndefined();
    expect(answerTo(aarqLls(PASSWORD))).toEqual(ACCEPTED);
  });
});

describe("AARE", () => {
  it("says what was negotiated", () => {
    const request = initiate({ conformance: CONFORMANCE.get | CONFORMANCE.read, pduSizeMax: 200, qualityOfService: 3 });
    const aare = apduOf("aare", channel.exchange(aarqLls(PASSWORD, { userInformation: request })));
    expect(decodeApdu(aare.userInformation!)).toEqual({
      kind: "initiate-response",
      qualityOfService: 3,
      version: 6,
      conformance: CONFORMANCE.get,
      pduSizeMax: 1224,
      vaaName: 7,
    });
    expect(aare).not.toHaveProperty("respondingApTitle");
    expect(aare).not.toHaveProperty("acseRequirements");
    expect(hex(channel.exchange(set(1, TEXT, 2, { type: "null-data" })))).toBe(NOT_SUPPORTED);
    expect(hex(channel.exchange(act(8, CLOCK, 1)))).toBe(NOT_SUPPORTED);
  });

  it("of HLS brings title, mechanism and a challenge that is new each time", () => {
    const request = aarq({ ...authentication(MECHANISM.HLS_GMAC, CHALLENGE), callingApTitle: CLIENT_TITLE_DEFAULT });
    const challenges = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const aare = apduOf("aare", channel.exchange(request));
      expect(aare.respondingApTitle).toEqual(meter.identity.systemTitle);
      expect(aare.acseRequirements).toEqual(AUTHENTICATION);
      expect(aare.authenticationValue?.octets).toHaveLength(16);
      challenges.add(hex(aare.authenticationValue?.octets));
    }
    expect(challenges.size).toBe(20);
  });

  it("takes the one-octet conformance tag and answers in kind", () => {
    const hdlc = meter.hdlc();
    hdlc.connect();
    const more = { userInformation: initiate({ shortConformanceTag: true }) };
    const aare = apduOf("aare", hdlc.exchange(aarqLls(PASSWORD, more)));
    expect(decodeApdu(aare.userInformation!)).toMatchObject({ shortConformanceTag: true });
  });

  it("stays away when no response is allowed; the association is up, for services that ask for none", () => {
    const more = { userInformation: initiate({ responseAllowed: false }) };
    expect(channel.exchange(aarqLls(PASSWORD, more))).toBeUndefined();
    expect(channel.exchange(get(8, CLOCK, 2).with(2, 0x81))).toBeUndefined();
    expect(hex(channel.exchange(get(8, CLOCK, 2)))).toBe(NOT_POSSIBLE);
  });
});

describe("HLS-GMAC, passes 3 and 4", () => {
  const OPEN = { ...authentication(MECHANISM.HLS_GMAC, CHALLENGE), callingApTitle: CLIENT_TITLE_DEFAULT };
  const pending = (): ReturnType<typeof handshakeOf> =>
    handshakeOf(meter.identity, apduOf("aare", channel.exchange(aarq(OPEN))));

  it("right: both sides are authenticated, in the clear too", () => {
    const handshake = pending();
    const answer = apduOf("action-response-normal", channel.exchange(hlsReply(hlsAnswer(handshake, 1))));
    const returned = answer.returned?.data;
    if (returned?.type !== "octet-string") throw new Error("no f(CtoS)");
    expect(() => hlsCheck(handshake, returned.value)).not.toThrow();
    expect(hex(channel.exchange(get(3, ENERGY, 2)))).toBe("C401C1000600000000");
  });

  const wrong: [string, (right: Uint8Array) => Uint8Array][] = [
    ["a tag with one bit changed", (right) => right.with(16, right[16]! ^ 1)],
    ["another counter than its own", (right) => right.with(4, right[4]! ^ 1)],
    ["another suite", (right) => right.with(0, 0x11)],
    ["encrypted in name", (right) => right.with(0, 0x30)],
    ["cut short", (right) => right.subarray(0, 16)],
    ["longer", (right) => Uint8Array.from([...right, 0])],
    ["empty", () => new Uint8Array(0)],
  ];

  it.each(wrong)("%s: read-write-denied, and one attempt only", (_, change) => {
    const right = hlsAnswer(pending(), 1);
    expect(hex(channel.exchange(hlsReply(change(right))))).toBe("C701C10300");
    // The challenge is used up: the right answer comes too late.
    expect(hex(channel.exchange(hlsReply(right)))).toBe(NOT_SUPPORTED);
    expectIdle();
  });

  it("an answer heard before does not fit the next challenge", () => {
    const reply = hlsReply(hlsAnswer(pending(), 1));
    expect(hex(channel.exchange(reply))).toMatch(/^C701C1000100/);
    pending();
    expect(hex(channel.exchange(reply))).toBe("C701C10300");
  });

  it("everything else waits", () => {
    const handshake = pending();
    for (const request of [
      get(8, CLOCK, 2),
      get(15, CURRENT_ASSOCIATION, 8),
      set(1, TEXT, 2, { type: "octet-string", value: PASSWORD }),
      act(8, CLOCK, 1, { type: "integer", value: 0 }),
      act(15, CURRENT_ASSOCIATION, 2),
      fromHex("C0"),
      fromHex("D9"),
      fromHex("E08100010000"),
    ]) {
      expect(hex(channel.exchange(request))).toBe("D80101");
    }
    expect(hex(channel.exchange(hlsReply(hlsAnswer(handshake, 1))))).toMatch(/^C701C1000100/);
  });

  it("is for one who is pending", () => {
    associateLls(channel, meter.identity);
    expect(hex(channel.exchange(hlsReply(new Uint8Array(17))))).toBe("C701C10300");
    expect(hex(channel.exchange(get(8, CLOCK, 2)))).toMatch(/^C401C100/);
  });
});

describe("life of an association", () => {
  it("no service before it", () => {
    for (const request of [get(8, CLOCK, 2), set(1, TEXT, 2, { type: "null-data" }), act(8, CLOCK, 1)]) {
      expect(hex(channel.exchange(request))).toBe(NOT_SUPPORTED);
    }
  });

  it.each(["6200", "6203800100", "6203800101", "620380011E"])("ends with RLRQ %s", (rlrq) => {
    associateLls(channel, meter.identity);
    expect(hex(channel.exchange(fromHex(rlrq)))).toBe("6303800100");
    expectIdle();
  });

  it("RLRQ outside of one is answered", () => {
    expect(hex(channel.exchange(fromHex("6200")))).toBe(NOT_SUPPORTED);
  });

  it("a second AARQ replaces the first, even when it is refused", () => {
    associateLls(channel, meter.identity);
    expect(answerTo(aarqLls(PASSWORD.subarray(1)))).toEqual(refused(13));
    expectIdle();
  });

  it("ends with its TCP connection", () => {
    associateLls(channel, meter.identity);
    meter.close(channel.slot);
    channel = meter.wrapper();
    expectIdle();
  });

  it("ends with the inactivity time-out, and the connection with it", () => {
    associateLls(channel, meter.identity);
    meter.advance(0, 179_000);
    expect(meter.isOpen(channel.slot)).toBe(true);
    meter.advance(0, 1001);
    expect(meter.isOpen(channel.slot)).toBe(false);
  });

  it("ends with the HDLC link: DISC, SNRM or silence", () => {
    const hdlc = meter.hdlc();
    for (const end of [() => hdlc.send(0x53), () => undefined, () => meter.advance(0, 120_001)]) {
      hdlc.connect();
      associateLls(hdlc, meter.identity);
      expect(hex(hdlc.exchange(get(8, CLOCK, 2)))).toMatch(/^C401C100/);
      end();
      hdlc.connect();
      expect(hex(hdlc.exchange(get(8, CLOCK, 2)))).toBe(NOT_SUPPORTED);
    }
  });

  it("ends with a restart", () => {
    associateGmac(channel, meter.identity);
    meter.reboot();
    channel = meter.wrapper();
    expectIdle();
  });

  it("of another client on the same connection is refused while one is up, and may take its place", () => {
    associateLls(channel, meter.identity);
    const open = meter.wrapper({ clientSap: 16 });
    expect(hex(open.exchange(get(8, CLOCK, 2)))).toBe(NOT_SUPPORTED);
    expect(hex(channel.exchange(get(3, ENERGY, 2)))).toMatch(/^C401C100/);
    expect(answerTo(aarq(), open)).toEqual(ACCEPTED);
    expect(hex(channel.exchange(get(3, ENERGY, 2)))).toBe(NOT_SUPPORTED);
    expect(hex(open.exchange(get(8, CLOCK, 2)))).toMatch(/^C401C100/);
  });

  it("of two clients on two connections are each their own", () => {
    associateLls(channel, meter.identity);
    const open = meter.wrapper({ clientSap: 16, index: 1 });
    expect(answerTo(aarq(), open)).toEqual(ACCEPTED);
    const status = get(15, CURRENT_ASSOCIATION, 3);
    expect(hex(channel.exchange(status))).toBe("C401C10002020F01120001");
    expect(hex(open.exchange(status))).toBe("C401C10002020F10120001");
  });
});

describe("APDUs that are no service of the association", () => {
  const REQUEST = get(8, CLOCK, 2);
  const cases: [string, Uint8Array, string][] = [
    ["read request of short names", fromHex("0501020000"), NOT_SUPPORTED],
    ["ACCESS, not negotiated", fromHex("D9400000010000"), NOT_SUPPORTED],
    ["general block transfer, not negotiated", fromHex("E08100010000"), NOT_SUPPORTED],
    ["an unknown tag", fromHex("3F00"), "D80202"],
    ["a tag beyond all", fromHex("FF"), "D80202"],
    ["an unknown choice of GET", fromHex("C004C1"), NOT_SUPPORTED],
    ["a GET cut short", REQUEST.subarray(0, -1), NOT_SUPPORTED],
    ["a GET with an octet too many", Uint8Array.from([...REQUEST, 0]), NOT_SUPPORTED],
    ["GET with list, not negotiated", fromHex("C003C10100080000010000FF0200"), NOT_SUPPORTED],
    ["a response", fromHex("C401C100"), "silence"],
    ["an APDU of no octet", new Uint8Array(0), "silence"],
    ["a ciphered one in an unciphered context", fromHex("C81E3000000001"), "D80101"],
  ];

  const { get: GET, set: SET } = CONFORMANCE;

  it.each(cases)("%s", (_, apdu, expected) => {
    associateLls(channel, meter.identity, initiate({ conformance: GET | SET }));
    expect(hex(channel.exchange(apdu))).toBe(expected);
    expect(hex(channel.exchange(REQUEST))).toMatch(/^C401C100/);
  });

  it("an APDU longer than the meter takes", () => {
    associateLls(channel, meter.identity);
    const value = { type: "octet-string" as const, value: new Uint8Array(1300) };
    expect(hex(channel.exchange(set(1, TEXT, 2, value)))).toBe("D80104");
    expect(hex(channel.exchange(REQUEST))).toMatch(/^C401C100/);
  });

  it("a request of service class unconfirmed is served in silence", () => {
    associateLls(channel, meter.identity);
    const descriptor = { classId: 1, logicalName: TEXT, attribute: 2 };
    const invoke = { id: 2, confirmed: false, high: false };
    const value = { type: "octet-string" as const, value: PASSWORD };
    expect(channel.exchange(encodeApdu({ kind: "set-request-normal", invoke, descriptor, value }))).toBeUndefined();
    expect(channel.exchange(encodeApdu({ kind: "get-request-normal", invoke, descriptor }))).toBeUndefined();
    expect(hex(channel.exchange(get(1, TEXT, 2)))).toBe("C401C10009083030303030303030");
  });
});
