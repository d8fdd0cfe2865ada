/**
 * What the meter does by itself: scripts, and the single writes and method calls they consist of (Blue Book, class_id 9). They are
 * done for the meter, without the rights of an association: what no client may set, no script sets, unless the class says so. Scripts may call scripts, to a bounded depth, so that a loop of them ends.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { objectFind } from "../store/values";
import { Axdr } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { DataAccessResult } from "../wire/results";
import { Ask, Caller } from "./ask";
import { classInvoke, classSet } from "./classes";
import { settingArray } from "./setting";

/** service_id of an action. */
export const enum Service {
  WRITE = 1,
  INVOKE = 2,
}

/** Scripts that may call one another. */
const DEPTH_MAX: u32 = 4;
const SCRIPT_TABLE: u32 = 9;
/** Attribute scripts of it. */
const SCRIPTS: i32 = 2;
const ASK_SIZE: u32 = 64;
const READER_SIZE: u32 = 16;
/** What methods return is dropped; what does not fit is not even written. */
const RETURN_SIZE: u32 = 64;

const asks: usize = memory.data(DEPTH_MAX * ASK_SIZE, 8);
const readers: usize = memory.data(DEPTH_MAX * READER_SIZE, 8);
const dropped: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const droppedOctets: usize = memory.data(RETURN_SIZE);

if (offsetof<Ask>() > ASK_SIZE || offsetof<Reader>() > READER_SIZE)
  ERROR("nested scripts have room for their questions");

/** Classes whose services are a client's own: they ask for its association, or change keys. */
function isPersonal(classId: u32): bool {
  return classId == 12 || classId == 15 || classId == 30 || classId == 64;
}

/**
 * Writes an attribute that some client may set, or calls a method.
 * @param caller SCRIPT or MONITOR: on whose behalf
 * @param depth scripts that called one another before
 * @param service Service; `index` is the attribute or method, `dataSize` octets of Data at `dataAt` the value or parameter
 * @returns number of a Data-Access-Result or Action-Result; temporary-failure = the flash is behind, try again
 */
export function executeService(
  meter: Meter,
  caller: Caller,
  depth: u32,
  service: u32,
  classId: u32,
  name: usize,
  index: i32,
  dataAt: usize,
  dataSize: u32,
): i32 {
  if (depth >= DEPTH_MAX) return DataAccessResult.OTHER_REASON;
  const found = objectFind(classId, name);
  if (found < 0) return DataAccessResult.OBJECT_UNDEFINED;
  if (isPersonal(classId)) return DataAccessResult.READ_WRITE_DENIED;
  const ask = changetype<Ask>(asks + <usize>(depth * ASK_SIZE));
  ask.about(meter, found, index, caller);
  ask.depth = depth;
  ask.dataAt = dataAt;
  ask.dataSize = dataSize;
  const invokes = service == Service.INVOKE;
  if (!ask.isThere(invokes)) return DataAccessResult.OBJECT_UNAVAILABLE;
  if (!invokes) return service == Service.WRITE ? classSet(ask) : <i32>DataAccessResult.OTHER_REASON;
  return classInvoke(ask, dropped.into(droppedOctets, RETURN_SIZE));
}

/** Runs the actions of script `selector` of a script table, in their order; what one of them answers is no concern of the next. */
export function executeActions(meter: Meter, caller: Caller, depth: u32, table: u32, selector: u32): i32 {
  if (selector == 0) return DataAccessResult.SUCCESS;
  if (depth >= DEPTH_MAX) return DataAccessResult.OTHER_REASON;
  const r = changetype<Reader>(readers + <usize>(depth * READER_SIZE));
  const scripts = settingArray(meter, table, SCRIPTS, r);
  for (let i: u32 = 0; i < scripts; i++) {
    Axdr.readStructure(r, 2);
    const found = Axdr.readLongUnsigned(r) == selector;
    const actions = Axdr.readArray(r);
    for (let k: u32 = 0; k < actions; k++) {
      const result = actionTake(meter, caller, depth, r, found);
      if (result == DataAccessResult.TEMPORARY_FAILURE) return result;
    }
    if (found) return DataAccessResult.SUCCESS;
  }
  return DataAccessResult.OTHER_REASON;
}

/** Reads an action {service_id, class_id, logical_name, index, parameter} and, when `runs`, does it. */
function actionTake(meter: Meter, caller: Caller, depth: u32, r: Reader, runs: bool): i32 {
  Axdr.readStructure(r, 5);
  const service = Axdr.readEnum(r);
  const classId = Axdr.readLongUnsigned(r);
  const name = Axdr.readLogicalName(r);
  const index = Axdr.readInteger(r);
  const at = r.pos;
  dataSkip(r);
  if (!runs || r.err != Err.OK) return DataAccessResult.SUCCESS;
  return executeService(meter, caller, depth + 1, service, classId, name, index, at, <u32>(r.pos - at));
}

/**
 * Runs a script, named by the logical name of its table.
 * @returns as executeService(); other-reason for a script that does not exist
 */
export function executeScript(meter: Meter, caller: Caller, depth: u32, name: usize, selector: u32): i32 {
  if (selector == 0) return DataAccessResult.SUCCESS;
  const table = objectFind(SCRIPT_TABLE, name);
  return table < 0 ? <i32>DataAccessResult.OBJECT_UNDEFINED : executeActions(meter, caller, depth, table, selector);
}

/** Reads an action_item {script_logical_name, script_selector} from `r` and runs it; see executeScript(). */
export function executeItem(meter: Meter, caller: Caller, depth: u32, r: Reader): i32 {
  Axdr.readStructure(r, 2);
  const name = Axdr.readLogicalName(r);
  const selector = Axdr.readLongUnsigned(r);
  if (r.err != Err.OK) return DataAccessResult.OTHER_REASON;
  return executeScript(meter, caller, depth, name, selector);
}

/** Steps over an action_item. */
export function itemSkip(r: Reader): void {
  Axdr.readStructure(r, 2);
  Axdr.readLogicalName(r);
  Axdr.readLongUnsigned(r);
}
