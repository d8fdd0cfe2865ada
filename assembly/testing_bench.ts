/** Entry for the benchmarks; never shipped. Addresses come from the benchmark, one call is one message or one frame. */
import "./trap";
import { Crc16 } from "./base/crc16";
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
