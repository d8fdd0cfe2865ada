/**
 * How the meter reads the security chapters where implementations of the standard differ: the `security` section of a template to
 * the bits of assembly/session/options.ts. schema.json tells what each key means; this is the one place that gives it a number.
 */
import type { SecurityDocument } from "./document.ts";

/** Bit of each choice that is not the default. */
const CHOICES: { key: keyof SecurityDocument; choice: string | boolean | number; bit: number }[] = [
  { key: "kdfAlgorithmArc", choice: "06", bit: 0 },
  { key: "kdfCounter", choice: false, bit: 1 },
  { key: "generalCipheringHeader", choice: false, bit: 2 },
  { key: "ephemeralSignature", choice: "scheme-and-key", bit: 3 },
  { key: "signedContentLength", choice: false, bit: 4 },
  { key: "badProtection", choice: "silence", bit: 5 },
  { key: "responseProtection", choice: "policy", bit: 6 },
  { key: "transactionIds", choice: "rising", bit: 7 },
  { key: "ownCertificate", choice: "always", bit: 8 },
  { key: "identifiedKey", choice: "structure", bit: 9 },
  { key: "certificateSerial", choice: "der", bit: 10 },
  { key: "firstCounter", choice: 1, bit: 11 },
  { key: "hlsCounter", choice: "own", bit: 12 },
];

/** The bits of a section; none: every default. */
export function securityOptions(document: SecurityDocument | undefined): number {
  const chosen = CHOICES.filter(({ key, choice }) => document?.[key] === choice);
  return chosen.reduce((bits, { bit }) => bits | (1 << bit), 0);
}
