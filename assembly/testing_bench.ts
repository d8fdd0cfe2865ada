/** Entry for the benchmarks; never shipped. Addresses come from the benchmark, one call is one message or one frame. */
import { Crc16 } from "./base/crc16";
import { Curve } from "./crypto/curve";
import { EcKey } from "./crypto/ec_key";
import { Ecdh } from "./crypto/ecdh";
import { Ecdsa } from "./crypto/ecdsa";
import { Gcm, GcmKey, GCM_KEY_SIZE, GCM_SIZE } from "./crypto/gcm";

/** First octet the module leaves free. */
export function freeFrom(): usize {
  return __heap_base;
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
/** Encrypts `size` octets at `at` in place; the tag stands behind them. */
export function gcmSeal(gcm: usize, key: usize, iv: usize, aad: usize, aadSize: u32, at: usize, size: u32): void {
  const message = changetype<Gcm>(gcm);
  message.begin(iv);
  message.aad(changetype<GcmKey>(key), aad, aadSize);
  message.seal(changetype<GcmKey>(key), at, at, size, at + <usize>size);
}
export function crc16(at: usize, size: u32): u32 {
  return Crc16.of(at, size);
}
export function ecPublicOf(kind: i32, privateKey: usize, publicKey: usize): i32 {
  return EcKey.publicOf(Curve.of(kind), privateKey, publicKey);
}
export function ecdhAgree(kind: i32, privateKey: usize, publicKey: usize, z: usize): i32 {
  return Ecdh.agree(Curve.of(kind), privateKey, publicKey, z);
}
export function ecdsaSign(kind: i32, key: usize, digest: usize, signature: usize): i32 {
  return Ecdsa.sign(Curve.of(kind), key, digest, 0, 0, signature);
}
export function ecdsaVerify(kind: i32, publicKey: usize, digest: usize, signature: usize): i32 {
  return Ecdsa.verify(Curve.of(kind), publicKey, digest, signature);
}
/** Additions that depend on nothing but those of the round before: what they take tells how many adders are free (bench/quiet.ts). */
export function additions(rounds: u32): u32 {
  let a: u32 = 0;
  let b: u32 = 1;
  let c: u32 = 2;
  let d: u32 = 3;
  let e: u32 = 4;
  let f: u32 = 5;
  let g: u32 = 6;
  let h: u32 = 7;
  for (let i: u32 = 0; i < rounds; i++) {
    a += i;
    b ^= i;
    c += i;
    d ^= i;
    e += i;
    f ^= i;
    g += i;
    h ^= i;
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
