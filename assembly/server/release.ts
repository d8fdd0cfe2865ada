/** RLRQ: releasing an association (GB9 9.4.5; decision 8). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { AssociationState, Slot } from "../session/slot";
import { Meter } from "../store/block";
import { PROTECTION_ROOM } from "../store/layout";
import { Release, rlreEmit, rlrqParse } from "../wire/acse_release";
import { ReleaseReason } from "../wire/results";
import { information, informationSealed } from "./aare";
import { exceptionSend, Refusal } from "./exception";
import { isProtected, Opened, protectionOpen } from "./layer_open";
import { policyMetByUserInformation } from "./protection";
import { openRefused } from "./refused";

/** Octets of an RLRE at most: reason, and an InitiateResponse under protection. */
const RLRE_SIZE: u32 = 544;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const release: Release = changetype<Release>(memory.data(offsetof<Release>(), 8));
const opened: Opened = changetype<Opened>(memory.data(offsetof<Opened>(), 8));

/** Answers the RLRQ of `size` octets at `at`. A server does not refuse a release that is protected well enough. */
export function rlrqServe(meter: Meter, slot: Slot, at: usize, size: u32): void {
  const r = reader.over(at, size);
  const x = release;
  const none = slot.state == AssociationState.NON_ASSOCIATED || slot.preEstablished;
  if (none || rlrqParse(r, x) != Err.OK || r.remaining != 0) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return;
  }
  const ciphered = x.informationSize != 0 && isProtected(load<u8>(x.informationAt));
  if (ciphered) {
    const err = protectionOpen(meter, slot, x.informationAt, x.informationSize, opened);
    if (err != Err.OK) {
      openRefused(meter, slot, err);
      return;
    }
  }
  if (!policyMetByUserInformation(meter, slot)) {
    exceptionSend(slot, Refusal.NOT_POSSIBLE);
    return;
  }
  x.reason = ReleaseReason.NORMAL;
  x.informationSize = ciphered ? informationSealed(meter, slot) : 0;
  x.informationAt = x.informationSize != 0 ? information : 0;
  const w = writer.into(slot.plainOutbound, RLRE_SIZE);
  rlreEmit(w, x);
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = slot.confirmed != 0 ? w.size : 0;
  slot.disassociate();
}
