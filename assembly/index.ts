/** The exported ABI, nothing else. docs/ARCHITECTURE.md, section 3, has the table. */
import { bootSeat, flashDoneSeat, flashPollSeat } from "./device/boot";
import { lineEventSeat, receiveSeat, transmitPollSeat } from "./device/line";
import { deliverEventSeat, deliverPollSeat } from "./device/notify";
import { regionAddress } from "./device/regions";
import { deadlinePollSeat, entropySeat, inputSeat, outputPollSeat, sampleSeat, tickSeat } from "./device/tick";
import { showSeat } from "./device/show";
import { Layout, planRefusal } from "./store/layout";
import { plan as planTemplate } from "./store/plan";

/** Version of the calls in this file; the host refuses a core with another one. */
export function abiVersion(): u32 {
  return 1;
}

export function region(kind: i32): usize {
  return regionAddress(kind);
}

export function plan(size: u32): i32 {
  return planTemplate(size);
}

export function planned(what: i32): u32 {
  if (what >= 16) {
    const refusal = planRefusal();
    return what == 16 ? refusal.limit : what == 17 ? refusal.limitObject : refusal.limitValue;
  }
  const l = Layout.of();
  switch (what) {
    case 0:
      return l.seatBase;
    case 1:
      return l.blockSize;
    case 2:
      return l.slotCount;
    case 3:
      return l.id0;
    case 4:
      return l.id1;
    default:
      return l.flashSize;
  }
}

export function boot(seat: u32, provisionSize: u32, flashSize: u32, lineTime: f64, meterTime: f64): i32 {
  return bootSeat(seat, provisionSize, flashSize, lineTime, meterTime);
}

export function receive(seat: u32, slot: u32, size: u32, lineTime: f64, meterTime: f64): i32 {
  return receiveSeat(seat, slot, size, lineTime, meterTime);
}

export function lineEvent(seat: u32, slot: u32, kind: i32, lineTime: f64, meterTime: f64): i32 {
  return lineEventSeat(seat, slot, kind, lineTime, meterTime);
}

export function transmitPoll(seat: u32, slot: u32, lineTime: f64): i32 {
  return transmitPollSeat(seat, slot, lineTime);
}

export function flashPoll(seat: u32): i32 {
  return flashPollSeat(seat);
}

export function flashDone(seat: u32, status: i32, meterTime: f64): i32 {
  return flashDoneSeat(seat, status, meterTime);
}

export function sample(seat: u32, meterTime: f64): i32 {
  return sampleSeat(seat, meterTime);
}

export function input(seat: u32, kind: i32, value: i32, meterTime: f64): i32 {
  return inputSeat(seat, kind, value, meterTime);
}

export function tick(seat: u32, lineTime: f64, meterTime: f64): i32 {
  return tickSeat(seat, lineTime, meterTime);
}

export function deadlinePoll(seat: u32): i32 {
  return deadlinePollSeat(seat);
}

export function entropy(seat: u32, size: u32): i32 {
  return entropySeat(seat, size);
}

export function outputPoll(seat: u32): i32 {
  return outputPollSeat(seat);
}

export function deliverPoll(seat: u32, lineTime: f64): i32 {
  return deliverPollSeat(seat, lineTime);
}

export function deliverEvent(seat: u32, kind: i32, size: u32, lineTime: f64, meterTime: f64): i32 {
  return deliverEventSeat(seat, kind, size, lineTime, meterTime);
}

export function show(seat: u32, list: u32, item: u32): i32 {
  return showSeat(seat, list, item);
}
