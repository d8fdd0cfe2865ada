/** Parameter monitor, class_id 65, version 0. Watching is cosem/parameters's. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { Writer } from "../../base/writer";
import { NONE } from "../../store/template";
import { objectFind, rowOf } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, Pin, PIN_SIZE, PinKind, PLAIN } from "../ask";
import { dispatchNotify } from "../dispatch";
import { CHANGED_PARAMETER, Parameter, PARAMETERS } from "../parameters";
import { valueSet } from "../plain";
import { settingArray } from "../setting";

/** Octets of a list of parameters. */
const LIST_SIZE: u32 = 512;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const octets: usize = memory.data(512, 4);
const wanted: Parameter = changetype<Parameter>(memory.data(offsetof<Parameter>(), 8));
const parameter: Parameter = changetype<Parameter>(memory.data(offsetof<Parameter>(), 8));
const inner: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const pin: Pin = changetype<Pin>(memory.data(128, 8));

if (PIN_SIZE != 128) ERROR("a pin has 128 octets");

export function parameterMonitorGet(ask: Ask, out: Writer): i32 {
  if (ask.attribute != CHANGED_PARAMETER) return PLAIN;
  // changed_parameter: its value is what it is now; null-data where no client may read it, or it is long.
  const r = reader;
  if (!ask.over(CHANGED_PARAMETER, r)) return DataAccessResult.OBJECT_UNAVAILABLE;
  Axdr.readStructure(r, 4);
  wanted.readFields(r);
  if (r.err != Err.OK) return DataAccessResult.OBJECT_UNAVAILABLE;
  wanted.changedEmit(out);
  const before = out.size;
  const object = objectFind(wanted.classId, wanted.nameAt);
  if (object >= 0) {
    inner.pin = pin;
    const result = dispatchNotify(inner, ask.meter, NONE, object, wanted.attribute, 0, 0, 0, out);
    if (result == DataAccessResult.SUCCESS && pin.kind == PinKind.NONE) return result;
  }
  out.rewind(before);
  Axdr.nullData(out);
  return DataAccessResult.SUCCESS;
}

/** Writes the list without `wanted` to `octets`, with room for one more. @returns whether it was there */
function listWithout(ask: Ask, more: u32): bool {
  let found = false;
  const count = settingArray(ask.meter, ask.object, PARAMETERS, list);
  const from = list.pos;
  for (let i: u32 = 0; i < count; i++) {
    if (parameter.read(list).is(wanted)) found = true;
  }
  const w = writer.into(octets, LIST_SIZE);
  Axdr.array(w, count - (found ? 1 : 0) + more);
  list.pos = from;
  for (let i: u32 = 0; i < count; i++) {
    const at = list.pos;
    const same = parameter.read(list).is(wanted);
    if (!same) w.octets(at, <u32>(list.pos - at));
  }
  return found;
}

function listKeep(ask: Ask): i32 {
  const row = ask.rowOf(PARAMETERS);
  if (row == NONE || writer.err != Err.OK) return ActionResult.OTHER_REASON;
  return valueSet(ask, row, octets, writer.size);
}

export function parameterMonitorInvoke(ask: Ask): i32 {
  const r = ask.data;
  wanted.read(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const object = objectFind(wanted.classId, wanted.nameAt);
  switch (ask.attribute) {
    case 1: // add_parameter
      if (object < 0 || rowOf(object, wanted.attribute, 0) == NONE) return ActionResult.OTHER_REASON;
      listWithout(ask, 1);
      writer.octets(ask.dataAt, ask.dataSize);
      return listKeep(ask);
    case 2: // delete_parameter
      return listWithout(ask, 0) ? listKeep(ask) : <i32>ActionResult.OTHER_REASON;
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}
