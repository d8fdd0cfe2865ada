/**
 * Parameter monitors (Blue Book, class_id 65): which of the parameters in the list was changed last, and when; a change is event 47. What is
 * kept is which parameter it was: its value is read when somebody asks.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { clockSeconds } from "../meter/clock";
import { EventCode } from "../meter/events";
import { Meter } from "../store/block";
import { changeAdd, changeCommit, changeOpen } from "../store/change";
import { NONE, Template } from "../store/template";
import { objectOfClass, rowOf } from "../store/values";
import { Axdr } from "../wire/axdr";
import { Ask } from "./ask";
import { captureEvent } from "./capture";
import { momentPut } from "./put";
import { settingArray } from "./setting";

export const CLASS_PARAMETER_MONITOR: u32 = 65;
export const CHANGED_PARAMETER: i32 = 2;
const CAPTURE_TIME: i32 = 3;
export const PARAMETERS: i32 = 4;
const CLASS_CLOCK: u32 = 8;
const CLOCK_TIME: i32 = 2;

const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const octets: usize = memory.data(32, 4);

/** A value_definition {class_id, logical_name, attribute_index}. */
@unmanaged
export class Parameter {
  classId: u32;
  nameAt: usize;
  attribute: i32;

  /** Reads one; the error is the reader's. */
  read(r: Reader): this {
    Axdr.readStructure(r, 3);
    return this.readFields(r);
  }

  /** Reads the fields of one, which more may follow. */
  readFields(r: Reader): this {
    this.classId = Axdr.readLongUnsigned(r);
    this.nameAt = Axdr.readLogicalName(r);
    this.attribute = Axdr.readInteger(r);
    return this;
  }

  is(other: Parameter): bool {
    const same = this.classId == other.classId && this.attribute == other.attribute;
    return same && octetsSame(this.nameAt, other.nameAt, 6);
  }

  /** Writes changed_parameter as far as its value, which follows. */
  changedEmit(w: Writer): void {
    Axdr.structure(w, 4);
    Axdr.longUnsigned(w, this.classId);
    Axdr.logicalName(w, this.nameAt);
    Axdr.integer(w, this.attribute);
  }
}

const parameter: Parameter = changetype<Parameter>(memory.data(offsetof<Parameter>(), 8));
const changed: Parameter = changetype<Parameter>(memory.data(offsetof<Parameter>(), 8));

/** Whether a monitor has the changed attribute in its list. */
function watches(meter: Meter, monitor: u32): bool {
  const count = settingArray(meter, monitor, PARAMETERS, list);
  for (let i: u32 = 0; i < count; i++) {
    parameter.read(list);
    if (list.err != Err.OK) return false;
    if (parameter.is(changed)) return true;
  }
  return false;
}

/** Keeps what was changed, and when. */
function changedKeep(meter: Meter, monitor: u32): void {
  if (rowOf(monitor, CHANGED_PARAMETER, 0) == NONE) return;
  const w = writer.into(octets, 32);
  changed.changedEmit(w);
  Axdr.nullData(w);
  changeOpen(meter);
  changeAdd(meter, Template.of().object(monitor), CHANGED_PARAMETER, 0, octets, w.size);
  momentPut(meter, monitor, CAPTURE_TIME, clockSeconds(meter));
  changeCommit(meter);
}

/** An attribute has been set to another value. */
export function parameterChanged(ask: Ask): void {
  const meter = ask.meter;
  changed.classId = ask.classId;
  changed.nameAt = ask.row.logicalName;
  changed.attribute = ask.attribute;
  let watched = false;
  for (let i: u32 = 0; ; i++) {
    const monitor = objectOfClass(CLASS_PARAMETER_MONITOR, i);
    if (monitor < 0) break;
    if (!watches(meter, monitor)) continue;
    changedKeep(meter, monitor);
    watched = true;
  }
  // A change of time zone or daylight saving has raised it already.
  const zone = ask.classId == CLASS_CLOCK && ask.attribute != CLOCK_TIME;
  if (!watched || zone) return;
  captureEvent(meter, EventCode.PARAMETERS_CHANGED);
}
