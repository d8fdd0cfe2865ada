/** X.509 certificates for the core's parser; node:crypto must take what it takes. */
import { X509Certificate } from "node:crypto";
import { type Parsed, Pki } from "../../pki/core.ts";
import { certificate, integer, pair, seq, tlv } from "../../pki/der.ts";
import type { Input, Target } from "../target.ts";

let made: Uint8Array[] | undefined;

/** A signature's form without its meaning, which no parser looks at: the same on every run. */
const signature = (): Buffer => seq(integer(new Uint8Array(32).fill(0x55)), integer(new Uint8Array(32).fill(0x99)));

/** Certificates of every usage on both curves. */
export function certificates(): Uint8Array[] {
  const usages = ["ca", "sign", "agree", "tls"] as const;
  return (made ??= (["P-256", "P-384"] as const).flatMap((curve) =>
    usages.map(
      (usage) => certificate({ subject: "4D4D4D6700000001", pair: pair(usage, curve), usage, over: { signature } }).der,
    ),
  ));
}

/** node:crypto sees the same serial number and validity. It refuses names that are no UTF-8, which the core compares as octets. */
function nodeAgrees(der: Uint8Array, parsed: Parsed): string {
  let seen: X509Certificate;
  try {
    seen = new X509Certificate(der);
  } catch {
    return "node refuses";
  }
  const serial = BigInt(`0x${parsed.serial.toString("hex") || "0"}`);
  if (BigInt(`0x${seen.serialNumber}`) !== serial) throw new Error(`node:crypto sees serial ${seen.serialNumber}`);
  const from = Date.parse(seen.validFrom) / 1000;
  if (Math.max(from, 0) !== parsed.notBefore) throw new Error(`node:crypto sees ${seen.validFrom}`);
  return "node agrees";
}

let pki: Pki | undefined;

export const certificateDer: Target = {
  name: "certificate",
  about: "DER certificates",
  seeds: () => certificates().map((der) => [der]),
  fresh: (dice) => tlv([0x30, 0x02, 0x06, 0x03, 0x04, 0xa3][dice.roll(6)]!, dice.octets(dice.roll(40))),
  run: (input: Input) =>
    input.map((der) => {
      pki ??= new Pki();
      const result = pki.parse(der);
      if (typeof result === "number") return `refused ${result}`;
      const agreed = nodeAgrees(der, result);
      const { type, keySize, certifies, pathLimit, titleKnown } = result;
      return `type ${type} ${keySize} ca ${certifies} path ${pathLimit} title ${titleKnown} ${agreed}`;
    }),
};
