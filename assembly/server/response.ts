/** What all services do with an answer. */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Conformance } from "../wire/conformance";
import { ServiceError, StateError } from "../wire/results";
import { Invoke } from "../wire/tags";
import { exceptionSend, exceptionTooLong } from "./exception";
import { Transfer } from "./answer";
import { blocksBegin } from "./blocks";
import { protectionSend, responseSizeMax } from "./protection";

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

const copy: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/**
 * Whether an answer of at least `size` octets can reach the client: at once, in general block transfer, or in the blocks of
 * conformance bit `own` (0 = the service has none). Where it cannot, pdu-too-long is sent: asked before anything is
 * executed, so that nothing happens of which the client does not hear.
 */
export function canAnswer(meter: Meter, slot: Slot, size: u32, own: u32): bool {
  const blocks = (slot.conformance & (own | Conformance.GENERAL_BLOCK_TRANSFER)) != 0;
  if (blocks || slot.viaBlocks != 0 || slot.confirmed == 0 || size <= responseSizeMax(meter, slot)) return true;
  exceptionTooLong(slot);
  return false;
}

/** As respond(), for a service without blocks of its own: what is too long for the client goes in general block transfer. */
export function respondLong(meter: Meter, slotIndex: u32, slot: Slot, w: Writer): void {
  const size = w.size;
  const fits = slot.viaBlocks != 0 || size <= responseSizeMax(meter, slot);
  if (fits || w.err != Err.OK || slot.confirmed == 0) {
    respond(meter, slot, w);
    return;
  }
  const t = Transfer.of(slot);
  t.begin(slot, copy);
  copy.octets(slot.plainOutbound, size);
  t.freeze(copy);
  if (blocksBegin(meter, slotIndex, slot, slot.plainOutbound, 0) != Err.OK) exceptionTooLong(slot);
}
