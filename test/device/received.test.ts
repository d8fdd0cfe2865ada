/**
 * Whole APDUs of the known answers, received by a meter that has their keys, titles and certificates (GB9 9.2.7).
 *
 * Most of them hold `C0 01 00 …`, a GET of service class unconfirmed: served, it is not answered. What is not served is answered, so
 * silence tells that every layer was opened and the request reached its service; that its counter was used shows when it comes again.
 *
 * Not received here, for these are no APDUs to a server: gb-1e1s-ephemeral-signature, gb-1e1s-kdf-variants and gb-0e2s-kdf (inputs of
 * the two ACCESS requests), gb-1e1s-kdf-s2c (the meter's own direction: its ephemeral key is random). The tags printed with the ACCESS
 * requests, the signature of the gurux-variant and that of neg-gs-tampered are received in the APDU they belong to.
 */
import { describe, expect, it } from "vitest";
import { CONTEXT, contextName, fromHex, MECHANISM, Security } from "../../host/client/index.ts";
import { vector } from "../crypto/vectors.ts";
import { aarq, apduOf, authentication, hex, initiate } from "./apdus.ts";
import type { WrapperChannel } from "./raw.ts";
import { CLIENT_TITLE, type SuiteMeter, suiteMeter, type SuiteOptions } from "./suites.ts";

const SERVER_TITLE = fromHex("4D4D4D0000000001");
const SILENCE = hex(undefined);
const NOT_POSSIBLE = "D80101";
const DECIPHERING_ERROR = "D80105";
const REPLAYED = "D80106";
/** Bit of security_policy: requests are signed. */
const SIGNED_REQUESTS = 0x10;

const SECURITY = { authenticated: true, encrypted: true, clientTitle: CLIENT_TITLE, counter: 1 };

const input = (id: string, name: string): Uint8Array => fromHex(vector(id).inputs[name]!);
const apdu = (id: string): Uint8Array => fromHex(vector(id).output["apdu"] ?? vector(id).inputs["apdu"]!);

const P256 = {
  serverKeys: { agreement: fromHex(vector("gb-0e2s-kdf").inputs["server_KA_private"]!) },
  clientKeys: {
    signing: input("gs-get-p256", "client_sign_private"),
    agreement: input("gb-0e2s-kdf", "client_KA_private"),
  },
};
const P384 = {
  serverKeys: { agreement: input("gc-1e1s-suite2", "server_KA_private") },
  clientKeys: { signing: input("gc-1e1s-suite2", "client_sign_private") },
};

interface Booted {
  meter: SuiteMeter;
  channel: WrapperChannel;
  /** What answers, in hexadecimal. */
  send(octets: Uint8Array): string;
}

/** A meter with the keys of the vectors, and an association whose opening has used no counter. */
function booted(suite: number, more: SuiteOptions = {}, request = initiate()): Booted {
  const master = input(suite === 2 ? "gc-wrapped-suite2" : "gc-wrapped", "master_key");
  const guek = input(suite === 2 ? "glo-get-suite2-sc32" : "gc-identified-ae", "EK");
  const gak = input(suite === 2 ? "glo-get-suite2-sc32" : "gc-identified-ae", "AK");
  const gbek = suite === 2 ? new Uint8Array(32).fill(9) : input("glo-get-broadcast-sc70", "GBEK");
  const keys = { guek, gbek, gak, master };
  const meter = suiteMeter(suite, { keys, title: SERVER_TITLE, ...(suite === 2 ? P384 : P256), ...more });
  const channel = meter.raw.wrapper();
  const opening = aarq({
    applicationContextName: contextName(CONTEXT.LN_CIPHERED),
    callingApTitle: CLIENT_TITLE,
    ...authentication(MECHANISM.LLS, meter.raw.identity.keys.lls),
    userInformation: request,
  });
  expect(apduOf("aare", channel.exchange(opening)).result).toBe(0);
  return { meter, channel, send: (octets) => hex(channel.exchange(octets)) };
}

/** Vectors that a counter protects: suite, and the counter expected next. */
const COUNTED: [string, number, string][] = [
  ["gb-t40-glo-get-sc10", 0, "01234568"],
  ["gb-t40-glo-get-sc20", 0, "01234568"],
  ["gb-t40-glo-get-sc30", 0, "01234568"],
  ["glo-get-suite1-sc11", 1, "00000002"],
  ["glo-get-suite1-sc21", 1, "00000002"],
  ["glo-get-suite2-sc32", 2, "00000002"],
  ["general-glo-suite1", 1, "00000008"],
  ["gc-identified-ae", 1, "0000000A"],
  ["gc-identified-a", 1, "0000000A"],
  ["gc-identified-e", 1, "0000000A"],
  ["gc-identified-datetime", 1, "0000000B"],
  ["gc-wrapped", 1, "00000001"],
  ["gc-wrapped-suite2", 2, "00000001"],
  ["gc-1e1s-suite2", 2, "00000001"],
  ["gc-over-gs", 1, "00000021"],
  ["gglo-over-gs", 1, "00000022"],
  ["gs-over-gglo", 1, "00000023"],
];

