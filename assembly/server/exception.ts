/** Refusals that are no service response: exception-response (GB9 9.4.4). They go out in clear. */
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { PROTECTION_ROOM } from "../store/layout";
import { exceptionResponseEmit } from "../wire/exception";
import { ServiceError, StateError } from "../wire/results";

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** Puts an exception-response into the slot, unless the request wants no answer. */
export function exceptionSend(slot: Slot, state: StateError, service: ServiceError): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  emit(slot, state, service, 0);
}

function emit(slot: Slot, state: StateError, service: ServiceError, counter: u32): void {
  const w = writer.into(slot.plainOutbound, 7);
  exceptionResponseEmit(w, state, service, counter);
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = w.size;
}

/** The counter was used before: the answer names the lowest one accepted (decision 15). */
export function exceptionCounter(slot: Slot, lowest: u32): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  emit(slot, StateError.SERVICE_NOT_ALLOWED, ServiceError.INVOCATION_COUNTER_ERROR, lowest);
}

/** Service-not-allowed, operation-not-possible: not in this state, or with less protection than demanded (decision 14). */
export function exceptionNotPossible(slot: Slot): void {
  exceptionSend(slot, StateError.SERVICE_NOT_ALLOWED, ServiceError.OPERATION_NOT_POSSIBLE);
}

/** Service-not-allowed, service-not-supported: not negotiated, not understood, or outside an association. */
export function exceptionNotSupported(slot: Slot): void {
  exceptionSend(slot, StateError.SERVICE_NOT_ALLOWED, ServiceError.SERVICE_NOT_SUPPORTED);
}

/** The answer, or the request, is longer than the other side takes. */
export function exceptionTooLong(slot: Slot): void {
  exceptionSend(slot, StateError.SERVICE_NOT_ALLOWED, ServiceError.PDU_TOO_LONG);
}
