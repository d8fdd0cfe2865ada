/** The control field of HDLC (GB9 8.4.3; ISO/IEC 13239, 5.3), modulo 8. P is the poll bit of a command, F the final bit of a response. */

/** Commands and responses: the control octet with P/F, N(R) and N(S) 0. */
export const enum HdlcControl {
  I = 0x00,
  RR = 0x01,
  UI = 0x03,
  RNR = 0x05,
  DM = 0x0f,
  DISC = 0x43,
  UA = 0x63,
  SNRM = 0x83,
  FRMR = 0x87,
  /** Undefined or not implemented. */
  UNDEFINED = 0xff,
}

/** P/F in a control octet. */
export const HDLC_POLL_FINAL: u32 = 0x10;

/** Which command or response a control octet names. */
export function hdlcControlKind(octet: u32): HdlcControl {
  if ((octet & 1) == 0) return HdlcControl.I;
  if ((octet & 0x0f) == HdlcControl.RR) return HdlcControl.RR;
  if ((octet & 0x0f) == HdlcControl.RNR) return HdlcControl.RNR;
  const kind = octet & ~HDLC_POLL_FINAL;
  switch (kind) {
    case HdlcControl.UI:
    case HdlcControl.DM:
    case HdlcControl.DISC:
    case HdlcControl.UA:
    case HdlcControl.SNRM:
    case HdlcControl.FRMR:
      return <HdlcControl>kind;
    default:
      return HdlcControl.UNDEFINED;
  }
}

/** N(R) of an I, RR or RNR frame. */
export function hdlcControlNr(octet: u32): u32 {
  return (octet >> 5) & 7;
}

/** N(S) of an I frame. */
export function hdlcControlNs(octet: u32): u32 {
  return (octet >> 1) & 7;
}

/** The control octet that the functions above read; `nr` and `ns` are 0 where the kind has none. */
export function hdlcControlOf(kind: HdlcControl, final: bool, nr: u32, ns: u32): u32 {
  return (<u32>kind) | (nr << 5) | (ns << 1) | (final ? HDLC_POLL_FINAL : 0);
}
