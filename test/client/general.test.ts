/** general-ciphering and general-signing of the client against vectors, and what must be refused. */
import { describe, expect, test } from "vitest";
import { decodeApdu, encodeApdu } from "../../host/client/apdu.ts";
import { ecdsaVerify, keyPairGenerate, keyPairOf, sharedSecret, type KeyPair } from "../../host/client/ec.ts";
import { DlmsError, SecurityError } from "../../host/client/errors.ts";
import { GeneralProtection, type Credentials, type KeyEstablishment } from "../../host/client/general_protection.ts";
import type { GeneralCiphering, GeneralSigning } from "../../host/client/general.ts";
import { keyDerive, keyUnwrap, keyWrap, otherInfo } from "../../host/client/key_derivation.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { Security, type Family, type Layer } from "../../host/client/security.ts";
import { CURVES } from "../../host/client/suite.ts";
import { VARIANTS_DEFAULT } from "../../host/client/variants.ts";
import { securityVectors } from "./vectors.ts";

const CLIENT = fromHex("4D4D4D0000BC614E");
const SERVER = fromHex("4D4D4D0000000001");
const TRANSACTION = 0x0102030405060708n;
const KEYS = {
  1: { guek: fromHex("000102030405060708090A0B0C0D0E0F"), gak: fromHex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF") },
  2: {
    guek: fromHex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"),
    gak: fromHex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF"),
  },
} as const;
const P256 = CURVES["P-256"];

interface Found {
  inputs: Record<string, string>;
  output: Record<string, string>;
}

function vector(id: string): Found {
  const found = securityVectors.find((v) => v.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found as never;
}

const octets = (id: string, name: string): Uint8Array => fromHex(vector(id).inputs[name]!);

function party(own: Uint8Array, partner: Uint8Array, suite: 1 | 2, o: Credentials = {}, counter = 1): Security {
  const security = new Security({
    suite,
    authenticated: true,
    encrypted: true,
    ...KEYS[suite],
    ...o,
    clientTitle: own,
    counter,
    transactionId: TRANSACTION,
  });
  security.serverTitle = partner;
  return security;
}

describe("general-ciphering: vectors", () => {
  test.each(["gc-identified-ae", "gc-identified-a", "gc-identified-e", "gc-identified-none"])("%s both ways", (id) => {
    const { inputs: i, output } = vector(id);
    const client = party(CLIENT, SERVER, 1, {}, 9);
    const sc = parseInt(i["SC"]!, 16);
    const apdu = client.general.seal(fromHex(i["plain_apdu"]!), sc, "identified");
    expect(toHex(apdu)).toBe(output["apdu"]);
    const opened = party(SERVER, CLIENT, 1).open(fromHex(output["apdu"]!));
    expect(toHex(opened.text)).toBe(i["plain_apdu"]);
    expect(opened.layers).toEqual([
      { kind: "cipher", apdu: "general-ciphering", securityControl: sc, invocationCounter: 9, keyInfo: "identified" },
    ]);
  });

  test("with date-time and other-information", () => {
    const { inputs: i, output } = vector("gc-identified-datetime");
    const client = party(CLIENT, SERVER, 1, {}, 10);
    client.general.dateTime = fromHex("07E90A1404120000FF800000");
    client.general.otherInformation = fromHex("0102");
    expect(toHex(client.general.seal(fromHex(i["plain_apdu"]!), 0x31, "identified"))).toBe(output["apdu"]);
    expect(toHex(party(SERVER, CLIENT, 1).open(fromHex(output["apdu"]!)).text)).toBe(i["plain_apdu"]);
  });

  test("a wrapped key, and the same key again without key-info", () => {
    const server = party(SERVER, CLIENT, 1, { masterKey: octets("gc-wrapped", "master_key") });
    const [first, second] = ["gc-wrapped", "gc-wrapped-reuse-nokeyinfo"].map((id) =>
      fromHex(vector(id).output["apdu"]!),
    );
    expect(() => server.open(second!)).toThrow(/names no key/);
    expect(toHex(server.open(first!).text)).toBe(vector("gc-wrapped").inputs["plain_apdu"]);
    expect(toHex(server.open(second!).text)).toBe(vector("gc-wrapped").inputs["plain_apdu"]);
    // The same key again does not make its counters new.
    expect(() => server.open(first!)).toThrow(/repeats a counter: 0 after 1/);
  });

  test("a wrapped key of suite 2", () => {
    const { inputs: i, output } = vector("gc-wrapped-suite2");
    const server = party(SERVER, CLIENT, 2, { masterKey: fromHex(i["master_key"]!) });
    expect(toHex(server.open(fromHex(output["apdu"]!)).text)).toBe(i["plain_apdu"]);
  });

  test("C(1e,1s) of the Green Book, 401 octets", () => {
    const { inputs: i, output } = vector("gb-1e1s-access-apdu");
    const server = party(SERVER, CLIENT, 1, {
      agreement: keyPairOf(P256, octets("gb-0e2s-kdf", "server_KA_private")),
      partnerSigning: octets("gb-1e1s-ephemeral-signature", "client_sign_public"),
    });
    expect(toHex(server.open(fromHex(output["apdu"]!)).text)).toBe(i["plain_apdu"]);
  });

  test("C(0e,2s) of the Green Book", () => {
    const { inputs: i, output } = vector("gb-0e2s-access-apdu");
    const client = keyPairOf(P256, octets("gb-0e2s-kdf", "client_KA_private"));
    const agreement = keyPairOf(P256, octets("gb-0e2s-kdf", "server_KA_private"));
    const server = party(SERVER, CLIENT, 1, { agreement, partnerAgreement: client.publicKey });
    expect(toHex(server.open(fromHex(output["apdu"]!)).text)).toBe(i["plain_apdu"]);
  });

  test("C(1e,1s) of suite 2", () => {
    const { inputs: i, output } = vector("gc-1e1s-suite2");
    const signing = keyPairOf(CURVES["P-384"], fromHex(i["client_sign_private"]!));
    const agreement = keyPairOf(CURVES["P-384"], fromHex(i["server_KA_private"]!));
    const server = party(SERVER, CLIENT, 2, { agreement, partnerSigning: signing.publicKey });
    expect(toHex(server.open(fromHex(output["apdu"]!)).text)).toBe(i["plain_apdu"]);
  });
});

describe("key derivation: vectors", () => {
  const base = { suite: 1, purpose: "gcm", partyU: CLIENT, partyV: SERVER } as const;

  test("C(1e,1s), server to client", () => {
    const { inputs: i, output } = vector("gb-1e1s-kdf-s2c");
    const z = sharedSecret(keyPairOf(P256, fromHex(i["client_KA_private"]!)), fromHex(i["Qe_U(server ephemeral)"]!));
    expect(toHex(z)).toBe(i["Z"]);
    const derivation = { ...base, z, partyU: SERVER, partyV: CLIENT };
    expect(toHex(otherInfo(derivation))).toBe(i["OtherInfo"]);
    expect(toHex(keyDerive(derivation))).toBe(output["key"]);
    const ephemeral = fromHex(i["Qe_U(server ephemeral)"]!);
    expect(ecdsaVerify(P256, fromHex(i["server_sign_public"]!), fromHex(i["signature"]!), ephemeral)).toBe(true);
  });

  test("C(0e,2s)", () => {
    const { inputs: i, output } = vector("gb-0e2s-kdf");
    const server = keyPairOf(P256, fromHex(i["server_KA_private"]!));
    const z = sharedSecret(keyPairOf(P256, fromHex(i["client_KA_private"]!)), server.publicKey);
    const derivation = { ...base, z, transactionId: fromHex(i["transaction_id"]!) };
    expect([toHex(z), toHex(otherInfo(derivation))]).toEqual([i["Z"], i["OtherInfo"]]);
    expect(toHex(keyDerive(derivation))).toBe(output["key"]);
  });

  test("C(2e,0s), and a key encrypting key of suite 2", () => {
    const { inputs: i, output } = vector("gb-2e0s-kdf-guek");
    const z = sharedSecret(keyPairOf(P256, fromHex(i["server_ephemeral_private"]!)), fromHex(i["Q_client"]!));
    expect(toHex(z)).toBe(i["Z"]);
    expect(toHex(keyDerive({ ...base, z }))).toBe(output["GUEK"]);
    const suite2 = vector("2e0s-suite2");
    const z2 = fromHex(suite2.inputs["Z"]!);
    expect(toHex(keyDerive({ ...base, suite: 2, z: z2 }))).toBe(suite2.output["GUEK_or_GAK"]);
    const kek = keyDerive({ ...base, suite: 2, z: z2, purpose: "wrap" });
    expect(toHex(kek)).toBe(suite2.output["KEK_if_wrap_id_is_used"]);
  });

  test("the readings of others", () => {
    const { inputs: i, output } = vector("gb-1e1s-kdf-variants");
    const z = fromHex(i["Z"]!);
    const arc = { ...VARIANTS_DEFAULT, algorithmArc: 6 } as const;
    const keys = [arc, { ...arc, kdfCounter: false }].map((variants) => toHex(keyDerive({ ...base, z, variants })));
    expect(keys).toEqual(Object.values(output));
  });

  test("key wrap: RFC 3394, suite 2 and a tampered key", () => {
    const suite2 = vector("key-transfer-suite2");
    const [kek, key] = [fromHex(suite2.inputs["master_key"]!), fromHex(suite2.inputs["guek"]!)];
    expect(toHex(keyWrap(kek, key))).toBe(suite2.output["wrapped(40)"]);
    expect(toHex(keyUnwrap(kek, keyWrap(kek, key)))).toBe(toHex(key));
    const { inputs: i } = vector("neg-key-transfer-tampered");
    expect(() => keyUnwrap(fromHex(i["master_key"]!), fromHex(i["wrapped"]!))).toThrow(/does not fit the master key/);
  });

  test.each(["neg-point-off-curve", "neg-point-zero"])("%s", (id) => {
    expect(() => sharedSecret(keyPairGenerate(P256), octets(id, "Q"))).toThrow(/no point of P-256/);
  });
});

describe("general-signing: vectors", () => {
  const p256: KeyPair = keyPairOf(P256, octets("gs-get-p256", "client_sign_private"));
  const p384: KeyPair = keyPairOf(CURVES["P-384"], octets("gs-get-p384", "client_sign_private"));

  test.each([
    ["gs-get-p256", 1, p256],
    ["gs-get-p384", 2, p384],
  ] as const)("%s", (id, suite, pair) => {
    const server = party(SERVER, CLIENT, suite, { partnerSigning: pair.publicKey });
    const opened = server.open(fromHex(vector(id).output["apdu"]!));
    expect(toHex(opened.text)).toBe("C0010000080000010000FF0200");
    expect(opened.layers).toEqual([{ kind: "sign", apdu: "general-signing" }]);
    const own = party(CLIENT, SERVER, suite, { signing: pair }).general.sign(opened.text);
    // Only the signature differs: node:crypto takes a random nonce.
    const size = -2 * pair.curve.size;
    expect(toHex(own.slice(0, size))).toBe(toHex(fromHex(vector(id).output["apdu"]!).slice(0, size)));
    expect(toHex(server.open(own).text)).toBe(toHex(opened.text));
  });

  test("the reading without the length of the content", () => {
    const { inputs: i, output } = vector("gs-get-p256-gurux-variant");
    expect(ecdsaVerify(P256, p256.publicKey, fromHex(output["signature"]!), fromHex(i["TBS"]!))).toBe(true);
    const apdu = decodeApdu(fromHex(vector("gs-get-p256").output["apdu"]!)) as GeneralSigning;
    const other = encodeApdu({ ...apdu, signature: fromHex(output["signature"]!) });
    const server = party(SERVER, CLIENT, 1, { partnerSigning: p256.publicKey });
    expect(() => server.open(other)).toThrow(/signature does not fit/);
    server.general.variants.contentLengthSigned = false;
    expect(toHex(server.open(other).text)).toBe("C0010000080000010000FF0200");
  });

  test.each(["gc-over-gs", "gglo-over-gs", "gs-over-gglo"])("%s: two layers", (id) => {
    const server = party(SERVER, CLIENT, 1, { partnerSigning: p256.publicKey });
    const opened = server.open(fromHex(vector(id).output["apdu"]!));
    expect(toHex(opened.text)).toBe("C0010000080000010000FF0200");
    expect(opened.layers.map((layer) => layer.kind)).toEqual(
      id.startsWith("gs") ? ["sign", "cipher"] : ["cipher", "sign"],
    );
    expect(opened.securityControl).toBe(0x31);
  });

  test.each(["neg-ecdsa-r0", "neg-ecdsa-s0", "neg-ecdsa-s_eq_n", "neg-ecdsa-rs_zero"])("%s", (id) => {
    const parts = ["public", "signature", "message"].map((name) => octets(id, name)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(ecdsaVerify(P256, ...parts)).toBe(false);
  });

  test("neg-gs-tampered", () => {
    const server = party(SERVER, CLIENT, 1, { partnerSigning: octets("neg-gs-tampered", "client_sign_public") });
    expect(() => server.open(octets("neg-gs-tampered", "apdu"))).toThrow(SecurityError);
  });

  test("a real meter's APDU is taken apart", () => {
    const apdu = decodeApdu(fromHex(vector("field-t210d-gs").output as unknown as string)) as GeneralSigning;
    expect(apdu).toMatchObject({ kind: "general-signing", lengthOctets: Uint8Array.of(0x20) });
    expect([apdu.header.transactionId.length, apdu.signature.length]).toEqual([0, 64]);
  });
});

/** Two parties who know each other by everything there is. */
function pairOf(suite: 1 | 2): { client: Security; server: Security } {
  const curve = CURVES[suite === 1 ? "P-256" : "P-384"];
  const [cs, ca, ss, sa] = [0, 1, 2, 3].map(() => keyPairGenerate(curve)) as [KeyPair, KeyPair, KeyPair, KeyPair];
  const masterKey = fromHex("00112233445566778899AABBCCDDEEFF".repeat(suite));
  const own = { masterKey, signing: cs, agreement: ca, partnerSigning: ss.publicKey, partnerAgreement: sa.publicKey };
  const its = { masterKey, signing: ss, agreement: sa, partnerSigning: cs.publicKey, partnerAgreement: ca.publicKey };
  return { client: party(CLIENT, SERVER, suite, own), server: party(SERVER, CLIENT, suite, its) };
}

const PLAIN = fromHex("C0010000080000010000FF0200");
const ESTABLISHMENTS: KeyEstablishment[] = ["identified", "wrapped", "one-pass", "static"];
const LAYERS: Layer[][] = [["cipher"], ["sign"], ["sign", "cipher"], ["cipher", "sign"]];
const FAMILIES: Family[] = ["glo", "general-glo", "general"];

describe("every combination goes and comes back", () => {
  const all = ([1, 2] as const).flatMap((suite) =>
    LAYERS.flatMap((layers) => [
      ...FAMILIES.slice(0, 2).map((family) => ({ suite, layers, family, key: "identified" as KeyEstablishment })),
      ...ESTABLISHMENTS.map((key) => ({ suite, layers, family: "general" as Family, key })),
    ]),
  );

  test.each(all)("suite $suite, $layers, $family, $key", ({ suite, layers, family, key }) => {
    const { client, server } = pairOf(suite);
    for (const one of [client, server]) Object.assign(one, { layers, family, keyEstablishment: key });
    const request = client.wrap(PLAIN);
    expect(request.length - PLAIN.length).toBeLessThanOrEqual(client.overhead);
    expect(toHex(server.open(request).text)).toBe(toHex(PLAIN));
    const answer = server.wrap(fromHex("C401C10000"));
    const opened = client.open(answer);
    expect(toHex(opened.text)).toBe("C401C10000");
    expect(opened.layers.map((layer) => layer.kind)).toEqual([...layers].reverse());
    if (layers.includes("cipher")) expect(() => client.open(answer), "replayed").toThrow(/repeats a counter/);
  });

  test("without key-info the session goes on, until it is forgotten", () => {
    const { client, server } = pairOf(1);
    expect(() => client.general.seal(PLAIN, 0x31, "none")).toThrow(/no session key/);
    server.open(client.general.seal(PLAIN, 0x31, "one-pass"));
    const next = server.open(client.general.seal(PLAIN, 0x31, "none"));
    expect(next.layers[0]).toMatchObject({ invocationCounter: 2, keyInfo: "none" });
    client.general.forget();
    expect(() => client.general.seal(PLAIN, 0x31, "none")).toThrow(/no session key/);
  });
});

describe("answers that must be refused", () => {
  const answer = (server: Security): GeneralCiphering =>
    decodeApdu(server.general.seal(fromHex("C401C10000"), 0x31, "identified")) as GeneralCiphering;

  test("foreign titles and transaction-ids, another suite, Key_Set", () => {
    const { client, server } = pairOf(1);
    client.wrap(PLAIN);
    const header = server.general.header();
    const seal = (change: object): Uint8Array =>
      server.general.seal(fromHex("C401C10000"), 0x31, "identified", { ...header, ...change });
    expect(() => client.open(seal({ originator: CLIENT }))).toThrow(/is not the meter/);
    expect(() => client.open(seal({ recipient: SERVER }))).toThrow(/is not this client/);
    expect(() => client.open(seal({ transactionId: Uint8Array.of(1) }))).toThrow(/transaction-id 01 is not that/);
    expect(() => client.open(server.general.seal(PLAIN, 0x32, "identified"))).toThrow(/suite 2, not 1/);
    expect(() => client.open(server.general.seal(PLAIN, 0x71, "identified"))).toThrow(/Key_Set/);
    expect(toHex(client.open(seal({})).text)).toBe("C401C10000");
  });

  test("a layer too many", () => {
    const { client, server } = pairOf(1);
    let octets = fromHex("C401C10000");
    for (let i = 0; i < 4; i++) octets = server.general.sign(octets);
    expect(() => client.open(octets)).toThrow(/layers of protection/);
  });

  test("a response key-info that the client cannot follow", () => {
    const { client, server } = pairOf(1);
    const apdu = answer(server);
    const change = (keyInfo: NonNullable<GeneralCiphering["keyInfo"]>): Uint8Array => encodeApdu({ ...apdu, keyInfo });
    expect(() => client.open(change({ choice: "identified", keyId: 1 }))).toThrow(/global key 1/);
    expect(() => client.open(change({ choice: "wrapped", kekId: 3, wrapped: new Uint8Array(24) }))).toThrow(/key 3/);
    const wrapped = new Uint8Array(24);
    expect(() => client.open(change({ choice: "wrapped", kekId: 0, wrapped }))).toThrow(/master key/);
    const agreed = { choice: "agreed", parameters: Uint8Array.of(3), data: new Uint8Array(0) } as const;
    expect(() => client.open(change(agreed))).toThrow(/key-parameters 03/);
    const parameters = Uint8Array.of(1);
    expect(() => client.open(change({ ...agreed, parameters, data: new Uint8Array(127) }))).toThrow(
      /127 octets, not 128/,
    );
  });

  test.each(ESTABLISHMENTS)("%s: no changed octet and no truncation gets through", (key) => {
    const { client, server } = pairOf(1);
    client.wrap(PLAIN);
    Object.assign(server, { layers: ["sign", "cipher"], family: "general", keyEstablishment: key });
    const apdu = server.wrap(fromHex("C401C10000"));
    for (let at = 0; at < apdu.length; at++) {
      const changed = apdu.slice();
      changed[at]! ^= 0x01;
      expect(() => client.open(changed), `octet ${at}`).toThrow(DlmsError);
      expect(() => client.open(apdu.subarray(0, at)), `${at} octets`).toThrow(DlmsError);
    }
    expect(toHex(client.open(apdu).text), "nothing refused has moved a counter").toBe("C401C10000");
  });

  test("a third party speaks through the client with its own keys", () => {
    const { client, server } = pairOf(1);
    const third = fromHex("5448520000000003");
    const [signing, agreement] = [keyPairGenerate(P256), keyPairGenerate(P256)];
    const meter = server.general.credentials;
    const options = { ownTitle: third, partnerTitle: SERVER, signing, agreement };
    const keys = { partnerSigning: meter.signing!.publicKey, partnerAgreement: meter.agreement!.publicKey };
    const own = new GeneralProtection(client, { ...options, ...keys });
    const request = own.seal(own.sign(PLAIN), 0x31, "one-pass");
    expect(() => server.open(request)).toThrow(/originator 5448520000000003/);
    const its = { signing: meter.signing!, agreement: meter.agreement! };
    const partner = { partnerSigning: signing.publicKey, partnerAgreement: agreement.publicKey };
    const meterSide = new GeneralProtection(server, { ownTitle: SERVER, partnerTitle: third, ...its, ...partner });
    const inner = meterSide.open(decodeApdu(request) as GeneralCiphering).text;
    expect(toHex(meterSide.verify(decodeApdu(inner) as GeneralSigning))).toBe(toHex(PLAIN));
  });
});
