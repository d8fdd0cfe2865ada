/**
 * Keys that come with what they protect (GB9 9.2.3.4.6, 9.2.7.2 key-info): wrapped with the master key, or agreed by C(1e,1s) or
 * C(0e,2s). Both ends of each: taken from what a partner sends, and made for what the meter sends. General-ciphering uses them for
 * APDUs, Data protection for values.
 */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { AesKey, AES_KEY_SIZE } from "../crypto/aes";
import { Ct } from "../crypto/ct";
import { EcKey } from "../crypto/ec_key";
import { KeyWrap, KEY_WRAP_OVERHEAD } from "../crypto/keywrap";
import { Meter } from "../store/block";
import { CertificateType } from "../wire/x509";
import { keyAgree } from "./agreement";
import { entropyDrbg, entropyTake } from "./entropy";
import { contextCurve, privateKeyOf } from "./key_pair";
import { keyAt, KeyPart, SecurityContext } from "./keys";
import { SecurityOption, securityOption } from "./options";
import { agreementKeyOf, octetsSign, octetsVerified, signatureSize } from "./signature";
import { Slot } from "./slot";

const master: AesKey = changetype<AesKey>(memory.data(248, 8));
const ephemeral: usize = ELLIPTIC ? memory.data(48, 8) : 0;
const partnerKey: usize = ELLIPTIC ? memory.data(96, 8) : 0;
/** An octet 01 and an ephemeral key: what some implementations sign. */
const prefixed: usize = ELLIPTIC ? memory.data(97, 8) : 0;

if (AES_KEY_SIZE != 248) ERROR("scratch holds a key");

function masterKnown(c: SecurityContext): bool {
  return (c.keys & (1 << KeyPart.MASTER)) != 0;
}

/** Unwraps a key of the suite's size to `out`; false when it was not wrapped with the master key. */
export function wrappedOpen(meter: Meter, c: SecurityContext, at: usize, size: u32, out: usize): bool {
  if (!masterKnown(c) || size != c.keySize + KEY_WRAP_OVERHEAD) return false;
  master.expand(keyAt(meter, c.object, KeyPart.MASTER, c.keySize), c.keySize);
  const unwrapped = KeyWrap.unwrap(master, at, size, out);
  Ct.wipe(changetype<usize>(master), AES_KEY_SIZE);
  return unwrapped == <i32>c.keySize;
}

/** A new key of the meter's choice to `key`, wrapped to `out`. @returns 0, Err.STATE (no master key), Err.ENTROPY */
export function wrappedMake(meter: Meter, c: SecurityContext, key: usize, out: usize): i32 {
  if (!masterKnown(c)) return Err.STATE;
  const err = entropyTake(meter, key, c.keySize);
  if (err != Err.OK) return err;
  master.expand(keyAt(meter, c.object, KeyPart.MASTER, c.keySize), c.keySize);
  KeyWrap.wrap(master, key, c.keySize, out);
  Ct.wipe(changetype<usize>(master), AES_KEY_SIZE);
  return Err.OK;
}

/** Whether the signature over an ephemeral public key is right: over the key alone (GB9), or as the template says. */
function ephemeralVerified(meter: Meter, slot: Slot, title: u64, at: usize, size: u32, signature: usize): bool {
  if (!securityOption(SecurityOption.EPHEMERAL_SCHEME_SIGNED))
    return octetsVerified(meter, slot, title, at, size, signature);
  store<u8>(prefixed, 1);
  memory.copy(prefixed + 1, at, <usize>size);
  return octetsVerified(meter, slot, title, prefixed, size + 1, signature);
}

/** Signs the ephemeral public key of `size` octets at `at`, behind it. */
function ephemeralSign(meter: Meter, slot: Slot, at: usize, size: u32): i32 {
  const out = at + <usize>size;
  if (!securityOption(SecurityOption.EPHEMERAL_SCHEME_SIGNED)) return octetsSign(meter, slot.security, at, size, out);
  store<u8>(prefixed, 1);
  memory.copy(prefixed + 1, at, <usize>size);
  return octetsSign(meter, slot.security, prefixed, size + 1, out);
}

/**
 * C(1e,1s) with a partner as originator: its signed ephemeral key is the `size` octets at `at`. Answers go back under a key agreed with
 * its static one, so that must be known. False where anything is wrong.
 */
export function onePassOpen(meter: Meter, slot: Slot, originator: u64, at: usize, size: u32, out: usize): bool {
  const c = SecurityContext.of(meter, slot.security);
  const half = signatureSize(c);
  const own = privateKeyOf(meter, slot.security, CertificateType.KEY_AGREEMENT);
  if (own == 0 || size != 2 * half) return false;
  if (!agreementKeyOf(meter, slot.security, originator, partnerKey)) return false;
  if (EcKey.check(contextCurve(c), at) != Err.OK) return false;
  if (!ephemeralVerified(meter, slot, originator, at, half, at + <usize>half)) return false;
  return keyAgree(c.suite, false, own, at, originator, 0, 0, c.title, out) == Err.OK;
}

/** C(1e,1s) with the meter as originator: the key to `key`, its signed ephemeral key to `data`. @returns 0 or Err */
export function onePassMake(meter: Meter, slot: Slot, party: u64, key: usize, data: usize): i32 {
  const c = SecurityContext.of(meter, slot.security);
  if (!agreementKeyOf(meter, slot.security, party, partnerKey)) return Err.STATE;
  let err = EcKey.generate(contextCurve(c), entropyDrbg(meter), ephemeral, data);
  if (err == Err.OK) err = ephemeralSign(meter, slot, data, signatureSize(c));
  if (err == Err.OK) err = keyAgree(c.suite, false, ephemeral, partnerKey, c.title, 0, 0, party, key);
  Ct.wipe(ephemeral, 48);
  return err;
}

/** C(0e,2s): the key of static keys and a transaction-id, from a partner or to it. @returns 0 or Err */
export function staticAgree(
  meter: Meter,
  slot: Slot,
  party: u64,
  fromParty: bool,
  transactionAt: usize,
  transactionSize: u32,
  key: usize,
): i32 {
  const c = SecurityContext.of(meter, slot.security);
  const own = privateKeyOf(meter, slot.security, CertificateType.KEY_AGREEMENT);
  if (own == 0 || !agreementKeyOf(meter, slot.security, party, partnerKey)) return Err.STATE;
  const u = fromParty ? party : c.title;
  const v = fromParty ? c.title : party;
  return keyAgree(c.suite, false, own, partnerKey, u, transactionAt, transactionSize, v, key);
}
