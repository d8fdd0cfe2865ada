/** Stored values and template defaults: what an attribute holds when no class computes it. */
import { AttributeRow, NONE, ObjectRow, Template } from "./template";
import { Layout } from "./layout";
import { Meter } from "./block";

/** The object does not exist, or exists with another class. */
export const OBJECT_UNKNOWN: i32 = -1;
export const OBJECT_OTHER_CLASS: i32 = -2;

/** A logical name as a number, so that names compare as the table sorts them. */
function nameOf(at: usize): u64 {
  return ((<u64>bswap<u32>(load<u32>(at))) << 16) | (<u64>bswap<u16>(load<u16>(at + 4)));
}

/** First object with the logical name at `name`, by binary search; -1 when there is none. */
function firstWithName(t: Template, name: u64): i32 {
  const objects = t.object(0).logicalName;
  let low: i32 = 0;
  let high: i32 = <i32>t.objectCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (nameOf(objects + <usize>middle * offsetof<ObjectRow>()) < name) low = middle + 1;
    else high = middle;
  }
  return low < <i32>t.objectCount && nameOf(t.object(low).logicalName) == name ? low : -1;
}

/** Index of the object {class, logical name}, OBJECT_UNKNOWN or OBJECT_OTHER_CLASS. */
export function objectFind(classId: u32, logicalName: usize): i32 {
  const t = Template.of();
  const name = nameOf(logicalName);
  const first = firstWithName(t, name);
  if (first < 0) return OBJECT_UNKNOWN;
  for (let i = first; i < <i32>t.objectCount; i++) {
    const o = t.object(i);
    if (nameOf(o.logicalName) != name) break;
    if (<u32>o.classId == classId) return i;
  }
  return OBJECT_OTHER_CLASS;
}

/** Place of the first object of a class in the order of classes, by binary search. */
export function classPlace(classId: u32): u32 {
  const t = Template.of();
  const l = Layout.of();
  let low: u32 = 0;
  let high: u32 = t.objectCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (<u32>t.object(l.classed(middle)).classId < classId) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the object at a place in the order of classes, OBJECT_UNKNOWN where none of this class stands. */
export function objectAtPlace(classId: u32, place: u32): i32 {
  const t = Template.of();
  if (place >= <u32>t.objectCount) return OBJECT_UNKNOWN;
  const object = Layout.of().classed(place);
  return <u32>t.object(object).classId == classId ? <i32>object : OBJECT_UNKNOWN;
}

/** Index of object number `instance` of a class, OBJECT_UNKNOWN when it has fewer. */
export function objectOfClass(classId: u32, instance: u32): i32 {
  return objectAtPlace(classId, classPlace(classId) + instance);
}

/** First object with a logical name, of whatever class; OBJECT_UNKNOWN when there is none. */
export function objectNamed(logicalName: usize): i32 {
  const t = Template.of();
  const found = firstWithName(t, nameOf(logicalName));
  return found < 0 ? OBJECT_UNKNOWN : found;
}

function sameKey(a: ObjectRow, b: ObjectRow): bool {
  return a.classId == b.classId && nameOf(a.logicalName) == nameOf(b.logicalName);
}

/** The next object of the same class and logical name, which another logical device has; -1 when there is none. */
export function objectTwin(object: u32): i32 {
  const t = Template.of();
  const next = object + 1;
  return next < <u32>t.objectCount && sameKey(t.object(object), t.object(next)) ? <i32>next : -1;
}

/** How many objects of the same class and logical name stand before an object of the table. */
export function objectOrdinal(object: ObjectRow): u32 {
  const t = Template.of();
  let ordinal: u32 = 0;
  let at = changetype<usize>(object);
  while (at > changetype<usize>(t.object(0)) && sameKey(object, changetype<ObjectRow>(at - offsetof<ObjectRow>()))) {
    ordinal++;
    at -= offsetof<ObjectRow>();
  }
  return ordinal;
}

/** Row of attribute `id`, part `part` of an object; -1 when the template has none. */
export function attributeFind(object: ObjectRow, id: i32, part: u32): i32 {
  const t = Template.of();
  if (id != <i32>(<i8>id)) return -1;
  const key = ((<u32>id) & 0xff) | (part << 8);
  const first = <u32>object.firstAttribute;
  const end = <u32>object.endAttribute;
  // One address moves along the rows: a request finds several attributes.
  let row = t.attribute(first);
  for (let i = first; i < end; i++) {
    if (t.shape(row.shapeAt).key == key) return <i32>i;
    row = changetype<AttributeRow>(changetype<usize>(row) + offsetof<AttributeRow>());
  }
  return -1;
}

/** Whether the meter holds a value of its own for the row. */
export function valueIsStored(meter: Meter, row: u32): bool {
  const slot = Layout.of().value(row);
  return slot != 0 && load<u16>(meter.area(slot)) != 0;
}

/** Where the value of the row stands: the meter's own, else the template's. */
export function valueAt(meter: Meter, row: u32): usize {
  const slot = Layout.of().value(row);
  if (slot != 0 && load<u16>(meter.area(slot)) != 0) return meter.area(slot) + 2;
  const t = Template.of();
  return t.at(t.attribute(row).defaultAt);
}

/** Octets of the value of the row. */
export function valueSize(meter: Meter, row: u32): u32 {
  const slot = Layout.of().value(row);
  if (slot != 0) {
    const stored = <u32>load<u16>(meter.area(slot));
    if (stored != 0) return stored - 1;
  }
  return <u32>Template.of().attribute(row).defaultSize;
}

/** Overwrites the meter's own value. Only store/change calls this: every durable change is a record. */
export function valueStore(meter: Meter, row: u32, at: usize, size: u32): void {
  const slot = Layout.of().value(row);
  assert(slot != 0 && size <= <u32>Template.of().attribute(row).capacity);
  const address = meter.area(slot);
  store<u16>(address, <u16>(size + 1));
  memory.copy(address + 2, at, <usize>size);
}

/** Row of {object index, id, part}, NONE when absent: for callers that keep it. */
export function rowOf(object: u32, id: i32, part: u32): u32 {
  if (object == NONE) return NONE;
  const row = attributeFind(Template.of().object(object), id, part);
  return row < 0 ? NONE : <u32>row;
}
