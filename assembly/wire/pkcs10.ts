/**
 * Certification requests (PKCS#10, RFC 2986) of a meter: version 0, the system title as common name, its public key, no attributes,
 * signed with the key itself (GB9 9.2.6.6). Only two lengths vary, those of the numbers of the signature.
 */
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Writer } from "../base/writer";
import { Ber } from "./ber";
import { DerTag } from "./der";
import {
  COMMON_NAME,
  COMMON_NAME_SIZE,
  ECDSA_ALGORITHM_SIZE,
  ECDSA_SHA256,
  ECDSA_SHA384,
  SPKI_P256,
  SPKI_P256_SIZE,
  SPKI_P384,
  SPKI_P384_SIZE,
} from "./x509_rom";

/** Most octets of what is signed: head, version, name, key on P-384, attributes. */
export const REQUEST_INFO_SIZE_MAX: u32 = 3 + 3 + 29 + 120 + 2;

/** Octets of the subject: one common name of 16 digits, a UTF8String. */
const DIGITS: u32 = 2 * SYSTEM_TITLE_SIZE;
const PAIR_SIZE: u32 = COMMON_NAME_SIZE + 2 + DIGITS;
const NAME_SIZE: u32 = 6 + PAIR_SIZE;

/** Octets of an element with `size` octets of content. */
function elementSize(size: u32): u32 {
  return 1 + Ber.lengthSize(size) + size;
}

/** Identifier octet and length. */
function head(w: Writer, tag: u32, size: u32): void {
  w.u8(tag);
  Ber.length(w, size);
}

/** CertificationRequestInfo, the octets that are signed: public key x || y with coordinates of 32 or 48 octets. */
export function requestInfoEmit(w: Writer, titleAt: usize, keyAt: usize, keySize: u32): void {
  const prefix = keySize == 48 ? SPKI_P384 : SPKI_P256;
  const prefixSize = keySize == 48 ? SPKI_P384_SIZE : SPKI_P256_SIZE;
  head(w, DerTag.SEQUENCE, 3 + NAME_SIZE + prefixSize + 2 * keySize + 2);
  head(w, DerTag.INTEGER, 1);
  w.u8(0);
  head(w, DerTag.SEQUENCE, NAME_SIZE - 2);
  head(w, DerTag.SET, NAME_SIZE - 4);
  head(w, DerTag.SEQUENCE, PAIR_SIZE);
  w.octets(COMMON_NAME, COMMON_NAME_SIZE);
  head(w, DerTag.UTF8_STRING, DIGITS);
  for (let i: u32 = 0; i < DIGITS; i++) {
    const octet = <u32>load<u8>(titleAt + <usize>(i >> 1));
    const digit = i & 1 ? octet & 0x0f : octet >> 4;
    w.u8(digit < 10 ? 0x30 + digit : 0x37 + digit);
  }
  w.octets(prefix, prefixSize);
  w.octets(keyAt, 2 * keySize);
  head(w, DerTag.CONTEXT_0, 0);
}

/** Leading zeros of a number of `size` octets; the last octet always counts. */
function leadingZeros(at: usize, size: u32): u32 {
  let zeros: u32 = 0;
  while (zeros < size - 1 && load<u8>(at + <usize>zeros) == 0) zeros++;
  return zeros;
}

/** Octets of a positive INTEGER from a number of full width. */
function integerSize(at: usize, size: u32): u32 {
  const zeros = leadingZeros(at, size);
  return size - zeros + (load<u8>(at + <usize>zeros) >> 7);
}

function integer(w: Writer, at: usize, size: u32): void {
  const zeros = leadingZeros(at, size);
  head(w, DerTag.INTEGER, integerSize(at, size));
  if (load<u8>(at + <usize>zeros) >= 0x80) w.u8(0);
  w.octets(at + <usize>zeros, size - zeros);
}

/** Octets of SEQUENCE { r, s }, without its head. */
function signatureSize(signature: usize, size: u32): u32 {
  return 4 + integerSize(signature, size) + integerSize(signature + <usize>size, size);
}

/** Octets of the whole request around `infoSize` octets, with the signature r || s of halves of `size` octets. */
export function requestSize(infoSize: u32, signature: usize, size: u32): u32 {
  return elementSize(infoSize + ECDSA_ALGORITHM_SIZE + elementSize(1 + elementSize(signatureSize(signature, size))));
}

/** CertificationRequest. */
export function requestEmit(w: Writer, infoAt: usize, infoSize: u32, signature: usize, size: u32): void {
  const numbers = signatureSize(signature, size);
  const bits = 1 + elementSize(numbers);
  head(w, DerTag.SEQUENCE, infoSize + ECDSA_ALGORITHM_SIZE + elementSize(bits));
  w.octets(infoAt, infoSize);
  w.octets(size == 48 ? ECDSA_SHA384 : ECDSA_SHA256, ECDSA_ALGORITHM_SIZE);
  head(w, DerTag.BIT_STRING, bits);
  w.u8(0);
  head(w, DerTag.SEQUENCE, numbers);
  integer(w, signature, size);
  integer(w, signature + <usize>size, size);
}
