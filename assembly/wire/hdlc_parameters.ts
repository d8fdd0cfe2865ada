/**
 * Parameter negotiation in the information field of SNRM and UA (GB9 8.4.5.3.2; ISO/IEC 13239, 5.5.3.2):
 * format identifier, then groups. Group 80 holds {identifier, length, value}; group F0 (user data) takes all that follows.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { HDLC_INFO_SIZE_DEFAULT } from "../base/limits";

/** Octets of the field that hdlcParametersEmit() writes. */
export const HDLC_PARAMETERS_SIZE: u32 = 23;
export const HDLC_WINDOW_DEFAULT: u32 = 1;
export const HDLC_WINDOW_MAX: u32 = 7;

const FORMAT: u32 = 0x81;
const GROUP_PARAMETERS: u32 = 0x80;
const GROUP_USER_DATA: u32 = 0xf0;

const enum Parameter {
  INFO_TRANSMIT = 5,
  INFO_RECEIVE = 6,
  WINDOW_TRANSMIT = 7,
  WINDOW_RECEIVE = 8,
}

/** Limits as their sender sees them: "transmit" is what it will send itself. */
@unmanaged
export class HdlcLimits {
  infoTransmit: u32;
  infoReceive: u32;
  windowTransmit: u32;
  windowReceive: u32;

  /** What holds where nothing is said. */
  defaults(): void {
    this.infoTransmit = HDLC_INFO_SIZE_DEFAULT;
    this.infoReceive = HDLC_INFO_SIZE_DEFAULT;
    this.windowTransmit = HDLC_WINDOW_DEFAULT;
    this.windowReceive = HDLC_WINDOW_DEFAULT;
  }
}

const GROUPS = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const PARAMETERS = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Reads a value of 1 to 4 octets; another length is Err.MALFORMED. */
function valueParse(r: Reader, size: u32): u32 {
  if (size == 0 || size > 4) {
    r.fail(Err.MALFORMED);
    return 0;
  }
  let value: u32 = 0;
  for (let i: u32 = 0; i < size; i++) value = (value << 8) | r.u8();
  return value;
}

/** Reads one parameter of group 80. Identifiers that nobody knows are skipped by their length. */
function parameterParse(r: Reader, out: HdlcLimits): void {
  const identifier = r.u8();
  const size = r.u8();
  if (identifier < <u32>Parameter.INFO_TRANSMIT || identifier > <u32>Parameter.WINDOW_RECEIVE) {
    r.take(size);
    return;
  }
  const value = valueParse(r, size);
  if (r.err != Err.OK) return;
  if (identifier == Parameter.INFO_TRANSMIT) out.infoTransmit = value;
  else if (identifier == Parameter.INFO_RECEIVE) out.infoReceive = value;
  else if (identifier == Parameter.WINDOW_TRANSMIT) out.windowTransmit = value;
  else out.windowReceive = value;
}

/**
 * Parses the information field of SNRM or UA; parameters that are not there get their default. Values are not judged here.
 * @returns 0, or Err.MALFORMED when a length runs over, also in an unknown group
 */
export function hdlcParametersParse(at: usize, size: u32, out: HdlcLimits): i32 {
  out.defaults();
  if (size == 0) return Err.OK;
  const r = GROUPS.over(at, size);
  if (r.u8() != FORMAT) return Err.MALFORMED;
  while (r.remaining > 0) {
    const group = r.u8();
    if (group == GROUP_USER_DATA) return Err.OK;
    const groupSize = r.u8();
    const from = r.take(groupSize);
    if (r.err != Err.OK) return Err.MALFORMED;
    if (group != GROUP_PARAMETERS) continue;
    const parameters = PARAMETERS.over(from, groupSize);
    while (parameters.remaining > 0) parameterParse(parameters, out);
    if (parameters.err != Err.OK) return Err.MALFORMED;
  }
  return Err.OK;
}

function valueEmit(at: usize, identifier: Parameter, value: u32): usize {
  const wide = identifier >= Parameter.WINDOW_TRANSMIT;
  store<u8>(at, <u8>identifier);
  store<u8>(at, wide ? 4 : 2, 1);
  if (wide) store<u32>(at, bswap<u32>(value), 2);
  else store<u16>(at, bswap<u16>(<u16>value), 2);
  return at + (wide ? 6 : 4);
}

/** Writes all four parameters, HDLC_PARAMETERS_SIZE octets: information field limits in two octets, windows in four. */
export function hdlcParametersEmit(at: usize, limits: HdlcLimits): void {
  store<u8>(at, <u8>FORMAT);
  store<u8>(at, <u8>GROUP_PARAMETERS, 1);
  store<u8>(at, <u8>(HDLC_PARAMETERS_SIZE - 3), 2);
  let to = valueEmit(at + 3, Parameter.INFO_TRANSMIT, limits.infoTransmit);
  to = valueEmit(to, Parameter.INFO_RECEIVE, limits.infoReceive);
  to = valueEmit(to, Parameter.WINDOW_TRANSMIT, limits.windowTransmit);
  valueEmit(to, Parameter.WINDOW_RECEIVE, limits.windowReceive);
}
