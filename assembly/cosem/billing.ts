/**
 * End of a billing period (IDIS, billing profile): capturing the billing profile 0-0:98.1.0 also counts the period and keeps its time
 * stamp, in one record with the row. The script that captures goes on with the maxima; when a power cut interrupts it behind
 * the row, it is finished at power-up without another row.
 */
import { octetsSame } from "../base/octets";
import { Civil } from "../base/civil";
import { Err } from "../base/err";
import { clockSeconds, STAMP_SIZE } from "../meter/clock";
import { EventCode, eventRaise } from "../meter/events";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeValue } from "../store/change";
import { Ring } from "../store/rings";
import { NONE } from "../store/template";
import { objectFind, rowOf, valueAt, valueSize } from "../store/values";
import { agendaSoon, Duty } from "./agenda";
import { Ask, Caller } from "./ask";
import { captureRow } from "./capture";
import { executeScript } from "./execute";
import { namedCount } from "./named";
import { momentPut } from "./put";
import { ScheduleState } from "./schedule_state";
import { rowCapacity, rowNamed } from "./setting";

const CLASS_DATA: u32 = 1;
const CLASS_SCRIPT_TABLE: u32 = 9;
const VALUE: i32 = 2;
/** Billing profile 0-0:98.1.0.255, its script table, the counter of periods, the time stamp of the last one. */
const PROFILE: usize = memory.data<u8>([0, 0, 98, 1, 0, 255]);
const SCRIPTS: usize = memory.data<u8>([0, 0, 10, 0, 1, 255]);
const COUNTER: usize = memory.data<u8>([1, 0, 0, 1, 0, 255]);
const STAMP: usize = memory.data<u8>([1, 0, 0, 1, 2, 255]);
const END_OF_BILLING: u32 = 1;

const open: usize = memory.data<u8>([1]);
const done: usize = memory.data<u8>([0]);

/** Row of the hidden octet that is 1 between the row and the end of the script, NONE when the template has no such script table. */
function openRow(): u32 {
  return rowNamed(CLASS_SCRIPT_TABLE, SCRIPTS, 0);
}

/** Whether the row of a period stands, and its script has not ended. */
export function billingIsOpen(meter: Meter): bool {
  const row = openRow();
  return row != NONE && valueSize(meter, row) == 1 && load<u8>(valueAt(meter, row)) == 1;
}

/** A Data object, NONE without one. */
function dataNamed(name: usize): u32 {
  const object = objectFind(CLASS_DATA, name);
  return object < 0 ? NONE : object;
}

/** UTC second of the end of the last billing period, 0 = none has ended. */
export function billingLast(meter: Meter): i64 {
  const row = rowOf(dataNamed(STAMP), VALUE, 0);
  if (rowCapacity(row) == 0 || valueSize(meter, row) != STAMP_SIZE + 2) return 0;
  const at = valueAt(meter, row) + 2;
  return load<u16>(at) == 0xffff ? 0 : Civil.stampSeconds(at, 0);
}

/** Captures a row of `profile` for the method capture: at the instant of the schedule that asks for it, else now. @returns as captureRow() */
export function billingCapture(ask: Ask, profile: u32): i32 {
  const meter = ask.meter;
  const state = ScheduleState.of(meter);
  const seconds = state.instant != 0 ? state.instant : clockSeconds(meter);
  const ends = octetsSame(ask.row.logicalName, PROFILE, 6);
  const status = Ring.of(meter, profile).status;
  if (!ends) return captureRow(meter, profile, seconds, status);
  if (state.resuming != 0) return Err.OK;
  changeOpen(meter);
  namedCount(meter, dataNamed(COUNTER));
  momentPut(meter, dataNamed(STAMP), VALUE, seconds);
  const row = openRow();
  if (row != NONE && ask.depth != 0) changeValue(meter, row, open, 1);
  captureRow(meter, profile, seconds, status);
  const err = changeCommit(meter);
  if (err != Err.OK) return err;
  if (state.instant == 0) eventRaise(meter, EventCode.BILLING_NOT_PERIODIC);
  state.opened = 1;
  agendaSoon(meter, Duty.SCHEDULE);
  return err;
}

/** The script has ended; after a power cut it is run to its end first. */
export function billingResume(meter: Meter): void {
  const state = ScheduleState.of(meter);
  if (state.opened == 0) {
    state.resuming = 1;
    executeScript(meter, Caller.SCRIPT, 0, SCRIPTS, END_OF_BILLING);
    state.resuming = 0;
  }
  if (changeValue(meter, openRow(), done, 1) == Err.OK) state.opened = 0;
}
