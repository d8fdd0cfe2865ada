/** Events: what happened, in line to be logged. cosem/capture writes the rows, because a row reads attributes. */
import { Meter } from "../store/block";
import { EventRow, NONE, Template } from "../store/template";
import { clockSeconds, Season } from "./clock";
import { EVENTS_WAITING, EventSignal, Metering } from "./metering_state";

/** Event codes that this core raises by itself. */
export const enum EventCode {
  POWER_DOWN = 1,
  POWER_UP = 2,
  DAYLIGHT_SAVING_SWITCHED = 3,
  CLOCK_ADJUSTED_OLD = 4,
  CLOCK_ADJUSTED_NEW = 5,
  FIRMWARE_READY = 17,
  FIRMWARE_ACTIVATED = 18,
  AUTHENTICATION_FAILURE = 46,
  PARAMETERS_CHANGED = 47,
  KEYS_CHANGED = 48,
  DECIPHERING_FAILURE = 49,
  REPLAY_ATTACK = 50,
  FIRMWARE_VERIFICATION_FAILED = 51,
  LOAD_PROFILE_CLEARED = 254,
  EVENT_LOG_CLEARED = 255,
}

/** No bit in an alarm or error register. */
const NO_BIT: u32 = 255;

/** The template's row for an event, NONE when the meter does not know it. */
function eventFind(code: u32): u32 {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.eventCount; i++) {
    if (<u32>t.event(i).code == code) return i;
  }
  return NONE;
}

/** Collects the alarm and error bits of an event; whoever owns the registers takes them over. */
function alarmsRaise(m: Metering, e: EventRow): void {
  if (<u32>e.alarm1 != NO_BIT) m.alarms1 |= 1 << ((<u32>e.alarm1) & 31);
  if (<u32>e.alarm2 != NO_BIT) m.alarms2 |= 1 << ((<u32>e.alarm2) & 31);
  if (<u32>e.error != NO_BIT) m.errors |= 1 << ((<u32>e.error) & 31);
}

/** Raises event `code` now. An event the template does not name is nothing to this meter. */
export function eventRaise(meter: Meter, code: u32): void {
  eventRaiseAt(meter, code, clockSeconds(meter), Season.UNKNOWN);
}

/** Raises event `code` with the stamp of UTC second `seconds`, shown in `season`. */
export function eventRaiseAt(meter: Meter, code: u32, seconds: i64, season: u32): void {
  const index = eventFind(code);
  if (index == NONE) return;
  const m = Metering.of(meter);
  const row = Template.of().event(index);
  alarmsRaise(m, row);
  if (<u32>row.profile == NONE) return;
  if (m.eventCount == EVENTS_WAITING) {
    m.eventsLost++;
    return;
  }
  const e = m.event(m.eventFirst + m.eventCount);
  e.code = <u16>code;
  e.profile = row.profile;
  e.season = season;
  e.seconds = seconds;
  m.eventCount++;
}

/** Whether events wait to be logged. */
export function eventsWait(meter: Meter): bool {
  return Metering.of(meter).eventCount != 0;
}

/** The event to be logged next; one must wait. */
export function eventNext(meter: Meter): EventSignal {
  const m = Metering.of(meter);
  assert(m.eventCount != 0);
  return m.event(m.eventFirst);
}

/** Takes the first event out of the line. */
export function eventDone(meter: Meter): void {
  const m = Metering.of(meter);
  assert(m.eventCount != 0);
  m.eventFirst = (m.eventFirst + 1) % EVENTS_WAITING;
  m.eventCount--;
}

/** Whether a profile is an event log: some event is written to it. */
export function eventLogs(profile: u32): bool {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.eventCount; i++) {
    if (<u32>t.event(i).profile == profile) return true;
  }
  return false;
}

/** Profile that logs event `code`, NONE when none does. */
export function eventLog(code: u32): u32 {
  const index = eventFind(code);
  return index == NONE ? NONE : <u32>Template.of().event(index).profile;
}
