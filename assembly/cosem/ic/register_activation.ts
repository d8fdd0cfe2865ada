/** Register activation, class_id 6, version 0. What the masks do is cosem/register_activation's. */
import { octetsSame } from "../../base/octets";
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { objectFind } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { dataSkip } from "../../wire/data";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { nameEquals, nameTake, Stretch } from "../array_value";
import { Ask } from "../ask";
import { plainSetGood, plainSplice } from "../plain";
import { Activation, activationRefresh, maskFind } from "../register_activation";
import { rowCapacity, settingArray } from "../setting";

/** index_list counts in unsigned. */
const REGISTERS_MAX: u32 = 255;

const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const stretch: Stretch = changetype<Stretch>(memory.data(offsetof<Stretch>(), 8));

/** Registers that register_assignment has. */
function assigned(ask: Ask): u32 {
  return settingArray(ask.meter, ask.object, Activation.REGISTER_ASSIGNMENT, list);
}

/** Reads one {class_id, logical_name}; whether there is such an object. */
function registerKnown(r: Reader): bool {
  Axdr.readStructure(r, 2);
  const classId = Axdr.readLongUnsigned(r);
  const name = Axdr.readLogicalName(r);
  return r.err == Err.OK && objectFind(classId, name) >= 0;
}

/** Reads one {mask_name, index_list}; whether each index is one of `count` registers. */
function maskGood(r: Reader, count: u32): bool {
  Axdr.readStructure(r, 2);
  nameTake(r);
  const indices = Axdr.readArray(r);
  let good = true;
  for (let i: u32 = 0; i < indices; i++) {
    const index = Axdr.readUnsigned(r);
    if (index < 1 || index > count) good = false;
  }
  return good && r.err == Err.OK;
}

/** Whether the masks in `r` name only the first `count` registers. */
function masksGood(r: Reader, count: u32): bool {
  const masks = Axdr.readArray(r);
  let good = true;
  for (let i: u32 = 0; i < masks; i++) if (!maskGood(r, count)) good = false;
  return good && r.err == Err.OK;
}

/** Whether the active mask is one of the mask_list in `r`. An object without masks has none that is active. */
function activeStays(ask: Ask, r: Reader): bool {
  if (!ask.over(Activation.ACTIVE_MASK, list)) return true;
  return maskFind(r, nameTake(list), stretch) != 0;
}

/** What beyond its type a new value must be: registers that exist, masks of registers that are assigned, a mask that is known. */
function valueGood(ask: Ask): bool {
  const r = ask.data;
  switch (ask.attribute) {
    case Activation.REGISTER_ASSIGNMENT: {
      const count = Axdr.readArray(r);
      for (let i: u32 = 0; i < count; i++) if (!registerKnown(r)) return false;
      return ask.over(Activation.MASK_LIST, r) && masksGood(r, count);
    }
    case Activation.MASK_LIST:
      return masksGood(r, assigned(ask)) && activeStays(ask, ask.data);
    default: {
      const name = nameTake(r);
      return name != 0 && ask.over(Activation.MASK_LIST, list) && maskFind(list, name, stretch) != 0;
    }
  }
}

export function registerActivationSet(ask: Ask): i32 {
  const result = plainSetGood(ask, valueGood(ask));
  if (result == DataAccessResult.SUCCESS) activationRefresh(ask.meter);
  return result;
}

export function registerActivationInvoke(ask: Ask): i32 {
  const r = ask.data;
  let result: i32;
  switch (ask.attribute) {
    case 1: // add_register
      result = registerAdd(ask, r);
      break;
    case 2: // add_mask
      result = maskAdd(ask, r);
      break;
    case 3: // delete_mask
      result = maskDelete(ask, r);
      break;
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
  if (result == ActionResult.SUCCESS) activationRefresh(ask.meter);
  return result;
}

/** Puts `added` elements, the parameter itself, in the place of `stretch` in attribute `attribute`. */
function splice(ask: Ask, attribute: i32, added: u32): i32 {
  const row = ask.rowOf(attribute);
  if (rowCapacity(row) == 0) return ActionResult.READ_WRITE_DENIED;
  return plainSplice(ask, row, stretch, added);
}

/** Appends a register; one that is assigned already stays where it is. */
function registerAdd(ask: Ask, r: Reader): i32 {
  const known = registerKnown(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const count = assigned(ask);
  if (!known || count >= REGISTERS_MAX) return ActionResult.OTHER_REASON;
  for (let i: u32 = 0; i < count; i++) {
    const at = list.pos;
    if (dataSkip(list) != Err.OK) return ActionResult.OTHER_REASON;
    const same = <u32>(list.pos - at) == ask.dataSize;
    if (same && octetsSame(at, ask.dataAt, ask.dataSize)) return ActionResult.SUCCESS;
  }
  stretch.empty(list.pos);
  return splice(ask, Activation.REGISTER_ASSIGNMENT, 1);
}

/** Adds a mask; one of the same name is replaced. */
function maskAdd(ask: Ask, r: Reader): i32 {
  const good = maskGood(r, assigned(ask));
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (!good || !ask.over(Activation.MASK_LIST, list)) return ActionResult.OTHER_REASON;
  const added = ask.data;
  Axdr.readStructure(added, 2);
  maskFind(list, nameTake(added), stretch);
  return splice(ask, Activation.MASK_LIST, 1);
}

/** Takes a mask away; the active one and one that does not exist are refused. */
function maskDelete(ask: Ask, r: Reader): i32 {
  const name = nameTake(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const active = ask.over(Activation.ACTIVE_MASK, list) && nameEquals(nameTake(list), name);
  if (active || !ask.over(Activation.MASK_LIST, list)) return ActionResult.OTHER_REASON;
  if (maskFind(list, name, stretch) == 0) return ActionResult.OTHER_REASON;
  return splice(ask, Activation.MASK_LIST, 0);
}
