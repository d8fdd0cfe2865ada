/** Entry for the tests of `meter/`, captures and profiles: one bank, booted by hand, without lines. Never shipped. */
import { Err } from "./base/err";
import { Writer } from "./base/writer";
import { agendaBoot, agendaDeadline, agendaDue, agendaPowerReturns, agendaReserveExhausted } from "./cosem/agenda";
import { Ask, Caller, Pin, PIN_SIZE, PinKind } from "./cosem/ask";
import { captureDeadline, captureDue, captureEvents } from "./cosem/capture";
import { capturePowerFails, capturePowerReturns } from "./cosem/capture";
import { classGet, classInvoke, classSet } from "./cosem/classes";
import { registerCounts } from "./cosem/register_activation";
import { profileHeadEmit, profileRowEmit } from "./cosem/ic/profile_generic";
import {
  clockAlignedAfter,
  clockNow,
  clockSaving,
  clockSeconds,
  clockStamp,
  clockStampIn,
  clockSwitchAfter,
  clockUtc,
} from "./meter/clock";
import { eventRaise, eventRaiseAt } from "./meter/events";
import { inputTell } from "./meter/inputs";
import { meteringSample } from "./meter/metering";
import { BASES, Metering, RATES, TOTALS } from "./meter/metering_state";
import { quantityRead } from "./meter/quantity";
import { Meter, SeatState } from "./store/block";
import { entriesApply } from "./store/change";
import { FlashRequest, journalBoot, journalDone, journalPoll, journalReady } from "./store/journal";
import { Journal } from "./store/journal_state";
import { Layout, planRefusal } from "./store/layout";
import { plan as planTemplate } from "./store/plan";
import { Ring, ringRow, ringShape } from "./store/rings";
import { Template } from "./store/template";

const INPUT: usize = memory.data(8192, 8);
const OUTPUT: usize = memory.data(65536, 8);
const FLASH: usize = memory.data(4096, 8);
const PIN: usize = memory.data(128, 8);
const OUTPUT_SIZE: u32 = 65536;

const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const out: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const request: FlashRequest = changetype<FlashRequest>(memory.data(offsetof<FlashRequest>(), 8));

if (PIN_SIZE != 128) ERROR("a pin has 128 octets");

/** 0 template, 1 input, 2 output, 3 flash page, 4 pin, 5 first seat, 6 octets of a block, 7 octets of flash. */
export function address(what: i32): usize {
  switch (what) {
    case 0:
      return Template.address();
    case 1:
      return INPUT;
    case 2:
      return OUTPUT;
    case 3:
      return FLASH;
    case 4:
      return PIN;
    case 5:
      return <usize>Layout.of().seatBase;
    case 6:
      return <usize>Layout.of().blockSize;
    default:
      return <usize>Layout.of().flashSize;
  }
}

export function plan(size: u32): i32 {
  const err = planTemplate(size);
  return err == Err.OK ? 0 : -(<i32>planRefusal().limit);
}

/** Empties the seat and applies `provisionSize` octets of entries from the input. */
export function boot(seat: u32, provisionSize: u32, flashSize: u32, meterTime: f64): i32 {
  const meter = Meter.at(seat);
  const l = Layout.of();
  memory.fill(changetype<usize>(meter), 0, <usize>l.blockSize);
  meter.layoutId0 = l.id0;
  meter.layoutId1 = l.id1;
  meter.meterTime = meterTime;
  meter.state = SeatState.BOOTING;
  for (let i: u32 = 0; i < <u32>Template.of().profileCount; i++) ringShape(meter, i);
  const err = entriesApply(meter, INPUT, provisionSize);
  if (err != Err.OK) return err;
  return journalBoot(meter, flashSize);
}

/** 1 = the meter does all its duties, 0 = captures alone. */
const WHOLE: usize = memory.data(4, 4);

export function whole(on: i32): void {
  store<u32>(WHOLE, on);
}
function isWhole(): bool {
  return load<u32>(WHOLE) != 0;
}
function dueNext(meter: Meter): f64 {
  return isWhole() ? agendaDeadline(meter) : captureDeadline(meter);
}
function dueDo(meter: Meter): bool {
  return isWhole() ? agendaDue(meter) : captureDue(meter, meter.meterTime);
}

