/** The clock from a time server (class_id 100): the host asks the server, here it is decided what becomes of the answer. */
import { Meter } from "../store/block";
import { TIME_SOURCE_AT } from "../store/layout";
import { objectOfClass } from "../store/values";
import { agendaClockSet } from "./agenda";
import { clockShiftLimit } from "./ic/clock";
import { settingFlag } from "./setting";

const CLASS_NTP: u32 = 100;
/** A server that is further off than this is none, ms: ten years. */
const OFFSET_MAX: f64 = 315576000000;

/** Asks the host to synchronize. */
export function timeSourceAsk(meter: Meter): void {
  store<u32>(meter.area(TIME_SOURCE_AT), 1);
}

/** Whether the host is to ask the time server now; told once. */
export function timeSourceTell(meter: Meter): bool {
  const wanted = load<u32>(meter.area(TIME_SOURCE_AT)) != 0;
  if (wanted) store<u32>(meter.area(TIME_SOURCE_AT), 0);
  return wanted;
}

/**
 * The server's time is meter time and `offset` ms. The clock follows where the NTP setup is activated, as if a client had set it: small corrections
 * are silent, others are logged.
 */
export function timeSourceTake(meter: Meter, offset: f64): void {
  const object = objectOfClass(CLASS_NTP, 0);
  if (object < 0 || !settingFlag(meter, object, 2) || !(abs(offset) <= OFFSET_MAX)) return;
  agendaClockSet(meter, meter.meterTime + offset, clockShiftLimit(meter));
}
