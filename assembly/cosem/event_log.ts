/**
 * From the events that wait to what a meter keeps of them. One record per event has its row in the log, its code, the event counter
 * and its bits in the error and alarm registers, so that a power cut leaves all of it or nothing (IDIS).
 */
import { Err } from "../base/err";
import { eventDone, eventNext, eventRaise, eventsWait } from "../meter/events";
import { inputsKeep } from "../meter/inputs";
import { EVENT_REGISTERS, Metering } from "../meter/metering_state";
import { Meter } from "../store/block";
import { changeCommit, changeOpen } from "../store/change";
import { Ring } from "../store/rings";
import { EventRow, NONE, Template } from "../store/template";
import { objectFind } from "../store/values";
import { alarmsAdd } from "./alarms";
import { rowAdd } from "./capture_row";
import { namedCount } from "./named";

const CLASS_DATA: u32 = 1;
/** C and D of the event counters 0-0:96.15.e and of their logs 0-0:99.98.e, as they stand in a logical name. */
const CD_AT: usize = 2;
const COUNTER_CD: u32 = 0x0f60;
const LOG_CD: u32 = 0x6263;

const counterName: usize = memory.data(6, 2);

/** Adds the row of event `code` to the open record, with its counter. `generation` as rowAdd(). */
export function eventRowAdd(meter: Meter, profile: u32, generation: u32, seconds: i64, season: u32, code: i32): void {
  rowAdd(meter, profile, generation, seconds, season, 0, code);
  const log = Template.of().object(Template.of().profile(profile).object);
  if (<u32>load<u16>(log.logicalName + CD_AT) != LOG_CD) return;
  memory.copy(counterName, log.logicalName, 6);
  store<u16>(counterName + CD_AT, <u16>COUNTER_CD);
  const object = objectFind(CLASS_DATA, counterName);
  if (object >= 0) namedCount(meter, object);
}

/** Adds all that an event does to the open record. */
function eventAdd(meter: Meter, row: EventRow, seconds: i64, season: u32): void {
  const profile = <u32>row.profile;
  if (profile != NONE) eventRowAdd(meter, profile, Ring.of(meter, profile).generation, seconds, season, row.code);
  alarmsAdd(meter, row);
}

/** Raises event `code` now, and logs it behind those that wait. */
export function captureEvent(meter: Meter, code: u32): void {
  eventRaise(meter, code);
  captureEvents(meter);
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