/** 1 when the journal is replayed and the meter runs. */
export function bootFinish(seat: u32): i32 {
  const meter = Meter.at(seat);
  if (!journalReady(meter)) return 0;
  meter.state = SeatState.RUNNING;
  // A SET of the clock tells all functions, which must know that the template has none of their objects.
  agendaBoot(meter);
  return 1;
}

/** Next flash operation; flashWord(1) its address, flashWord(2) its size. */
export function flashPoll(seat: u32): i32 {
  journalPoll(Meter.at(seat), FLASH, request);
  return request.operation;
}
export function flashWord(what: i32): u32 {
  return what == 1 ? request.address : request.size;
}
export function flashDone(seat: u32, good: i32): i32 {
  return journalDone(Meter.at(seat), good != 0, FLASH);
}
export function journalWaiting(seat: u32): u32 {
  return Journal.of(Meter.at(seat)).tailEnd;
}
export function journalRecords(seat: u32): u32 {
  return Journal.of(Meter.at(seat)).sequence;
}

export function timeSet(seat: u32, meterTime: f64): void {
  Meter.at(seat).meterTime = meterTime;
}
export function due(seat: u32): i32 {
  const meter = Meter.at(seat);
  return dueDo(meter) ? 1 : 0;
}
export function deadline(seat: u32): f64 {
  return dueNext(Meter.at(seat));
}
/** Runs from deadline to deadline until meter time `end`; returns how many instants were handled. */
export function run(seat: u32, end: f64): i32 {
  const meter = Meter.at(seat);
  let handled = 0;
  for (;;) {
    const next = dueNext(meter);
    if (next == 0 || next > end) break;
    if (next > meter.meterTime) meter.meterTime = next;
    if (!dueDo(meter)) return -1;
    handled++;
  }
  meter.meterTime = end;
  return handled;
}
export function powerFails(seat: u32): void {
  capturePowerFails(Meter.at(seat));
}
export function powerReturns(seat: u32): void {
  const meter = Meter.at(seat);
  if (isWhole()) agendaPowerReturns(meter);
  else capturePowerReturns(meter);
}
export function reserveExhausted(seat: u32): void {
  agendaReserveExhausted(Meter.at(seat));
}
export function sample(seat: u32): i32 {
  const meter = Meter.at(seat);
  return meteringSample(meter, INPUT, meter.meterTime);
}
/** Lets the accumulators of one rate count, and those of no other, as register activations do. */
export function tariffRate(seat: u32, rate: u32): void {
  const m = Metering.of(Meter.at(seat));
  m.countAll();
  for (let i: u32 = 0; i < RATES * BASES; i++) if (i / BASES != rate - 1) m.countStop(TOTALS + i);
}
/** Whether the register of an object counts under the active masks. */
export function counts(seat: u32, object: u32): i32 {
  return registerCounts(Meter.at(seat), object) ? 1 : 0;
}
export function quantity(seat: u32, id: u32): i64 {
  return quantityRead(Meter.at(seat), id);
}
export function eventsLost(seat: u32): u32 {
  return Metering.of(Meter.at(seat)).eventsLost;
}
/** Bits of the error register (0) and the alarm registers (1 to 3) that wait for a record. */
export function bits(seat: u32, register: u32): u32 {
  return Metering.of(Meter.at(seat)).bits(register);
}
/** As the host tells an input. */
export function input(seat: u32, kind: i32, value: i32): i32 {
  return inputTell(Meter.at(seat), kind, value);
}
export function raise(seat: u32, code: u32): void {
  eventRaise(Meter.at(seat), code);
}
export function raiseAt(seat: u32, code: u32, seconds: i64): void {
  eventRaiseAt(Meter.at(seat), code, seconds, 0);
}
export function events(seat: u32): i32 {
  return captureEvents(Meter.at(seat)) ? 1 : 0;
}

export function now(seat: u32): f64 {
  return clockNow(Meter.at(seat));
}
export function nowSeconds(seat: u32): i64 {
  return clockSeconds(Meter.at(seat));
}
export function saving(seat: u32, utc: i64): i32 {
  return clockSaving(Meter.at(seat), utc) ? 1 : 0;
}
export function switchAfter(seat: u32, utc: i64): i64 {
  return clockSwitchAfter(Meter.at(seat), utc);
}
export function stamp(seat: u32, utc: i64): void {
  clockStamp(Meter.at(seat), utc, OUTPUT);
}
export function stampIn(seat: u32, utc: i64, season: u32): void {
  clockStampIn(Meter.at(seat), utc, season, OUTPUT);
}
export function utcOf(seat: u32, local: i64, side: u32, season: u32): i64 {
  return clockUtc(Meter.at(seat), local, side, season);
}
export function alignedAfter(seat: u32, utc: i64, period: u32): i64 {
  return clockAlignedAfter(Meter.at(seat), utc, period);
}

