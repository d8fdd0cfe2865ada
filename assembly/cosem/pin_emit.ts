/** Pieces of pinned answers, wherever their source is: piece 0 is the head of the array, piece n its n-th item. */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { Pin, PinKind } from "./ask";
import { certificatesItem } from "./ic/security_certificates";
import { profileHeadEmit, profileRowEmit } from "./ic/profile_generic";
import { objectListItem } from "./object_list";

/** Emits one piece of a pinned array; Err.STATE when the source no longer has it. */
export function pinPieceEmit(meter: Meter, pin: Pin, piece: u32, w: Writer): i32 {
  const rows = pin.kind == PinKind.ROWS || pin.kind == PinKind.COMPACT_ROWS;
  if (rows) return piece == 0 ? profileHeadEmit(meter, pin, w) : profileRowEmit(meter, pin, piece - 1, w);
  if (piece == 0) {
    Axdr.array(w, pin.items);
    return Err.OK;
  }
  if (ELLIPTIC) {
    if (pin.kind == PinKind.CERTIFICATES) return certificatesItem(meter, pin, piece - 1, w);
  }
  return objectListItem(pin, piece - 1, w);
}
