/** How the line of a head slot begins: behind the state of HDLC, in the link's area of the slot. */
import { HDLC_LINE_SIZE, HDLC_LINK_SIZE } from "../link/hdlc_state";
import { ModeELine, modeERate, MODE_E_LINE_SIZE } from "../link/mode_e";
import { SLOT_LINK_AT, SLOT_LINK_SIZE } from "../session/slot";
import { Meter } from "../store/block";

const OPTICAL_AT: u32 = SLOT_LINK_AT + HDLC_LINE_SIZE + HDLC_LINK_SIZE;

@unmanaged
export class Optical {
  /** Rate the host has been told, Bd; 0 = the line's own. */
  told: u32;
  /** The line signs on: default_mode as it was when nobody used the line. */
  signsOn: u8;
  /** A link has been connected since HDLC was selected. */
  used: u8;
  /** The protocol identification service owes its answer. */
  identifies: u8;
  reserved: u8;

  @inline
  static of(meter: Meter, first: u32): Optical {
    return changetype<Optical>(meter.slot(first) + <usize>OPTICAL_AT);
  }

  @inline
  get line(): ModeELine {
    return changetype<ModeELine>(changetype<usize>(this) + offsetof<Optical>());
  }

  /** Rate of the line, Bd; 0 = its own. */
  get rate(): u32 {
    return this.signsOn != 0 ? modeERate(this.line) : 0;
  }
}

if (OPTICAL_AT + offsetof<Optical>() + MODE_E_LINE_SIZE > SLOT_LINK_AT + SLOT_LINK_SIZE)
  ERROR("line, link and sign-on share SLOT_LINK_SIZE octets");
