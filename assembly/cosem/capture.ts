/**
 * When profiles capture: at the end of each period of local time, after an outage, and when the clock is set (IDIS). Instants are UTC seconds of the meter's clock; deadlines are meter time, so that setting the clock
 * moves them by itself.
 */
import { Err } from "../base/err";
import { COLUMNS_MAX } from "../base/limits";
import {
  clockAlignedAfter,
  clockConfigure,
  clockInvalidSet,
  clockMeterTime,
  clockMove,
  clockNow,
  clockSaving,
  clockSeconds,
  clockSwitchAfter,
  NEVER,
  Season,
} from "../meter/clock";
import { EventCode, eventLog, eventLogs, eventRaise, eventRaiseAt, eventsWait } from "../meter/events";
import { inputsBoot } from "../meter/inputs";
import { Quantity } from "../meter/quantity";
import { meteringBoot, meteringKeep } from "../meter/metering";
import { Metering } from "../meter/metering_state";
import { Meter } from "../store/block";
import {
  changeAbort,
  changeCommit,
  changeCommitRows,
  changeOpen,
  changeRowsCut,
  changeRowsReset,
} from "../store/change";
import { CAPTURE_AT, CAPTURE_SIZE } from "../store/layout";
import { Ring, ringSeconds } from "../store/rings";
import { NONE, Template } from "../store/template";
import {
  eventCodeNewest,
  eventCodeRestore,
  NO_CODE,
  rowAdd,
  rowFits,
  RowStatus,
  rowStatus,
  showsEnergy,
  statusColumnOf,
} from "./capture_row";
import { captureEvent, captureEvents, eventRowAdd } from "./event_log";
import { outageNote } from "./failures";
import { settingNumber } from "./setting";

export { captureRow } from "./capture_row";
export { captureEvent, captureEvents } from "./event_log";

const CAPTURE_PERIOD: i32 = 4;
const SORT_METHOD: i32 = 5;
/** sort_method smallest: the oldest row first, whatever the clock did. */
export const SORT_SMALLEST: u32 = 4;
/** How old the kept energies may be where rows are captured that show none, ms. */
const KEPT_MS: f64 = 900000;
/** Last second that stamps can compare. */
const SECONDS_MAX: i64 = 0xffffffff;

@unmanaged
class CaptureState {
  /** UTC second of the next switch of daylight saving, NEVER = none. */
  nextSwitch: i64;
  /** UTC second at which the power went, 0 = it is there. */
  down: i64;
  /** Bit p: nothing is captured in profile p (function control). */
  off: u32;

  @inline
  static of(meter: Meter): CaptureState {
    return changetype<CaptureState>(meter.area(CAPTURE_AT));
  }
}

if (offsetof<CaptureState>() > CAPTURE_SIZE) ERROR("capture has CAPTURE_SIZE octets");

function profileCount(): u32 {
  return Template.of().profileCount;
}

/** A number that says how a profile captures, 0 = none. */
function setting(meter: Meter, profile: u32, attribute: i32): u32 {
  return settingNumber(meter, Template.of().profile(profile).object, attribute, 0);
}

/** Whether sort_method is smallest, by the clock. */
export function captureIsSorted(meter: Meter, profile: u32): bool {
  return Ring.of(meter, profile).stampColumn < COLUMNS_MAX && setting(meter, profile, SORT_METHOD) == SORT_SMALLEST;
}

/** Takes the period of a profile and waits for the end of the next one, with a clean status. */
export function captureStart(meter: Meter, profile: u32): void {
  const ring = Ring.of(meter, profile);
  ring.period = ((CaptureState.of(meter).off >> profile) & 1) != 0 ? 0 : setting(meter, profile, CAPTURE_PERIOD);
  ring.status = 0;
  dueAfter(meter, ring, clockSeconds(meter));
}

/** The next capture of a ring after UTC second `utc`; none where stamps no longer compare as 32-bit seconds (2106). */
function dueAfter(meter: Meter, ring: Ring, utc: i64): void {
  const next = ring.period != 0 ? clockAlignedAfter(meter, utc, ring.period) : 0;
  ring.due = next > 0 && next <= SECONDS_MAX ? <u32>next : 0;
}

/**
 * Makes the clock, the accumulators and the profiles ready, when the values are there (provisioned, replayed) and the
 * rings have their shape. A meter with a past has come back from an outage.
 * @returns UTC second since which it was without power, 0 = it has no past
 */
export function captureBoot(meter: Meter): i64 {
  clockConfigure(meter);
  meteringBoot(meter);
  inputsBoot(meter);
  let newest: i64 = 0;
  for (let p: u32 = 0; p < profileCount(); p++) {
    captureStart(meter, p);
    eventCodeRestore(meter, p);
    newest = max<i64>(newest, Ring.of(meter, p).newest);
  }
  switchAfter(meter, clockSeconds(meter));
  if (newest == 0) return 0;
  const known = powerDownLogged(meter);
  const down = known != 0 ? known : newest;
  outageNote(meter, down, clockSeconds(meter));
  if (known == 0) eventRaiseAt(meter, EventCode.POWER_DOWN, newest, Season.UNKNOWN);
  powerReturn(meter, known);
  return down;
}