describe("requests of the vectors", () => {
  it.each(COUNTED)("%s is served once", (id, suite, next) => {
    const { send } = booted(suite);
    const octets = apdu(id);
    expect(send(octets)).toBe(SILENCE);
    expect(send(octets)).toBe(REPLAYED + next);
  });

  it.each(COUNTED)("%s with another last octet is not", (id, suite) => {
    const { send } = booted(suite);
    const octets = apdu(id);
    const changed = octets.with(octets.length - 1, octets.at(-1)! ^ 1);
    // Without a tag a changed text is another text, whose first octets still read like a request.
    const isProved = !["gb-t40-glo-get-sc20", "glo-get-suite1-sc21", "gc-identified-e"].includes(id);
    expect(send(changed)).toBe(isProved ? DECIPHERING_ERROR : SILENCE);
    if (isProved) expect(send(octets)).toBe(SILENCE);
  });

  const all: [string, number][] = [
    ...COUNTED.map(([id, suite]): [string, number] => [id, suite]),
    ["gc-identified-none", 1],
    ["gs-get-p256", 1],
    ["gs-get-p384", 2],
  ];
  it.each(all.filter(([, suite]) => suite > 0))("%s where requests must be signed", (id, suite) => {
    const { send } = booted(suite, { policy: SIGNED_REQUESTS });
    const isSigned = /gs/.test(id);
    expect(send(apdu(id))).toBe(isSigned ? SILENCE : NOT_POSSIBLE);
  });

  it("an empty layer and a signature have no counter", () => {
    for (const [id, suite] of [
      ["gc-identified-none", 1],
      ["gs-get-p256", 1],
      ["gs-get-p384", 2],
    ] as const) {
      const { send } = booted(suite);
      expect([send(apdu(id)), send(apdu(id))], id).toEqual([SILENCE, SILENCE]);
    }
  });

  it("a signed request comes once where transaction-ids must rise", () => {
    const { send } = booted(1, { security: { transactionIds: "rising" } });
    expect([send(apdu("gs-get-p256")), send(apdu("gs-get-p256"))]).toEqual([SILENCE, DECIPHERING_ERROR]);
  });

  it("a wrapped key goes on without key-info", () => {
    const { send } = booted(1);
    const reuse = apdu("gc-wrapped-reuse-nokeyinfo");
    expect(send(reuse)).toBe(DECIPHERING_ERROR);
    expect(send(apdu("gc-wrapped"))).toBe(SILENCE);
    expect(send(reuse)).toBe(SILENCE);
    expect(send(reuse)).toBe(`${REPLAYED}00000002`);
  });

  it("a dedicated key", () => {
    const { meter, send } = booted(1);
    const dedicatedKey = input("general-ded-suite1", "dedicated_key");
    expect(send(apdu("general-ded-suite1"))).toBe(DECIPHERING_ERROR);
    const security = new Security({ ...SECURITY, ...meter.keys, suite: 1, counter: 1 });
    const again = booted(1, {}, security.seal(initiate({ dedicatedKey }), "glo"));
    expect(again.send(apdu("general-ded-suite1"))).toBe(SILENCE);
    expect(again.send(apdu("general-ded-suite1"))).toBe(`${REPLAYED}00000009`);
  });

  it("what is refused", () => {
    const { send } = booted(0);
    for (const id of ["neg-tag", "neg-sc-changed", "neg-trunc-11"]) expect(send(apdu(id)), id).toBe(DECIPHERING_ERROR);
    expect(send(apdu("gb-t40-glo-get-sc30"))).toBe(SILENCE);
    const { lowest_acceptable_IC: lowest } = vector("neg-replay").inputs;
    expect(send(apdu("neg-replay"))).toBe(REPLAYED + lowest!);
    expect(booted(1).send(apdu("neg-gs-tampered"))).toBe(DECIPHERING_ERROR);
  });

  it("a signature that leaves the content's length out fits where the template says so", () => {
    const signature = fromHex(vector("gs-get-p256-gurux-variant").output["signature"]!);
    const whole = apdu("gs-get-p256");
    const other = Uint8Array.from([...whole.subarray(0, whole.length - 64), ...signature]);
    expect(booted(1).send(other)).toBe(DECIPHERING_ERROR);
    const { send } = booted(1, { security: { signedContentLength: false } });
    expect([send(whole), send(other)]).toEqual([DECIPHERING_ERROR, SILENCE]);
  });
});

describe("the ACCESS requests of the Green Book", () => {
  const cases: [string, string][] = [
    ["gb-1e1s-access-apdu", "9836002AEA6E7012D2ADFAA7"],
    ["gb-0e2s-access-apdu", vector("gb-0e2s-published-tag").output["printed_tag"]!],
  ];

  it.each(cases)("%s is answered under an agreed key; the tag printed with it does not fit", (id, printed) => {
    const { meter, channel, send } = booted(1);
    const octets = apdu(id);
    const wrong = Uint8Array.from([...octets.subarray(0, octets.length - 12), ...fromHex(printed)]);
    expect(send(wrong)).toBe(DECIPHERING_ERROR);
    const answer = channel.exchange(octets)!;
    const { signing, agreement, partnerSigning, partnerAgreement } = meter.options();
    const security = new Security({
      ...SECURITY,
      ...meter.keys,
      ...{ suite: 1, transactionId: 0x0102030405060708n, partnerTitle: SERVER_TITLE },
      ...{ signing: signing!, agreement: agreement!, partnerSigning: partnerSigning! },
      partnerAgreement: partnerAgreement!,
    });
    const { text, layers } = security.open(answer);
    expect(layers).toMatchObject([{ apdu: "general-ciphering", keyInfo: "agreed", securityControl: 0x31 }]);
    const { invoke, data, results } = apduOf("access-response", text);
    expect(invoke).toMatchObject({ id: 0, confirmed: true });
    expect(data.map(({ type }) => type)).toEqual(["octet-string", "octet-string", "null-data", "null-data"]);
    expect(results.map(({ service }) => service)).toEqual(["get", "get", "set", "set"]);
    expect(results.slice(0, 2).map(({ code }) => code)).toEqual([0, 0]);
    expect(send(octets)).toBe(`${REPLAYED}00000001`);
  });
});
