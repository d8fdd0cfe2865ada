/**
 * What the host tells of the meter's case, its supply and its parts: inputs have a state, and only a change of it is an event (IDIS:
 * logged at the instant of its cause and not repeated while the cause persists). The state is kept with the event, so that a cover
 * which is still open after an outage is no new event.
 */
import { Err } from "../base/err";
import { Meter } from "../store/block";
import { changeAdd, changeCommit, changeOpen } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { eventRaise, eventRaiseInput } from "./events";
import { Metering } from "./metering_state";

/** Hidden value of the clock object (host/template/hidden.json). */
const KEPT_ATTRIBUTE: i32 = 2;
const KEPT_PART: u32 = 2;
const KEPT_SIZE: u32 = 2;

/** Kind of input, how many states it has, and the event of each: one row per input. Row r has bits 2r and 2r + 1 of the state. */
const INPUTS: usize = memory.data<u8>([
  // kind, states, 0, 1, 2
  3,
  2,
  41,
  40,
  0, // terminal cover: closed, open
  4,
  2,
  45,
  44,
  0, // meter cover: closed, open
  5,
  2,
  43,
  42,
  0, // strong DC field: gone, there
  6,
  2,
  0,
  20,
  0, // external alert: none, there
  7,
  3,
  0,
  8,
  7, // battery: good, low, to be replaced
  10,
  2,
  0,
  88,
  0, // phase sequence: right, reversed
  11,
  2,
  0,
  89,
  0, // neutral: there, missing
]);
const ROW_SIZE: u32 = 5;
const ROWS: u32 = 7;

/** Self tests that failed: the value is the event. */
const SELF_TEST: i32 = 8;
const SELF_TEST_FIRST: u32 = 12;
const SELF_TEST_LAST: u32 = 16;

const octets: usize = memory.data(2, 2);

function cell(row: u32, column: u32): u32 {
  return load<u8>(INPUTS + <usize>(row * ROW_SIZE + column));
}

/** Where the state is kept, NONE = nowhere. */
function keptRow(): u32 {
  return rowOf(Template.of().clockObject, KEPT_ATTRIBUTE, KEPT_PART);
}

/** Takes the state that was kept, when provisioning and replay are over. */
export function inputsBoot(meter: Meter): void {
  const row = keptRow();
  if (row == NONE || valueSize(meter, row) != KEPT_SIZE) return;
  Metering.of(meter).inputs = bswap<u16>(load<u16>(valueAt(meter, row)));
}

/** Adds the state to the open record. */
export function inputsKeep(meter: Meter, state: u32): void {
  if (keptRow() == NONE) return;
  const clock = Template.of().object(Template.of().clockObject);
  store<u16>(octets, bswap<u16>(<u16>state));
  changeAdd(meter, clock, KEPT_ATTRIBUTE, KEPT_PART, octets, KEPT_SIZE);
}

/**
 * Takes what the host tells: `kind` as in the table of docs/ARCHITECTURE.md, section 3.
 * @returns 0; Err.UNKNOWN for another kind, Err.LIMIT for a state it does not have
 */
export function inputTell(meter: Meter, kind: i32, value: i32): i32 {
  if (kind == SELF_TEST) {
    if (<u32>value - SELF_TEST_FIRST > SELF_TEST_LAST - SELF_TEST_FIRST) return Err.LIMIT;
    eventRaise(meter, value);
    return Err.OK;
  }
  let row: u32 = 0;
  while (row < ROWS && cell(row, 0) != <u32>kind) row++;
  if (row == ROWS) return Err.UNKNOWN;
  if (<u32>value >= cell(row, 1)) return Err.LIMIT;
  stateTake(meter, row, value);
  return Err.OK;
}

function stateTake(meter: Meter, row: u32, value: u32): void {
  const m = Metering.of(meter);
  const shift = row << 1;
  if (((m.inputs >> shift) & 3) == value) return;
  m.inputs = (m.inputs & ~(3 << shift)) | (value << shift);
  const code = cell(row, 2 + value);
  if (code != 0 && eventRaiseInput(meter, code, m.inputs)) return;
  changeOpen(meter);
  inputsKeep(meter, m.inputs);
  changeCommit(meter);
}
