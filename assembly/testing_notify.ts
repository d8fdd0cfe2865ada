/** Entry for tests of what the meter sends unasked; never shipped. The whole core, and the triggers that no client has. */
import { pushStart } from "./cosem/push";
import { eventNotify } from "./server/event_notification";
import { Meter } from "./store/block";

export * from "./index";

export function eventNotifyAt(seat: u32, slot: u32, object: u32, attribute: i32): i32 {
  return eventNotify(Meter.at(seat), slot, object, attribute);
}

export function pushStartAt(seat: u32, object: u32): i32 {
  return pushStart(Meter.at(seat), object);
}
