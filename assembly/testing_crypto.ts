/** Entry for the tests of `crypto/`; never shipped. Addresses come from the test. */
import { AesKey, AES_KEY_SIZE } from "./crypto/aes";
import { Ct } from "./crypto/ct";
import { Curve } from "./crypto/curve";
import { Drbg, DRBG_SIZE } from "./crypto/drbg";
import { EcKey } from "./crypto/ec_key";
import { Ecdh } from "./crypto/ecdh";
import { Ecdsa } from "./crypto/ecdsa";
import { Field } from "./crypto/field";
import { Gcm, GcmKey, GCM_KEY_SIZE, GCM_SIZE } from "./crypto/gcm";
import { Hash, HASH_SIZE } from "./crypto/hash";
import { Hmac, HMAC_SIZE } from "./crypto/hmac";
import { Kdf, KDF_SIZE } from "./crypto/kdf";
import { KeyWrap } from "./crypto/keywrap";
import { Point } from "./crypto/point";

/** First octet the module leaves free. */
export function freeFrom(): usize {
  return __heap_base;
}
export function aesKeySize(): u32 {
  return AES_KEY_SIZE;
}
export function aesExpand(key: usize, octets: usize, size: u32): void {
  changetype<AesKey>(key).expand(octets, size);
}
export function aesEncrypt4(key: usize, at: usize): void {
  changetype<AesKey>(key).encrypt4(at);
}
export function ctEqual(a: usize, b: usize, size: u32): i32 {
  return Ct.equal(a, b, size);
}
/** Leaks on purpose, for the controls of test/ct/timing.mjs: stops at the first octet that differs. */
export function leakyEqual(a: usize, b: usize, size: u32): i32 {
  for (let i: u32 = 0; i < size; i++) if (load<u8>(a + i) != load<u8>(b + i)) return 0;
  return 1;
}
/** Leaks on purpose: works for each octet whose lowest bit is set. */
export function leakyWork(at: usize, size: u32): u32 {
  let sum: u32 = 1;
  for (let i: u32 = 0; i < size; i++) {
    if ((load<u8>(at + i) & 1) != 0) for (let k: u32 = 0; k < 4; k++) sum = rotl<u32>(sum * 2654435761 + i, 7);
  }
  return sum;
}
export function ctWipe(at: usize, size: u32): void {
  Ct.wipe(at, size);
}
export function gcmKeySize(): u32 {
  return GCM_KEY_SIZE;
}
export function gcmSize(): u32 {
  return GCM_SIZE;
}
export function gcmExpand(key: usize, octets: usize, size: u32): void {
  changetype<GcmKey>(key).expand(octets, size);
}
export function gcmBegin(gcm: usize, iv: usize): void {
  changetype<Gcm>(gcm).begin(iv);
}
export function gcmAad(gcm: usize, key: usize, at: usize, size: u32): void {
  changetype<Gcm>(gcm).aad(changetype<GcmKey>(key), at, size);
}
export function gcmEncrypt(gcm: usize, key: usize, at: usize, out: usize, size: u32): void {
  changetype<Gcm>(gcm).encrypt(changetype<GcmKey>(key), at, out, size);
}
export function gcmDecrypt(gcm: usize, key: usize, at: usize, out: usize, size: u32): void {
  changetype<Gcm>(gcm).decrypt(changetype<GcmKey>(key), at, out, size);
}
export function gcmHash(gcm: usize, key: usize, at: usize, size: u32): void {
  changetype<Gcm>(gcm).hash(changetype<GcmKey>(key), at, size);
}
export function gcmSeek(gcm: usize, offset: u32): void {
  changetype<Gcm>(gcm).seek(offset);
}
export function gcmCrypt(gcm: usize, key: usize, at: usize, out: usize, size: u32): void {
  changetype<Gcm>(gcm).crypt(changetype<GcmKey>(key), at, out, size);
}
export function gcmTag(gcm: usize, key: usize, out: usize): void {
  changetype<Gcm>(gcm).tag(changetype<GcmKey>(key), out);
}
export function gcmVerify(gcm: usize, key: usize, tag: usize): i32 {
  return changetype<Gcm>(gcm).verify(changetype<GcmKey>(key), tag);
}
export function gcmSeal(gcm: usize, key: usize, at: usize, out: usize, size: u32, tag: usize): void {
  changetype<Gcm>(gcm).seal(changetype<GcmKey>(key), at, out, size, tag);
}
export function gcmOpen(gcm: usize, key: usize, at: usize, out: usize, size: u32, tag: usize): i32 {
  return changetype<Gcm>(gcm).open(changetype<GcmKey>(key), at, out, size, tag);
}
/** begin, one piece of aad, seal: what a benchmark times as one call. */
export function gcmSealWhole(gcm: usize, key: usize, iv: usize, aad: usize, aadSize: u32, at: usize, size: u32): void {
  const message = changetype<Gcm>(gcm);
  message.begin(iv);
  message.aad(changetype<GcmKey>(key), aad, aadSize);
  message.seal(changetype<GcmKey>(key), at, at, size, at + <usize>size);
}
export function aesDecrypt(key: usize, at: usize): void {
  changetype<AesKey>(key).decrypt(at);
}
export function keyWrap(kek: usize, key: usize, size: u32, out: usize): u32 {
  return KeyWrap.wrap(changetype<AesKey>(kek), key, size, out);
}
export function keyUnwrap(kek: usize, wrapped: usize, size: u32, out: usize): i32 {
  return KeyWrap.unwrap(changetype<AesKey>(kek), wrapped, size, out);
}
export function hashSize(): u32 {
  return HASH_SIZE;
}
export function hashBegin(hash: usize, kind: i32): void {
  changetype<Hash>(hash).begin(kind);
}
export function hashUpdate(hash: usize, at: usize, size: u32): void {
  changetype<Hash>(hash).update(at, size);
}
export function hashFinish(hash: usize, out: usize): u32 {
  return changetype<Hash>(hash).finish(out);
}
export function hashDigest(hash: usize, kind: i32, at: usize, size: u32, out: usize): u32 {
  return changetype<Hash>(hash).digest(kind, at, size, out);
}
export function hmacSize(): u32 {
  return HMAC_SIZE;
}
export function hmacBegin(hmac: usize, kind: i32, key: usize, size: u32): void {
  changetype<Hmac>(hmac).begin(kind, key, size);
}
export function hmacUpdate(hmac: usize, at: usize, size: u32): void {
  changetype<Hmac>(hmac).update(at, size);
}
export function hmacFinish(hmac: usize, out: usize): u32 {
  return changetype<Hmac>(hmac).finish(out);
}
export function fieldMultiply(kind: i32, scalars: i32, r: usize, a: usize, b: usize): void {
  fieldOf(kind, scalars).multiply(r, a, b);
}
export function fieldSquare(kind: i32, scalars: i32, r: usize, a: usize): void {
  fieldOf(kind, scalars).square(r, a);
}
export function fieldCombine(kind: i32, scalars: i32, r: usize, a: usize, x: i32, b: usize, y: i32): void {
  fieldOf(kind, scalars).combine(r, a, x, b, y);
}
export function fieldInvert(kind: i32, scalars: i32, r: usize, a: usize): void {
  fieldOf(kind, scalars).invert(r, a);
}
export function fieldRead(kind: i32, scalars: i32, r: usize, at: usize): void {
  fieldOf(kind, scalars).read(r, at);
}
export function fieldWrite(kind: i32, scalars: i32, at: usize, a: usize): void {
  fieldOf(kind, scalars).write(at, a);
}
export function fieldEnter(kind: i32, scalars: i32, r: usize, a: usize): void {
  fieldOf(kind, scalars).enter(r, a);
}
export function fieldLeave(kind: i32, scalars: i32, r: usize, a: usize): void {
  fieldOf(kind, scalars).leave(r, a);
}
export function fieldIsBelow(kind: i32, scalars: i32, a: usize): i32 {
  return fieldOf(kind, scalars).isBelow(a);
}
export function fieldIsZero(kind: i32, scalars: i32, a: usize): i32 {
  return fieldOf(kind, scalars).isZero(a);
}
function fieldOf(kind: i32, scalars: i32): Field {
  const curve = Curve.of(kind);
  return scalars != 0 ? curve.n : curve.p;
}
export function curveAt(kind: i32): usize {
  return changetype<usize>(Curve.of(kind));
}
export function curveComb(kind: i32): usize {
  return Curve.of(kind).comb;
}
export function pointAdd(kind: i32, r: usize, a: usize, b: usize): void {
  Point.add(Curve.of(kind), r, a, b);
}
export function pointDouble(kind: i32, a: usize, times: u32): void {
  Point.double(Curve.of(kind), a, times);
}
export function pointMultiply(kind: i32, r: usize, k: usize, a: usize): void {
  Point.multiply(Curve.of(kind), r, k, a);
}
export function pointMultiplyBase(kind: i32, r: usize, k: usize): void {
  Point.multiplyBase(Curve.of(kind), r, k);
}
export function ecPublicOf(kind: i32, privateKey: usize, publicKey: usize): i32 {
  return EcKey.publicOf(Curve.of(kind), privateKey, publicKey);
}
export function ecCheck(kind: i32, publicKey: usize): i32 {
  return EcKey.check(Curve.of(kind), publicKey);
}
export function ecGenerate(kind: i32, drbg: usize, privateKey: usize, publicKey: usize): i32 {
  return EcKey.generate(Curve.of(kind), changetype<Drbg>(drbg), privateKey, publicKey);
}
export function ecdhAgree(kind: i32, privateKey: usize, publicKey: usize, z: usize): i32 {
  return Ecdh.agree(Curve.of(kind), privateKey, publicKey, z);
}
export function ecdsaSign(kind: i32, key: usize, digest: usize, extra: usize, extraSize: u32, out: usize): i32 {
  return Ecdsa.sign(Curve.of(kind), key, digest, extra, extraSize, out);
}
export function ecdsaVerify(kind: i32, publicKey: usize, digest: usize, signature: usize): i32 {
  return Ecdsa.verify(Curve.of(kind), publicKey, digest, signature);
}
export function drbgSize(): u32 {
  return DRBG_SIZE;
}
export function drbgSeed(drbg: usize, entropy: usize, size: u32): i32 {
  return changetype<Drbg>(drbg).seed(entropy, size);
}
export function drbgGenerate(drbg: usize, out: usize, size: u32): i32 {
  return changetype<Drbg>(drbg).generate(out, size);
}
export function kdfSize(): u32 {
  return KDF_SIZE;
}
export function kdfBegin(kdf: usize, algorithm: i32, z: usize, size: u32, arc: u32, counted: u32): void {
  changetype<Kdf>(kdf).begin(algorithm, z, size, arc, counted != 0);
}
export function kdfParty(kdf: usize, at: usize, size: u32): void {
  changetype<Kdf>(kdf).party(at, size);
}
export function kdfFinish(kdf: usize, out: usize): u32 {
  return changetype<Kdf>(kdf).finish(out);
}
