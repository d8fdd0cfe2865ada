/**
 * The messages that open a line in modes C and E (IEC 62056-21, 6.3 and Annex E). They are 7 bits with even parity; on a line of 8
 * bits without parity, which is all that a host may have, the eighth bit is that parity.
 */
import { Err } from "../base/err";

/** Device address of a request and identification of an answer, octets at most. */
export const MODE_E_ADDRESS_MAX: u32 = 32;
export const MODE_E_IDENT_MAX: u32 = 16;
/** `/?`, address, `!`, CR LF. */
export const MODE_E_MESSAGE_MAX: u32 = 37;
export const OPTION_SELECT_SIZE: u32 = 6;
/** Mode E with HDLC: V and Y of the option select message, W of the identification. */
export const MODE_E_HDLC: u32 = 2;
/** Mode control Y of mode C: data readout, programming. */
export const MODE_C_READOUT: u32 = 0;
export const MODE_C_PROGRAMMING: u32 = 1;
/** `SOH B 0 ETX BCC`. */
export const BREAK_SIZE: u32 = 5;
/** What closes a data block behind its lines: `! CR LF ETX BCC`. */
export const DATA_END_SIZE: u32 = 5;
/** Highest baud rate identification: 300 Bd x 2^6. */
export const BAUD_ID_MAX: u32 = 6;

/** Control characters and marks of the messages. */
export const enum Mark {
  SOH = 0x01,
  STX = 0x02,
  ETX = 0x03,
  ACK = 0x06,
  LF = 0x0a,
  CR = 0x0d,
  END = 0x21,
  START = 0x2f,
  REQUEST = 0x3f,
  ESCAPE = 0x5c,
}

/** Where the device address of a request stands; size 0 = every device. */
@unmanaged
export class ModeERequest {
  address: usize;
  size: u32;
}

/** Protocol control, baud rate identification and mode control of an option select message. */
@unmanaged
export class OptionSelect {
  v: u32;
  z: u32;
  y: u32;
}

/** A character with even parity in bit 7. */
export function parityAdd(character: u32): u32 {
  return character | (((<u32>popcnt<u32>(character)) & 1) << 7);
}

/** The character of an octet with even parity, or Err.MALFORMED. */
export function parityTake(octet: u32): i32 {
  return popcnt<u32>(octet) & 1 ? Err.MALFORMED : <i32>(octet & 0x7f);
}

/** Whether a character may stand in an address or an identification: printable, and no mark. */
function isText(character: u32): bool {
  return character >= 0x20 && character < 0x7f && character != Mark.START && character != Mark.END;
}

/** Whether `size` characters at `at` may stand in an address or an identification. */
export function isTextAll(at: usize, size: u32): bool {
  for (let i: u32 = 0; i < size; i++) if (!isText(load<u8>(at + <usize>i))) return false;
  return true;
}

function endsLine(at: usize, size: u32): bool {
  return load<u8>(at + <usize>size - 2) == Mark.CR && load<u8>(at + <usize>size - 1) == Mark.LF;
}

/** Parses `/?address! CR LF` of `size` characters at `at`. @returns 0 or Err.MALFORMED */
export function modeERequestParse(at: usize, size: u32, out: ModeERequest): i32 {
  if (size < 5 || size > MODE_E_MESSAGE_MAX) return Err.MALFORMED;
  if (load<u8>(at) != Mark.START || load<u8>(at + 1) != Mark.REQUEST) return Err.MALFORMED;
  if (!endsLine(at, size) || load<u8>(at + <usize>size - 3) != Mark.END) return Err.MALFORMED;
  out.address = at + 2;
  out.size = size - 5;
  return isTextAll(out.address, out.size) ? Err.OK : Err.MALFORMED;
}

