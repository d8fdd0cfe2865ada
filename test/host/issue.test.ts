/** Certificates that the host issues: DER against the samples, node:crypto as judge. */
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { certificateParse, entityCheck, trustCheck, USAGE } from "../../host/client/certificate.ts";
import { keyPairOf, publicKeyObject } from "../../host/client/ec.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { CURVES } from "../../host/client/suite.ts";
import { RANDOM_SOURCE, seededSource } from "../../host/keys/derive.ts";
import { entityOf, infrastructureOf } from "../../host/keys/infrastructure.ts";
import { certificateBody, requestParse } from "../../host/keys/issue.ts";
import { securityVectors } from "../client/vectors.ts";

interface Sample {
  inputs: Record<string, string>;
  output: { der: string };
}

const sample = (id: string): Sample => securityVectors.find((v) => v.id === id) as unknown as Sample;
const SERVER = fromHex("4D4D4D6700000001");

describe("certificates", () => {
  const samples = ["x509-server-sign", "x509-server-ka", "x509-client-sign", "x509-client-ka", "x509-server-tls"];

  test.each([...samples, "x509-server-sign-p384"])("the body of %s comes out octet for octet", (id) => {
    const der = fromHex(sample(id).output.der);
    const { curve, publicKey, usage, commonName, serial } = certificateParse(der);
    const p384 = id.endsWith("p384");
    const pair = keyPairOf(CURVES[p384 ? "P-384" : "P-256"], fromHex(sample(id).inputs["issuer_private"]!));
    const issuer = { commonName: p384 ? "DLMSTESTROOT384" : "DLMSTESTROOT", pair };
    const notBefore = new Date("2025-01-01T00:00:00Z");
    const body = certificateBody({ curve, publicKey, usage, commonName, serial, notBefore }, issuer);
    expect(toHex(der.slice(4, 4 + body.length))).toBe(toHex(body));
  });

  test.each([
    [1, RANDOM_SOURCE],
    [2, RANDOM_SOURCE],
    [1, seededSource(7)],
    [2, seededSource(7)],
  ])("suite %i: a chain that we and node:crypto believe", (suite, source) => {
    const { root, sub } = infrastructureOf(suite, source);
    const entity = entityOf(suite, sub, SERVER, source);
    const trust = { anchors: [root.certificate], authorities: [sub.certificate] };
    entityCheck(entity.signing.certificate, SERVER, USAGE.digitalSignature, trust);
    entityCheck(entity.agreement.certificate, SERVER, USAGE.keyAgreement, trust);
    expect(() => trustCheck(entity.signing.certificate, { anchors: [root.certificate] })).toThrow(
      /no trusted authority/,
    );
    const chain = [entity.signing.certificate, sub.certificate, root.certificate].map(
      (one) => new X509Certificate(one.der),
    );
    expect(chain[0]!.checkIssued(chain[1]!)).toBe(true);
    expect(chain[1]!.checkIssued(chain[2]!)).toBe(true);
    expect(chain[0]!.verify(publicKeyObject(sub.pair.curve, sub.pair.publicKey))).toBe(true);
    expect(chain.map((one) => one.ca)).toEqual([false, true, true]);
    expect(chain[0]!.validTo).toMatch(/9999/);
    expect(chain[0]!.checkPrivateKey).toBeDefined();
    expect(entity.signing.certificate.der.length).toBeLessThanOrEqual(512);
  });

  test("a seed brings the same keys and serial numbers back, another seed does not", () => {
    const [a, b, c] = [7, 7, 8].map((seed) => infrastructureOf(1, seededSource(seed)));
    expect(toHex(a!.root.pair.privateKey)).toBe(toHex(b!.root.pair.privateKey));
    expect(toHex(a!.sub.certificate.serial)).toBe(toHex(b!.sub.certificate.serial));
    expect(toHex(a!.root.pair.privateKey)).not.toBe(toHex(c!.root.pair.privateKey));
    expect(toHex(a!.root.pair.privateKey)).not.toBe(toHex(a!.sub.pair.privateKey));
  });

  test("an authority on P-256 certifies no key on P-384", () => {
    const { sub } = infrastructureOf(1, RANDOM_SOURCE);
    expect(() => entityOf(2, sub, SERVER, RANDOM_SOURCE)).toThrow(/authority on P-384 only/);
  });
});

describe("certificate requests", () => {
  test.each(["csr-p256", "csr-p384"])("%s", (id) => {
    const curve = CURVES[id === "csr-p256" ? "P-256" : "P-384"];
    const request = requestParse(fromHex(sample(id).output.der));
    const pair = keyPairOf(curve, fromHex(sample(id).inputs["private"]!));
    expect(request).toEqual({ commonName: "4D4D4D0000000001", curve, publicKey: pair.publicKey });
  });

  test("a request that somebody changed is refused", () => {
    const der = fromHex(sample("csr-p256").output.der);
    for (let at = 0; at < der.length; at++) {
      const changed = der.slice();
      changed[at]! ^= 0x01;
      expect(() => requestParse(changed), `octet ${at}`).toThrow();
      expect(() => requestParse(der.subarray(0, at)), `${at} octets`).toThrow(/request/);
    }
  });
});
