/** `dlms-meter keys show`: what key files say, without their secrets. */
import { createPrivateKey } from "node:crypto";
import { certificateParse, certificatesOf, USAGE, type Certificate } from "../client/certificate.ts";
import { keyPairOfObject } from "../client/ec.ts";
import { toHex } from "../client/octets.ts";
import { KeyFileError } from "../keys/files.ts";
import { requestParse } from "../keys/issue.ts";
import { provisionRead } from "../keys/provision.ts";

const USE_NAMES: readonly [number, string][] = [
  [USAGE.digitalSignature, "digital signature"],
  [USAGE.keyAgreement, "key agreement"],
  [USAGE.keyCertSign, "signing certificates"],
  [USAGE.cRLSign, "signing revocation lists"],
];

function rows(pairs: readonly [string, string][]): string {
  return pairs.map(([name, value]) => `  ${name.padEnd(12)} ${value}\n`).join("");
}

function certificateText(c: Certificate): string {
  const uses = USE_NAMES.filter(([bit]) => (c.usage & bit) !== 0).map(([, name]) => name);
  return rows([
    ["certificate", `${c.commonName}${c.authority ? " (authority)" : ""}, ${c.der.length} octets`],
    ["issuer", nameText(c.issuer)],
    ["serial", toHex(c.serial)],
    ["use", uses.join(", ") || "not said"],
    ["valid", `${c.notBefore.toISOString()} to ${c.notAfter.toISOString()}`],
    ["public key", `${c.curve.name} ${toHex(c.publicKey)}`],
  ]);
}

/** The printable end of a DER name, which is its common name in this profile. */
function nameText(der: Uint8Array): string {
  return Buffer.from(der)
    .toString("latin1")
    .replace(/^.*[^\x20-\x7e]/s, "");
}

/** What a file holds. */
export function showText(octets: Buffer, path: string): string {
  const text = octets.toString("latin1");
  if (/^\s*\{/.test(text)) return provisionShow(path);
  if (text.includes("PRIVATE KEY-----")) {
    const { curve, publicKey } = keyPairOfObject(createPrivateKey(octets));
    return rows([["private key", `${curve.name}, its public key is ${toHex(publicKey)}`]]);
  }
  if (text.includes("CERTIFICATE REQUEST-----") || octets[0] === 0x30) return derShow(octets, text, path);
  return certificatesOf(Uint8Array.from(octets)).map(certificateText).join("");
}

/** DER tells by its form whether it is a certificate or a request. */
function derShow(octets: Buffer, text: string, path: string): string {
  const block = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(text);
  const der = Uint8Array.from(block === null ? octets : Buffer.from(block[1]!, "base64"));
  const problems: string[] = [];
  for (const show of [(): string => certificateText(certificateParse(der)), (): string => requestText(der)]) {
    try {
      return show();
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  throw new KeyFileError(`${path}: ${problems.join("; ")}`);
}

function requestText(der: Uint8Array): string {
  const { commonName, curve, publicKey } = requestParse(der);
  return rows([
    ["request", `${commonName}, ${der.length} octets, signed by its key`],
    ["public key", `${curve.name} ${toHex(publicKey)}`],
  ]);
}

function provisionShow(path: string): string {
  const { suite, meters } = provisionRead(path);
  const lines = meters.map(({ systemTitle, certificates }, i) => {
    const held =
      certificates === undefined
        ? ""
        : `, ${certificates.anchors.length} trust anchors, ${certificates.certificates.length} certificates`;
    return [`meter ${i}`, `${toHex(systemTitle)}, symmetric keys${held}`] as [string, string];
  });
  return rows([["provision", `suite ${suite}`], ...lines]);
}
