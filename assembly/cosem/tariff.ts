/**
 * Duty TARIFF: runs the script that the activity calendar names, at each switching time, at power-up and whenever clock, calendar or
 * special days have changed; script 1 of the tariffication table while the clock is invalid or the calendar says nothing (IDIS).
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { clockIsInvalid, clockSeconds, NEVER } from "../meter/clock";
import { EventCode, eventRaise } from "../meter/events";
import { Meter } from "../store/block";
import { objectOfClass } from "../store/values";
import { DateTime, dateTimeDataParse, dateTimeIsSpecified } from "../wire/date_time";
import { DataAccessResult } from "../wire/results";
import { agendaSetClock, agendaSoon, Duty } from "./agenda";
import { Caller } from "./ask";
import { CalendarAction, calendarAction, calendarIsConsistent } from "./calendar";
import { Calendar, calendarArm, calendarArmed, calendarSwap, PASSIVE } from "./calendar_halves";
import { executeScript } from "./execute";
import { dateTimeUtcMs } from "./instant";
import { changeResult } from "./plain";
import { activationRefresh } from "./register_activation";
import { settingOver } from "./setting";

const CLASS_CALENDAR: u32 = 20;
/** Tariffication script table 0-0:10.0.100.255, and its script for the default tariff. */
const TARIFFICATION: usize = memory.data<u8>([0, 0, 10, 0, 100, 255]);
const DEFAULT_SCRIPT: u32 = 1;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const time: DateTime = changetype<DateTime>(memory.data(offsetof<DateTime>(), 4));
const action: CalendarAction = changetype<CalendarAction>(memory.data(offsetof<CalendarAction>(), 8));

/** When the passive calendar is to become active, NEVER = not by time. */
function activationTime(meter: Meter, object: u32): i64 {
  if (!calendarArmed(meter, object) || !settingOver(meter, object, Calendar.ACTIVATION_TIME, reader)) return NEVER;
  if (dateTimeDataParse(reader, time) != Err.OK || !dateTimeIsSpecified(time)) return NEVER;
  return dateTimeUtcMs(meter, time) / 1000;
}

/** Makes masks and calendar ready when the values are there. */
export function tariffBoot(meter: Meter): void {
  activationRefresh(meter);
  tariffRefresh(meter);
}

/** Clock, calendar or special days have changed: the calendar is asked again at the next tick. */
export function tariffRefresh(meter: Meter): void {
  if (objectOfClass(CLASS_CALENDAR, 0) >= 0) agendaSoon(meter, Duty.TARIFF);
}

/** Handles what has come: an activation by time, else the script that holds now. */
export function tariffRun(meter: Meter): bool {
  const object = <u32>objectOfClass(CLASS_CALENDAR, 0);
  const now = clockSeconds(meter);
  const follows = !clockIsInvalid(meter);
  let activation = follows ? activationTime(meter, object) : NEVER;
  if (activation <= now) {
    if (!activateDue(meter, object)) return false;
    activation = NEVER;
  }
  action.script = 0;
  action.next = NEVER;
  if (follows) calendarAction(meter, object, now, action);
  const next = min<i64>(action.next, activation);
  if (!actionRun(meter)) return false;
  agendaSetClock(meter, Duty.TARIFF, next);
  return true;
}

/** An activation whose time has come; its time is over as well when the calendar is inconsistent. False = the flash is behind. */
function activateDue(meter: Meter, object: u32): bool {
  const result = tariffActivate(meter, object);
  if (result == DataAccessResult.TEMPORARY_FAILURE) return false;
  return result == DataAccessResult.SUCCESS || calendarArm(meter, object, false) == Err.OK;
}

/** Runs the script of `action`, or the default tariff. False = the flash is behind. */
function actionRun(meter: Meter): bool {
  const named = action.script != 0;
  const script = named ? action.script : TARIFFICATION;
  const selector = named ? action.selector : DEFAULT_SCRIPT;
  return executeScript(meter, Caller.SCRIPT, 0, script, selector) != DataAccessResult.TEMPORARY_FAILURE;
}

/** Makes the passive calendar the active one (event 9). @returns an Action-Result; other-reason while it is inconsistent */
export function tariffActivate(meter: Meter, object: u32): i32 {
  if (!calendarIsConsistent(meter, object, PASSIVE)) return DataAccessResult.OTHER_REASON;
  const err = calendarSwap(meter, object);
  if (err != Err.OK) return changeResult(err);
  eventRaise(meter, EventCode.CALENDAR_ACTIVATED);
  tariffRefresh(meter);
  return DataAccessResult.SUCCESS;
}
