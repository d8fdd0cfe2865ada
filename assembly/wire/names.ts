/**
 * Object identifiers of application contexts and authentication mechanisms: content octets 60 85 74 05 08 kind id,
 * that is 2.16.756.5.8.kind.id (GB9 9.4.2.2).
 */
import { Err } from "../base/err";
import { SHORT_NAMES } from "../base/features";
import { Writer } from "../base/writer";

export const OBJECT_IDENTIFIER_SIZE: u32 = 7;

/** Second last arc. */
export const enum NameKind {
  APPLICATION_CONTEXT = 1,
  AUTHENTICATION_MECHANISM = 2,
  CRYPTOGRAPHIC_ALGORITHM = 3,
}

/** Last arc of an application context name. */
export const enum ApplicationContext {
  LOGICAL_NAME = 1,
  SHORT_NAME = 2,
  LOGICAL_NAME_CIPHERED = 3,
  SHORT_NAME_CIPHERED = 4,
}

/** Whether APDUs may be ciphered in a context. */
export function contextCiphered(context: u32): bool {
  return context == ApplicationContext.LOGICAL_NAME_CIPHERED || context == ApplicationContext.SHORT_NAME_CIPHERED;
}

/** Whether a context refers to attributes and methods by short names. */
export function contextShortNames(context: u32): bool {
  return SHORT_NAMES && (context == ApplicationContext.SHORT_NAME || context == ApplicationContext.SHORT_NAME_CIPHERED);
}

/** The strongest of the contexts offered, bit c for context c: the ciphered one of a pair has the higher number. */
export function contextStrongest(offered: u32): u32 {
  return offered == 0 ? 0 : 31 - clz<u32>(offered);
}

/** Last arc of an authentication mechanism name. */
export const enum Mechanism {
  LOWEST = 0,
  LLS = 1,
  HLS_MANUFACTURER = 2,
  HLS_MD5 = 3,
  HLS_SHA1 = 4,
  HLS_GMAC = 5,
  HLS_SHA256 = 6,
  HLS_ECDSA = 7,
}

/** The last arc of the name at `at`, or Err.UNKNOWN when it is not 2.16.756.5.8.kind.x. */
export function objectIdentifierParse(at: usize, size: u32, kind: u32): i32 {
  if (size != OBJECT_IDENTIFIER_SIZE) return Err.UNKNOWN;
  if (bswap<u32>(load<u32>(at)) != 0x60857405 || load<u8>(at, 4) != 8) return Err.UNKNOWN;
  if (<u32>load<u8>(at, 5) != kind) return Err.UNKNOWN;
  return <i32>load<u8>(at, 6);
}

/** Emits the 7 content octets objectIdentifierParse() reads. */
export function objectIdentifierEmit(w: Writer, kind: u32, id: u32): void {
  w.u32(0x60857405);
  w.u8(8);
  w.u8(kind);
  w.u8(id);
}
