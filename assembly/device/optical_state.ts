/** How the line of a head slot begins that signs on. */
import { ModeELine, modeERate, MODE_E_LINE_SIZE } from "../link/mode_e";
import { Meter } from "../store/block";
import { Layout, SLOT_SIGN_ON_SIZE } from "../store/layout";

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

  static of(meter: Meter, first: u32): Optical {
    return changetype<Optical>(meter.slot(first) + <usize>Layout.of().signOnAt);
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

if (offsetof<Optical>() + MODE_E_LINE_SIZE > SLOT_SIGN_ON_SIZE) ERROR("a sign-on has SLOT_SIGN_ON_SIZE octets");
