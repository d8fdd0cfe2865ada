/** HLS with ECDSA, and certificates: vectors, node:crypto and what must be refused. */
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MECHANISM, type Aare, type Aarq } from "../../host/client/acse.ts";
import { decodeApdu, encodeApdu } from "../../host/client/apdu.ts";
import {
  certificateParse,
  certificatePem,
  certificatesOf,
  entityCheck,
  trustCheck,
  USAGE,
} from "../../host/client/certificate.ts";
import { keyPairOf } from "../../host/client/ec.ts";
import { SecurityError } from "../../host/client/errors.ts";
import { hlsAnswer, hlsCheck, type Handshake } from "../../host/client/hls.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { CURVES } from "../../host/client/suite.ts";
import { securityVectors } from "./vectors.ts";

function vector(id: string): { inputs: Record<string, string>; output: Record<string, string> } {
  const found = securityVectors.find((v) => v.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found as never;
}

const der = (id: string): Uint8Array => fromHex(vector(id).output["der"]!);
const CLIENT = fromHex("4D4D4D0000BC614E");
const SERVER = fromHex("4D4D4D0000000001");

describe.each([
  ["hls7-p256", 1, "P-256"],
  ["hls7-p384", 2, "P-384"],
] as const)("%s", (id, suite, curve) => {
  const { inputs: i, output } = vector(id);
  const [client, server] = ["client_sign_private", "server_sign_private"].map((name) =>
    keyPairOf(CURVES[curve], fromHex(i[name]!)),
  );
  const handshake: Handshake = {
    mechanism: MECHANISM.HLS_ECDSA,
    suite,
    ownTitle: fromHex(i["SysT_C"]!),
    partnerTitle: fromHex(i["SysT_S"]!),
    ownChallenge: fromHex(i["CtoS"]!),
    partnerChallenge: fromHex(i["StoC"]!),
    signing: client!,
    partnerSigning: server!.publicKey,
  };
  const meter: Handshake = {
    ...handshake,
    ownTitle: handshake.partnerTitle,
    partnerTitle: handshake.ownTitle,
    ownChallenge: handshake.partnerChallenge,
    partnerChallenge: handshake.ownChallenge,
    signing: server!,
    partnerSigning: client!.publicKey,
  };

  test("f(CtoS) of the vector is taken, and both sides take each other's", () => {
    hlsCheck(handshake, fromHex(output["f(CtoS)"]!));
    hlsCheck(meter, fromHex(output["f(StoC)"]!));
    hlsCheck(meter, hlsAnswer(handshake, 0));
    hlsCheck(handshake, hlsAnswer(meter, 0));
  });

  test("any other answer is not", () => {
    const answer = fromHex(output["f(CtoS)"]!);
    for (let at = 0; at < answer.length; at++) {
      const changed = answer.slice();
      changed[at]! ^= 0x80;
      expect(() => hlsCheck(handshake, changed), `octet ${at}`).toThrow(SecurityError);
      expect(() => hlsCheck(handshake, answer.subarray(0, at)), `${at} octets`).toThrow(SecurityError);
    }
    expect(() => hlsCheck(handshake, fromHex(output["f(StoC)"]!)), "reflected").toThrow(SecurityError);
    const { partnerSigning, ...without } = handshake;
    expect(partnerSigning).toBeDefined();
    expect(() => hlsCheck(without, answer)).toThrow(/not known/);
  });
});

describe("the AARQ and AARE of mechanism 7", () => {
  test.each(securityVectors.filter((v) => v.id.startsWith("aarq-hls7")).map((v) => v.id))("%s", (id) => {
    const { output } = vector(id);
    const aarq = decodeApdu(fromHex(output["aarq"]!)) as Aarq;
    const aare = decodeApdu(fromHex(output["aare"]!)) as Aare;
    expect([aarq.mechanismName, aare.mechanismName]).toEqual(["2.16.756.5.8.2.7", "2.16.756.5.8.2.7"]);
    expect(aarq.authenticationValue!.octets.length).toBe(32);
    expect([toHex(encodeApdu(aarq)), toHex(encodeApdu(aare))]).toEqual([output["aarq"], output["aare"]]);
  });

  test("certificates travel in calling- and responding-AE-qualifier", () => {
    const plain = decodeApdu(fromHex(vector("aarq-hls7-no-certs").output["aare"]!)) as Aare;
    const octets = encodeApdu({ ...plain, respondingAeQualifier: der("x509-server-sign") });
    // A5 82 xx xx 04 82 xx xx behind the AP-title A4.
    expect(toHex(octets)).toContain("A40A04084D4D4D0000000001A582017E0482017A30820176");
    expect((decodeApdu(octets) as Aare).respondingAeQualifier).toEqual(der("x509-server-sign"));
  });
});

const ALL = [
  "x509-root",
  "x509-server-sign",
  "x509-server-ka",
  "x509-client-sign",
  "x509-client-ka",
  "x509-server-tls",
];

describe("certificates", () => {
  test.each([...ALL, "x509-server-sign-p384"])("%s says what node:crypto finds in it", (id) => {
    const parsed = certificateParse(der(id));
    const node = new X509Certificate(der(id));
    expect(node.subject).toBe(`CN=${parsed.commonName}`);
    expect(node.ca).toBe(parsed.authority);
    expect(parseInt(node.serialNumber, 16)).toBe(parseInt(toHex(parsed.serial), 16));
    expect(new Date(node.validFrom)).toEqual(parsed.notBefore);
    const jwk = node.publicKey.export({ format: "jwk" });
    expect(jwk.crv).toBe(parsed.curve.name);
    const xy = Buffer.concat([Buffer.from(jwk.x!, "base64url"), Buffer.from(jwk.y!, "base64url")]);
    expect(toHex(parsed.publicKey)).toBe(toHex(xy));
  });

  test("uses and titles", () => {
    const usage = { "server-sign": USAGE.digitalSignature, "server-ka": USAGE.keyAgreement };
    for (const [id, bits] of Object.entries(usage)) {
      expect(certificateParse(der(`x509-${id}`))).toMatchObject({ usage: bits, title: SERVER, authority: false });
    }
    const tls = certificateParse(der("x509-server-tls")).usage;
    expect(tls).toBe(USAGE.digitalSignature | USAGE.keyAgreement);
    expect(certificateParse(der("x509-root"))).toMatchObject({ title: undefined, authority: true });
  });

  test("PEM and DER files", () => {
    const [root, client] = ["x509-root", "x509-client-sign"].map((id) => der(id)) as [Uint8Array, Uint8Array];
    const pem = Buffer.from(certificatePem(root) + certificatePem(client));
    expect(certificatesOf(pem).map((one) => toHex(one.der))).toEqual([toHex(root), toHex(client)]);
    expect(toHex(certificatesOf(client)[0]!.der)).toBe(toHex(client));
    expect(new X509Certificate(certificatePem(client)).subject).toBe("CN=4D4D4D0000BC614E");
  });

  const root = certificateParse(der("x509-root"));
  const time = new Date("2026-01-01T00:00:00Z");
  const trust = { anchors: [root], time };

  test("a chain to the anchor is trusted, nothing else is", () => {
    for (const id of ALL) trustCheck(certificateParse(der(id)), trust);
    expect(() => trustCheck(certificateParse(der("x509-server-sign-p384")), trust)).toThrow(/no trusted authority/);
    expect(() => trustCheck(certificateParse(der("x509-client-sign")), { ...trust, anchors: [] })).toThrow(
      SecurityError,
    );
    const other = { anchors: [certificateParse(der("x509-client-ka"))], time };
    expect(() => trustCheck(certificateParse(der("x509-client-sign")), other)).toThrow(/no trusted authority/);
    const early = { ...trust, time: new Date("2024-01-01T00:00:00Z") };
    expect(() => trustCheck(certificateParse(der("x509-client-sign")), early)).toThrow(/not valid at 2024/);
  });

  test("the certificate of an entity is its own and for this use", () => {
    const signing = certificateParse(der("x509-client-sign"));
    entityCheck(signing, CLIENT, USAGE.digitalSignature, trust);
    expect(() => entityCheck(signing, SERVER, USAGE.digitalSignature, trust)).toThrow(/not of 4D4D4D0000000001/);
    expect(() => entityCheck(signing, CLIENT, USAGE.keyAgreement, trust)).toThrow(/another use/);
  });

  test("a changed octet or a truncation is refused, or leaves a certificate that nobody trusts", () => {
    const good = der("x509-client-sign");
    const accepted: number[] = [];
    for (let at = 0; at < good.length; at++) {
      const changed = good.slice();
      changed[at]! ^= 0x01;
      try {
        entityCheck(certificateParse(changed), CLIENT, USAGE.digitalSignature, trust);
        accepted.push(at);
      } catch (error) {
        expect(error, `octet ${at}`).toBeInstanceOf(SecurityError);
      }
      expect(() => certificateParse(good.subarray(0, at)), `${at} octets`).toThrow(SecurityError);
    }
    expect(accepted).toEqual([]);
  });
});
