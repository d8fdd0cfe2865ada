/** What all services do with an answer. */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Template } from "../store/template";
import { Conformance } from "../wire/conformance";
import { Invoke } from "../wire/tags";
import { exceptionSend, Refusal } from "./exception";
import { answerEmit, Transfer } from "./answer";
import { blocksBegin } from "./blocks";
import { protectionSend, responseSizeMax } from "./protection";

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** A writer over the room of the answer. */
export function responseBegin(slot: Slot): Writer {
  return writer.into(slot.plainOutbound, Template.of().apduSizeMax);
}

/** A request of service class unconfirmed is served and never answered, not even with an error (GB9 9.4.6). */
export function serviceConfirmed(slot: Slot, invoke: u32): void {
  if ((invoke & Invoke.CONFIRMED) == 0) slot.confirmed = 0;
}

/** Protects and sends what `w` wrote at slot.plainOutbound, unless no answer is wanted. */
export function respond(meter: Meter, slot: Slot, w: Writer): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  if (w.err != Err.OK || protectionSend(meter, slot, w.size) != Err.OK) exceptionSend(slot, Refusal.OTHER_REASON);
}

/** What answerSend() has come to; below 0 it is an error of blocksBegin(). */
export const enum Sending {
  DONE = 0,
  /** The service's own block transfer is to carry the answer. */
  OWN_BLOCKS = 1,
  /** It is too long, and the client negotiated no blocks. */
  NO_BLOCKS = 2,
  /** Its rows are gone: the ring went over them, or the buffer was reset. */
  LOST = 3,
}

/**
 * Sends the frozen answer behind the head that `w` has written: at once where it fits, else in general block transfer, unless the
 * service's own one was negotiated, conformance bit `own` (0 = it has none). An answer to blocks goes back in blocks.
 */
export function answerSend(meter: Meter, slotIndex: u32, slot: Slot, w: Writer, own: u32): i32 {
  const t = Transfer.of(slot);
  const head = w.size;
  if (head + t.size <= responseSizeMax(meter, slot)) {
    if (answerEmit(meter, slot, t, w, t.size) != Err.OK) return Sending.LOST;
    respond(meter, slot, w);
    return Sending.DONE;
  }
  const blockwise = (slot.conformance & own) != 0;
  if (slot.viaBlocks != 0 || (!blockwise && (slot.conformance & Conformance.GENERAL_BLOCK_TRANSFER) != 0))
    return blocksBegin(meter, slotIndex, slot, slot.plainOutbound, head);
  return blockwise ? Sending.OWN_BLOCKS : Sending.NO_BLOCKS;
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
  exceptionSend(slot, Refusal.TOO_LONG);
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
  if (blocksBegin(meter, slotIndex, slot, slot.plainOutbound, 0) != Err.OK) exceptionSend(slot, Refusal.TOO_LONG);
}
