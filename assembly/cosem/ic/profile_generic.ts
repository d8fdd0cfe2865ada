/** Profile generic, class_id 7, version 1. Rows are cosem/capture's, selection profile_select's, emission profile_emit's. */
import { octetsSame } from "../../base/octets";
import { Err } from "../../base/err";
import { COLUMNS_MAX } from "../../base/limits";
import { Writer } from "../../base/writer";
import { eventLogs } from "../../meter/events";
import { changeAdd, changeCommit, changeOpen } from "../../store/change";
import { columnsCheck, columnsRowSize, Ring } from "../../store/rings";
import { NONE, Template } from "../../store/template";
import { valueAt, valueSize } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { dataInteger } from "../../wire/data";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Selector } from "../../wire/selective";
import { Ask, PinKind, PLAIN } from "../ask";
import { billingCapture } from "../billing";
import { captureCleared, captureEvents, captureIsSorted, captureReset, SORT_SMALLEST } from "../capture";
import { changeResult, plainSettable } from "../plain";
import { selectAll, selectEntries, selectRange } from "../profile_select";
import { rowCapacity } from "../setting";

export { profileHeadEmit, profileRowEmit } from "../profile_emit";

const UNSORTED: i64 = 1;

export function profileGenericGet(ask: Ask, out: Writer): i32 {
  const profile = <u32>ask.row.instance;
  if (profile == NONE) return PLAIN;
  switch (ask.attribute) {
    case 2: // buffer
      return bufferGet(ask, profile, out);
    case 6: // sort_object
      return sortObjectGet(ask, profile, out);
    case 7: // entries_in_use
      Axdr.doubleLongUnsigned(out, Ring.of(ask.meter, profile).count);
      return DataAccessResult.SUCCESS;
    case 8: // profile_entries
      Axdr.doubleLongUnsigned(out, Ring.of(ask.meter, profile).entries);
      return DataAccessResult.SUCCESS;
    default: // capture_objects, capture_period, sort_method
      return PLAIN;
  }
}

/** A buffer that is sorted is sorted by the clock. */
function sortObjectGet(ask: Ask, profile: u32, out: Writer): i32 {
  if (!captureIsSorted(ask.meter, profile)) return PLAIN;
  const ring = Ring.of(ask.meter, profile);
  const clock = Template.of().object(ring.column(ring.stampColumn).object);
  Axdr.structure(out, 4);
  Axdr.longUnsigned(out, clock.classId);
  Axdr.logicalName(out, clock.logicalName);
  Axdr.integer(out, 2);
  Axdr.longUnsigned(out, 0);
  return DataAccessResult.SUCCESS;
}

/** Pins the selected rows; an answer without any is written at once. */
function bufferGet(ask: Ask, profile: u32, out: Writer): i32 {
  if (changetype<usize>(ask.pin) == 0) return DataAccessResult.OTHER_REASON;
  let result: i32;
  switch (ask.selector) {
    case 0:
      result = selectAll(ask.meter, profile, ask.pin);
      break;
    case Selector.RANGE:
      result = selectRange(ask.meter, profile, ask.dataAt, ask.dataSize, ask.pin);
      break;
    case Selector.ENTRY:
      result = selectEntries(ask.meter, profile, ask.dataAt, ask.dataSize, ask.pin);
      break;
    default:
      result = DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  }
  if (result == DataAccessResult.SUCCESS && ask.pin.items != 0) return result;
  ask.pin.kind = PinKind.NONE;
  if (result == DataAccessResult.SUCCESS) Axdr.array(out, 0);
  return result;
}

export function profileGenericSet(ask: Ask): i32 {
  const profile = <u32>ask.row.instance;
  if (profile == NONE) return PLAIN;
  switch (ask.attribute) {
    case 3: // capture_objects
    case 4: // capture_period
    case 5: // sort_method
    case 8: // profile_entries
      return shapeSet(ask, profile);
    default:
      return PLAIN;
  }
}

/** Buffers are unsorted (FIFO), or sorted by the clock (smallest) when they hold it; logs tell what happened one after the other. */
function sortAllowed(ask: Ask, profile: u32, method: i64): bool {
  if (method == UNSORTED) return true;
  return method == <i64>SORT_SMALLEST && Ring.of(ask.meter, profile).stampColumn < COLUMNS_MAX && !eventLogs(profile);
}

/** capture_period values of the profile. */
function periodAllowed(seconds: i64): bool {
  switch (<i32>seconds) {
    case 0:
    case 60:
    case 300:
    case 600:
    case 900:
    case 1800:
    case 3600:
    case 86400:
      return true;
    default:
      return false;
  }
}

/** What beyond type and range the new value must be: columns that exist and fit, a period, as many entries as there is room for. */
function shapeCheck(ask: Ask, profile: u32): i32 {
  const area = Template.of().profile(profile).areaSize;
  if (ask.attribute == 3) {
    const err = columnsCheck(ask.dataAt, ask.dataSize);
    if (err == Err.MALFORMED) return DataAccessResult.TYPE_UNMATCHED;
    if (err != Err.OK || columnsRowSize() > area) return DataAccessResult.OTHER_REASON;
    return DataAccessResult.SUCCESS;
  }
  const r = ask.data;
  const value = dataInteger(r);
  if (r.err != Err.OK) return DataAccessResult.TYPE_UNMATCHED;
  let good: bool;
  if (ask.attribute == 5) good = sortAllowed(ask, profile, value);
  else if (ask.attribute == 4) good = periodAllowed(value);
  else {
    const rowSize = Ring.of(ask.meter, profile).rowSize;
    good = rowSize != 0 && value >= 1 && value <= <i64>(area / rowSize);
  }
  return good ? DataAccessResult.SUCCESS : DataAccessResult.OTHER_REASON;
}

/** Sets an attribute that shapes the buffer and, in the same record, empties it. Setting what it is changes nothing. */
function shapeSet(ask: Ask, profile: u32): i32 {
  const meter = ask.meter;
  let result = plainSettable(ask);
  if (result == DataAccessResult.SUCCESS) result = shapeCheck(ask, profile);
  if (result != DataAccessResult.SUCCESS) return result;
  const row = ask.rowOf(ask.attribute);
  if (ask.dataSize > rowCapacity(row)) return DataAccessResult.OTHER_REASON;
  const same = valueSize(meter, row) == ask.dataSize;
  if (same && octetsSame(valueAt(meter, row), ask.dataAt, ask.dataSize)) return result;
  changeOpen(meter);
  changeAdd(meter, ask.row, ask.attribute, 0, ask.dataAt, ask.dataSize);
  captureReset(meter, profile, false);
  const err = changeCommit(meter);
  if (err == Err.OK) captureCleared(meter, profile);
  return changeResult(err);
}

export function profileGenericInvoke(ask: Ask, out: Writer): i32 {
  const profile = <u32>ask.row.instance;
  if (profile == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const r = ask.data;
  const zero = Axdr.readInteger(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (zero != 0) return ActionResult.OTHER_REASON;
  switch (ask.attribute) {
    case 1: // reset
      return reset(ask, profile);
    case 2: // capture
      return changeResult(billingCapture(ask, profile));
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** Events that happened before the reset are logged before it. */
function reset(ask: Ask, profile: u32): i32 {
  if (!captureEvents(ask.meter)) return ActionResult.TEMPORARY_FAILURE;
  const err = captureReset(ask.meter, profile, true);
  if (err == Err.OK) captureCleared(ask.meter, profile);
  return changeResult(err);
}
