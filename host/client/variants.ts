/**
 * Where implementations disagree about the asymmetric part of the standard: one place for all the readings, so that
 * a meter of another reading can be talked to, and this one be tested for refusing it.
 */

export interface Variants {
  /** Arc of the AlgorithmID, octet 4 of its seven: 05 in GB9; the GBCS and some head-ends have 06. */
  algorithmArc: 5 | 6;
  /** The counter 00000001 in front of Z (SP 800-56A). One print of the Green Book computed its example without. */
  kdfCounter: boolean;
  /** general-ciphering: transaction-id to other-information stand in the additional authenticated data. */
  headerAuthenticated: boolean;
  /** C(1e,1s): the signature covers the ephemeral key alone, or an octet 01 in front of it as well. */
  ephemeralSigned: "key" | "prefixed";
  /** general-signing: the length octets of the content are signed. */
  contentLengthSigned: boolean;
  /** Data protection: options of an identified key are the bare enum, or a structure of it. */
  identifiedKey: "enum" | "structure";
  /** export_certificate and remove_certificate: the serial number is the content of its INTEGER, or the whole TLV. */
  serial: "content" | "der";
}

export const VARIANTS_DEFAULT: Variants = {
  algorithmArc: 5,
  kdfCounter: true,
  headerAuthenticated: true,
  ephemeralSigned: "key",
  contentLengthSigned: true,
  identifiedKey: "enum",
  serial: "content",
};