/** Waits for the next switch of daylight saving after UTC second `utc`. */
function switchAfter(meter: Meter, utc: i64): void {
  CaptureState.of(meter).nextSwitch = clockSwitchAfter(meter, utc);
}

/** The earliest instant at which something is due, NEVER when nothing is. */
function earliest(meter: Meter): i64 {
  let at = CaptureState.of(meter).nextSwitch;
  for (let p: u32 = 0; p < profileCount(); p++) {
    const due = Ring.of(meter, p).due;
    if (due != 0 && <i64>due < at) at = due;
  }
  return at;
}

/** Meter time of the next due instant, ms; 0 = none. Events that wait are due at once; without power nothing is. */
export function captureDeadline(meter: Meter): f64 {
  if (CaptureState.of(meter).down != 0) return 0;
  if (eventsWait(meter)) return max<f64>(meter.meterTime, 1);
  const at = earliest(meter);
  return at == NEVER ? 0 : max<f64>(clockMeterTime(meter, at), 1);
}

/**
 * Adds the rows of the profiles in `mask` to the open record as far as it has room, each with the stamp its ring waits
 * for. @returns the profiles whose rows found room
 */
function rowsAdd(meter: Meter, mask: u32, status: u32): u32 {
  let added: u32 = 0;
  for (let left = mask; left != 0; left &= left - 1) {
    const p = ctz<u32>(left);
    const ring = Ring.of(meter, p);
    if (!rowFits(meter, ring)) break;
    rowAdd(meter, p, ring.generation, ring.due, Season.UNKNOWN, ring.status | status, NO_CODE);
    added |= 1 << p;
  }
  return added;
}

/** The rows of `mask` are written: their rings wait for the instant after the one they waited for. */
function rowsDone(meter: Meter, mask: u32): void {
  for (let left = mask; left != 0; left &= left - 1) {
    const ring = Ring.of(meter, ctz<u32>(left));
    ring.status = 0;
    dueAfter(meter, ring, ring.due);
  }
}

/** Whether rows of the profiles in `mask` take the energies along: those that show one do, the others when it was not done for long. */
function energiesDue(meter: Meter, mask: u32): bool {
  if (meter.meterTime - Metering.of(meter).kept >= KEPT_MS) return true;
  for (let left = mask; left != 0; left &= left - 1) if (showsEnergy(Ring.of(meter, ctz<u32>(left)))) return true;
  return false;
}

/** Writes the rows of the profiles in `mask`, in as few records as hold them. @returns 0 or the error of the commit */
function rowsWrite(meter: Meter, mask: u32, status: u32): i32 {
  let left = mask;
  while (left != 0) {
    changeOpen(meter);
    const kept = energiesDue(meter, left);
    if (kept) meteringKeep(meter);
    const added = rowsAdd(meter, left, status);
    const err = changeCommitRows(meter);
    if (err != Err.OK) return err;
    if (kept) Metering.of(meter).kept = meter.meterTime;
    if (added == 0) return Err.NO_SPACE;
    rowsDone(meter, added);
    left &= ~added;
  }
  return Err.OK;
}

/**
 * Logs the events that wait; without any handles the earliest due instant that has come at meter time `now`: the rows of all
 * profiles that wait for it, in one record with the accumulators, then a switch of daylight saving.
 * @returns whether an instant was handled; false when nothing was due, or the flash is behind
 */
export function captureDue(meter: Meter, now: f64): bool {
  if (CaptureState.of(meter).down != 0) return false;
  if (eventsWait(meter)) return captureEvents(meter);
  const at = earliest(meter);
  if (at == NEVER || clockMeterTime(meter, at) > now) return false;
  let mask: u32 = 0;
  for (let p: u32 = 0; p < profileCount(); p++) {
    const due = Ring.of(meter, p).due;
    if (due != 0 && <i64>due == at) mask |= 1 << p;
  }
  if (rowsWrite(meter, mask, 0) != Err.OK) return false;
  if (CaptureState.of(meter).nextSwitch == at) {
    // "The entry's time stamp is the time before the change".
    const before = clockSaving(meter, at - 1) ? Season.SAVING : Season.NORMAL;
    eventRaiseAt(meter, EventCode.DAYLIGHT_SAVING_SWITCHED, at, before);
    switchAfter(meter, at);
    captureEvents(meter);
  }
  return true;
}

