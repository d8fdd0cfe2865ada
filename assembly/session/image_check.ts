/**
 * Whether a firmware image is whole and from whom it should be: the octets behind it are the SHA-256 of all before them, or an
 * ECDSA signature over it with P-256 (FIPS 186-4), where the meter knows the key of its maker. docs/IMAGE.md has the format.
 */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "../crypto/ct";
import { Curve, CurveKind } from "../crypto/curve";
import { Ecdsa } from "../crypto/ecdsa";
import { Hash, HashKind, HASH_SIZE } from "../crypto/hash";

/** How an image is checked: octet 5 of its head. */
export const enum ImageCheck {
  DIGEST = 0,
  SIGNATURE = 1,
}

/** Octets that hold a hash under way, so that it can go on in another call. */
export const IMAGE_HASH_SIZE: u32 = HASH_SIZE;
/** Octets of the maker's public key, x || y. */
export const IMAGE_KEY_SIZE: u32 = 64;
const DIGEST_SIZE: u32 = 32;
const SIGNATURE_SIZE: u32 = 64;

const digest: usize = memory.data(48, 8);

/** Octets behind an image that is checked so. */
export function imageTrailerSize(check: u32): u32 {
  return check == ImageCheck.SIGNATURE ? SIGNATURE_SIZE : DIGEST_SIZE;
}

export function imageHashBegin(hash: usize): void {
  changetype<Hash>(hash).begin(HashKind.SHA256);
}

export function imageHashUpdate(hash: usize, at: usize, size: u32): void {
  changetype<Hash>(hash).update(at, size);
}

/** Ends the hash and compares: `trailer` are the octets behind the image, `key` the maker's, 0 = none is known. */
export function imageTrailerGood(hash: usize, check: u32, trailer: usize, key: usize): bool {
  changetype<Hash>(hash).finish(digest);
  if (check == ImageCheck.DIGEST) return key == 0 && Ct.equal(digest, trailer, DIGEST_SIZE) == 1;
  if (!ELLIPTIC || key == 0) return false;
  return Ecdsa.verify(Curve.of(CurveKind.P256), key, digest, trailer) == Err.OK;
}
