/** Checks of a template image: once, before a block is laid out, so that later reads need none. Whatever is refused is named. */
import { octetsCompare } from "../base/octets";
import { Err } from "../base/err";
import { Crc32 } from "../base/crc32";
import { featureOfAssociation, featureOfClass } from "../base/features";
import {
  APDU_SIZE_MAX,
  ASSOCIATIONS_MAX,
  ATTRIBUTES_MAX,
  FROZEN_BEYOND,
  FROZEN_SIZE,
  HDLC_FRAME_SIZE_MAX,
  INBOX_SIZE,
  OBJECTS_MAX,
  PAGE_SIZE,
  PORTS_MAX,
  PROFILES_MAX,
  RECORD_SIZE_MAX,
  SECURITY_CONTEXTS_MAX,
  SLOTS_MAX,
  TAIL_SIZE,
} from "../base/limits";
import { SMALL } from "../base/suites";
import { CAPACITY_MAX, Layout, Limit } from "./layout";
import {
  AssociationRow,
  AttributeFlag,
  AttributeRow,
  ClassRow,
  EffectRow,
  EventRow,
  EXTRA_SIZE,
  HistoryCell,
  NONE,
  ObjectRow,
  octetsOf,
  octetsSize,
  PortRow,
  ProfileRow,
  RANGE_SIZE,
  ShapeRow,
  Template,
  TEMPLATE_MAGIC,
  TEMPLATE_VERSION,
} from "./template";

/** Checks that a section of `count` rows lies inside the image. */
function sectionFits(t: Template, at: u32, count: u32, size: u32): bool {
  return at >= offsetof<Template>() && (at & 3) == 0 && <u64>at + <u64>count * <u64>size <= <u64>t.size;
}

function headCheck(t: Template, size: u32): i32 {
  if (size < offsetof<Template>() || t.magic != TEMPLATE_MAGIC) return Layout.of().refuse(Limit.MAGIC, NONE, size);
  if (t.version != TEMPLATE_VERSION) return Layout.of().refuse(Limit.VERSION, NONE, t.version);
  if (t.size != size) return Layout.of().refuse(Limit.SIZE, NONE, t.size);
  if (Crc32.of(t.at(16), size - 16) != t.check) return Layout.of().refuse(Limit.CHECK, NONE, t.check);
  if (<u32>t.objectCount > OBJECTS_MAX) return Layout.of().refuse(Limit.OBJECTS, NONE, t.objectCount);
  if (<u32>t.attributeCount > ATTRIBUTES_MAX) return Layout.of().refuse(Limit.ATTRIBUTES, NONE, t.attributeCount);
  if (<u32>t.associationCount > ASSOCIATIONS_MAX)
    return Layout.of().refuse(Limit.ASSOCIATIONS, NONE, t.associationCount);
  if (<u32>t.portCount > PORTS_MAX) return Layout.of().refuse(Limit.PORTS, NONE, t.portCount);
  if (<u32>t.slotCount > SLOTS_MAX) return Layout.of().refuse(Limit.SLOTS, NONE, t.slotCount);
  if (<u32>t.profileCount > PROFILES_MAX) return Layout.of().refuse(Limit.PROFILES, NONE, t.profileCount);
  if (<u32>t.securityCount > SECURITY_CONTEXTS_MAX)
    return Layout.of().refuse(Limit.SECURITY_CONTEXTS, NONE, t.securityCount);
  if (<u32>t.apduSizeMax > APDU_SIZE_MAX || t.apduSizeMax < 64)
    return Layout.of().refuse(Limit.APDU_SIZE, NONE, t.apduSizeMax);
  if (<u32>t.frameSizeMax > HDLC_FRAME_SIZE_MAX) return Layout.of().refuse(Limit.FRAME_SIZE, NONE, t.frameSizeMax);
  const page = <u32>t.pageSize;
  if (page < 8 || page > PAGE_SIZE || (page & (page - 1)) != 0) return Layout.of().refuse(Limit.PAGE, NONE, page);
  return areasCheck(t);
}

/** The tail holds two records, the inbox and the frozen octets a whole APDU. */
function areasCheck(t: Template): i32 {
  if (!areaFits(t.tailSize, 2 * RECORD_SIZE_MAX, TAIL_SIZE)) return Layout.of().refuse(Limit.AREA, NONE, t.tailSize);
  if (!areaFits(t.inboxSize, t.apduSizeMax, INBOX_SIZE)) return Layout.of().refuse(Limit.AREA, NONE, t.inboxSize);
  if (!areaFits(t.frozenSize, <u32>t.apduSizeMax + FROZEN_BEYOND, FROZEN_SIZE))
    return Layout.of().refuse(Limit.AREA, NONE, t.frozenSize);
  return Err.OK;
}

