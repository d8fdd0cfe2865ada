/** The value of one element of a push_object_list: which attribute, which rows and columns, which element of it. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { NONE, Template } from "../store/template";
import { objectFind } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { PushObject, Restriction } from "../wire/push_object";
import { DataAccessResult } from "../wire/results";
import { Selector } from "../wire/selective";
import { Ask, PinKind } from "./ask";
import { dispatchNotify } from "./dispatch";
import { markFirst } from "./push_marks";
import { pinColumns } from "./profile_select";

const CLASS_PROFILE: u32 = 7;
const CLASS_CLOCK: u32 = 8;
const BUFFER: i32 = 2;
/** A buffer of which the push carries no row. */
const NO_ROWS: i32 = -2;
const DATE_SIZE: u32 = 5;
const DATE_TIME_SIZE: u32 = 12;
/** {class 8, clock, attribute 2}, from, to, no columns. */
const PARAMETERS_SIZE: u32 = 64;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const parameters: usize = memory.data(64, 8);
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** A bound of a restriction by date: an octet-string of 5 or 12 octets, as a date-time. */
function dateBound(r: Reader, w: Writer): void {
  Axdr.expect(r, DataTag.OCTET_STRING);
  const size = Axdr.readLength(r);
  if (r.err == Err.OK && size != DATE_SIZE && size != DATE_TIME_SIZE) r.fail(Err.UNKNOWN);
  const at = r.take(size);
  if (r.err != Err.OK) return;
  w.u8(DataTag.OCTET_STRING);
  w.u8(DATE_TIME_SIZE);
  w.octets(at, size);
  if (size == DATE_TIME_SIZE) return;
  // A date alone: any time, deviation and status not specified.
  w.u32(0xffffffff);
  w.u16(0x8000);
  w.u8(0xff);
}

/** The rows of a buffer that a push carries by itself. @returns as selectorMake() */
function rowsSelect(meter: Meter, push: u32, object: u32, x: PushObject): i32 {
  const row = Template.of().object(object);
  const buffer = <u32>row.classId == CLASS_PROFILE && x.attribute == BUFFER && <u32>row.instance != NONE;
  if (!buffer || x.dataIndex != 0) return 0;
  const first = markFirst(meter, push, row.instance);
  if (first == 0) return NO_ROWS;
  if (first == 1) return 0;
  const w = writer.into(parameters, PARAMETERS_SIZE);
  Axdr.structure(w, 4);
  Axdr.doubleLongUnsigned(w, first);
  Axdr.doubleLongUnsigned(w, 0);
  Axdr.longUnsigned(w, 1);
  Axdr.longUnsigned(w, 0);
  return Selector.ENTRY;
}

/**
 * Turns a restriction into the parameters of selective access, which stand at selectorParameters() then.
 * @returns selector, 0 = none, -1 = the restriction is no good
 */
export function selectorMake(x: PushObject): i32 {
  if (x.restriction == Restriction.NONE) return 0;
  const r = reader.over(x.restrictionAt, x.restrictionSize);
  const w = writer.into(parameters, PARAMETERS_SIZE);
  Axdr.readStructure(r, 2);
  Axdr.structure(w, 4);
  if (x.restriction == Restriction.ENTRY) {
    Axdr.doubleLongUnsigned(w, Axdr.readDoubleLongUnsigned(r));
    Axdr.doubleLongUnsigned(w, Axdr.readDoubleLongUnsigned(r));
    Axdr.longUnsigned(w, 1);
    Axdr.longUnsigned(w, 0);
    return r.err == Err.OK ? <i32>Selector.ENTRY : -1;
  }
  const clock = <u32>Template.of().clockObject;
  if (x.restriction != Restriction.DATE || clock == NONE) return -1;
  Axdr.structure(w, 4);
  Axdr.longUnsigned(w, CLASS_CLOCK);
  Axdr.logicalName(w, Template.of().object(clock).logicalName);
  Axdr.integer(w, 2);
  Axdr.longUnsigned(w, 0);
  dateBound(r, w);
  dateBound(r, w);
  Axdr.array(w, 0);
  return r.err == Err.OK ? <i32>Selector.RANGE : -1;
}

/** Where selectorMake() has put the parameters, and their octets. */
export function selectorParameters(): usize {
  return parameters;
}

export function selectorParametersSize(selector: i32): u32 {
  return selector == 0 ? 0 : writer.size;
}

/** Puts element `index` (from 1) of the array or structure that `w` holds from `from` on in its place. */
export function elementKeep(w: Writer, from: u32, index: u32): bool {
  const start = w.start + <usize>from;
  const r = reader.over(start, w.size - from);
  const tag = r.u8();
  const count = Axdr.readCount(r);
  if ((tag != DataTag.ARRAY && tag != DataTag.STRUCTURE) || index > count) return false;
  for (let i: u32 = 1; i < index; i++) dataSkip(r);
  const at = r.pos;
  if (dataSkip(r) != Err.OK) return false;
  const size = <u32>(r.pos - at);
  memory.copy(start, at, <usize>size);
  w.rewind(from + size);
  return true;
}

/** Object that an element names, -1 when there is none. */
export function pushElementObject(x: PushObject): i32 {
  const found = objectFind(x.classId, x.logicalNameAt);
  return found < 0 ? -1 : found;
}

/**
 * Writes attribute `attribute` of the element's object as Data, or pins it, for the push of object `push`. Without a slot
 * (NONE) nothing is said of the protection it goes out with.
 * @returns a Data-Access-Result; other than success, what was written does not count
 */
export function pushElementGet(
  ask: Ask,
  meter: Meter,
  slot: u32,
  push: u32,
  x: PushObject,
  attribute: i32,
  out: Writer,
): i32 {
  const object = pushElementObject(x);
  if (object < 0) return DataAccessResult.OBJECT_UNDEFINED;
  const from = out.size;
  const own = x.restriction == Restriction.NONE;
  const selector = own ? rowsSelect(meter, push, object, x) : selectorMake(x);
  if (selector == NO_ROWS) {
    ask.pin.kind = PinKind.NONE;
    Axdr.array(out, 0);
    return DataAccessResult.SUCCESS;
  }
  if (selector < 0) return DataAccessResult.OTHER_REASON;
  const result = dispatchNotify(
    ask,
    meter,
    slot,
    object,
    attribute,
    selector,
    parameters,
    selectorParametersSize(selector),
    out,
  );
  if (result != DataAccessResult.SUCCESS) return result;
  if (out.err != Err.OK) return DataAccessResult.OTHER_REASON;
  const pinned = ask.pin.kind != PinKind.NONE;
  // The relative selections that newer editions code into data_index of a buffer are not public.
  if (x.dataIndex != 0 && (pinned || !elementKeep(out, from, x.dataIndex))) return DataAccessResult.OTHER_REASON;
  if (x.columnCount == 0 || !pinned) return DataAccessResult.SUCCESS;
  const kept = pinColumns(meter, ask.pin, x.columnCount, x.columnsAt, x.columnsSize);
  return kept ? <i32>DataAccessResult.SUCCESS : <i32>DataAccessResult.OTHER_REASON;
}
