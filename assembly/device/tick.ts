/** Everything that happens without octets from the wire: samples, inputs, due instants, entropy. */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import {
  agendaDeadline,
  agendaDue,
  agendaPowerFails,
  agendaPowerReturns,
  agendaReserveExhausted,
  agendaSampled,
} from "../cosem/agenda";
import { captureEvents } from "../cosem/capture";
import { controlButton, controlFailure, outputsTell } from "../cosem/control";
import { pushesStart } from "../cosem/push";
import { timeSourceTake, timeSourceTell } from "../cosem/time_source";
import { HdlcEventKind } from "../link/hdlc_state";
import { hdlcDeadline, hdlcExpire } from "../link/hdlc_receive";
import { wrapperDeadline } from "../link/wrapper";
import { inputTell } from "../meter/inputs";
import { meteringCheckpoint, meteringSample } from "../meter/metering";
import { countersExact, SecurityContext } from "../session/keys";
import { staticExact } from "../session/transactions";
import { entropyAdd, entropyWanted } from "../session/entropy";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { NONE, PortKind, PortRow, PushFlag, Template } from "../store/template";
import { hdlcConnection, hdlcEvent, wrapperInactivity, wrapperLine } from "./connection";
import { PROVISION, PROVISION_SIZE, SAMPLE, Status } from "./regions";
import { connectionClose, linkEnd } from "./line";
import { deliverWaits, notifyDeadline, notifyDue, notifyLineDeadline } from "./notify";
import { opticalDeadline, opticalExpire, opticalRateTell } from "./optical";
import { Optical } from "./optical_state";
import { portRow, seatRunning, timesTake } from "./seat";

/** Kinds of input. */
const enum Input {
  POWER_FAILS = 1,
  POWER_RETURNS = 2,
  /** 1 a short press, 2 a long one. */
  BUTTON = 9,
  /** 1 = the output of the main disconnector does not follow. */
  OUTPUT_FAILED = 12,
  /** A new connection to the network; the meter is installed. */
  CONNECTED = 13,
  INSTALLED = 14,
  /** ms that a time server is ahead of meter time. */
  TIME_SOURCE = 15,
  /** The energies shall survive a power cut as they stand. */
  KEEP_ENERGIES = 16,
}

/** Value of POWER_RETURNS: the clock has not run meanwhile. */
const RESERVE_EXHAUSTED: i32 = 1;

const OUTPUT_ENTROPY_WANTED: i32 = 1;
const OUTPUT_RATE: i32 = 2;
const OUTPUT_DELIVERY_WAITS: i32 = 4;
const OUTPUT_SWITCHED: i32 = 8;
const OUTPUT_TIME_WANTED: i32 = 16;

/** Takes the sample region: what was measured from the last sample to `meterTime`. */
export function sampleSeat(seat: u32, meterTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  if (timesTake(meter, meter.lineTime, meterTime) != Err.OK) return Err.STATE;
  const taken = meteringSample(meter, SAMPLE, meter.meterTime);
  if (taken == Err.OK) agendaSampled(meter);
  return taken;
}

/** Takes an input; see Input. */
export function inputSeat(seat: u32, kind: i32, value: i32, meterTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  if (timesTake(meter, meter.lineTime, meterTime) != Err.OK) return Err.STATE;
  switch (kind) {
    case Input.POWER_FAILS:
      agendaPowerFails(meter);
      for (let i: u32 = 0; i < <u32>Template.of().securityCount; i++) countersReserveExactly(meter, i);
      return Err.OK;
    case Input.POWER_RETURNS:
      if (value == RESERVE_EXHAUSTED) agendaReserveExhausted(meter);
      else agendaPowerReturns(meter);
      return Err.OK;
    case Input.KEEP_ENERGIES:
      return meteringCheckpoint(meter);
    case Input.BUTTON:
      controlButton(meter, value);
      return Err.OK;
    case Input.TIME_SOURCE:
      timeSourceTake(meter, <f64>value);
      return Err.OK;
    case Input.OUTPUT_FAILED:
      controlFailure(meter, value);
      return Err.OK;
    case Input.CONNECTED:
      if (value != 0) pushesStart(meter, PushFlag.CONNECTIVITY);
      return Err.OK;
    case Input.INSTALLED:
      if (value != 0) pushesStart(meter, PushFlag.INSTALLATION);
      return Err.OK;
    default:
      return inputTake(meter, kind, value);
  }
}

/** What happened is logged before anything else does. */
function inputTake(meter: Meter, kind: i32, value: i32): i32 {
  const err = inputTell(meter, kind, value);
  captureEvents(meter);
  return err;
}

/** Writes the counters of a context as they stand: a restart shall leave no gap. */
function countersReserveExactly(meter: Meter, context: u32): void {
  countersExact(meter, context);
  if (ELLIPTIC) staticExact(meter, SecurityContext.of(meter, context));
}

