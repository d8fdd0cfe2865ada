/** The lists of an association, long sources: one item per object the association sees (decision 6). */
import { Err } from "../base/err";
import { SHORT_NAMES } from "../base/features";
import { Writer } from "../base/writer";
import { ObjectRow, Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { Pin, PinKind } from "./ask";
import { accessMode, accessRow } from "./dispatch";

const counter: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** Pins the list of `kind` of `association`. */
export function objectListPin(pin: Pin, association: u32, kind: PinKind): void {
  const t = Template.of();
  pin.kind = kind;
  pin.source = association;
  pin.generation = 0;
  pin.itemSize = 0;
  const w = counter.count();
  let items: u32 = 0;
  for (let object: u32 = 0; object < <u32>t.objectCount; object++) {
    if (accessRow(association, object) == 0) continue;
    elementEmit(kind, association, object, w);
    items++;
  }
  pin.items = items;
  pin.size = w.size;
}

/** Emits item `index`: the index-th visible object. */
export function objectListItem(pin: Pin, index: u32, w: Writer): i32 {
  const t = Template.of();
  let left = index;
  for (let object: u32 = 0; object < <u32>t.objectCount; object++) {
    if (accessRow(pin.source, object) == 0) continue;
    if (left-- == 0) {
      elementEmit(pin.kind, pin.source, object, w);
      return Err.OK;
    }
  }
  return Err.STATE;
}

/**
 * object_list_element of Association LN {class_id, version, logical_name, access_rights} or SN {base_name, class_id, version,
 * logical_name}, or access_rights_element of Association SN {base_name, attribute_access, method_access}.
 */
function elementEmit(kind: u32, association: u32, object: u32, w: Writer): void {
  const o = Template.of().object(object);
  const short = SHORT_NAMES && kind != PinKind.OBJECT_LIST;
  const rightsOnly = SHORT_NAMES && kind == PinKind.ACCESS_RIGHTS_LIST;
  Axdr.structure(w, rightsOnly ? 3 : 4);
  if (short) Axdr.long(w, o.baseName);
  if (!rightsOnly) {
    Axdr.longUnsigned(w, o.classId);
    Axdr.unsigned(w, o.version);
    Axdr.logicalName(w, o.logicalName);
  }
  if (!short) Axdr.structure(w, 2);
  // Manufacturer attributes have no short names.
  const own = short ? 0 : o.ownCount;
  if (rightsOnly || !short) rightsEmit(o, accessRow(association, object), own, w);
}

function rightsEmit(o: ObjectRow, row: usize, own: i32, w: Writer): void {
  const attributes = <i32>o.attributeCount;
  Axdr.array(w, attributes + own); // attribute_access: 1..n, then -1, -2, …
  for (let i = 1; i <= attributes + own; i++) {
    const id = i <= attributes ? i : attributes - i;
    Axdr.structure(w, 3);
    Axdr.integer(w, id);
    Axdr.enum_(w, accessMode(o, row, id, false));
    selectorsEmit(w, o.classId == 7 && id == 2);
  }
  const methods = <i32>o.methodCount;
  Axdr.array(w, methods); // method_access
  for (let id = 1; id <= methods; id++) {
    Axdr.structure(w, 2);
    Axdr.integer(w, id);
    Axdr.enum_(w, accessMode(o, row, id, true));
  }
}

/** access_selectors: null-data, or {1, 2} on the buffer of a profile. */
function selectorsEmit(w: Writer, buffer: bool): void {
  if (!buffer) {
    Axdr.nullData(w);
    return;
  }
  Axdr.array(w, 2);
  Axdr.integer(w, 1);
  Axdr.integer(w, 2);
}
