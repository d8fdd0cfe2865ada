/**
 * Address fields of HDLC frame type 3 (GB9 8.4.2.4; ISO/IEC 13239, 4.7.1): 1, 2 or 4 octets, each with seven address bits
 * and, in bit 0, whether it is the last. One octet holds the upper address alone; two and four hold upper and lower.
 */

/** No station: nobody answers, and as a source it makes the frame invalid. */
export const HDLC_NO_STATION: u32 = 0;
/** All stations, in the one-octet form and widened to 14 bits. */
export const HDLC_ALL_STATION_SHORT: u32 = 0x7f;
export const HDLC_ALL_STATION: u32 = 0x3fff;
/** The lower address of a physical device that called the client itself. */
export const HDLC_CALLING_SHORT: u32 = 0x7e;
export const HDLC_CALLING: u32 = 0x3ffe;

/** Octets of the address field at `at` of which `available` are there: 1, 2 or 4; 0 = no valid field. */
export function hdlcAddressSize(at: usize, available: u32): u32 {
  const most = min<u32>(available, 4);
  for (let i: u32 = 0; i < most; i++) {
    if (load<u8>(at + <usize>i) & 1) return i == 2 ? 0 : i + 1;
  }
  return 0;
}

/** The upper address of a field of `size` octets, as it stands there (7 or 14 bits). */
export function hdlcAddressUpper(at: usize, size: u32): u32 {
  const first = (<u32>load<u8>(at)) >> 1;
  return size == 4 ? (first << 7) | ((<u32>load<u8>(at, 1)) >> 1) : first;
}

/** The lower address of a field of `size` octets, as it stands there; 0 when it has none. */
export function hdlcAddressLower(at: usize, size: u32): u32 {
  if (size == 1) return 0;
  if (size == 2) return (<u32>load<u8>(at, 1)) >> 1;
  return (((<u32>load<u8>(at, 2)) >> 1) << 7) | ((<u32>load<u8>(at, 3)) >> 1);
}

/** An upper address of a field of `size` octets in 14 bits: all-station stays all-station. */
export function hdlcUpperWiden(upper: u32, size: u32): u32 {
  return size != 4 && upper == HDLC_ALL_STATION_SHORT ? HDLC_ALL_STATION : upper;
}

/** A lower address of a field of `size` octets in 14 bits: all-station and CALLING stay what they mean. */
export function hdlcLowerWiden(lower: u32, size: u32): u32 {
  if (size == 4 || lower < HDLC_CALLING_SHORT) return lower;
  return lower + (HDLC_ALL_STATION - HDLC_ALL_STATION_SHORT);
}

/** A field of `size` octets as it stands on the wire, the first octet lowest; four octets must be readable at `at`. */
export function hdlcAddressOctets(at: usize, size: u32): u32 {
  return load<u32>(at) & (0xffffffff >> (32 - (size << 3)));
}

/** Writes the field of `size` octets that the functions above read. */
export function hdlcAddressEmit(at: usize, size: u32, upper: u32, lower: u32): void {
  assert(size == 1 || size == 2 || size == 4);
  if (size == 1) {
    store<u8>(at, <u8>((upper << 1) | 1));
  } else if (size == 2) {
    store<u8>(at, <u8>(upper << 1));
    store<u8>(at, <u8>((lower << 1) | 1), 1);
  } else {
    store<u8>(at, <u8>((upper >> 7) << 1));
    store<u8>(at, <u8>(upper << 1), 1);
    store<u8>(at, <u8>((lower >> 7) << 1), 2);
    store<u8>(at, <u8>((lower << 1) | 1), 3);
  }
}
