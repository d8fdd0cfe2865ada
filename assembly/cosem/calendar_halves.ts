/**
 * Where the two halves of an Activity calendar stand (Blue Book, class_id 20): each of its four attributes {calendar_name,
 * season_profile, week_profile_table, day_profile_table} has two places, and an octet says which of them the active and the passive
 * one show. Activation makes the active ones show what the passive ones show, which is one octet however large the tables are; a
 * SET of a passive one goes to the place that the active one does not show.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Meter } from "../store/block";
import { changeAdd, changeCommit, changeOpen, changeReserve } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { Axdr } from "../wire/axdr";
import { rowCapacity, valueOver } from "./setting";

/** Attributes of a calendar; the passive ones are PASSIVE higher. */
export const enum Calendar {
  NAME = 2,
  SEASONS = 3,
  WEEKS = 4,
  DAYS = 5,
  ACTIVATION_TIME = 10,
}

export const ACTIVE: i32 = 0;
export const PASSIVE: i32 = 4;

/** Bit k: place of active attribute 2 + k; bit 4 + k: place of passive attribute 6 + k. */
const AS_DELIVERED: u32 = 0xf0;

/** Row of the hidden octets {places, armed}. */
function stateRow(object: u32): u32 {
  return rowOf(object, 0, 0);
}

/** Octet `index` of the hidden state, `otherwise` while there is none. */
function stateOctet(meter: Meter, object: u32, index: u32, otherwise: u32): u32 {
  const row = stateRow(object);
  return row != NONE && valueSize(meter, row) == 2 ? <u32>load<u8>(valueAt(meter, row) + <usize>index) : otherwise;
}

function places(meter: Meter, object: u32): u32 {
  return stateOctet(meter, object, 0, AS_DELIVERED);
}

/** Whether activate_passive_calendar_time is still to come true; as delivered it is. */
export function calendarArmed(meter: Meter, object: u32): bool {
  return stateOctet(meter, object, 1, 1) != 0;
}

/** Adds the state to the open record. */
function stateAdd(meter: Meter, object: u32, placesNow: u32, armed: bool): void {
  const to = changeReserve(meter, Template.of().object(object), 0, 0, 2);
  if (to == 0) return;
  store<u8>(to, <u8>placesNow);
  store<u8>(to + 1, <u8>(armed ? 1 : 0));
}

/** Attribute row of place `place` of the attributes 2 + k and 6 + k. */
function placeRow(object: u32, k: u32, place: u32): u32 {
  return rowOf(object, <i32>(Calendar.NAME + k + place * <u32>PASSIVE), 0);
}

/** Attribute row that attribute 2..9 of a calendar shows, NONE when there is none. */
export function calendarRow(meter: Meter, object: u32, attribute: i32): u32 {
  const bit = <u32>attribute - Calendar.NAME;
  return placeRow(object, bit & 3, (places(meter, object) >> bit) & 1);
}

/** Points `r` at the elements of the array in attribute 2..9. @returns how many there are, 0 where it has none */
export function calendarArray(meter: Meter, object: u32, attribute: i32, r: Reader): u32 {
  const row = calendarRow(meter, object, attribute);
  return row == NONE ? 0 : Axdr.readArray(valueOver(meter, row, r));
}

/** Sets attribute 2..9 to the Data at `at`, in the place that its counterpart does not show. @returns 0, Err.LIMIT or that of the commit */
export function calendarKeep(meter: Meter, object: u32, attribute: i32, at: usize, size: u32): i32 {
  const bit = <u32>attribute - Calendar.NAME;
  const before = places(meter, object);
  const place = ((before >> (bit ^ 4)) & 1) ^ 1;
  const row = placeRow(object, bit & 3, place);
  if (size > rowCapacity(row)) return Err.LIMIT;
  const after = (before & ~(1 << bit)) | (place << bit);
  changeOpen(meter);
  changeAdd(meter, Template.of().object(object), Template.of().attribute(row).id, 0, at, size);
  if (after != before) stateAdd(meter, object, after, calendarArmed(meter, object));
  return changeCommit(meter);
}

/** The active calendar becomes what the passive one is, and its time of activation is over. */
export function calendarSwap(meter: Meter, object: u32): i32 {
  const passive = places(meter, object) >> 4;
  changeOpen(meter);
  stateAdd(meter, object, (passive << 4) | passive, false);
  return changeCommit(meter);
}

/** Says whether the time of activation is to come true. */
export function calendarArm(meter: Meter, object: u32, armed: bool): i32 {
  changeOpen(meter);
  stateAdd(meter, object, places(meter, object), armed);
  return changeCommit(meter);
}
