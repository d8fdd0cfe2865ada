/**
 * The head of a journal area (docs/FLASH.md): magic u32 | version u32 | epoch u32 | check of the template u32 | CRC-32 of those 16
 * octets u32 | retired u32 | FF …, little-endian. `retired` is erased while the area may be the newest; it is programmed to 0 when
 * the other area has taken over, so that a newer head that is lost later is missed. Most of its bits decide: some may rot.
 */
import { Crc32 } from "../base/crc32";
import { Template } from "./template";

/** "DLMJ" */
const HEAD_MAGIC: u32 = 0x4a4d4c44;
const FORMAT_VERSION: u32 = 1;
export const HEAD_SIZE: u32 = 32;
export const RETIRED_AT: u32 = 20;
export const RETIRED_SIZE: u32 = 4;

/** What stands where a head should be. */
export const enum Head {
  /** Erased octets only. */
  NONE = 0,
  GOOD = 1,
  /** A good one, and the other area has taken over. */
  RETIRED = 2,
  /** A good one of another format version. */
  FOREIGN = 3,
  /** Octets that are no head: it was torn, or has been damaged since. */
  BAD = 4,
}

/** Judges the HEAD_SIZE octets at `at`. */
export function headRead(at: usize): Head {
  if (load<u32>(at) == HEAD_MAGIC && load<u32>(at + 16) == Crc32.of(at, 16)) {
    if (load<u32>(at + 4) != FORMAT_VERSION) return Head.FOREIGN;
    return popcnt<u32>(load<u32>(at + <usize>RETIRED_AT)) > 16 ? Head.GOOD : Head.RETIRED;
  }
  for (let i: usize = 0; i < <usize>HEAD_SIZE; i += 4) if (load<u32>(at + i) != 0xffffffff) return Head.BAD;
  return Head.NONE;
}

/** Epoch of a good head. */
export function headEpoch(at: usize): u32 {
  return load<u32>(at + 8);
}

/** Writes the head that makes an area the newest. */
export function headEmit(at: usize, epoch: u32): void {
  memory.fill(at, 0xff, <usize>HEAD_SIZE);
  store<u32>(at, HEAD_MAGIC);
  store<u32>(at + 4, FORMAT_VERSION);
  store<u32>(at + 8, epoch);
  store<u32>(at + 12, Template.of().check);
  store<u32>(at + 16, Crc32.of(at, 16));
}
