/**
 * The outbox: what the meter sends unasked (GB9 9.3.11 to 9.3.13). A DataNotification is evaluated once, frozen like an answer,
 * protected as its association wants it, and leaves whole or, when it is longer than one APDU, in blocks that nobody acknowledges
 * (GB9 9.4.6.13). The slot behind those of the connections holds it; one notification is under way at a time.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ask, PinKind } from "../cosem/ask";
import {
  Destination,
  Push,
  pushConfirm,
  pushConfirmed,
  pushDestination,
  pushDone,
  pushFailed,
  pushOf,
  PushPhase,
  pushStamp,
  pushVersion,
} from "../cosem/push";
import { pushElementGet, pushElementObject } from "../cosem/push_list";
import { marksBegin, PushMarks } from "../cosem/push_marks";
import { settingNumber, settingOver } from "../cosem/setting";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { journalSequence } from "../store/journal";
import { Layout, OUTBOX_AT, OUTBOX_SIZE } from "../store/layout";
import { AssociationFlag, NONE, Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { DataNotification, dataNotificationConfirmParse, dataNotificationEmit } from "../wire/notification";
import { PushObject, pushObjectParse } from "../wire/push_object";
import { DataAccessResult } from "../wire/results";
import { LongInvoke } from "../wire/tags";
import { answerEmit, Transfer } from "./answer";
import { Blocks, BlocksState } from "./block_stream";
import { blockNext, blocksBeginUnconfirmed } from "./blocks";
import { isProtected, Opened, protectionOpen } from "./layer_open";
import { Layers, layersBegin } from "./layers";
import { associationBind } from "./pre_established";
import { policyMet, protectionSend, responseSizeMax } from "./protection";
import { responseBegin } from "./response";

/** Line time a transport has to deliver an APDU, and a receiver to confirm it, ms; then the attempt has failed. */
const DELIVERY_MAX: f64 = 120000;
const CONFIRMATION_MAX: f64 = 30000;

export const enum OutboxState {
  EMPTY = 0,
  /** An APDU waits for its transport. */
  READY = 1,
  /** The transport has it and will say how it went. */
  UNDER_WAY = 2,
  /** All has left; the receiver is to confirm it. */
  CONFIRMING = 3,
}

@unmanaged
export class Outbox {
  /** OutboxState. */
  state: u32;
  /** Number of the push under way. */
  push: u32;
  /** Transport and Message of its destination. */
  transport: u32;
  message: u32;
  /** The notification goes out in blocks. */
  inBlocks: u32;
  /** The connection that carried it can be closed. */
  closing: u32;
  /** Line time at which the attempt has failed, ms. */
  deadline: f64;
  /** long-invoke-id given last. */
  invokeId: u32;
  /** Events that wait (server/event_notification). */
  eventFirst: u32;
  eventCount: u32;
  reserved: u32;

  @inline
  static of(meter: Meter): Outbox {
    return changetype<Outbox>(meter.area(OUTBOX_AT));
  }

  @inline
  get events(): usize {
    return changetype<usize>(this) + offsetof<Outbox>();
  }
}

if (offsetof<Outbox>() > OUTBOX_SIZE) ERROR("the outbox has OUTBOX_SIZE octets");

const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const element: PushObject = changetype<PushObject>(memory.data(offsetof<PushObject>(), 8));
const head: DataNotification = changetype<DataNotification>(memory.data(offsetof<DataNotification>(), 8));
const destination: Destination = changetype<Destination>(memory.data(offsetof<Destination>(), 8));
const opened: Opened = changetype<Opened>(memory.data(offsetof<Opened>(), 8));
const stamp: usize = memory.data(12, 4);

/** The slot of the outbox, behind those of the connections. */
export function outboxSlotIndex(): u32 {
  return Layout.of().slotCount;
}

/** Association a push belongs to: push_client_SAP, else the first pre-established one; NONE when there is none. */
function associationOf(meter: Meter, p: Push): u32 {
  const t = Template.of();
  const sap = pushVersion(p) > 0 ? settingNumber(meter, p.object, 9, 0) : 0;
  let found = NONE;
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    const row = t.association(i);
    if (sap != 0 && <u32>row.clientSap == sap) return i;
    const waits = ((<u32>row.flags) & AssociationFlag.PRE_ESTABLISHED) != 0;
    if (waits && found == NONE) found = i;
  }
  return found;
}

