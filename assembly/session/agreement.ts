/**
 * Keys by agreement: ECDH, then the concatenation KDF (GB9 9.2.3.4.6; SP 800-56A 5.8.1). One function for the three schemes, which
 * differ in whose keys they take and in what the parties are called:
 *
 *   C(1e,1s)  originator's ephemeral key, recipient's static key    U = originator                     V = recipient
 *   C(0e,2s)  static keys of both                                   U = originator || transaction-id   V = recipient
 *   C(2e,0s)  ephemeral keys of both                                U = client                         V = server
 */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "../crypto/ct";
import { Curve, CurveKind, SCALAR_SIZE_MAX } from "../crypto/curve";
import { Ecdh } from "../crypto/ecdh";
import { Kdf, KdfAlgorithm, KDF_SIZE } from "../crypto/kdf";
import { SecurityOption, securityOption } from "./options";

/** key-parameters of an agreed key (GB9 9.5, key-info). */
export const enum AgreementScheme {
  ONE_PASS = 1,
  STATIC_UNIFIED = 2,
}

const shared: usize = ELLIPTIC ? memory.data(48, 8) : 0;
const kdf: Kdf = changetype<Kdf>(ELLIPTIC ? memory.data(216, 8) : 0);
const titleOctets: usize = ELLIPTIC ? memory.data(8, 8) : 0;
const lengthOctet: usize = ELLIPTIC ? memory.data(1) : 0;

if (SCALAR_SIZE_MAX != 48 || KDF_SIZE > 216) ERROR("scratch holds Z and the derivation");

/** What the key is for; the suite says how long it is. */
function algorithmOf(suite: u32, wraps: bool): KdfAlgorithm {
  if (suite == 2) return wraps ? KdfAlgorithm.AES_WRAP_256 : KdfAlgorithm.AES_GCM_256;
  return wraps ? KdfAlgorithm.AES_WRAP_128 : KdfAlgorithm.AES_GCM_128;
}

function partyTitle(title: u64): void {
  store<u64>(titleOctets, title);
  kdf.party(titleOctets, SYSTEM_TITLE_SIZE);
}

/**
 * Derives the key of suite 1 or 2 to `out`, 16 or 32 octets. Z is wiped in any case.
 * @param wraps the key wraps keys (a master key) instead of ciphering APDUs
 * @param transactionAt 0 = the scheme has no transaction-id among the parties
 * @returns 0; Err.MALFORMED when the public key is no point of the curve
 */
export function keyAgree(
  suite: u32,
  wraps: bool,
  privateKey: usize,
  publicKey: usize,
  partyU: u64,
  transactionAt: usize,
  transactionSize: u32,
  partyV: u64,
  out: usize,
): i32 {
  const curve = Curve.of(suite == 2 ? CurveKind.P384 : CurveKind.P256);
  const err = Ecdh.agree(curve, privateKey, publicKey, shared);
  if (err != Err.OK) return err;
  const arc: u32 = securityOption(SecurityOption.KDF_ARC_06) ? 6 : 5;
  kdf.begin(algorithmOf(suite, wraps), shared, curve.size, arc, !securityOption(SecurityOption.KDF_UNCOUNTED));
  Ct.wipe(shared, SCALAR_SIZE_MAX);
  partyTitle(partyU);
  if (transactionAt != 0) {
    store<u8>(lengthOctet, <u8>transactionSize);
    kdf.party(lengthOctet, 1);
    kdf.party(transactionAt, transactionSize);
  }
  partyTitle(partyV);
  kdf.finish(out);
  return Err.OK;
}
