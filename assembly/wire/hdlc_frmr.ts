/** The information field of FRMR (GB9 8.4.3.7; ISO/IEC 13239, 5.5.3.4.2): which frame was rejected, where we stood, why. */

export const HDLC_FRMR_SIZE: u32 = 3;

/** Reasons, bits w, x, y, z. */
export const enum HdlcReject {
  /** w: the control field is undefined or not implemented. */
  UNDEFINED = 1,
  /** x, always together with w: the frame may not carry information. */
  FORBIDDEN = 3,
  /** y: the information is longer than the limit. */
  TOO_LONG = 4,
  /** z: N(R) is not one that could be acknowledged. */
  INVALID_NR = 8,
}

@unmanaged
export class HdlcFrmr {
  control: u32;
  vs: u32;
  vr: u32;
  reason: u32;
}

/** Writes the field, HDLC_FRMR_SIZE octets. The rejected frame was a command, so bit C/R is 0. */
export function hdlcFrmrEmit(at: usize, control: u32, vs: u32, vr: u32, reason: u32): void {
  store<u8>(at, <u8>control);
  store<u8>(at, <u8>((vs << 1) | (vr << 5)), 1);
  store<u8>(at, <u8>reason, 2);
}

/** Reads the field of HDLC_FRMR_SIZE octets. */
export function hdlcFrmrParse(at: usize, out: HdlcFrmr): void {
  const variables = <u32>load<u8>(at, 1);
  out.control = load<u8>(at);
  out.vs = (variables >> 1) & 7;
  out.vr = variables >> 5;
  out.reason = (<u32>load<u8>(at, 2)) & 0x0f;
}
