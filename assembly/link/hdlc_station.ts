/** Which destination addresses are ours (GB9 8.4.2.5, "Handling special addresses" and "Handling inopportune address lengths"). */
import {
  HDLC_ALL_STATION,
  HDLC_CALLING,
  hdlcAddressLower,
  hdlcAddressUpper,
  hdlcLowerWiden,
  hdlcUpperWiden,
} from "../wire/hdlc_address";
import { HdlcFlag, HdlcParameters } from "./hdlc_state";

export const enum Station {
  /** Not for us: silence. */
  OTHER = 0,
  OWN = 1,
  /** For many stations, us among them. */
  GROUP = 2,
}

/** Upper address of the management logical device. */
const MANAGEMENT: u32 = 1;

/** Whether an address of `size` octets may be taken at all, where lengths are strict. */
function lengthAllowed(configured: u32, size: u32, upper: u32, lower: u32): bool {
  if (size == configured) return true;
  if (size == 1) return false;
  if (configured == 1) return lower == HDLC_ALL_STATION && (size == 2 || upper == HDLC_ALL_STATION);
  if (size == 2) return true;
  // Four octets for a station of two: only what names stations by a reserved value.
  if (lower == HDLC_ALL_STATION) return upper == HDLC_ALL_STATION;
  return lower == HDLC_CALLING;
}

/** Judges the destination field of `size` octets at `at`; `calling` is the layer parameter CALLING DEVICE. */
export function hdlcStation(p: HdlcParameters, calling: bool, at: usize, size: u32): Station {
  const strict = ((<u32>p.flags) & HdlcFlag.STRICT) != 0 && p.addressLength != 0;
  const upper = hdlcUpperWiden(hdlcAddressUpper(at, size), size);
  const lower = size == 1 ? <u32>p.lowerAddress : hdlcLowerWiden(hdlcAddressLower(at, size), size);
  if (strict && !lengthAllowed(p.addressLength, size, upper, lower)) return Station.OTHER;
  if (!strict && size == 1 && p.addressLength != 1 && ((<u32>p.flags) & HdlcFlag.POINT_TO_POINT) == 0)
    return Station.OTHER;
  const called = lower == HDLC_CALLING && upper == MANAGEMENT && calling;
  if (!p.hasDevice(upper) && upper != HDLC_ALL_STATION) return Station.OTHER;
  if (lower != <u32>p.lowerAddress && lower != HDLC_ALL_STATION && !called) return Station.OTHER;
  return upper == HDLC_ALL_STATION || lower == HDLC_ALL_STATION ? Station.GROUP : Station.OWN;
}
