/** Activity calendar, class_id 20, version 0. Where its halves stand is cosem/calendar_halves', what they say cosem/calendar's. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { Writer } from "../../base/writer";
import { EventCode, eventRaise } from "../../meter/events";
import { changeAbort, changeCommit, changeOpen } from "../../store/change";
import { Axdr, DataTag } from "../../wire/axdr";
import { DateTime, dateTimeDataParse, dateTimeIsSpecified } from "../../wire/date_time";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { nameTake, timeTake } from "../array_value";
import { Ask, PLAIN } from "../ask";
import { Calendar, calendarArm, calendarKeep, calendarRow, PASSIVE } from "../calendar_halves";
import { changeResult, plainSet, plainSettable, valueGet } from "../plain";
import { tariffActivate, tariffRefresh } from "../tariff";
import { dateIsGood, dateTimeIsAny, timeIsGood } from "../time_pattern";

const time: DateTime = changetype<DateTime>(memory.data(offsetof<DateTime>(), 4));

function isTable(attribute: i32): bool {
  return attribute >= Calendar.NAME && attribute < Calendar.ACTIVATION_TIME;
}

export function activityCalendarGet(ask: Ask, out: Writer): i32 {
  if (!isTable(ask.attribute)) return PLAIN; // activate_passive_calendar_time
  // calendar_name, season_profile, week_profile_table, day_profile_table, active and passive
  return valueGet(ask, calendarRow(ask.meter, ask.object, ask.attribute), out);
}

/** Whether the names and times in a table are such. What it names need not be there yet: activation asks for that. */
function tableGood(ask: Ask): bool {
  const r = ask.data;
  const attribute = ask.attribute < <i32>Calendar.NAME + PASSIVE ? ask.attribute : ask.attribute - PASSIVE;
  if (attribute == Calendar.NAME) return nameTake(r) != 0;
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count; i++) {
    if (attribute == Calendar.SEASONS) seasonPass(r);
    else if (attribute == Calendar.WEEKS) weekPass(r);
    else dayPass(r);
  }
  return r.err == Err.OK;
}

function seasonPass(r: Reader): void {
  Axdr.readStructure(r, 3);
  nameTake(r);
  const start = timeTake(r, DataTag.DATE_TIME, 12);
  nameTake(r);
  if (r.err == Err.OK && !(dateIsGood(start) && timeIsGood(start + 5))) r.fail(Err.LIMIT);
}

function weekPass(r: Reader): void {
  Axdr.readStructure(r, 8);
  nameTake(r);
  for (let i = 0; i < 7; i++) Axdr.readUnsigned(r);
}

function dayPass(r: Reader): void {
  Axdr.readStructure(r, 2);
  Axdr.readUnsigned(r);
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(r, 3);
    const start = timeTake(r, DataTag.TIME, 4);
    Axdr.readLogicalName(r);
    Axdr.readLongUnsigned(r);
    if (r.err == Err.OK && !timeIsGood(start)) r.fail(Err.LIMIT);
  }
}

export function activityCalendarSet(ask: Ask): i32 {
  const result = plainSettable(ask);
  if (result != DataAccessResult.SUCCESS) return result;
  return programmed(ask, isTable(ask.attribute) ? tableSet(ask) : timeSet(ask));
}

/** What was programmed is an event, and may be what holds now. */
function programmed(ask: Ask, result: i32): i32 {
  if (result != DataAccessResult.SUCCESS) return result;
  eventRaise(ask.meter, EventCode.CALENDAR_PROGRAMMED);
  tariffRefresh(ask.meter);
  return result;
}

function tableSet(ask: Ask): i32 {
  if (!tableGood(ask)) return DataAccessResult.OTHER_REASON;
  return changeResult(calendarKeep(ask.meter, ask.object, ask.attribute, ask.dataAt, ask.dataSize));
}

/** Sets activate_passive_calendar_time: a whole date-time, or nothing specified for "not by time". */
function timeSet(ask: Ask): i32 {
  if (dateTimeDataParse(ask.data, time) != Err.OK) return DataAccessResult.TYPE_UNMATCHED;
  if (!dateTimeIsSpecified(time) && !dateTimeIsAny(time)) return DataAccessResult.OTHER_REASON;
  const meter = ask.meter;
  changeOpen(meter);
  calendarArm(meter, ask.object, true);
  const result = plainSet(ask);
  if (result != DataAccessResult.SUCCESS) changeAbort(meter);
  const err = changeCommit(meter);
  return result != DataAccessResult.SUCCESS ? result : changeResult(err);
}

export function activityCalendarInvoke(ask: Ask): i32 {
  if (ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  // activate_passive_calendar
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  return tariffActivate(ask.meter, ask.object);
}
