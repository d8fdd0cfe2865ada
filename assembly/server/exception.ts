/** Refusals that are no service response: exception-response (GB9 9.4.4). They go out in clear. */
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { PROTECTION_ROOM } from "../store/layout";
import { exceptionResponseEmit } from "../wire/exception";
import { ServiceError, StateError } from "../wire/results";

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** The exceptions there are: state-error above, service-error below. */
export const enum Refusal {
  NONE = 0,
  /** Not in this state, or with less protection than demanded (decision 14). */
  NOT_POSSIBLE = (StateError.SERVICE_NOT_ALLOWED << 8) | ServiceError.OPERATION_NOT_POSSIBLE,
  /** Not negotiated, not understood, or outside an association. */
  NOT_SUPPORTED = (StateError.SERVICE_NOT_ALLOWED << 8) | ServiceError.SERVICE_NOT_SUPPORTED,
  OTHER_REASON = (StateError.SERVICE_NOT_ALLOWED << 8) | ServiceError.OTHER_REASON,
  /** The answer, or the request, is longer than the other side takes. */
  TOO_LONG = (StateError.SERVICE_NOT_ALLOWED << 8) | ServiceError.PDU_TOO_LONG,
  DECIPHERING = (StateError.SERVICE_NOT_ALLOWED << 8) | ServiceError.DECIPHERING_ERROR,
  /** The counter was used before: the answer names the lowest one accepted (decision 15). */
  COUNTER = (StateError.SERVICE_NOT_ALLOWED << 8) | ServiceError.INVOCATION_COUNTER_ERROR,
  /** Octets that are no APDU. */
  UNKNOWN = (StateError.SERVICE_UNKNOWN << 8) | ServiceError.SERVICE_NOT_SUPPORTED,
}

/** Puts an exception-response into the slot, unless the request wants no answer; `lowest` goes along with COUNTER alone. */
export function exceptionCounter(slot: Slot, refusal: Refusal, lowest: u32): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  const w = writer.into(slot.plainOutbound, 7);
  exceptionResponseEmit(w, (<u32>refusal) >> 8, (<u32>refusal) & 0xff, lowest);
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = w.size;
}

/** As exceptionCounter(), for all others. */
export function exceptionSend(slot: Slot, refusal: Refusal): void {
  exceptionCounter(slot, refusal, 0);
}