/** Takes the outcome of one attribute into the notification; what is not to be had is null-data. */
function attributeTake(t: Transfer, before: u32, result: i32): void {
  const pinned = ask.pin.kind != PinKind.NONE;
  if (result == DataAccessResult.SUCCESS && value.err == Err.OK && (!pinned || t.pinTake(value))) return;
  value.rewind(before);
  Axdr.nullData(value);
}

/** Writes one element of the list; attribute 0 is a structure of all attributes. */
function elementWrite(meter: Meter, t: Transfer, push: u32): void {
  const slot = outboxSlotIndex();
  const object = pushElementObject(element);
  const whole = element.attribute == 0 && object >= 0;
  const first = whole ? 1 : element.attribute;
  const last = whole ? <i32>Template.of().object(object).attributeCount : first;
  if (whole) Axdr.structure(value, last);
  for (let id = first; id <= last; id++) {
    const before = value.size;
    ask.pin = t.pinNext();
    attributeTake(t, before, pushElementGet(ask, meter, slot, push, element, id, value));
  }
}

/** Writes head and body into the frozen octets. @returns 0, or Err.LIMIT: more than they hold; Err.UNKNOWN: no list */
function evaluate(meter: Meter, slot: Slot, p: Push): i32 {
  const t = Transfer.of(slot);
  t.begin(slot, value);
  pushStamp(meter, stamp);
  head.invokeId = p.invokeId | (pushConfirmed(meter, p) ? <u32>LongInvoke.CONFIRMED : 0);
  head.dateTimeAt = stamp;
  head.dateTimeSize = 12;
  head.valueSize = 0;
  dataNotificationEmit(value, head);
  if (!settingOver(meter, p.object, 2, list)) return Err.UNKNOWN;
  const count = Axdr.readArray(list);
  const from = value.size;
  marksBegin(meter);
  Axdr.structure(value, count);
  for (let i: u32 = 0; i < count; i++) {
    if (pushObjectParse(list, pushVersion(p), element) != Err.OK) return Err.UNKNOWN;
    elementWrite(meter, t, p.object);
  }
  const marks = PushMarks.of(meter);
  if (marks.frozen == pushOf(p.object) + 1 && marks.frozenSize != 0) {
    value.rewind(from);
    value.octets(marks.content, marks.frozenSize);
  }
  if (value.err != Err.OK) return Err.LIMIT;
  t.freeze(value);
  return Err.OK;
}

/** Makes the frozen notification the slot's outbound APDU, whole or as its first block. */
function outboundMake(meter: Meter, o: Outbox, slot: Slot): i32 {
  const t = Transfer.of(slot);
  o.inBlocks = t.size > responseSizeMax(meter, slot) ? 1 : 0;
  if (o.inBlocks != 0) return blocksBeginUnconfirmed(meter, outboxSlotIndex(), slot);
  const w = responseBegin(slot);
  const err = answerEmit(meter, slot, t, w, t.size);
  return err == Err.OK ? protectionSend(meter, slot, t.size) : err;
}

/**
 * Evaluates push `index` and puts it into the outbox, which must be empty.
 * @param sizeMax octets of the largest APDU its transport takes, 0 = as its association says
 * @returns 0; else the attempt has failed and its retries follow
 */
