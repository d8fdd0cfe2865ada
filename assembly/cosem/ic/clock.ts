/** Clock, class_id 8, version 0. Setting the time is cosem/agenda's: running periods and schedules must know of it. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { Writer } from "../../base/writer";
import { clockDeviation, clockNow, clockSeconds, clockStatus, MeterClock } from "../../meter/clock";
import { Ring } from "../../store/rings";
import { NONE, Template } from "../../store/template";
import { objectFind } from "../../store/values";
import { Meter } from "../../store/block";
import { Axdr } from "../../wire/axdr";
import { dataInteger } from "../../wire/data";
import {
  DateTime,
  dateTimeDataParse,
  dateTimeIsSpecified,
  dateTimeIsValid,
  Month,
  UNSPECIFIED,
} from "../../wire/date_time";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, PLAIN } from "../ask";
import { agendaClockSet, agendaClockShift, agendaZoneSet } from "../agenda";
import { dateTimeUtcMs } from "../instant";
import { changeResult, plainSet } from "../plain";
import { momentEmit } from "../put";
import { settingNumber } from "../setting";

/** 1-0:0.9.11.255, clock time shift limit, s; without the object 10 s. */
const SHIFT_LIMIT: usize = memory.data<u8>([1, 0, 0, 9, 11, 255]);
const SHIFT_LIMIT_DEFAULT: u32 = 10;
/** A clock of a meter runs from 1971 to 2105: stamps are compared as 32-bit seconds. */
const YEAR_MIN: u32 = 1971;
const YEAR_MAX: u32 = 2105;
/** Ranges of time_zone and daylight_savings_deviation, min. */
const ZONE_MAX: i64 = 840;
const DEVIATION_MAX: i64 = 120;
/** Range of shift_time, s. */
const SHIFT_MAX: i32 = 900;

const time: DateTime = changetype<DateTime>(memory.data(offsetof<DateTime>(), 4));

export function clockGet(ask: Ask, out: Writer): i32 {
  const meter = ask.meter;
  switch (ask.attribute) {
    case 2: // time
      momentEmit(meter, clockSeconds(meter), out);
      return DataAccessResult.SUCCESS;
    case 4: // status
      Axdr.unsigned(out, clockStatus(meter));
      return DataAccessResult.SUCCESS;
    default: // time_zone, daylight_savings_begin, _end, _deviation, _enabled, clock_base
      return PLAIN;
  }
}

export function clockSet(ask: Ask): i32 {
  switch (ask.attribute) {
    case 2: // time
      return timeSet(ask);
    case 3: // time_zone
    case 5: // daylight_savings_begin
    case 6: // daylight_savings_end
    case 7: // daylight_savings_deviation
    case 8: // daylight_savings_enabled
      return zoneSet(ask);
    default:
      return PLAIN;
  }
}

/** Sets what local time follows from; patterns and deviations that the standard gives no meaning are refused. */
function zoneSet(ask: Ask): i32 {
  const r = ask.data;
  if (ask.attribute == 5 || ask.attribute == 6) {
    if (dateTimeDataParse(r, time) != Err.OK) return DataAccessResult.TYPE_UNMATCHED;
    const dayless = time.month != UNSPECIFIED && time.month >= <u32>Month.DAYLIGHT_SAVINGS_END;
    if (!dateTimeIsValid(time) || dayless) return DataAccessResult.OTHER_REASON;
  } else if (ask.attribute != 8) {
    const minutes = dataInteger(r);
    const most: i64 = ask.attribute == 3 ? ZONE_MAX : DEVIATION_MAX;
    if (r.err == Err.OK && (minutes < -most || minutes > most)) return DataAccessResult.OTHER_REASON;
  }
  const result = plainSet(ask);
  if (result == DataAccessResult.SUCCESS) agendaZoneSet(ask.meter);
  return result;
}

/**
 * UTC of a complete date-time, ms; -1 when it has wildcards beyond those of decision 12 (weekday, hundredths, deviation,
 * status) or lies outside the years of the clock.
 */
function timeMs(meter: Meter, x: DateTime): i64 {
  if (!dateTimeIsSpecified(x) || x.year < YEAR_MIN || x.year > YEAR_MAX) return -1;
  return dateTimeUtcMs(meter, x);
}

