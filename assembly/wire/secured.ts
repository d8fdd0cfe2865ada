/**
 * What every ciphered APDU carries last: security control, invocation counter, text, tag (GB9 9.2.7.2,
 * protecting xDLMS APDUs).
 */
import { Err } from "../base/err";
import { TAG_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";

/** Security control octet: suite id in the low four bits. */
export const enum SecurityControl {
  SUITE_MASK = 0x0f,
  AUTHENTICATED = 0x10,
  ENCRYPTED = 0x20,
  /** The key is the broadcast one. */
  BROADCAST = 0x40,
  COMPRESSED = 0x80,
}

/** Octets of security control and invocation counter. */
export const SECURITY_HEADER_SIZE: u32 = 5;

@unmanaged
export class Secured {
  /** SecurityControl. */
  control: u32;
  invocationCounter: u32;
  /** Plain text or ciphertext. */
  textAt: usize;
  textSize: u32;
  /** 12 octets, address 0 when the control octet does not announce authentication. */
  tagAt: usize;
}

/**
 * Reads the octet string and leaves `r` behind it. Err.MALFORMED when it is too short for header and tag. What the
 * control octet means here is the session's to judge.
 */
export function securedParse(r: Reader, out: Secured): i32 {
  const size = Axdr.readLength(r);
  const at = r.take(size);
  if (r.err != Err.OK) return r.err;
  const tagSize: u32 = size != 0 && ((<u32>load<u8>(at)) & SecurityControl.AUTHENTICATED) != 0 ? TAG_SIZE : 0;
  if (size < SECURITY_HEADER_SIZE + tagSize) {
    r.fail(Err.MALFORMED);
    return r.err;
  }
  out.control = load<u8>(at);
  out.invocationCounter = bswap<u32>(load<u32>(at, 1));
  out.textAt = at + <usize>SECURITY_HEADER_SIZE;
  out.textSize = size - SECURITY_HEADER_SIZE - tagSize;
  out.tagAt = tagSize != 0 ? out.textAt + <usize>out.textSize : 0;
  return Err.OK;
}

/** Octets of the octet string, without its length, for `textSize` octets of text. */
export function securedSize(control: u32, textSize: u32): u32 {
  return SECURITY_HEADER_SIZE + textSize + ((control & SecurityControl.AUTHENTICATED) != 0 ? TAG_SIZE : 0);
}

/** Writes length, control and counter; the text, and 12 octets of tag when authenticated, follow. */
export function securedHeadEmit(w: Writer, x: Secured): void {
  Axdr.length(w, securedSize(x.control, x.textSize));
  w.u8(x.control);
  w.u32(x.invocationCounter);
}

/** Emits what securedParse() reads. */
export function securedEmit(w: Writer, x: Secured): void {
  securedHeadEmit(w, x);
  w.octets(x.textAt, x.textSize);
  if ((x.control & SecurityControl.AUTHENTICATED) != 0) w.octets(x.tagAt, TAG_SIZE);
}
