/**
 * Ports that are locked when too many authentications failed on them (class_id 124). A failure above allowed_failed_attempts locks
 * for initial_lockout_time x steepness_factor^n seconds of meter time, n from 0 on, at most max_lockout_time; a success ends the
 * count. Counts are kept when the port is locked: who cuts the power gains no attempt, and few failures do not wear the flash.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { changeCommit, changeOpen } from "../store/change";
import { CONTROL_AT, CONTROL_SIZE, Layout, PROTECTIONS_AT } from "../store/layout";
import { NONE, Template } from "../store/template";
import { objectOfClass, rowOf } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { functionPortOff } from "./function_control";
import { settingNumber, settingOver, valueKeep } from "./setting";

const CLASS_PORT_PROTECTION: u32 = 124;
const PROTECTIONS_MAX: u32 = 4;

/** Attributes of the class. */
const MODE: i32 = 2;
const ALLOWED: i32 = 3;
const INITIAL: i32 = 4;
const STEEPNESS: i32 = 5;
const MAX: i32 = 6;
const PORT: i32 = 7;
const FAILED: i32 = 9;
const CUMULATIVE: i32 = 10;

/** protection_mode. */
const enum Mode {
  LOCKED = 0,
  LOCKED_ON_FAILED_ATTEMPTS = 1,
  UNLOCKED = 2,
}

/** protection_status. */
export const enum ProtectionStatus {
  UNLOCKED = 0,
  TEMPORARILY_LOCKED = 1,
  LOCKED = 2,
}

@unmanaged
export class Protection {
  object: u32;
  /** Meter time at which the port is free again, s. */
  until: u32;
  failed: u32;
  cumulative: u32;

  @inline
  static of(meter: Meter, index: u32): Protection {
    return changetype<Protection>(meter.area(PROTECTIONS_AT + index * offsetof<Protection>()));
  }
}

if (PROTECTIONS_AT + PROTECTIONS_MAX * offsetof<Protection>() > CONTROL_AT + CONTROL_SIZE)
  ERROR("protections stand at the end of CONTROL_SIZE octets");

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const value: usize = memory.data(8, 4);

function secondsOf(meter: Meter): u32 {
  return <u32>(<i64>(meter.meterTime / 1000));
}

/** Takes the counts that were kept. */
export function protectionsBoot(meter: Meter): void {
  for (let i: u32 = 0; i < PROTECTIONS_MAX; i++) {
    const p = Protection.of(meter, i);
    const object = objectOfClass(CLASS_PORT_PROTECTION, i);
    p.object = object < 0 ? NONE : <u32>object;
    if (object < 0) continue;
    p.failed = settingNumber(meter, p.object, FAILED, 0);
    p.cumulative = settingNumber(meter, p.object, CUMULATIVE, 0);
  }
}

/** State of the object, NONE where it has none. */
export function protectionOf(meter: Meter, object: u32): u32 {
  for (let i: u32 = 0; i < PROTECTIONS_MAX; i++) if (Protection.of(meter, i).object == object) return i;
  return NONE;
}

export function protectionStatus(meter: Meter, p: Protection): u32 {
  const mode = settingNumber(meter, p.object, MODE, Mode.UNLOCKED);
  if (mode == <u32>Mode.LOCKED) return ProtectionStatus.LOCKED;
  const waits = mode == <u32>Mode.LOCKED_ON_FAILED_ATTEMPTS && secondsOf(meter) < p.until;
  return waits ? ProtectionStatus.TEMPORARILY_LOCKED : ProtectionStatus.UNLOCKED;
}

/** Whether port_reference names the setup object of a port. */
function guards(meter: Meter, p: Protection, port: u32): bool {
  if (p.object == NONE || port == NONE || !settingOver(meter, p.object, PORT, reader)) return false;
  const name = Axdr.readLogicalName(reader);
  if (reader.err != Err.OK) return false;
  const t = Template.of();
  const row = t.port(port);
  if (<u32>row.setupObject != NONE && octetsSame(t.object(row.setupObject).logicalName, name, 6)) return true;
  return <u32>row.localObject != NONE && octetsSame(t.object(row.localObject).logicalName, name, 6);
}

/** Whether a port takes nothing: it is locked, or function control has switched it off. */
export function portClosed(meter: Meter, port: u32): bool {
  if (functionPortOff(meter, port)) return true;
  for (let i: u32 = 0; i < PROTECTIONS_MAX; i++) {
    const p = Protection.of(meter, i);
    if (guards(meter, p, port) && protectionStatus(meter, p) != <u32>ProtectionStatus.UNLOCKED) return true;
  }
  return false;
}

/** Port of a slot, NONE for the outbox. */
function portOfSlot(meter: Meter, slot: Slot): u32 {
  const t = Template.of();
  const index = <u32>(changetype<usize>(slot) - meter.slot(0)) / Layout.of().slotSize;
  for (let i: u32 = 0; i < <u32>t.portCount; i++) {
    const p = t.port(i);
    if (index >= <u32>p.firstSlot && index < <u32>p.firstSlot + <u32>p.connections * <u32>p.links) return i;
  }
  return NONE;
}

function numberKeep(meter: Meter, object: u32, attribute: i32, number: u32): void {
  store<u8>(value, <u8>DataTag.DOUBLE_LONG_UNSIGNED);
  store<u32>(value + 1, bswap<u32>(number));
  valueKeep(meter, rowOf(object, attribute, 0), value, 5);
}

function keep(meter: Meter, p: Protection): i32 {
  changeOpen(meter);
  numberKeep(meter, p.object, FAILED, p.failed);
  numberKeep(meter, p.object, CUMULATIVE, p.cumulative);
  return changeCommit(meter);
}

/** An authentication has failed on the port of a slot. */
export function portFailed(meter: Meter, slot: Slot): void {
  const port = portOfSlot(meter, slot);
  for (let i: u32 = 0; i < PROTECTIONS_MAX; i++) {
    const p = Protection.of(meter, i);
    if (!guards(meter, p, port)) continue;
    p.failed++;
    p.cumulative++;
    const allowed = settingNumber(meter, p.object, ALLOWED, 0);
    const locks = settingNumber(meter, p.object, MODE, Mode.UNLOCKED) == <u32>Mode.LOCKED_ON_FAILED_ATTEMPTS;
    if (!locks || p.failed <= allowed) continue;
    const most = <u64>settingNumber(meter, p.object, MAX, 0);
    const factor = <u64>settingNumber(meter, p.object, STEEPNESS, 1);
    let time = <u64>settingNumber(meter, p.object, INITIAL, 0);
    for (let n = p.failed - allowed; n > 1 && time < most && factor > 1; n--) time *= factor;
    p.until = secondsOf(meter) + <u32>min<u64>(time, most);
    keep(meter, p);
  }
}

/** A client has proved who it is on the port of a slot. */
export function portPassed(meter: Meter, slot: Slot): void {
  const port = portOfSlot(meter, slot);
  for (let i: u32 = 0; i < PROTECTIONS_MAX; i++) {
    const p = Protection.of(meter, i);
    if (p.object == NONE || p.failed == 0 || !guards(meter, p, port)) continue;
    p.failed = 0;
    // Only a count that locked has been kept.
    if (settingNumber(meter, p.object, FAILED, 0) != 0) keep(meter, p);
  }
}

/** Method reset: the port is free, its count begins anew. */
export function protectionReset(meter: Meter, p: Protection): i32 {
  p.failed = 0;
  p.until = 0;
  return keep(meter, p);
}