function timeSet(ask: Ask): i32 {
  const a = ask.rowOf(2);
  if (a != NONE && (Template.of().attribute(a).flags & 1) == 0) return DataAccessResult.READ_WRITE_DENIED;
  const r = ask.data;
  dateTimeDataParse(r, time);
  if (!r.done) return DataAccessResult.TYPE_UNMATCHED;
  const ms = timeMs(ask.meter, time);
  if (ms < 0) return DataAccessResult.OTHER_REASON;
  return changeResult(agendaClockSet(ask.meter, <f64>ms, clockShiftLimit(ask.meter)));
}

/** Seconds within which setting the clock is a correction. */
export function clockShiftLimit(meter: Meter): i64 {
  const object = objectFind(3, SHIFT_LIMIT);
  return object < 0 ? SHIFT_LIMIT_DEFAULT : settingNumber(meter, object, 2, SHIFT_LIMIT_DEFAULT);
}

export function clockInvoke(ask: Ask, out: Writer): i32 {
  const meter = ask.meter;
  const r = ask.data;
  switch (ask.attribute) {
    case 1: // adjust_to_quarter
      return nearestSet(ask, 900);
    case 2: // adjust_to_measuring_period
      return nearestSet(ask, measuringPeriod(meter));
    case 3: // adjust_to_minute
      return nearestSet(ask, 60);
    case 4: // adjust_to_preset_time
      return presetUse(ask);
    case 5: // preset_adjusting_time
      return presetTake(meter, r);
    case 6: // shift_time
      return shiftTime(meter, r);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** Data-Access-Results and Action-Results of the kinds used here have the same numbers. */
function timeMove(meter: Meter, ms: f64): i32 {
  return changeResult(agendaClockShift(meter, ms, clockShiftLimit(meter)));
}

/** Smallest capture period of the meter, s; 0 = nothing is captured by period. */
function measuringPeriod(meter: Meter): u32 {
  let period: u32 = 0;
  for (let p: u32 = 0; p < <u32>Template.of().profileCount; p++) {
    const found = Ring.of(meter, p).period;
    if (found != 0 && (period == 0 || found < period)) period = found;
  }
  return period;
}

/** Moves the clock to the nearest multiple of `period` seconds of local time. */
function nearestSet(ask: Ask, period: u32): i32 {
  const meter = ask.meter;
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  if (period == 0) return ActionResult.OTHER_REASON;
  const unit = <f64>period * 1000;
  const deviation = <f64>clockDeviation(meter, clockSeconds(meter)) * 60000;
  const local = clockNow(meter) - deviation;
  return timeMove(meter, Math.floor(local / unit + 0.5) * unit + deviation);
}

/** A date-time of a parameter as UTC seconds; 0 when it is not one, with an error in `r`. */
function secondsTake(meter: Meter, r: Reader): u32 {
  if (dateTimeDataParse(r, time) != Err.OK) return 0;
  const ms = timeMs(meter, time);
  if (ms < 0) r.fail(Err.LIMIT);
  return ms < 0 ? 0 : <u32>(ms / 1000);
}

/** Keeps a time to be taken over by adjust_to_preset_time within its validity interval. */
function presetTake(meter: Meter, r: Reader): i32 {
  Axdr.readStructure(r, 3);
  const preset = secondsTake(meter, r);
  const from = secondsTake(meter, r);
  const to = secondsTake(meter, r);
  if (r.err == Err.LIMIT) return ActionResult.OTHER_REASON;
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const c = MeterClock.of(meter);
  c.preset = preset;
  c.presetFrom = from;
  c.presetTo = to;
  return ActionResult.SUCCESS;
}

function presetUse(ask: Ask): i32 {
  const meter = ask.meter;
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  const c = MeterClock.of(meter);
  const now = clockSeconds(meter);
  if (c.preset == 0 || now < <i64>c.presetFrom || now > <i64>c.presetTo) return ActionResult.OTHER_REASON;
  const result = changeResult(agendaClockSet(meter, <f64>c.preset * 1000, clockShiftLimit(meter)));
  if (result == ActionResult.SUCCESS) c.preset = 0;
  return result;
}

function shiftTime(meter: Meter, r: Reader): i32 {
  const shift = Axdr.readLong(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (shift < -SHIFT_MAX || shift > SHIFT_MAX) return ActionResult.OTHER_REASON;
  return timeMove(meter, clockNow(meter) + <f64>(shift * 1000));
}
