/** Entry for the tests of `crypto/`; never shipped. Addresses come from the test. */
import "./trap";
import { AesKey, AES_KEY_SIZE } from "./crypto/aes";
import { Ct } from "./crypto/ct";
import { Gcm, GcmKey, GCM_KEY_SIZE, GCM_SIZE } from "./crypto/gcm";
import { Hash, HASH_SIZE } from "./crypto/hash";
import { Hmac, HMAC_SIZE } from "./crypto/hmac";
import { KeyWrap } from "./crypto/keywrap";

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
