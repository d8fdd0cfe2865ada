/** Class 64 and class 30 from the client's side: parameters against vectors, and both ends of a key agreement. */
import { describe, expect, test } from "vitest";
import { decodeData, encodeData, type Data } from "../../host/client/axdr.ts";
import { certificateParse } from "../../host/client/certificate.ts";
import * as d from "../../host/client/data.ts";
import {
  dataProtect,
  dataUnprotect,
  objectDefinition,
  parametersData,
  parametersOf,
} from "../../host/client/data_protection.ts";
import { ecdsaSign, ecdsaVerify, keyPairGenerate, keyPairOf, sharedSecret } from "../../host/client/ec.ts";
import { DlmsError, SecurityError } from "../../host/client/errors.ts";
import { keyDerive } from "../../host/client/key_derivation.ts";
import { concat, fromHex, toHex } from "../../host/client/octets.ts";
import { Security } from "../../host/client/security.ts";
import * as setup from "../../host/client/security_setup.ts";
import { CURVES } from "../../host/client/suite.ts";
import { securityVectors } from "./vectors.ts";

function vector(id: string): { inputs: Record<string, string>; output: Record<string, string> } {
  const found = securityVectors.find((v) => v.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found as never;
}

const octets = (id: string, name: string): Uint8Array => fromHex(vector(id).inputs[name]!);
const hex = (data: Data): string => toHex(encodeData(data));
const CLIENT = fromHex("4D4D4D0000BC614E");
const SERVER = fromHex("4D4D4D0000000001");
const P256 = CURVES["P-256"];

describe("key_transfer", () => {
  test("vectors of a master key and of suite 2", () => {
    const kek = vector("key-transfer-kek").inputs;
    const data = setup.keyTransferData(fromHex(kek["master_key"]!), [[3, fromHex(kek["new_master_key"]!)]]);
    expect(hex(data)).toBe(vector("key-transfer-kek").output["data"]);
    const two = vector("key-transfer-suite2");
    const wide = setup.keyTransferData(fromHex(two.inputs["master_key"]!), [[0, fromHex(two.inputs["guek"]!)]]);
    expect(hex(wide)).toBe(two.output["data"]);
  });

  test("a new key begins its counters anew, the same key does not", () => {
    const key = fromHex("000102030405060708090A0B0C0D0E0F");
    const options = { authenticated: true, encrypted: true, guek: key, gak: key, clientTitle: CLIENT, counter: 50 };
    const security = new Security(options);
    security.lowestAcceptable.global = 9;
    security.keyReplace(setup.KEY_ID.GUEK, key.slice());
    expect([security.counter, security.lowestAcceptable.global]).toEqual([50, 9]);
    security.keyReplace(setup.KEY_ID.GUEK, fromHex("FF0102030405060708090A0B0C0D0E0F"));
    expect([security.counter, security.lowestAcceptable.global]).toEqual([1, 0]);
  });
});

describe("key_agreement C(2e,0s)", () => {
  test("the Green Book's request and the answer to it", () => {
    const { output } = vector("key-agreement-method-data");
    const request = decodeData(fromHex(output["request_data"]!));
    const keyData = d.octetsOf(d.elementsOf(d.elementsOf(request, "rows")[0]!, "row")[1]!, "key_data");
    const publicKey = octets("gb-2e0s-client-signature", "client_sign_public");
    expect(toHex(keyData.subarray(0, 64))).toBe(vector("gb-2e0s-client-signature").inputs["Q_client"]);
    expect(ecdsaVerify(P256, publicKey, keyData.subarray(64), Uint8Array.of(0), keyData.subarray(0, 64))).toBe(true);
  });

  const signing = keyPairGenerate(P256);
  const meterSigning = keyPairOf(P256, octets("key-agreement-method-data", "server_sign_private"));
  const parties = { suite: 1, clientTitle: CLIENT, serverTitle: SERVER, partnerSigning: meterSigning.publicKey };

  test("the server's half of the vector leads a client to the server's key", () => {
    const server = keyPairOf(P256, octets("gb-2e0s-kdf-guek", "server_ephemeral_private"));
    const agreement = { keyId: 0, ephemeral: keyPairGenerate(P256) };
    const request = setup.keyAgreementData(signing, [agreement]);
    const rows = d.elementsOf(d.elementsOf(request, "rows")[0]!, "row");
    const keyData = d.octetsOf(rows[1]!, "key_data");
    expect(ecdsaVerify(P256, signing.publicKey, keyData.subarray(64), Uint8Array.of(0), keyData.subarray(0, 64))).toBe(
      true,
    );
    const z = sharedSecret(server, keyData.subarray(0, 64));
    const expected = keyDerive({ suite: 1, purpose: "gcm", z, partyU: CLIENT, partyV: SERVER });
    const answer = decodeData(fromHex(vector("key-agreement-method-data").output["response_data"]!));
    const keys = setup.keyAgreementKeys(parties, [agreement], answer);
    expect(keys.map(toHex)).toEqual([toHex(expected)]);
  });

  test("no changed octet of the answer gives a key", () => {
    const agreement = { keyId: 0, ephemeral: keyPairGenerate(P256) };
    const server = keyPairGenerate(P256);
    const signature = ecdsaSign(meterSigning, Uint8Array.of(0), server.publicKey);
    const good = encodeData(d.array(d.structure(d.enumerated(0), d.octetString(concat(server.publicKey, signature)))));
    expect(setup.keyAgreementKeys(parties, [agreement], decodeData(good))).toHaveLength(1);
    for (let at = 0; at < good.length; at++) {
      const changed = good.slice();
      changed[at]! ^= 0x01;
      // An array may come as a structure and an enum as another number: the octets of the key are what counts.
      const answer = (): Uint8Array[] => setup.keyAgreementKeys(parties, [agreement], decodeData(changed));
      if (at > 8 || at === 5) expect(answer, `octet ${at}`).toThrow(DlmsError);
      expect(() => setup.keyAgreementKeys(parties, [agreement], decodeData(good.subarray(0, at)))).toThrow(DlmsError);
    }
  });
});

describe("certificates of class 64", () => {
  test("identification by entity and by serial, both serials", () => {
    const entity = setup.certificateIdentification({ by: "entity", entity: 0, type: 0, title: SERVER });
    expect(hex(entity)).toBe(vector("export-by-entity").output["data"]);
    const { inputs: i, output } = vector("export-by-serial");
    const which = {
      by: "serial",
      serial: fromHex(i["serial_content_octets"]!),
      issuer: fromHex(i["issuer_DER_Name"]!),
    } as const;
    expect(hex(setup.certificateIdentification(which))).toBe(output["data_raw_serial"]);
    expect(hex(setup.certificateIdentification(which, "der"))).toBe(output["data_DER_INTEGER_serial"]);
  });

  test("attribute 6 names what the certificate says", () => {
    const [info] = setup.certificateInfos(decodeData(fromHex(vector("cert-attr6").output["data"]!)));
    const certificate = certificateParse(fromHex(vector("x509-client-sign").output["der"]!));
    expect(info).toMatchObject({ entity: 1, type: 0 });
    expect(toHex(info!.serial)).toBe(toHex(certificate.serial));
    expect(toHex(info!.issuer)).toBe(toHex(certificate.issuer));
    expect(toHex(info!.subject)).toBe(toHex(certificate.subject));
  });
});

describe("data protection, class 30", () => {
  const keys = { guek: octets("ic30-protected-ae", "EK"), gak: octets("ic30-protected-ae", "AK") };

  function party(own: Uint8Array, partner: Uint8Array, more = {}): Security {
    const base = { suite: 1, authenticated: true, encrypted: true, ...keys, clientTitle: own, counter: 0x40 };
    const security = new Security({ ...base, transactionId: 0x0102030405060708n, ...more });
    security.serverTitle = partner;
    return security;
  }

  test("the parameter of get_protected_attributes", () => {
    const header = {
      transactionId: fromHex("0102030405060708"),
      originator: CLIENT,
      recipient: SERVER,
      dateTime: new Uint8Array(0),
      otherInformation: new Uint8Array(0),
    };
    const parameters = parametersData({ type: 2, header, keyInfo: { choice: "identified", keyId: 0 } });
    const object = objectDefinition({ classId: 8, logicalName: "0-0:1.0.0.255", attribute: 2 });
    expect(hex(d.structure(d.array(object), d.array(parameters)))).toBe(vector("ic30-get-request").output["data"]);
    expect(parametersOf(parameters)).toEqual({ type: 2, header, keyInfo: { choice: "identified", keyId: 0 } });
    const structured = parametersData({ type: 2, header, keyInfo: { choice: "identified", keyId: 1 } }, "structure");
    expect(parametersOf(structured).keyInfo).toEqual({ choice: "identified", keyId: 1 });
  });

  test("protected octets of the vector, both ways", () => {
    const { inputs: i, output } = vector("ic30-protected-ae");
    const server = party(SERVER, CLIENT);
    const made = dataProtect(server, [{ type: 2 }], fromHex(i["value"]!));
    expect(toHex(made.octets)).toBe(output["protected_attributes"]);
    const read = dataUnprotect(party(CLIENT, SERVER), made.parameters, fromHex(output["protected_attributes"]!));
    expect(toHex(read)).toBe(i["value"]);
  });

  test.each(["identified", "wrapped", "one-pass", "static"] as const)(
    "signed and ciphered, %s; nothing altered",
    (key) => {
      const [cs, ca, ss, sa] = [0, 1, 2, 3].map(() => keyPairGenerate(P256));
      const masterKey = fromHex("00112233445566778899AABBCCDDEEFF");
      const mine = {
        masterKey,
        signing: cs,
        agreement: ca,
        partnerSigning: ss!.publicKey,
        partnerAgreement: sa!.publicKey,
      };
      const its = {
        masterKey,
        signing: ss,
        agreement: sa,
        partnerSigning: cs!.publicKey,
        partnerAgreement: ca!.publicKey,
      };
      const layers = [{ type: 3 }, { type: 2, establishment: key }];
      const made = dataProtect(party(SERVER, CLIENT, its), layers, fromHex("1105"));
      const client = party(CLIENT, SERVER, mine);
      for (let at = 0; at < made.octets.length; at++) {
        const changed = made.octets.slice();
        changed[at]! ^= 0x04;
        expect(() => dataUnprotect(client, made.parameters, changed), `octet ${at}`).toThrow(SecurityError);
      }
      expect(toHex(dataUnprotect(client, made.parameters, made.octets))).toBe("1105");
      expect(() => dataUnprotect(client, made.parameters, made.octets)).toThrow(/repeats a counter/);
    },
  );
});