/** Handles what is due; 1 = call again, 0 = nothing is due any more. */
export function tickSeat(seat: u32, lineTime: f64, meterTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  if (timesTake(meter, lineTime, meterTime) != Err.OK) return Err.STATE;
  linesExpire(meter);
  return agendaDue(meter) || notifyDue(meter) ? 1 : 0;
}

/** Ends links and connections whose inactivity time-out has passed. */
function linesExpire(meter: Meter): void {
  for (let p: u32 = 0; p < <u32>Template.of().portCount; p++) {
    const port = portRow(p);
    for (let c: u32 = 0; c < <u32>port.connections; c++) {
      const first = <u32>port.firstSlot + c * <u32>port.links;
      if (Slot.of(meter, first).open == 1) lineExpire(meter, port, first);
    }
  }
}

function lineExpire(meter: Meter, port: PortRow, first: u32): void {
  if (port.kind == PortKind.HDLC) {
    const c = hdlcConnection(meter, port, first);
    while (hdlcExpire(c, meter.lineTime, hdlcEvent)) {
      if (hdlcEvent.kind == HdlcEventKind.LINK_DOWN) linkEnd(meter, first + hdlcEvent.link);
    }
    opticalExpire(meter, port, first, c);
    return;
  }
  const deadline = wrapperDeadline(wrapperLine(meter, first), wrapperInactivity(meter, port));
  if (deadline != 0 && deadline <= meter.lineTime) connectionClose(meter, port, first);
}

/** The earlier of two times, of which 0 is none. */
function earlier(a: f64, b: f64): f64 {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

/** Writes the next deadlines to the status region. */
export function deadlinePollSeat(seat: u32): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  Status.of().meterDeadline = earlier(agendaDeadline(meter), notifyDeadline(meter));
  let earliest = notifyLineDeadline(meter);
  for (let p: u32 = 0; p < <u32>Template.of().portCount; p++) {
    const port = portRow(p);
    for (let c: u32 = 0; c < <u32>port.connections; c++) {
      const first = <u32>port.firstSlot + c * <u32>port.links;
      if (Slot.of(meter, first).open != 1) continue;
      if (port.kind != PortKind.HDLC) {
        earliest = earlier(earliest, wrapperDeadline(wrapperLine(meter, first), wrapperInactivity(meter, port)));
        continue;
      }
      earliest = earlier(earliest, hdlcDeadline(hdlcConnection(meter, port, first)));
      earliest = earlier(earliest, opticalDeadline(meter, port, first));
    }
  }
  Status.of().lineDeadline = earliest;
  return Err.OK;
}

/** Seeds the generator with octets of the provision region; returns how many were taken, all or none. */
export function entropySeat(seat: u32, size: u32): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  if (size > PROVISION_SIZE) return Err.STATE;
  const meter = Meter.at(seat);
  const taken = <i32>entropyAdd(meter, PROVISION, size);
  memory.fill(PROVISION, 0, <usize>size);
  return taken;
}

/** A line whose rate is another than the host was told: its slot and rate go to the status region. */
function rateWanted(meter: Meter): bool {
  for (let p: u32 = 0; p < <u32>Template.of().portCount; p++) {
    const port = portRow(p);
    if (port.kind != PortKind.HDLC || port.localObject == NONE) continue;
    for (let c: u32 = 0; c < <u32>port.connections; c++) {
      const first = <u32>port.firstSlot + c * <u32>port.links;
      if (Slot.of(meter, first).open != 1) continue;
      if (!opticalRateTell(meter, port, first, hdlcConnection(meter, port, first))) continue;
      Status.of().address = first;
      Status.of().size = Optical.of(meter, first).rate;
      return true;
    }
  }
  return false;
}

/** Outputs of the meter that have changed: their new state goes to the status region. */
function switchedTell(meter: Meter): bool {
  const outputs = outputsTell(meter);
  if (outputs < 0) return false;
  Status.of().durable = outputs;
  return true;
}

/** Outputs that wait: bit 0 entropy wanted, bit 1 a line has a new rate (told once), bit 2 a notification for deliverPoll(), bit 3 outputs have changed, bit 4 ask the time server. */
export function outputPollSeat(seat: u32): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  const rate = rateWanted(meter) ? OUTPUT_RATE : 0;
  const delivery = deliverWaits(meter) ? OUTPUT_DELIVERY_WAITS : 0;
  const time = timeSourceTell(meter) ? OUTPUT_TIME_WANTED : 0;
  const switched = switchedTell(meter) ? OUTPUT_SWITCHED : 0;
  return (entropyWanted(meter) ? OUTPUT_ENTROPY_WANTED : 0) | rate | delivery | switched | time;
}
