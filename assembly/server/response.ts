/** What all services do with an answer. */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { ServiceError, StateError } from "../wire/results";
import { Invoke } from "../wire/tags";
import { exceptionSend } from "./exception";
import { protectionSend } from "./protection";

/** A request of service class unconfirmed is served and never answered, not even with an error (GB9 9.4.6). */
export function serviceConfirmed(slot: Slot, invoke: u32): void {
  if ((invoke & Invoke.CONFIRMED) == 0) slot.confirmed = 0;
}

/** Protects and sends what `w` wrote at slot.plainOutbound, unless no answer is wanted. */
export function respond(meter: Meter, slot: Slot, w: Writer): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  if (w.err != Err.OK || protectionSend(meter, slot, w.size) != Err.OK)
    exceptionSend(slot, StateError.SERVICE_NOT_ALLOWED, ServiceError.OTHER_REASON);
}
