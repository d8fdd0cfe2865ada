/**
 * Pushes and when they go: communication windows, the random delay at their start, retries (Blue Book, class_id 40). What is sent
 * is server/notification's. Delays count in meter time, windows by the clock. A push that waits when the power goes is dropped.
 */
import { Err } from "../base/err";
import { PUSHES_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { clockMeterTime, clockSeconds, clockStamp, NEVER } from "../meter/clock";
import { EventCode, eventRaise } from "../meter/events";
import { windowOpens } from "../meter/recurrence";
import { entropyTake } from "../session/entropy";
import { Meter } from "../store/block";
import { PUSHES_AT, PUSHES_SIZE } from "../store/layout";
import { NONE, PushFlag, Template } from "../store/template";
import { objectOfClass, rowOf } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { pushFreeze, pushThaw } from "./push_freeze";
import { marksDelivered, pushWasDelivered } from "./push_marks";
import { settingArray, settingNumber, settingOver, valueKeep } from "./setting";

export const enum PushPhase {
  IDLE = 0,
  /** Outside the windows: the next one opens at `opens`. */
  WINDOW = 1,
  /** Random delay or repetition delay: `due`. */
  DELAY = 2,
  SENDING = 3,
}

/** transport_service that this meter has. */
export const enum Transport {
  TCP = 0,
  UDP = 1,
  HDLC = 5,
}

/** message: how the APDU is encoded. */
export const enum Message {
  A_XDR = 0,
  XML = 1,
}

/** push_operation_method 2: confirmed. */
const CONFIRMED: u32 = 2;
/** Delays beyond a day are a day: all fields of repetition_delay fit it. */
const DELAY_MAX: u32 = 86400;
const CLASS_PUSH_SETUP: u32 = 40;

/** A push of one Push setup object, 32 octets. */
@unmanaged
export class Push {
  /** DELAY: meter time, ms. */
  due: f64;
  /** WINDOW: UTC second of the clock. */
  opens: i64;
  phase: u32;
  /** Attempts that failed; long-invoke-id, the same for all attempts; template index of the object. */
  failed: u16;
  /** It was asked for again while it ran: it runs once more. */
  again: u8;
  /** The random delay of this window is over. */
  randomised: u8;
  invokeId: u32;
  object: u32;

  @inline
  static of(meter: Meter, index: u32): Push {
    return changetype<Push>(meter.seldom(PUSHES_AT + index * offsetof<Push>()));
  }
}

if (offsetof<Push>() != 40 - 8) ERROR("a push has 32 octets");
if (PUSHES_MAX * offsetof<Push>() > PUSHES_SIZE) ERROR("pushes have PUSHES_SIZE octets");

/** send_destination_and_method. */
@unmanaged
export class Destination {
  transport: u32;
  message: u32;
  at: usize;
  size: u32;
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const destination: Destination = changetype<Destination>(memory.data(offsetof<Destination>(), 8));
const chance: usize = memory.data(4, 4);
const stamp: usize = memory.data(16, 4);

/** Number of the push of a Push setup object, NONE when it has none. */
export function pushOf(object: u32): u32 {
  const instance = <u32>Template.of().object(object).instance;
  return instance < PUSHES_MAX ? instance : NONE;
}

/** Version of the object's class. */
export function pushVersion(p: Push): u32 {
  return <u32>Template.of().object(p.object).version;
}

/** Reads where the object pushes to. @returns 0, or Err.UNKNOWN: nowhere, or in a way this meter does not have */
export function pushDestination(meter: Meter, object: u32, out: Destination): i32 {
  const r = reader;
  if (!settingOver(meter, object, 3, r)) return Err.UNKNOWN;
  Axdr.readStructure(r, 3);
  out.transport = Axdr.readEnum(r);
  Axdr.expect(r, DataTag.OCTET_STRING);
  out.size = Axdr.readLength(r);
  out.at = r.take(out.size);
  out.message = Axdr.readEnum(r);
  if (r.err != Err.OK || out.message > <u32>Message.XML) return Err.UNKNOWN;
  if (out.transport == Transport.HDLC) return out.message == Message.A_XDR ? Err.OK : <i32>Err.UNKNOWN;
  const known = out.transport == Transport.TCP || out.transport == Transport.UDP;
  return known && out.size != 0 ? Err.OK : <i32>Err.UNKNOWN;
}

/** Whether the receiver is to answer (version 2). */
export function pushConfirmed(meter: Meter, p: Push): bool {
  return pushVersion(p) >= 2 && settingNumber(meter, p.object, 11, 0) == CONFIRMED;
}

/**
 * Asks for a push of the object; one that runs already is followed by one more, however often it is asked for. It goes out by
 * itself. @returns 0, or Err.UNKNOWN when the object has no destination that this meter can reach
 */
export function pushStart(meter: Meter, object: u32): i32 {
  const index = pushOf(object);
  if (index == NONE || pushDestination(meter, object, destination) != Err.OK) return Err.UNKNOWN;
  const p = Push.of(meter, index);
  p.object = object;
  if (p.phase != PushPhase.IDLE) {
    p.again = 1;
    return Err.OK;
  }
  begin(meter, p);
  return Err.OK;
}

/** Starts the pushes that something asks for: `flag` of PushFlag. */
export function pushesStart(meter: Meter, flag: PushFlag): void {
  for (let i: u32 = 0; i < PUSHES_MAX; i++) {
    const object = objectOfClass(CLASS_PUSH_SETUP, i);
    if (object >= 0 && ((<u32>Template.of().object(object).flags) & flag) != 0) pushStart(meter, object);
  }
}

/** The installation is pushed at power-up until it was delivered once. */
export function pushInstallation(meter: Meter): void {
  for (let i: u32 = 0; i < PUSHES_MAX; i++) {
    const object = objectOfClass(CLASS_PUSH_SETUP, i);
    if (object < 0 || ((<u32>Template.of().object(object).flags) & PushFlag.INSTALLATION) == 0) continue;
    if (!pushWasDelivered(meter, object)) pushStart(meter, object);
  }
}

function begin(meter: Meter, p: Push): void {
  pushFreeze(meter, pushOf(p.object), p.object);
  p.failed = 0;
  p.again = 0;
  p.randomised = 0;
  p.invokeId = 0;
  windowWait(meter, p);
}

/** Ends a push, whatever its state (method reset of version 2). */
export function pushReset(meter: Meter, object: u32): void {
  const index = pushOf(object);
  if (index == NONE) return;
  memory.fill(changetype<usize>(Push.of(meter, index)), 0, offsetof<Push>());
  pushThaw(meter, index);
}

/** When a window of communication_window is open next: `utc` = it is; without windows it always is. */
function opensNext(meter: Meter, object: u32, utc: i64): i64 {
  const r = reader;
  const count = settingArray(meter, object, 4, r);
  let earliest = count == 0 ? utc : NEVER;
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(r, 2);
    const start = dateTimeTake(r);
    const end = dateTimeTake(r);
    if (r.err != Err.OK) return earliest;
    earliest = min<i64>(earliest, windowOpens(meter, start, end, utc));
  }
  return earliest;
}

/** The 12 octets of a date-time; 0 with an error. */
function dateTimeTake(r: Reader): usize {
  Axdr.expect(r, DataTag.OCTET_STRING);
  if (Axdr.readLength(r) != 12) r.fail(Err.UNKNOWN);
  return r.take(12);
}

/** Waits for a window, then for the random delay in it. A push whose windows never open again is over. */
function windowWait(meter: Meter, p: Push): void {
  const now = clockSeconds(meter);
  const opens = opensNext(meter, p.object, now);
  if (opens == NEVER) {
    over(meter, p);
    return;
  }
  if (opens != now) {
    p.opens = opens;
    p.randomised = 0;
    p.phase = PushPhase.WINDOW;
    return;
  }
  p.due = meter.meterTime;
  if (p.randomised == 0) p.due += <f64>randomDelay(meter, settingNumber(meter, p.object, 5, 0)) * 1000;
  p.randomised = 1;
  p.phase = PushPhase.DELAY;
}

/** Seconds from 0 to `interval`. It spreads the load and keeps no secret: without entropy there is no delay. */
function randomDelay(meter: Meter, interval: u32): u32 {
  if (interval == 0 || entropyTake(meter, chance, 4) != Err.OK) return 0;
  return load<u32>(chance) % (interval + 1);
}

/** Seconds before attempt `failed` + 1: fixed, or from version 2 on min x (exponent / 100)^(failed - 1), at most max. */
function repetitionDelay(meter: Meter, p: Push): u32 {
  if (pushVersion(p) < 2) return settingNumber(meter, p.object, 7, 0);
  const r = reader;
  if (!settingOver(meter, p.object, 7, r)) return 0;
  Axdr.readStructure(r, 3);
  const least = Axdr.readLongUnsigned(r);
  const exponent = Axdr.readLongUnsigned(r);
  const most = Axdr.readLongUnsigned(r);
  let delay = <u64>least;
  for (let i: u32 = 1; i < <u32>p.failed && delay < <u64>DELAY_MAX; i++) delay = (delay * <u64>exponent) / 100;
  return <u32>min<u64>(delay, <u64>(most != 0 ? most : DELAY_MAX));
}

/** Meter time at which a push has something to do, ms, 0 = none; `busy`: nothing can be sent now. */
export function pushDeadline(meter: Meter, busy: bool): f64 {
  let earliest: f64 = 0;
  for (let i: u32 = 0; i < PUSHES_MAX; i++) {
    const p = Push.of(meter, i);
    let at: f64 = 0;
    if (p.phase == PushPhase.WINDOW) at = max<f64>(clockMeterTime(meter, p.opens), 1);
    else if (p.phase == PushPhase.DELAY && !busy) at = p.due;
    if (at != 0 && (earliest == 0 || at < earliest)) earliest = at;
  }
  return earliest;
}

/** Moves a push whose window has opened; the push whose turn to be sent has come, NONE when there is none. */
export function pushDue(meter: Meter, busy: bool): u32 {
  let found = NONE;
  let first: f64 = Infinity;
  for (let i: u32 = 0; i < PUSHES_MAX; i++) {
    const p = Push.of(meter, i);
    if (p.phase == PushPhase.WINDOW && clockMeterTime(meter, p.opens) <= meter.meterTime) windowWait(meter, p);
    if (p.phase != PushPhase.DELAY || busy || p.due > meter.meterTime) continue;
    // A delay may have outlasted its window.
    windowWait(meter, p);
    if (p.phase != PushPhase.DELAY) continue;
    if (p.due >= first) continue;
    first = p.due;
    found = i;
  }
  return found;
}

/** It has been delivered. */
export function pushDone(meter: Meter, p: Push): void {
  marksDelivered(meter, p.object, pushOf(p.object));
  over(meter, p);
}

/** An attempt failed: the next one, or none is left. */
export function pushFailed(meter: Meter, p: Push): void {
  p.failed++;
  if (<u32>p.failed > settingNumber(meter, p.object, 6, 0)) {
    eventRaise(meter, EventCode.NO_CONNECTION);
    over(meter, p);
    return;
  }
  p.due = meter.meterTime + <f64>repetitionDelay(meter, p) * 1000;
  p.phase = PushPhase.DELAY;
}

function over(meter: Meter, p: Push): void {
  p.phase = PushPhase.IDLE;
  pushThaw(meter, pushOf(p.object));
  if (p.again != 0) begin(meter, p);
}

/** Keeps when the receiver confirmed: last_confirmation_date_time. */
export function pushConfirm(meter: Meter, p: Push): void {
  store<u8>(stamp, <u8>DataTag.DATE_TIME);
  pushStamp(meter, stamp + 1);
  valueKeep(meter, rowOf(p.object, 13, 0), stamp, 13);
}

/** The clock as the date-time of a notification, 12 octets. */
export function pushStamp(meter: Meter, out: usize): void {
  clockStamp(meter, clockSeconds(meter), out);
}
