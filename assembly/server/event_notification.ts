/**
 * EventNotification of an open association (GB9 9.3.11), with short names InformationReport (GB9 9.3.17): an attribute and its
 * value, unasked. It is evaluated when its connection can carry it, which over HDLC means when the station holds the token.
 */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Ask, PinKind } from "../cosem/ask";
import { dispatchNotify } from "../cosem/dispatch";
import { shortNameOfAttribute } from "../cosem/short_names";
import { pushStamp } from "../cosem/push";
import { AssociationState, Slot } from "../session/slot";
import { Meter } from "../store/block";
import { journalSequence } from "../store/journal";
import { OUTBOX_SIZE } from "../store/layout";
import { Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { EventNotification, eventNotificationEmit } from "../wire/notification";
import { contextShortNames } from "../wire/names";
import { DataAccessResult } from "../wire/results";
import { VariableAccess } from "../wire/short_name";
import { ApduTag } from "../wire/tags";
import { Transfer } from "./answer";
import { layersBegin } from "./layers";
import { Outbox, outboxSlotIndex, OutboxState } from "./notification";
import { protectionSend, responseSizeMax } from "./protection";

/** Events that may wait for their connections. */
const EVENTS_WAITING: u32 = 8;

@unmanaged
class WaitingEvent {
  slot: u16;
  object: u16;
  attribute: i32;
}

if (offsetof<Outbox>() + EVENTS_WAITING * offsetof<WaitingEvent>() > OUTBOX_SIZE)
  ERROR("the outbox has OUTBOX_SIZE octets");

const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const event: EventNotification = changetype<EventNotification>(memory.data(offsetof<EventNotification>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const stamp: usize = memory.data(12, 4);

function waiting(o: Outbox, index: u32): WaitingEvent {
  const at = ((o.eventFirst + index) % EVENTS_WAITING) * offsetof<WaitingEvent>();
  return changetype<WaitingEvent>(o.events + <usize>at);
}

/**
 * Sends attribute `attribute` of template object `object` to the client of a slot as soon as its connection can carry it.
 * @returns 0; Err.STATE: no association there, or it did not negotiate the service; Err.NO_SPACE: too many wait
 */
export function eventNotify(meter: Meter, slotIndex: u32, object: u32, attribute: i32): i32 {
  const slot = Slot.of(meter, slotIndex);
  const bit = contextShortNames(slot.context) ? Conformance.INFORMATION_REPORT : Conformance.EVENT_NOTIFICATION;
  if (slot.state != AssociationState.ASSOCIATED || (slot.conformance & bit) == 0) return Err.STATE;
  const o = Outbox.of(meter);
  if (o.eventCount == EVENTS_WAITING) return Err.NO_SPACE;
  const e = waiting(o, o.eventCount);
  e.slot = <u16>slotIndex;
  e.object = <u16>object;
  e.attribute = attribute;
  o.eventCount++;
  return Err.OK;
}

/** Takes event `index` out of the line. */
function eventTake(o: Outbox, index: u32): void {
  for (let i = index; i + 1 < o.eventCount; i++) {
    memory.copy(changetype<usize>(waiting(o, i)), changetype<usize>(waiting(o, i + 1)), offsetof<WaitingEvent>());
  }
  o.eventCount--;
}

/**
 * Makes the first event that waits for a slot the outbound APDU of the outbox's slot, of `sizeMax` octets at most (0 = as
 * negotiated). The caller sends it in the same call. An event whose association is over, or whose value does not fit, is dropped.
 * @returns false when there is nothing to send, or a push holds the outbox
 */
export function eventCompose(meter: Meter, slotIndex: u32, sizeMax: u32): bool {
  const o = Outbox.of(meter);
  if (o.eventCount == 0 || o.state != OutboxState.EMPTY) return false;
  for (let i: u32 = 0; i < o.eventCount; i++) {
    const e = waiting(o, i);
    if (<u32>e.slot != slotIndex) continue;
    const object = <u32>e.object;
    const attribute = e.attribute;
    eventTake(o, i);
    return compose(meter, slotIndex, object, attribute, sizeMax);
  }
  return false;
}

function compose(meter: Meter, slotIndex: u32, object: u32, attribute: i32, sizeMax: u32): bool {
  const source = Slot.of(meter, slotIndex);
  const slot = Slot.of(meter, outboxSlotIndex());
  if (source.state != AssociationState.ASSOCIATED) return false;
  slot.disassociate();
  const kept = offsetof<Slot>("kept");
  memory.copy(changetype<usize>(slot) + kept, changetype<usize>(source) + kept, offsetof<Slot>() - kept);
  slot.local = source.local;
  layersBegin(slot, 0);
  slot.responseMode = 0;
  if (sizeMax != 0) slot.clientSizeMax = min<u32>(slot.clientSizeMax, sizeMax);
  const w = writer.into(slot.plainOutbound, responseSizeMax(meter, slot));
  pushStamp(meter, stamp);
  headEmit(slot, object, attribute, w);
  ask.pin = Transfer.of(slot).pinNext();
  const result = dispatchNotify(ask, meter, outboxSlotIndex(), object, attribute, 0, 0, 0, w);
  if (result != DataAccessResult.SUCCESS || ask.pin.kind != PinKind.NONE || w.err != Err.OK) return false;
  if (protectionSend(meter, slot, w.size) != Err.OK) return false;
  slot.dependsOn = journalSequence(meter);
  return true;
}

/** All of the APDU but the value, which ends it. */
function headEmit(slot: Slot, object: u32, attribute: i32, w: Writer): void {
  const row = Template.of().object(object);
  if (contextShortNames(slot.context)) {
    w.u8(ApduTag.INFORMATION_REPORT_REQUEST);
    w.u8(1);
    Axdr.octets(w, stamp, 12);
    Axdr.length(w, 1);
    w.u8(VariableAccess.VARIABLE_NAME);
    w.u16(shortNameOfAttribute(object, attribute));
    Axdr.length(w, 1);
    return;
  }
  memory.fill(changetype<usize>(event), 0, offsetof<EventNotification>());
  event.timeAt = stamp;
  event.classId = row.classId;
  event.logicalNameAt = row.logicalName;
  event.attribute = attribute;
  eventNotificationEmit(w, event);
}
