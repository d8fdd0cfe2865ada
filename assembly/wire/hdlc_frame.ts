/**
 * Frame format type 3 (GB9 8.4.1; ISO/IEC 13239, Annex H.4): what stands between two flags.
 *
 *   format 2 | destination 1/2/4 | source 1/2/4 | control | HCS 2 | information | FCS 2
 *
 * HCS and information are there together or not at all. Flags and octet stuffing belong to the line (link/hdlc_collect.ts).
 */
import { CRC16_GOOD, CRC16_INITIAL, Crc16 } from "../base/crc16";
import { Err } from "../base/err";
import { HDLC_FRAME_SIZE_MAX } from "../base/limits";
import { hdlcAddressSize } from "./hdlc_address";

export const HDLC_FLAG: u32 = 0x7e;
/** Octets of the shortest frame: format, two addresses of one octet, control, FCS. */
export const HDLC_FRAME_SIZE_MIN: u32 = 7;
/** Octets of a check sequence. */
export const HDLC_CHECK_SIZE: u32 = 2;

const TYPE_3: u32 = 0xa000;
const TYPE_MASK: u32 = 0xf000;
const SEGMENTED: u32 = 0x0800;
const LENGTH_MASK: u32 = 0x07ff;

/** A frame as plain values; addresses and information stay where they are. */
@unmanaged
export class HdlcFrame {
  destination: usize;
  destinationSize: u32;
  source: usize;
  sourceSize: u32;
  control: u32;
  segmented: u32;
  info: usize;
  infoSize: u32;
}

/** The length that a format field at `at` announces, 7..2047; 0 when it is none of type 3. */
export function hdlcFormatLength(at: usize): u32 {
  const field = <u32>bswap<u16>(load<u16>(at));
  const length = field & LENGTH_MASK;
  return (field & TYPE_MASK) == TYPE_3 && length >= HDLC_FRAME_SIZE_MIN ? length : 0;
}

/** Whether `octet` can begin a format field of type 3. */
export function hdlcFormatBegins(octet: u32): bool {
  return (octet & 0xf0) == 0xa0;
}

/**
 * Parses everything in front of the information of a frame of `size` octets, of which at least the first 16 are there, and
 * checks the HCS. @returns 0, Err.MALFORMED or Err.AUTHENTICATION (check sequence)
 */
export function hdlcHeaderParse(at: usize, size: u32, out: HdlcFrame): i32 {
  if (size < HDLC_FRAME_SIZE_MIN || hdlcFormatLength(at) != size) return Err.MALFORMED;
  const destinationSize = hdlcAddressSize(at + 2, size - 2);
  if (destinationSize == 0) return Err.MALFORMED;
  const source = at + 2 + <usize>destinationSize;
  const sourceSize = hdlcAddressSize(source, size - 2 - destinationSize);
  if (sourceSize == 0) return Err.MALFORMED;
  const header: u32 = 2 + destinationSize + sourceSize + 1;
  if (size < header + HDLC_CHECK_SIZE) return Err.MALFORMED;
  const rest = size - header - HDLC_CHECK_SIZE;
  if (rest != 0 && rest <= HDLC_CHECK_SIZE) return Err.MALFORMED;
  out.destination = at + 2;
  out.destinationSize = destinationSize;
  out.source = source;
  out.sourceSize = sourceSize;
  out.control = <u32>load<u8>(at + <usize>header - 1);
  out.segmented = (<u32>bswap<u16>(load<u16>(at))) & SEGMENTED;
  out.info = at + <usize>(header + HDLC_CHECK_SIZE);
  out.infoSize = rest == 0 ? 0 : rest - HDLC_CHECK_SIZE;
  if (rest == 0) return Err.OK;
  return Crc16.update(CRC16_INITIAL, at, header + HDLC_CHECK_SIZE) == CRC16_GOOD ? Err.OK : Err.AUTHENTICATION;
}

/** Parses a frame of `size` octets between its flags. @returns 0, Err.MALFORMED or Err.AUTHENTICATION (check sequence) */
export function hdlcFrameParse(at: usize, size: u32, out: HdlcFrame): i32 {
  const err = hdlcHeaderParse(at, size, out);
  if (err != Err.OK) return err;
  // After a good HCS the register always holds the same residue, so the FCS continues from there.
  const register =
    out.infoSize == 0
      ? Crc16.update(CRC16_INITIAL, at, size)
      : Crc16.update(CRC16_GOOD, out.info, out.infoSize + HDLC_CHECK_SIZE);
  return register == CRC16_GOOD ? Err.OK : Err.AUTHENTICATION;
}

/** Octets of the frame between its flags. */
export function hdlcFrameSize(f: HdlcFrame): u32 {
  const check = f.infoSize == 0 ? HDLC_CHECK_SIZE : 2 * HDLC_CHECK_SIZE;
  return 2 + f.destinationSize + f.sourceSize + 1 + check + f.infoSize;
}

function addressCopy(to: usize, from: usize, size: u32): usize {
  for (let i: usize = 0; i < <usize>size; i++) store<u8>(to + i, load<u8>(from + i));
  return to + <usize>size;
}

/** Writes everything in front of the information; returns where `infoSize` octets of it go before hdlcFrameClose(). */
export function hdlcFrameOpen(f: HdlcFrame, at: usize): usize {
  const size = hdlcFrameSize(f);
  assert(size <= HDLC_FRAME_SIZE_MAX);
  store<u16>(at, bswap<u16>(<u16>(TYPE_3 | (f.segmented != 0 ? SEGMENTED : 0) | size)));
  const source = addressCopy(at + 2, f.destination, f.destinationSize);
  const control = addressCopy(source, f.source, f.sourceSize);
  store<u8>(control, <u8>f.control);
  const check = control + 1;
  if (f.infoSize == 0) return check;
  store<u16>(check, <u16>Crc16.of(at, <u32>(check - at)));
  return check + <usize>HDLC_CHECK_SIZE;
}

/** Writes the FCS of the frame at `at` whose information stands at `info`. */
export function hdlcFrameClose(f: HdlcFrame, at: usize, info: usize): void {
  const check = f.infoSize == 0 ? Crc16.of(at, <u32>(info - at)) : Crc16.update(CRC16_GOOD, info, f.infoSize) ^ 0xffff;
  store<u16>(info + <usize>f.infoSize, <u16>check);
}

/** Writes the frame that hdlcFrameParse() reads, hdlcFrameSize() octets. */
export function hdlcFrameEmit(f: HdlcFrame, at: usize): u32 {
  const info = hdlcFrameOpen(f, at);
  memory.copy(info, f.info, <usize>f.infoSize);
  hdlcFrameClose(f, at, info);
  return hdlcFrameSize(f);
}
