/** Events: what happened, in line to be logged. cosem/event_log writes the records, because a row reads attributes. */
import { Meter } from "../store/block";
import { EventRow, NONE, Template } from "../store/template";
import { clockSeconds, Season } from "./clock";
import { EVENT_REGISTERS, EVENTS_WAITING, EventSignal, Metering } from "./metering_state";

/** Event codes that this core raises by itself. */
export const enum EventCode {
  POWER_DOWN = 1,
  POWER_UP = 2,
  DAYLIGHT_SAVING_SWITCHED = 3,
  CLOCK_ADJUSTED_OLD = 4,
  CLOCK_ADJUSTED_NEW = 5,
  CLOCK_INVALID = 6,
  CALENDAR_ACTIVATED = 9,
  ERROR_REGISTER_CLEARED = 10,
  ALARM_REGISTER_CLEARED = 11,
  NON_VOLATILE_MEMORY_ERROR = 14,
  FIRMWARE_READY = 17,
  FIRMWARE_ACTIVATED = 18,
  CALENDAR_PROGRAMMED = 19,
  BILLING_NOT_PERIODIC = 21,
  /** The code above each says that it is disabled. */
  LOAD_PROFILE_1_ENABLED = 22,
  LOAD_PROFILE_2_ENABLED = 24,
  AUTHENTICATION_FAILURE = 46,
  PARAMETERS_CHANGED = 47,
  KEYS_CHANGED = 48,
  DECIPHERING_FAILURE = 49,
  REPLAY_ATTACK = 50,
  FIRMWARE_VERIFICATION_FAILED = 51,
  LIMITER_THRESHOLD_EXCEEDED = 65,
  LIMITER_THRESHOLD_OK = 66,
  LIMITER_THRESHOLD_CHANGED = 67,
  DISCONNECTOR_FAILURE = 68,
  NO_CONNECTION = 140,
  LOCAL_COMMUNICATION = 158,
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

/** The bits that an event sets in a register: 0 error register, 1 to 3 alarm registers. */
export function eventBits(e: EventRow, register: u32): u32 {
  const bit = e.effect.bit(register);
  return bit == NO_BIT ? 0 : 1 << (bit & 31);
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
  if (m.eventCount == EVENTS_WAITING) {
    // The row is lost, its bits are not: the next record takes them.
    m.eventsLost++;
    for (let r: u32 = 0; r < EVENT_REGISTERS; r++) m.setBits(r, m.bits(r) | eventBits(Template.of().event(index), r));
    return;
  }
  const e = m.event(m.eventFirst + m.eventCount);
  e.row = <u16>index;
  e.season = <u8>season;
  e.keepsInputs = 0;
  e.inputs = 0;
  e.seconds = seconds;
  m.eventCount++;
}

/** As eventRaise(), and the record of the event keeps the state of the inputs. @returns false when it is no event here */
export function eventRaiseInput(meter: Meter, code: u32, inputs: u32): bool {
  const m = Metering.of(meter);
  const before = m.eventCount;
  eventRaise(meter, code);
  if (m.eventCount == before) return false;
  const e = m.event(m.eventFirst + before);
  e.keepsInputs = 1;
  e.inputs = <u16>inputs;
  return true;
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

/** How often the cause of event `code` must come before it is an event. */
export function eventTimes(code: u32): u32 {
  const index = eventFind(code);
  return index == NONE ? 1 : max<u32>(<u32>Template.of().event(index).effect.times, 1);
}