function about(seat: u32, object: u32, attribute: i32, dataSize: u32): void {
  ask.about(Meter.at(seat), object, attribute, Caller.ASSOCIATION);
  ask.dataAt = INPUT;
  ask.dataSize = dataSize;
  ask.pin = changetype<Pin>(PIN);
  ask.pin.kind = PinKind.NONE;
  out.into(OUTPUT, OUTPUT_SIZE);
}

/** GET of an object by index; the answer or nothing (pinned) is in the output. Selector parameters stand in the input. */
export function get(seat: u32, object: u32, attribute: i32, selector: u32, dataSize: u32): i32 {
  about(seat, object, attribute, dataSize);
  ask.selector = selector;
  return classGet(ask, out);
}
export function set(seat: u32, object: u32, attribute: i32, dataSize: u32): i32 {
  about(seat, object, attribute, dataSize);
  return classSet(ask);
}
export function invoke(seat: u32, object: u32, method: i32, dataSize: u32): i32 {
  about(seat, object, method, dataSize);
  return classInvoke(ask, out);
}
/** Octets in the output, or the error of its writer. */
export function outSize(): i32 {
  return out.err != 0 ? out.err : <i32>out.size;
}
/** 0 kind, 1 items, 2 size, 3 item size, 4 spans, 5 columns. */
export function pinned(what: i32): u32 {
  const pin = changetype<Pin>(PIN);
  switch (what) {
    case 0:
      return pin.kind;
    case 1:
      return pin.items;
    case 2:
      return pin.headSize + pin.size;
    case 3:
      return pin.itemSize;
    case 4:
      return pin.spans;
    default:
      return pin.columns;
  }
}
/** Emits item `item` of the pin alone; 0 or Err. */
export function item(seat: u32, index: u32): i32 {
  out.into(OUTPUT, OUTPUT_SIZE);
  return profileRowEmit(Meter.at(seat), changetype<Pin>(PIN), index, out);
}
/** Emits the head of the answer and items `from` and on while the output has room; returns the item to go on with, or Err. */
export function items(seat: u32, from: u32): i32 {
  const pin = changetype<Pin>(PIN);
  out.into(OUTPUT, OUTPUT_SIZE);
  if (from == 0) profileHeadEmit(Meter.at(seat), pin, out);
  for (let i = from; i < pin.items; i++) {
    if (out.remaining < 1024) return i;
    const err = profileRowEmit(Meter.at(seat), pin, i, out);
    if (err != Err.OK) return err;
  }
  return pin.items;
}
/** Emits all items `times` times into the same room: what a row costs. */
export function itemsRepeat(seat: u32, times: u32): i32 {
  const pin = changetype<Pin>(PIN);
  for (let t: u32 = 0; t < times; t++) {
    for (let i: u32 = 0; i < pin.items; i++) {
      if (out.remaining < 1024 || i == 0) out.into(OUTPUT, OUTPUT_SIZE);
      const err = profileRowEmit(Meter.at(seat), pin, i, out);
      if (err != Err.OK) return err;
    }
  }
  return 0;
}

/** 0 rows, 1 entries, 2 generation, 3 runs, 4 next capture (UTC s), 5 status, 6 row size, 7 number of the oldest row. */
export function ring(seat: u32, profile: u32, what: i32): u32 {
  const r = Ring.of(Meter.at(seat), profile);
  switch (what) {
    case 0:
      return r.count;
    case 1:
      return r.entries;
    case 2:
      return r.generation;
    case 3:
      return r.runs;
    case 4:
      return r.due;
    case 5:
      return r.status;
    case 6:
      return r.rowSize;
    default:
      return r.first;
  }
}
/** Address of the row `index` from the oldest. */
export function ringAt(seat: u32, profile: u32, index: u32): usize {
  const meter = Meter.at(seat);
  return ringRow(meter, profile, Ring.of(meter, profile).first + index);
}
