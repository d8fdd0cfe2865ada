/**
 * Short names (Blue Book, mapping of short names; GB9 9.1.4.3.4): attribute n of an object has the name base_name + 8 (n - 1),
 * method m base_name + offset of the class + 8 (m - 1). Base names and offsets come with the template, which keeps names unique.
 */
import { ObjectRow, Template } from "../store/template";
import { accessRow } from "./dispatch";

/** Short names of one object lie 8 apart. */
const STEP: u32 = 8;
/** In current-association objects: reply_to_HLS_authentication of Association SN. */
const CLASS_ASSOCIATION_SN: u32 = 12;
const REPLY_TO_HLS: i32 = 8;

/** What a short name names. */
@unmanaged
export class ShortName {
  object: u32;
  /** attribute_id or method_id. */
  id: i32;
  /** 1 for a method. */
  method: u32;
}

/** Finds the attribute or method that `name` stands for among the objects an association sees; false when there is none. */
export function shortNameFind(association: u32, name: u32, out: ShortName): bool {
  if ((name & (STEP - 1)) != 0) return false;
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
    const o = t.object(i);
    const base = <u32>o.baseName;
    if (base == 0 || name < base || accessRow(association, i) == 0) continue;
    if (!within(o, (name - base) / STEP, out)) continue;
    out.object = i;
    return true;
  }
  return false;
}

/** Whether the `step`-th name of an object is one of its attributes or methods. */
function within(o: ObjectRow, step: u32, out: ShortName): bool {
  out.method = 0;
  out.id = step + 1;
  if (step < <u32>o.attributeCount) return true;
  const first = <u32>o.methodsAt / STEP;
  if (o.methodsAt == 0 || step < first || step - first >= <u32>o.methodCount) return false;
  out.method = 1;
  out.id = step - first + 1;
  return true;
}

/** Short name of attribute `id` of an object, 0 when the object has no short names. */
export function shortNameOfAttribute(object: u32, id: i32): u32 {
  const base = <u32>Template.of().object(object).baseName;
  return base == 0 ? 0 : base + STEP * (id - 1);
}

/** Whether a name is reply_to_HLS_authentication of the association it is used in. */
export function isReplyToHls(name: ShortName): bool {
  const o = Template.of().object(name.object);
  return name.method != 0 && name.id == REPLY_TO_HLS && <u32>o.classId == CLASS_ASSOCIATION_SN && o.ln4 == 0;
}