function areaFits(size: u32, least: u32, most: u32): bool {
  return size >= least && size <= most && (size & 7) == 0;
}

/** The rows of objects and attributes, and what they have in common; behind the last object stands a row that ends the others. */
function objectSectionsFit(t: Template): bool {
  return (
    sectionFits(t, t.objectsAt, <u32>t.objectCount + 1, offsetof<ObjectRow>()) &&
    sectionFits(t, t.attributesAt, t.attributeCount, offsetof<AttributeRow>()) &&
    sectionFits(t, t.classesAt, t.classCount, offsetof<ClassRow>()) &&
    sectionFits(t, t.shapesAt, t.shapeCount, offsetof<ShapeRow>()) &&
    sectionFits(t, t.rangesAt, t.rangeCount, RANGE_SIZE) &&
    sectionFits(t, t.extrasAt, t.extraCount, EXTRA_SIZE) &&
    (t.baseNamesAt == 0 || sectionFits(t, t.baseNamesAt, t.objectCount, 2)) &&
    sectionFits(t, t.octetsAt, t.octetsSize, 1)
  );
}

function sectionsCheck(t: Template): i32 {
  const good =
    objectSectionsFit(t) &&
    sectionFits(t, t.associationsAt, t.associationCount, offsetof<AssociationRow>()) &&
    sectionFits(t, t.portsAt, t.portCount, offsetof<PortRow>()) &&
    sectionFits(t, t.profilesAt, t.profileCount, offsetof<ProfileRow>()) &&
    sectionFits(t, t.eventsAt, t.eventCount, offsetof<EventRow>()) &&
    sectionFits(t, t.effectsAt, t.effectCount, offsetof<EffectRow>()) &&
    sectionFits(t, t.accessSetsAt, <u32>t.accessSetCount * <u32>t.associationCount, 2) &&
    sectionFits(t, t.accessAt, t.accessSize, 1);
  return good ? Err.OK : Layout.of().refuse(Limit.SECTION, NONE, t.size);
}

/** Key order of the object table: logical name, class, version. Logical devices may have objects of one key. */
function objectBefore(t: Template, a: u32, b: u32): bool {
  const x = t.object(a);
  const y = t.object(b);
  const order = octetsCompare(x.logicalName, y.logicalName, 6);
  if (order != 0) return order < 0;
  if (x.classId != y.classId) return x.classId < y.classId;
  return x.version <= y.version;
}

/** Whether the octets that stand at `offset` behind octetsAt, with their size in front, lie in their section. */
function octetsFit(t: Template, offset: u32): bool {
  if (<u64>offset + 3 > <u64>t.octetsSize) return false;
  return <u64>(octetsOf(offset) - t.at(t.octetsAt)) + <u64>octetsSize(offset) <= <u64>t.octetsSize;
}

function shapesCheck(t: Template): i32 {
  for (let i: u32 = 0; i < <u32>t.shapeCount; i++) {
    const s = t.shape(i);
    const ranged = ((<u32>s.flags) & (AttributeFlag.RANGED | AttributeFlag.COMPUTED)) == AttributeFlag.RANGED;
    if (!octetsFit(t, s.typeAt) || (ranged && s.detail >= t.rangeCount))
      return Layout.of().refuse(Limit.REFERENCE, NONE, i);
    if (<u32>s.capacity > CAPACITY_MAX) return Layout.of().refuse(Limit.CAPACITY, NONE, s.capacity);
  }
  return Err.OK;
}

function objectsCheck(t: Template): i32 {
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
    const o = t.object(i);
    if (<u32>o.classAt >= <u32>t.classCount || <u32>o.accessSet >= <u32>t.accessSetCount)
      return Layout.of().refuse(Limit.REFERENCE, i, o.classAt);
    if (i > 0 && !objectBefore(t, i - 1, i)) return Layout.of().refuse(Limit.ORDER, i, 0);
    if (o.firstAttribute > o.endAttribute || <u32>o.endAttribute > <u32>t.attributeCount)
      return Layout.of().refuse(Limit.REFERENCE, i, o.firstAttribute);
  }
  const first = t.objectCount != 0 ? <u32>t.object(0).firstAttribute : 0;
  if (first != 0) return Layout.of().refuse(Limit.REFERENCE, 0, first);
  return Err.OK;
}

