/**
 * Which registers count (Blue Book, class_id 6): those that the active mask names do, the others of register_assignment are frozen,
 * and what no object assigns always counts. The masks become bits here whenever they change, so that a sample costs the same with
 * and without them.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { accumulatorOf, Metering, UNCOUNTED } from "../meter/metering_state";
import { Meter } from "../store/block";
import { TARIFF_AT, TARIFF_SIZE } from "../store/layout";
import { NONE, Template } from "../store/template";
import { objectFind, objectOfClass, rowOf } from "../store/values";
import { Axdr } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { nameEquals, nameTake, Stretch } from "./array_value";
import { settingOver } from "./setting";

export const CLASS_ACTIVATION: u32 = 6;
const CLASS_REGISTER: u32 = 3;
const CLASS_EXTENDED_REGISTER: u32 = 4;
const CLASS_DEMAND_REGISTER: u32 = 5;
const VALUE: i32 = 2;

/** Attributes of class 6. */
export const enum Activation {
  REGISTER_ASSIGNMENT = 2,
  MASK_LIST = 3,
  ACTIVE_MASK = 4,
}

/** What does not count. */
@unmanaged
export class Frozen {
  /** Bit i: object number i of class 4; of class 5. */
  extended: u64;
  demand: u64;

  @inline
  static of(meter: Meter): Frozen {
    return changetype<Frozen>(meter.area(TARIFF_AT));
  }
}

if (offsetof<Frozen>() > TARIFF_SIZE) ERROR("the tariff has TARIFF_SIZE octets");

const masks: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const registers: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const name: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const indices: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/**
 * Finds the mask of name `wanted` (its length in front) in the mask_list that `r` stands before; `out` spans it.
 * @returns its index_list, NONE as address 0 when the list has no such mask
 */
export function maskFind(r: Reader, wanted: usize, out: Stretch): usize {
  const count = Axdr.readArray(r);
  out.empty(r.pos);
  for (let i: u32 = 0; i < count; i++) {
    const from = r.pos;
    Axdr.readStructure(r, 2);
    const found = nameTake(r);
    const list = r.pos;
    dataSkip(r);
    if (r.err != Err.OK || !nameEquals(found, wanted)) continue;
    out.from = from;
    out.to = r.pos;
    out.count = 1;
    return list;
  }
  out.empty(r.err == Err.OK ? r.pos : r.end);
  return 0;
}

const stretch: Stretch = changetype<Stretch>(memory.data(offsetof<Stretch>(), 8));

/** Whether the index_list at `list` (0 = no mask) names register `index`. */
function maskNames(list: usize, end: usize, index: u32): bool {
  if (list == 0) return false;
  const r = indices.over(list, <u32>(end - list));
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count; i++) {
    if (Axdr.readUnsigned(r) == index && r.err == Err.OK) return true;
  }
  return false;
}

/** Bit of an object among those of its class; beyond 64 they count always. */
function bitOf(object: u32): u64 {
  const instance = <u32>Template.of().object(object).instance;
  return instance < 64 ? (<u64>1) << (<u64>instance) : 0;
}

/** Accumulator of a register, UNCOUNTED when its value does not count. */
function accumulatorIn(object: u32): u32 {
  const row = rowOf(object, VALUE, 0);
  return row == NONE ? UNCOUNTED : accumulatorOf(Template.of().attribute(row).quantity);
}

function freeze(meter: Meter, classId: u32, object: u32): void {
  const accumulator = accumulatorIn(object);
  if (classId == CLASS_REGISTER && accumulator != UNCOUNTED) Metering.of(meter).countStop(accumulator);
  if (classId == CLASS_EXTENDED_REGISTER) Frozen.of(meter).extended |= bitOf(object);
  if (classId == CLASS_DEMAND_REGISTER) Frozen.of(meter).demand |= bitOf(object);
}

/** Freezes the registers of one activation object that its active mask does not name. */
function maskApply(meter: Meter, object: u32): void {
  const active = settingOver(meter, object, Activation.ACTIVE_MASK, name);
  const listed = settingOver(meter, object, Activation.MASK_LIST, masks);
  if (!active || !listed || !settingOver(meter, object, Activation.REGISTER_ASSIGNMENT, registers)) return;
  const wanted = nameTake(name);
  const list = wanted != 0 ? maskFind(masks, wanted, stretch) : 0;
  const count = Axdr.readArray(registers);
  for (let i: u32 = 1; i <= count; i++) {
    Axdr.readStructure(registers, 2);
    const classId = Axdr.readLongUnsigned(registers);
    const logicalName = Axdr.readLogicalName(registers);
    if (registers.err != Err.OK || maskNames(list, masks.end, i)) continue;
    const found = objectFind(classId, logicalName);
    if (found >= 0) freeze(meter, classId, found);
  }
}

/** Turns the active masks into bits: at boot, and when an attribute of a Register activation has changed. */
export function activationRefresh(meter: Meter): void {
  Metering.of(meter).countAll();
  const frozen = Frozen.of(meter);
  frozen.extended = 0;
  frozen.demand = 0;
  for (let i: u32 = 0; ; i++) {
    const object = objectOfClass(CLASS_ACTIVATION, i);
    if (object < 0) return;
    maskApply(meter, object);
  }
}

/** Whether a register (class 3, 4 or 5, by its index) counts under the masks that are active. */
export function registerCounts(meter: Meter, object: u32): bool {
  switch (Template.of().object(object).classId) {
    case CLASS_REGISTER: {
      const accumulator = accumulatorIn(object);
      return accumulator == UNCOUNTED || Metering.of(meter).counts(accumulator);
    }
    case CLASS_EXTENDED_REGISTER:
      return (Frozen.of(meter).extended & bitOf(object)) == 0;
    case CLASS_DEMAND_REGISTER:
      return (Frozen.of(meter).demand & bitOf(object)) == 0;
    default:
      return true;
  }
}