/** Profiles whose running period does not hold UTC second `utc`. */
function periodsLeft(meter: Meter, utc: i64): u32 {
  let mask: u32 = 0;
  for (let p: u32 = 0; p < profileCount(); p++) {
    const ring = Ring.of(meter, p);
    if (ring.due != 0 && clockAlignedAfter(meter, utc, ring.period) != <i64>ring.due) mask |= 1 << p;
  }
  return mask;
}

/** Profiles sorted by the clock: those whose rows follow it when it goes back. */
function profilesSorted(meter: Meter): u32 {
  let mask: u32 = 0;
  for (let p: u32 = 0; p < profileCount(); p++) if (captureIsSorted(meter, p)) mask |= 1 << p;
  return mask;
}

/** Takes the rows of the profiles in `mask` that are newer than UTC second `utc` away, in the record that is open. */
function rowsCut(meter: Meter, mask: u32, utc: i64): void {
  for (let left = mask; left != 0; left &= left - 1) {
    const p = ctz<u32>(left);
    const ring = Ring.of(meter, p);
    let next = ring.next;
    while (next != ring.first && ringSeconds(meter, p, next - 1) > utc) next--;
    if (next != ring.next) changeRowsCut(meter, p, next);
  }
}

/** Closes the periods of `mask`, cuts the profiles in `sorted` and moves the clock to `ms`, in UTC second `utc`, in one record where it has room for all. */
function periodsClose(meter: Meter, mask: u32, sorted: u32, ms: f64, utc: i64): i32 {
  changeOpen(meter);
  meteringKeep(meter);
  if (rowsAdd(meter, mask, RowStatus.CLOCK_ADJUSTED) != mask) {
    changeAbort(meter);
    changeCommit(meter);
    const err = rowsWrite(meter, mask, RowStatus.CLOCK_ADJUSTED);
    if (err != Err.OK) return err;
    changeOpen(meter);
  }
  rowsCut(meter, sorted, utc);
  clockMove(meter, ms);
  return changeCommit(meter);
}

/** Limit of captureClockSet() for a clock that is invalid: any time is another one, and valid. */
export const GIVEN: i64 = -1;

/**
 * Sets the clock to `ms` since 1970 UTC. Within `limit` seconds the time is silently corrected. Beyond it a period that
 * still runs afterwards is marked; one that the clock leaves, forwards or backwards, is closed at once with its nominal
 * end, and the one it enters is marked; skipped periods have no rows. No row is removed, but for profiles sorted by the clock: they
 * lose their rows that are newer than a clock that goes back.
 * Events 4 and 5 carry the old and the new time. What is already due must be handled before.
 * @returns 0; Err.LIMIT outside 1970..2105; Err.NO_SPACE when the flash is behind. Then the clock has not moved.
 */
export function captureClockSet(meter: Meter, ms: f64, limit: i64): i32 {
  if (!(ms >= 0 && ms <= <f64>SECONDS_MAX * 1000)) return Err.LIMIT;
  const old = clockSeconds(meter);
  if (abs(ms - clockNow(meter)) <= <f64>limit * 1000) return clockMove(meter, ms);
  const next = <i64>Math.floor(ms / 1000);
  const mask = periodsLeft(meter, next);
  const sorted = next < old ? profilesSorted(meter) : 0;
  const err = periodsClose(meter, mask & ~sorted, sorted, ms, next);
  if (err != Err.OK) return err;
  if (limit == GIVEN) clockInvalidSet(meter, false);
  for (let p: u32 = 0; p < profileCount(); p++) {
    const ring = Ring.of(meter, p);
    if (ring.due == 0) continue;
    if ((mask & (1 << p)) != 0) {
      ring.status = 0;
      dueAfter(meter, ring, next);
    }
    ring.status |= RowStatus.CLOCK_ADJUSTED;
  }
  switchAfter(meter, next);
  eventRaiseAt(meter, EventCode.CLOCK_ADJUSTED_OLD, old, Season.UNKNOWN);
  eventRaiseAt(meter, EventCode.CLOCK_ADJUSTED_NEW, next, Season.UNKNOWN);
  captureEvents(meter);
  return Err.OK;
}

/** After a change of time zone or daylight saving: local time has moved, and the ends of the periods with it. */
export function captureZoneSet(meter: Meter): void {
  clockConfigure(meter);
  const now = clockSeconds(meter);
  for (let p: u32 = 0; p < profileCount(); p++) dueAfter(meter, Ring.of(meter, p), now);
  switchAfter(meter, now);
  captureEvent(meter, EventCode.PARAMETERS_CHANGED);
}

/** UTC second of the power-down that a log has as its newest row, 0 = none: the last gasp wrote it. */
function powerDownLogged(meter: Meter): i64 {
  const profile = eventLog(EventCode.POWER_DOWN);
  if (profile == NONE) return 0;
  const ring = Ring.of(meter, profile);
  return eventCodeNewest(meter, profile) == EventCode.POWER_DOWN ? <i64>ring.newest : 0;
}

