/**
 * The octets of X.509 and PKCS#10 that are always the same in DLMS: names of algorithms and curves, whole. Comparing with them
 * is stricter than reading them, and writing them is a copy.
 */
import { ELLIPTIC } from "../base/suites";

/** What stands in front of x || y in SubjectPublicKeyInfo (RFC 5480): id-ecPublicKey, the curve, an uncompressed point. */
export const SPKI_P256: usize = ELLIPTIC
  ? memory.data<u8>([
      0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
      0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ])
  : 0;
export const SPKI_P256_SIZE: u32 = 27;
export const SPKI_P384: usize = ELLIPTIC
  ? memory.data<u8>([
      0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
      0x22, 0x03, 0x62, 0x00, 0x04,
    ])
  : 0;
export const SPKI_P384_SIZE: u32 = 24;

/** AlgorithmIdentifier of ecdsa-with-SHA256; that of ecdsa-with-SHA384 ends in 03 (RFC 5758 3.2). No parameters. */
export const ECDSA_SHA256: usize = ELLIPTIC
  ? memory.data<u8>([0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])
  : 0;
export const ECDSA_SHA384: usize = ELLIPTIC
  ? memory.data<u8>([0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03])
  : 0;
export const ECDSA_ALGORITHM_SIZE: u32 = 12;

/** Version 3 of a certificate: [0] { INTEGER 2 } (RFC 5280 4.1.2.1). */
export const VERSION_3: usize = ELLIPTIC ? memory.data<u8>([0xa0, 0x03, 0x02, 0x01, 0x02]) : 0;
export const VERSION_3_SIZE: u32 = 5;

/** id-at-commonName, with its head. */
export const COMMON_NAME: usize = ELLIPTIC ? memory.data<u8>([0x06, 0x03, 0x55, 0x04, 0x03]) : 0;
export const COMMON_NAME_SIZE: u32 = 5;

/** id-on-hardwareModuleName 1.3.6.1.5.5.7.8.4 (RFC 4108 5), with its head. */
export const HARDWARE_MODULE_NAME: usize = ELLIPTIC
  ? memory.data<u8>([0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04])
  : 0;
export const HARDWARE_MODULE_NAME_SIZE: u32 = 10;

/** id-ce, arc of the extensions of RFC 5280 4.2.1, with its head; one octet names the extension. */
export const EXTENSION_ARC: usize = ELLIPTIC ? memory.data<u8>([0x06, 0x03, 0x55, 0x1d]) : 0;
export const EXTENSION_ARC_SIZE: u32 = 4;