/** Parses `ACK V Z Y CR LF` of `size` characters at `at`. @returns 0 or Err.MALFORMED; V, Z and Y are digits */
export function optionSelectParse(at: usize, size: u32, out: OptionSelect): i32 {
  if (size != OPTION_SELECT_SIZE || load<u8>(at) != Mark.ACK || !endsLine(at, size)) return Err.MALFORMED;
  out.v = <u32>load<u8>(at + 1) - 0x30;
  out.z = <u32>load<u8>(at + 2) - 0x30;
  out.y = <u32>load<u8>(at + 3) - 0x30;
  return out.v <= 9 && out.z <= 9 && out.y <= 9 ? Err.OK : Err.MALFORMED;
}

/** Writes what optionSelectParse() reads, which is also the meter's confirmation. @returns its size */
export function optionSelectEmit(at: usize, v: u32, z: u32, y: u32): u32 {
  assert(v <= 9 && z <= 9 && y <= 9);
  store<u8>(at, Mark.ACK);
  store<u8>(at + 1, <u8>(0x30 + v));
  store<u8>(at + 2, <u8>(0x30 + z));
  store<u8>(at + 3, <u8>(0x30 + y));
  store<u8>(at + 4, Mark.CR);
  store<u8>(at + 5, Mark.LF);
  return OPTION_SELECT_SIZE;
}

/**
 * Writes `/XXX Z \2 identification CR LF`: the three letters of the manufacturer at `flag`, the highest baud rate, HDLC
 * offered. @returns its size, 9 + identSize
 */
export function identificationEmit(at: usize, flag: usize, z: u32, ident: usize, identSize: u32): u32 {
  assert(z <= BAUD_ID_MAX && identSize <= MODE_E_IDENT_MAX);
  store<u8>(at, Mark.START);
  memory.copy(at + 1, flag, 3);
  store<u8>(at + 4, <u8>(0x30 + z));
  store<u8>(at + 5, Mark.ESCAPE);
  store<u8>(at + 6, <u8>(0x30 + MODE_E_HDLC));
  memory.copy(at + 7, ident, <usize>identSize);
  const end = at + 7 + <usize>identSize;
  store<u8>(end, Mark.CR);
  store<u8>(end + 1, Mark.LF);
  return 9 + identSize;
}

/** Octets of the break message: command B, number 0. */
const COMMAND_B: u32 = 0x42;
const NUMBER_0: u32 = 0x30;

/** The block check character so far, over `size` more characters: it covers what follows SOH or STX, up to and with ETX (6.3.8). */
export function blockCheck(bcc: u32, at: usize, size: u32): u32 {
  for (let i: u32 = 0; i < size; i++) bcc ^= <u32>load<u8>(at + <usize>i);
  return bcc & 0x7f;
}

/** Writes the break message. @returns its size */
export function breakEmit(at: usize): u32 {
  store<u8>(at, Mark.SOH);
  store<u8>(at + 1, <u8>COMMAND_B);
  store<u8>(at + 2, <u8>NUMBER_0);
  store<u8>(at + 3, Mark.ETX);
  store<u8>(at + 4, <u8>blockCheck(0, at + 1, BREAK_SIZE - 2));
  return BREAK_SIZE;
}

/** Whether `size` characters at `at` are the break message, whose BCC is right. */
export function isBreak(at: usize, size: u32): bool {
  if (size != BREAK_SIZE || load<u8>(at) != Mark.SOH || load<u8>(at + 3) != Mark.ETX) return false;
  if (<u32>load<u8>(at + 1) != COMMAND_B || <u32>load<u8>(at + 2) != NUMBER_0) return false;
  return <u32>load<u8>(at + 4) == blockCheck(0, at + 1, BREAK_SIZE - 2);
}

/** Writes the end of a data block whose characters behind STX have the block check `bcc`. @returns its size */
export function dataEndEmit(at: usize, bcc: u32): u32 {
  store<u8>(at, Mark.END);
  store<u8>(at + 1, Mark.CR);
  store<u8>(at + 2, Mark.LF);
  store<u8>(at + 3, Mark.ETX);
  store<u8>(at + 4, <u8>blockCheck(bcc, at, DATA_END_SIZE - 1));
  return DATA_END_SIZE;
}
