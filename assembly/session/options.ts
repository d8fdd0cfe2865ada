/**
 * Readings of the security chapters where implementations of the standard differ: the `security` section of the template, compiled
 * to bits (host/template/security.ts). Zero is the default of everything. docs/CONFORMANCE.md tells who reads it otherwise.
 */
import { Template } from "../store/template";

export const enum SecurityOption {
  /** AlgorithmID 60 85 74 06 … instead of 05. */
  KDF_ARC_06 = 0x01,
  /** No counter in front of Z. */
  KDF_UNCOUNTED = 0x02,
  /** The header of general-ciphering is not authenticated. */
  GENERAL_HEADERLESS = 0x04,
  /** C(1e,1s): the signature covers an octet 01 in front of the ephemeral key too. */
  EPHEMERAL_SCHEME_SIGNED = 0x08,
  /** general-signing: the length of the content is not signed. */
  SIGNED_LENGTHLESS = 0x10,
  /** Protection that does not open is answered with silence. */
  SILENT = 0x20,
  /** Responses have the protection that policy and rights demand, not that of their request. */
  RESPONSE_BY_POLICY = 0x40,
  /** Every transaction-id that brings a key or a signature must be above the last one of its originator. */
  TRANSACTIONS_RISE = 0x80,
  /** The AARE of HLS-ECDSA always carries the own certificate. */
  CERTIFICATE_ALWAYS = 0x100,
  /** Data protection: an identified key is written as a structure of its key_id. */
  IDENTIFIED_STRUCTURE = 0x200,
  /** Serial numbers of certificates are shown as DER INTEGER. */
  SERIAL_DER = 0x400,
  /** Under a new key 1 is the lowest counter taken. */
  COUNTER_FROM_ONE = 0x800,
  /** f(StoC) with GMAC must not have the counter of the APDU around it. */
  HLS_COUNTER_OWN = 0x1000,
}

/** Whether the template chose an option. */
export function securityOption(option: SecurityOption): bool {
  return (Template.of().securityOptions & option) != 0;
}
