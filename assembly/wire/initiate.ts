/** InitiateRequest and InitiateResponse, the xDLMS half of opening an association (GB9 9.4.6.1, 9.5). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { ApduTag } from "./tags";

export const DLMS_VERSION: u32 = 6;
/** Smallest client-max-receive-pdu-size that is not refused; 0 means no limit. */
export const PDU_SIZE_MIN: u32 = 12;
/** vaa-name of an association with logical name referencing, and with short names. */
export const VAA_NAME_LN: u32 = 0x0007;
export const VAA_NAME_SN: u32 = 0xfa00;

@unmanaged
export class InitiateRequest {
  /** Address 0 = absent. */
  dedicatedKeyAt: usize;
  dedicatedKeySize: u32;
  /** 0: no AARE is wanted. */
  responseAllowed: u32;
  /** 0..255, -1 = absent. */
  qualityOfService: i32;
  version: u32;
  /** Proposed bits (enum Conformance). */
  conformance: u32;
  /** Not 0: the conformance tag had one octet, 5F, which only HDLC allows. */
  shortTag: u32;
  /** What the client can receive, in octets; 0 = no limit. */
  pduSizeMax: u32;
}

@unmanaged
export class InitiateResponse {
  /** 0..255, -1 = absent; the one of the request is echoed. */
  qualityOfService: i32;
  version: u32;
  /** Negotiated bits (enum Conformance). */
  conformance: u32;
  shortTag: u32;
  /** What the server can receive, in octets. */
  pduSizeMax: u32;
  vaaName: u32;
}

/** An optional octet: flag 00, or 01 and the octet. Returns -1 when absent. */
function optionalParse(r: Reader): i32 {
  return Axdr.readFlag(r) ? <i32>r.u8() : -1;
}

function optionalEmit(w: Writer, value: i32): void {
  if (value < 0) w.u8(0);
  else w.u16(0x0100 | (value & 0xff));
}

/**
 * The conformance block is BER inside A-XDR: [APPLICATION 31] 5F 1F, length 4, no unused bits, 24 bits (GB9 9.4.6.1).
 */
function conformanceParse(r: Reader): u32 {
  if (r.u8() != 0x5f) r.fail(Err.MALFORMED);
  const short = r.peek == 4;
  if (!short && r.u8() != 0x1f) r.fail(Err.MALFORMED);
  if (r.u16() != 0x0400) r.fail(Err.MALFORMED);
  const high = r.u8();
  const bits = (high << 16) | r.u16();
  return bits | (short ? SHORT_TAG : 0);
}

/** Marks the short tag above the 24 bits on the way out of conformanceParse(). */
const SHORT_TAG: u32 = 0x1000000;

function conformanceEmit(w: Writer, bits: u32, short: bool): void {
  assert(bits < SHORT_TAG);
  w.u8(0x5f);
  if (!short) w.u8(0x1f);
  w.u16(0x0400);
  w.u8(bits >> 16);
  w.u16(bits);
}

/**
 * Parses an InitiateRequest with its tag. Version, conformance and size are the server's to judge. Err.UNKNOWN for
 * another tag, Err.INCOMPLETE and Err.MALFORMED as the words say; octets behind the APDU are malformed.
 */
export function initiateRequestParse(r: Reader, out: InitiateRequest): i32 {
  Axdr.expect(r, ApduTag.INITIATE_REQUEST);
  const hasKey = Axdr.readFlag(r);
  out.dedicatedKeySize = hasKey ? Axdr.readLength(r) : 0;
  out.dedicatedKeyAt = hasKey ? r.take(out.dedicatedKeySize) : 0;
  // DEFAULT TRUE: flag 00 stands for true, 01 precedes the value.
  const responseAllowed = optionalParse(r);
  out.responseAllowed = responseAllowed != 0 ? 1 : 0;
  out.qualityOfService = optionalParse(r);
  out.version = r.u8();
  const bits = conformanceParse(r);
  out.conformance = bits & 0xffffff;
  out.shortTag = bits >> 24;
  out.pduSizeMax = r.u16();
  r.close();
  return r.err;
}

/** Emits what initiateRequestParse() reads. */
export function initiateRequestEmit(w: Writer, x: InitiateRequest): void {
  w.u8(ApduTag.INITIATE_REQUEST);
  w.u8(x.dedicatedKeyAt != 0 ? 1 : 0);
  if (x.dedicatedKeyAt != 0) Axdr.octets(w, x.dedicatedKeyAt, x.dedicatedKeySize);
  optionalEmit(w, x.responseAllowed != 0 ? -1 : 0);
  optionalEmit(w, x.qualityOfService);
  w.u8(x.version);
  conformanceEmit(w, x.conformance, x.shortTag != 0);
  w.u16(x.pduSizeMax);
}

/** Parses an InitiateResponse with its tag; errors as initiateRequestParse(). */
export function initiateResponseParse(r: Reader, out: InitiateResponse): i32 {
  Axdr.expect(r, ApduTag.INITIATE_RESPONSE);
  out.qualityOfService = optionalParse(r);
  out.version = r.u8();
  const bits = conformanceParse(r);
  out.conformance = bits & 0xffffff;
  out.shortTag = bits >> 24;
  out.pduSizeMax = r.u16();
  out.vaaName = r.u16();
  r.close();
  return r.err;
}

/** Emits what initiateResponseParse() reads. */
export function initiateResponseEmit(w: Writer, x: InitiateResponse): void {
  w.u8(ApduTag.INITIATE_RESPONSE);
  optionalEmit(w, x.qualityOfService);
  w.u8(x.version);
  conformanceEmit(w, x.conformance, x.shortTag != 0);
  w.u16(x.pduSizeMax);
  w.u16(x.vaaName);
}
