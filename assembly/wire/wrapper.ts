/** The wrapper of the TCP-UDP based profile (IEC 62056-4-7; GB9 7.3.3): eight octets in front of every APDU. */
import { Err } from "../base/err";

export const WRAPPER_HEADER_SIZE: u32 = 8;
export const WRAPPER_VERSION: u32 = 1;

@unmanaged
export class WrapperHeader {
  /** wPort of the sender and of the receiver. */
  source: u32;
  destination: u32;
  /** Octets of the APDU behind the header, 0..65535. */
  size: u32;
}

/** The version field at `at`. */
export function wrapperVersion(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

/** Parses the WRAPPER_HEADER_SIZE octets at `at`. @returns 0, or Err.UNKNOWN for another version */
export function wrapperHeaderParse(at: usize, out: WrapperHeader): i32 {
  if (wrapperVersion(at) != WRAPPER_VERSION) return Err.UNKNOWN;
  out.source = <u32>bswap<u16>(load<u16>(at, 2));
  out.destination = <u32>bswap<u16>(load<u16>(at, 4));
  out.size = <u32>bswap<u16>(load<u16>(at, 6));
  return Err.OK;
}

/** Writes the header that wrapperHeaderParse() reads. */
export function wrapperHeaderEmit(at: usize, source: u32, destination: u32, size: u32): void {
  assert(size <= 0xffff);
  store<u16>(at, bswap<u16>(<u16>WRAPPER_VERSION));
  store<u16>(at, bswap<u16>(<u16>source), 2);
  store<u16>(at, bswap<u16>(<u16>destination), 4);
  store<u16>(at, bswap<u16>(<u16>size), 6);
}
