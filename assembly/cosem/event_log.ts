/**
 * From the events that wait to what a meter keeps of them. One record per event has its row in the log, its code, the event counter
 * and its bits in the error and alarm registers, so that a power cut leaves all of it or nothing (IDIS).
 */
import { Err } from "../base/err";
import { eventDone, eventNext, eventsWait } from "../meter/events";
import { inputsKeep } from "../meter/inputs";
import { EVENT_REGISTERS, Metering } from "../meter/metering_state";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve } from "../store/change";
import { Ring } from "../store/rings";
import { EventRow, NONE, Template } from "../store/template";
import { objectFind, rowOf } from "../store/values";
import { DataTag } from "../wire/axdr";
import { alarmsAdd } from "./alarms";
import { rowAdd } from "./capture_row";
import { settingNumber } from "./setting";

const CLASS_DATA: u32 = 1;
const VALUE: i32 = 2;
/** Event counters 0-0:96.15.e of the logs 0-0:99.98.e. */
const counterName: usize = memory.data<u8>([0, 0, 96, 15, 0, 255]);
const LOG_C: u32 = 99;
const LOG_D: u32 = 98;

/** Adds the row of event `code` to the open record, with its counter. `generation` as rowAdd(). */
export function eventRowAdd(meter: Meter, profile: u32, generation: u32, seconds: i64, season: u32, code: i32): void {
  rowAdd(meter, profile, generation, seconds, season, 0, code);
  const log = Template.of().object(Template.of().profile(profile).object);
  if (<u32>log.ln2 != LOG_C || <u32>log.ln3 != LOG_D) return;
  store<u8>(counterName, log.ln0);
  store<u8>(counterName + 1, log.ln1);
  store<u8>(counterName + 4, log.ln4);
  const object = objectFind(CLASS_DATA, counterName);
  if (object < 0 || rowOf(object, VALUE, 0) == NONE) return;
  const to = changeReserve(meter, Template.of().object(object), VALUE, 0, 3);
  if (to == 0) return;
  store<u8>(to, <u8>DataTag.LONG_UNSIGNED);
  store<u16>(to + 1, bswap<u16>(<u16>(settingNumber(meter, object, VALUE, 0) + 1)));
}

/** Adds all that an event does to the open record. */
function eventAdd(meter: Meter, row: EventRow, seconds: i64, season: u32): void {
  const profile = <u32>row.profile;
  if (profile != NONE) eventRowAdd(meter, profile, Ring.of(meter, profile).generation, seconds, season, row.code);
  alarmsAdd(meter, row);
}

/** Logs the events that wait, in their order. False when the flash is behind; the rest waits on. */
export function captureEvents(meter: Meter): bool {
  const m = Metering.of(meter);
  while (eventsWait(meter)) {
    const e = eventNext(meter);
    changeOpen(meter);
    eventAdd(meter, Template.of().event(e.row), e.seconds, e.season);
    if (e.keepsInputs != 0) inputsKeep(meter, e.inputs);
    if (changeCommit(meter) != Err.OK) return false;
    for (let r: u32 = 0; r < EVENT_REGISTERS; r++) m.setBits(r, 0);
    eventDone(meter);
  }
  return true;
}