function attributesCheck(t: Template): i32 {
  for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
    const a = t.attribute(i);
    if (<u32>a.shapeAt >= <u32>t.shapeCount) return Layout.of().refuse(Limit.REFERENCE, NONE, i);
    const flags = <u32>a.flags;
    const history = (flags & AttributeFlag.HISTORY) != 0;
    const fits = (flags & AttributeFlag.COMPUTED) != 0 && !history ? true : octetsFit(t, a.datum);
    if (!fits || (history && !historyFits(t, a))) return Layout.of().refuse(Limit.REFERENCE, a.object, i);
  }
  return Err.OK;
}

function historyFits(t: Template, a: AttributeRow): bool {
  const cell = a.cell;
  return octetsSize(a.datum) == offsetof<HistoryCell>() && cell.profile < t.profileCount;
}

/** An index that may be NONE. */
function named(index: u32, count: u32): bool {
  return index == NONE || index < count;
}

function referencesCheck(t: Template): i32 {
  const objects = <u32>t.objectCount;
  let slots: u32 = 0;
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    const a = t.association(i);
    if (!named(a.object, objects) || !named(a.securitySetup, objects))
      return Layout.of().refuse(Limit.REFERENCE, a.object, i);
    if (!named(a.llsSecret, t.attributeCount) || !named(a.hlsSecret, t.attributeCount))
      return Layout.of().refuse(Limit.REFERENCE, a.object, i);
    if (!named(a.securitySetupLocal, objects)) return Layout.of().refuse(Limit.REFERENCE, a.object, i);
    if (!accessCheck(t, i)) return Layout.of().refuse(Limit.REFERENCE, a.object, i);
  }
  for (let i: u32 = 0; i < <u32>t.portCount; i++) {
    const p = t.port(i);
    if (!named(p.setupObject, objects) || <u32>p.firstSlot != slots || p.connections == 0 || p.links == 0)
      return Layout.of().refuse(Limit.REFERENCE, p.setupObject, i);
    if (!named(p.localObject, objects) || !named(p.readout, t.profileCount))
      return Layout.of().refuse(Limit.REFERENCE, p.localObject, i);
    slots += <u32>p.connections * <u32>p.links;
  }
  if (slots != <u32>t.slotCount) return Layout.of().refuse(Limit.SLOTS, NONE, slots);
  for (let i: u32 = 0; i < <u32>t.profileCount; i++) {
    if (t.profile(i).object >= objects) return Layout.of().refuse(Limit.REFERENCE, t.profile(i).object, i);
  }
  for (let i: u32 = 0; i < <u32>t.eventCount; i++) {
    if (!named(t.event(i).profile, t.profileCount) || <u32>t.event(i).effectAt >= <u32>t.effectCount)
      return Layout.of().refuse(Limit.REFERENCE, NONE, i);
  }
  if (!named(t.clockObject, objects) || !named(t.eventObject, objects))
    return Layout.of().refuse(Limit.REFERENCE, t.clockObject, 0);
  return Err.OK;
}

/** Every access row named by a table lies inside the access section. */
function accessCheck(t: Template, association: u32): bool {
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
    const o = t.object(i);
    const row = t.access(o.accessSet, association);
    const modes = <u32>o.attributeCount + <u32>o.methodCount + <u32>o.ownCount;
    if (row != 0 && row + modes > t.accessSize) return false;
  }
  return true;
}

/** Whether this build has what the template asks for. */
function featuresCheck(t: Template): i32 {
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    const missing = featureOfAssociation(t.association(i).contexts, t.association(i).mechanisms);
    if (missing != 0) return Layout.of().refuse(Limit.FEATURE, t.association(i).object, missing);
  }
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
    const missing = featureOfClass(t.object(i).classId);
    if (missing != 0) return Layout.of().refuse(Limit.FEATURE, i, missing);
  }
  return Err.OK;
}

/** Checks the image of `size` octets. @returns 0, or Err.LIMIT with the reason in the layout */
export function templateCheck(t: Template, size: u32): i32 {
  let err = headCheck(t, size);
  if (err == Err.OK) err = sectionsCheck(t);
  if (err == Err.OK) err = shapesCheck(t);
  if (err == Err.OK) err = objectsCheck(t);
  if (err == Err.OK) err = attributesCheck(t);
  if (err == Err.OK) err = referencesCheck(t);
  if (SMALL && err == Err.OK) err = featuresCheck(t);
  return err;
}