/** The power fails: event 1 and the accumulators as they stand. Nothing is captured until it returns. */
export function capturePowerFails(meter: Meter): void {
  const state = CaptureState.of(meter);
  if (state.down != 0) return;
  state.down = clockSeconds(meter);
  captureEvent(meter, EventCode.POWER_DOWN);
  changeOpen(meter);
  meteringKeep(meter);
  changeCommit(meter);
}

/** Whether the power is gone: nothing is captured, and nothing sent unasked. */
export function captureStopped(meter: Meter): bool {
  return CaptureState.of(meter).down != 0;
}

/** UTC second at which the power went, 0 = it is there. */
export function captureDown(meter: Meter): i64 {
  return CaptureState.of(meter).down;
}

/** The power is back after capturePowerFails(). */
export function capturePowerReturns(meter: Meter): void {
  const state = CaptureState.of(meter);
  if (state.down == 0) return;
  outageNote(meter, state.down, clockSeconds(meter));
  powerReturn(meter, state.down);
  state.down = 0;
}

/**
 * After an outage from UTC second `down` (0 = not known: each profile takes its newest row for it) until now. The period
 * in which the power went is closed with its nominal end, the one in which it returned is marked, and periods between have
 * no rows. Rows for which the flash has no room are lost.
 */
function powerReturn(meter: Meter, down: i64): void {
  const up = clockSeconds(meter);
  let mask: u32 = 0;
  for (let p: u32 = 0; p < profileCount(); p++) {
    const ring = Ring.of(meter, p);
    const last = down != 0 ? down : <i64>ring.newest;
    if (ring.period == 0 || last == 0) continue;
    ring.status |= RowStatus.POWER_DOWN;
    const lost = clockAlignedAfter(meter, last, ring.period);
    if (lost > up || lost > SECONDS_MAX) continue;
    ring.due = <u32>lost;
    mask |= 1 << p;
  }
  rowsWrite(meter, mask, 0);
  for (let p: u32 = 0; p < profileCount(); p++) {
    const ring = Ring.of(meter, p);
    if ((mask & (1 << p)) != 0) ring.status = RowStatus.POWER_DOWN;
    dueAfter(meter, ring, up);
  }
  switchAfter(meter, up);
  captureEvent(meter, EventCode.POWER_UP);
}

/**
 * Empties the buffer of a profile, in the record that is open or one of its own. A log keeps one row that says so
 * (event 255); its columns must be what they were. captureCleared() follows when the record is closed.
 */
export function captureReset(meter: Meter, profile: u32, keepsColumns: bool): i32 {
  changeOpen(meter);
  changeRowsReset(meter, profile);
  if (keepsColumns && eventLogs(profile)) {
    const generation = Ring.of(meter, profile).generation + 1;
    const now = clockSeconds(meter);
    eventRowAdd(meter, profile, generation, now, Season.UNKNOWN, EventCode.EVENT_LOG_CLEARED);
  }
  return changeCommit(meter);
}

/** After a reset: the first row will be the next whole period's, and clearing a load profile is an event. */
export function captureCleared(meter: Meter, profile: u32): void {
  const periodic = Ring.of(meter, profile).period != 0;
  captureStart(meter, profile);
  if (!periodic && Ring.of(meter, profile).period == 0) return;
  if (!eventLogs(profile)) captureEvent(meter, EventCode.LOAD_PROFILE_CLEARED);
}

/**
 * Lets a profile capture or not (IDIS, opt-in and opt-out); `told`: a load profile says it in the log. Before captureBoot() it is only noted.
 * @returns whether an event was raised
 */
export function captureEnable(meter: Meter, profile: u32, on: bool, told: bool): bool {
  const state = CaptureState.of(meter);
  const bit = (<u32>1) << profile;
  state.off = on ? state.off & ~bit : state.off | bit;
  if (!told) return false;
  captureStart(meter, profile);
  const ring = Ring.of(meter, profile);
  const first = statusColumnOf(ring, Quantity.PROFILE_STATUS_1);
  if (!first && !statusColumnOf(ring, Quantity.PROFILE_STATUS_2)) return false;
  const enabled = first ? EventCode.LOAD_PROFILE_1_ENABLED : EventCode.LOAD_PROFILE_2_ENABLED;
  eventRaise(meter, on ? enabled : enabled + 1);
  return true;
}

/** What quantity `quantity`, the status of a load profile, would be if a row were captured now. */
export function captureStatus(meter: Meter, quantity: u32): u32 {
  for (let p: u32 = 0; p < profileCount(); p++) {
    const ring = Ring.of(meter, p);
    if (statusColumnOf(ring, quantity)) return rowStatus(meter, clockSeconds(meter), ring.status);
  }
  return 0;
}