export function notificationBegin(meter: Meter, index: u32, sizeMax: u32): i32 {
  const p = Push.of(meter, index);
  const o = Outbox.of(meter);
  const slot = Slot.of(meter, outboxSlotIndex());
  p.phase = PushPhase.SENDING;
  o.push = index;
  if (p.invokeId == 0) {
    o.invokeId = (o.invokeId % LongInvoke.ID_MASK) + 1;
    p.invokeId = o.invokeId;
  }
  const association = associationOf(meter, p);
  let err = association != NONE ? pushDestination(meter, p.object, destination) : <i32>Err.UNKNOWN;
  if (err == Err.OK) {
    o.transport = destination.transport;
    o.message = destination.message;
    slot.local = 0;
    associationBind(meter, slot, association);
    // It answers no request. No service-specific form of a DataNotification exists: it goes into general-glo-ciphering (GB9 9.5).
    layersBegin(slot, 0);
    if (sizeMax != 0) slot.clientSizeMax = min<u32>(slot.clientSizeMax, sizeMax);
    err = evaluate(meter, slot, p);
  }
  if (err == Err.OK) err = outboundMake(meter, o, slot);
  if (err == Err.OK && slot.outboundSize == 0) err = Err.STATE;
  if (err != Err.OK) {
    pushFailed(meter, p);
    return err;
  }
  outboxReady(meter, o, slot);
  return Err.OK;
}

function outboxReady(meter: Meter, o: Outbox, slot: Slot): void {
  slot.dependsOn = journalSequence(meter);
  o.state = OutboxState.READY;
  o.deadline = meter.lineTime + DELIVERY_MAX;
}

/** The outbound APDU has been handed over to its transport. */
export function notificationHanded(meter: Meter): void {
  const o = Outbox.of(meter);
  o.state = OutboxState.UNDER_WAY;
  o.deadline = meter.lineTime + DELIVERY_MAX;
}

/** The transport has delivered the APDU: the next block, the wait for the confirmation, or the end. */
export function notificationSent(meter: Meter): void {
  const o = Outbox.of(meter);
  if (o.state != OutboxState.UNDER_WAY) return;
  const index = outboxSlotIndex();
  const slot = Slot.of(meter, index);
  const p = Push.of(meter, o.push);
  slot.outboundSize = 0;
  if (p.phase != PushPhase.SENDING) {
    // It was reset meanwhile.
    outboxEnd(o);
    return;
  }
  const b = Blocks.of(slot);
  if (o.inBlocks != 0 && (b.state != BlocksState.SENDING || b.burst != 0)) {
    blockNext(meter, index, slot);
    // Its rows were overwritten, or its key replaced.
    if (slot.outboundSize == 0) notificationFailed(meter);
    else outboxReady(meter, o, slot);
    return;
  }
  if (pushConfirmed(meter, p)) {
    o.state = OutboxState.CONFIRMING;
    o.deadline = meter.lineTime + CONFIRMATION_MAX;
    return;
  }
  outboxEnd(o);
  pushDone(meter, p);
}

function outboxEnd(o: Outbox): void {
  o.state = OutboxState.EMPTY;
  o.closing = 1;
}

/** The attempt has failed. */
export function notificationFailed(meter: Meter): void {
  const o = Outbox.of(meter);
  if (o.state == OutboxState.EMPTY) return;
  outboxEnd(o);
  const p = Push.of(meter, o.push);
  if (p.phase == PushPhase.SENDING) pushFailed(meter, p);
}

/** Takes an APDU that came back from the receiver: only the confirmation that is awaited means anything. */
export function notificationAnswered(meter: Meter, at: usize, size: u32): void {
  const o = Outbox.of(meter);
  if (o.state != OutboxState.CONFIRMING || size == 0) return;
  const slot = Slot.of(meter, outboxSlotIndex());
  opened.at = at;
  opened.size = size;
  layersBegin(slot, 0);
  const good = !isProtected(load<u8>(at)) || protectionOpen(meter, slot, at, size, opened) == Err.OK;
  Layers.reset();
  if (!good || !policyMet(meter, slot)) return;
  if (dataNotificationConfirmParse(reader.over(opened.at, opened.size), head) != Err.OK) return;
  const p = Push.of(meter, o.push);
  if (((head.invokeId ^ p.invokeId) & LongInvoke.ID_MASK) != 0) return;
  outboxEnd(o);
  pushConfirm(meter, p);
  pushDone(meter, p);
}

/** Line time at which the attempt under way has failed, ms; 0 = none. */
export function notificationDeadline(meter: Meter): f64 {
  const o = Outbox.of(meter);
  return o.state == OutboxState.EMPTY ? 0 : o.deadline;
}
