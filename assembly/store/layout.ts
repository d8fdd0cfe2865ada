/**
 * The layout of a block. `plan()` is its one owner: it checks the image once, so that later reads need no checks, and
 * computes every offset. docs/ARCHITECTURE.md, section 2, draws the result.
 */
import { octetsCompare } from "../base/octets";
import { Err } from "../base/err";
import { Crc32 } from "../base/crc32";
import {
  APDU_SIZE_MAX,
  ASSOCIATIONS_MAX,
  ATTRIBUTES_MAX,
  DEMANDS_MAX,
  FROZEN_BEYOND,
  FROZEN_SIZE,
  HDLC_FRAME_SIZE_MAX,
  INBOX_SIZE,
  LLC_SIZE,
  OBJECTS_MAX,
  PAGE_SIZE,
  PORTS_MAX,
  PROFILES_MAX,
  RECORD_SIZE_MAX,
  SECURITY_CONTEXTS_MAX,
  SLOTS_MAX,
  TAIL_SIZE,
} from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { DEMAND_REGISTER_SIZE, IMAGE_BITS_SIZE, METER_SIZE } from "./areas";
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

export * from "./areas";

/** Octets of one security context and of one ring's state. */
export const SECURITY_CONTEXT_SIZE: u32 = 1024;
export const RING_SIZE: u32 = 512;
/** Octets of a slot in front of its buffers: association, link and transfer. */
export const SLOT_HEAD_SIZE: u32 = 1408;

/** Octets of the largest stored value: it must fit one record beside its key. */
export const CAPACITY_MAX: u32 = RECORD_SIZE_MAX - 64;
/**
 * Room in front of a plain APDU in the outbound buffer, where the heads of its protection go: a general-ciphering layer with an
 * agreed key of suite 2 (244 octets) and a signing layer (41) with some to spare, or two layers with wrapped keys.
 */
export const PROTECTION_ROOM: u32 = ELLIPTIC ? 384 : 192;

/** Octets of a general block transfer's state, behind the buffers that every request touches. */
export const SLOT_BLOCKS_SIZE: u32 = ELLIPTIC ? 1688 : 768;
/** Octets of what an association keeps besides: session/slot_session.ts. */
export const SLOT_SESSION_SIZE: u32 = ELLIPTIC ? 304 : 208;

const CLASS_DEMAND_REGISTER: u32 = 5;

/** Octets of a value that is small: a secret of 64 with its tag and length. */
const SMALL_SIZE_MAX: u32 = 66;

/** Which limit a template exceeds; the host's compiler has the sentence for each. */
export const enum Limit {
  NONE = 0,
  MAGIC = 1,
  VERSION = 2,
  SIZE = 3,
  CHECK = 4,
  OBJECTS = 5,
  ATTRIBUTES = 6,
  ASSOCIATIONS = 7,
  PORTS = 8,
  SLOTS = 9,
  PROFILES = 10,
  SECURITY_CONTEXTS = 11,
  APDU_SIZE = 12,
  FRAME_SIZE = 13,
  PAGE = 14,
  SECTION = 15,
  ORDER = 16,
  REFERENCE = 17,
  CAPACITY = 18,
  AREA = 19,
}

/** Offsets of a block, and what plan() found wrong with an image; its tables stand behind the image. */
@unmanaged
export class Layout {
  id0: u32;
  id1: u32;
  seatBase: u32;
  blockSize: u32;
  slotCount: u32;
  ringsAt: u32;
  securityAt: u32;
  valuesAt: u32;
  valuesSize: u32;
  tailAt: u32;
  slotsAt: u32;
  slotSize: u32;
  /** Within a slot. */
  frameAt: u32;
  inboundAt: u32;
  outboundAt: u32;
  frozenAt: u32;
  blocksAt: u32;
  sessionAt: u32;
  inboxAt: u32;
  rowsAt: u32;
  /** Demand registers that have a place, and where the bits of a firmware image's blocks stand. */
  demands: u32;
  imageBitsAt: u32;
  /** Octets of the journal's tail, of the inbox and of the frozen octets of a slot, as the template wants them. */
  tailSize: u32;
  inboxSize: u32;
  frozenSize: u32;
  /** Octets of flash a meter of this layout needs: two areas, and the image area behind them. */
  flashSize: u32;
  imageSize: u32;
  limit: u32;
  limitObject: u32;
  limitValue: u32;

  /** Addresses of the tables behind the image: offset of the value slot of each attribute row, of the row area of each profile. */
  valueTable: u32;
  rowsTable: u32;
  /** Objects in the order of their classes: classed(). */
  classedTable: u32;

  /** It stands in static memory: an address that is known saves octets at each of its many uses. */
  @inline
  static of(): Layout {
    return LAYOUT;
  }

  /** Offset of the value slot of an attribute row, 0 = it has none. */
  @inline
  value(row: u32): u32 {
    return load<u32>(<usize>(this.valueTable + (row << 2)));
  }

  /** Offset of the row area of a profile. */
  @inline
  rows(profile: u32): u32 {
    return load<u32>(<usize>(this.rowsTable + (profile << 2)));
  }

  /** Object at place `index` of the objects in the order of their classes, those of one class in the order of the table. */
  @inline
  classed(index: u32): u32 {
    return load<u16>(<usize>(this.classedTable + (index << 1)));
  }

  /** Records which limit failed where, and gives Err.LIMIT. */
  refuse(limit: Limit, object: u32, value: u32): i32 {
    this.limit = limit;
    this.limitObject = object;
    this.limitValue = value;
    return Err.LIMIT;
  }

  /**
   * Lays the values out behind the security contexts, the small ones first: what every meter has of its own (names, keys, counters,
   * accumulators) is among them, so that it takes two pages of a host and not one here and one there. Returns the octets they take.
   */
  planValues(t: Template): u32 {
    const middle = this.planValuesOf(t, true, this.valuesAt);
    return this.planValuesOf(t, false, middle) - this.valuesAt;
  }

  private planValuesOf(t: Template, small: bool, from: u32): u32 {
    let at = from;
    for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
      const capacity = <u32>t.attribute(i).capacity;
      if (capacity <= SMALL_SIZE_MAX != small) continue;
      store<u32>(<usize>(this.valueTable + (i << 2)), capacity != 0 ? at : 0);
      if (capacity != 0) at += (2 + capacity + 1) & ~1;
    }
    return at;
  }

  /** Puts the objects in the order of their classes. */
  planClasses(t: Template): void {
    let place: u32 = 0;
    for (let classId: u32 = 0, next: u32 = 0; place < <u32>t.objectCount; classId = next) {
      next = u32.MAX_VALUE;
      for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
        const other = <u32>t.object(i).classId;
        if (other == classId) store<u16>(<usize>(this.classedTable + (place++ << 1)), <u16>i);
        else if (other > classId && other < next) next = other;
      }
    }
  }

  /** Gives each profile its own row area on a page. */
  planRows(t: Template, page: u32): u32 {
    let at = this.rowsAt;
    for (let i: u32 = 0; i < <u32>t.profileCount; i++) {
      store<u32>(<usize>(this.rowsTable + (i << 2)), at);
      at += align(t.profile(i).areaSize, page);
    }
    return at;
  }
}

/** `value` rounded up to a multiple of `to`, a power of two. */
function align(value: u32, to: u32): u32 {
  return (value + to - 1) & ~(to - 1);
}

const LAYOUT: Layout = changetype<Layout>(memory.data(offsetof<Layout>(), 8));

/** What the last plan() refused. */
export function planRefusal(): Layout {
  return LAYOUT;
}

/** Checks that a section of `count` rows lies inside the image. */
function sectionFits(t: Template, at: u32, count: u32, size: u32): bool {
  return at >= offsetof<Template>() && (at & 3) == 0 && <u64>at + <u64>count * <u64>size <= <u64>t.size;
}

function headCheck(t: Template, size: u32): i32 {
  if (size < offsetof<Template>() || t.magic != TEMPLATE_MAGIC) return LAYOUT.refuse(Limit.MAGIC, NONE, size);
  if (t.version != TEMPLATE_VERSION) return LAYOUT.refuse(Limit.VERSION, NONE, t.version);
  if (t.size != size) return LAYOUT.refuse(Limit.SIZE, NONE, t.size);
  if (Crc32.of(t.at(16), size - 16) != t.check) return LAYOUT.refuse(Limit.CHECK, NONE, t.check);
  if (<u32>t.objectCount > OBJECTS_MAX) return LAYOUT.refuse(Limit.OBJECTS, NONE, t.objectCount);
  if (<u32>t.attributeCount > ATTRIBUTES_MAX) return LAYOUT.refuse(Limit.ATTRIBUTES, NONE, t.attributeCount);
  if (<u32>t.associationCount > ASSOCIATIONS_MAX) return LAYOUT.refuse(Limit.ASSOCIATIONS, NONE, t.associationCount);
  if (<u32>t.portCount > PORTS_MAX) return LAYOUT.refuse(Limit.PORTS, NONE, t.portCount);
  if (<u32>t.slotCount > SLOTS_MAX) return LAYOUT.refuse(Limit.SLOTS, NONE, t.slotCount);
  if (<u32>t.profileCount > PROFILES_MAX) return LAYOUT.refuse(Limit.PROFILES, NONE, t.profileCount);
  if (<u32>t.securityCount > SECURITY_CONTEXTS_MAX)
    return LAYOUT.refuse(Limit.SECURITY_CONTEXTS, NONE, t.securityCount);
  if (<u32>t.apduSizeMax > APDU_SIZE_MAX || t.apduSizeMax < 64)
    return LAYOUT.refuse(Limit.APDU_SIZE, NONE, t.apduSizeMax);
  if (<u32>t.frameSizeMax > HDLC_FRAME_SIZE_MAX) return LAYOUT.refuse(Limit.FRAME_SIZE, NONE, t.frameSizeMax);
  const page = <u32>t.pageSize;
  if (page < 8 || page > PAGE_SIZE || (page & (page - 1)) != 0) return LAYOUT.refuse(Limit.PAGE, NONE, page);
  return areasCheck(t);
}

/** The tail holds two records, the inbox and the frozen octets a whole APDU. */
function areasCheck(t: Template): i32 {
  if (!areaFits(t.tailSize, 2 * RECORD_SIZE_MAX, TAIL_SIZE)) return LAYOUT.refuse(Limit.AREA, NONE, t.tailSize);
  if (!areaFits(t.inboxSize, t.apduSizeMax, INBOX_SIZE)) return LAYOUT.refuse(Limit.AREA, NONE, t.inboxSize);
  if (!areaFits(t.frozenSize, <u32>t.apduSizeMax + FROZEN_BEYOND, FROZEN_SIZE))
    return LAYOUT.refuse(Limit.AREA, NONE, t.frozenSize);
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
  return good ? Err.OK : LAYOUT.refuse(Limit.SECTION, NONE, t.size);
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
    if (!octetsFit(t, s.typeAt) || (ranged && s.detail >= t.rangeCount)) return LAYOUT.refuse(Limit.REFERENCE, NONE, i);
    if (<u32>s.capacity > CAPACITY_MAX) return LAYOUT.refuse(Limit.CAPACITY, NONE, s.capacity);
  }
  return Err.OK;
}

function objectsCheck(t: Template): i32 {
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
    const o = t.object(i);
    if (<u32>o.classAt >= <u32>t.classCount || <u32>o.accessSet >= <u32>t.accessSetCount)
      return LAYOUT.refuse(Limit.REFERENCE, i, o.classAt);
    if (i > 0 && !objectBefore(t, i - 1, i)) return LAYOUT.refuse(Limit.ORDER, i, 0);
    if (o.firstAttribute > o.endAttribute || <u32>o.endAttribute > <u32>t.attributeCount)
      return LAYOUT.refuse(Limit.REFERENCE, i, o.firstAttribute);
  }
  const first = t.objectCount != 0 ? <u32>t.object(0).firstAttribute : 0;
  if (first != 0) return LAYOUT.refuse(Limit.REFERENCE, 0, first);
  return Err.OK;
}

function attributesCheck(t: Template): i32 {
  for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
    const a = t.attribute(i);
    if (<u32>a.shapeAt >= <u32>t.shapeCount) return LAYOUT.refuse(Limit.REFERENCE, NONE, i);
    const flags = <u32>a.flags;
    const history = (flags & AttributeFlag.HISTORY) != 0;
    const fits = (flags & AttributeFlag.COMPUTED) != 0 && !history ? true : octetsFit(t, a.datum);
    if (!fits || (history && !historyFits(t, a))) return LAYOUT.refuse(Limit.REFERENCE, a.object, i);
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
      return LAYOUT.refuse(Limit.REFERENCE, a.object, i);
    if (!named(a.llsSecret, t.attributeCount) || !named(a.hlsSecret, t.attributeCount))
      return LAYOUT.refuse(Limit.REFERENCE, a.object, i);
    if (!named(a.securitySetupLocal, objects)) return LAYOUT.refuse(Limit.REFERENCE, a.object, i);
    if (!accessCheck(t, i)) return LAYOUT.refuse(Limit.REFERENCE, a.object, i);
  }
  for (let i: u32 = 0; i < <u32>t.portCount; i++) {
    const p = t.port(i);
    if (!named(p.setupObject, objects) || <u32>p.firstSlot != slots || p.connections == 0 || p.links == 0)
      return LAYOUT.refuse(Limit.REFERENCE, p.setupObject, i);
    if (!named(p.localObject, objects) || !named(p.readout, t.profileCount))
      return LAYOUT.refuse(Limit.REFERENCE, p.localObject, i);
    slots += <u32>p.connections * <u32>p.links;
  }
  if (slots != <u32>t.slotCount) return LAYOUT.refuse(Limit.SLOTS, NONE, slots);
  for (let i: u32 = 0; i < <u32>t.profileCount; i++) {
    if (t.profile(i).object >= objects) return LAYOUT.refuse(Limit.REFERENCE, t.profile(i).object, i);
  }
  for (let i: u32 = 0; i < <u32>t.eventCount; i++) {
    if (!named(t.event(i).profile, t.profileCount) || <u32>t.event(i).effectAt >= <u32>t.effectCount)
      return LAYOUT.refuse(Limit.REFERENCE, NONE, i);
  }
  if (!named(t.clockObject, objects) || !named(t.eventObject, objects))
    return LAYOUT.refuse(Limit.REFERENCE, t.clockObject, 0);
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

/** Lays out what functions keep that not every template has. @returns the first octet behind it */
function planFunctions(t: Template, l: Layout): u32 {
  let demands: u32 = 0;
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) if (<u32>t.object(i).classId == CLASS_DEMAND_REGISTER) demands++;
  l.demands = min<u32>(demands, DEMANDS_MAX);
  l.imageBitsAt = METER_SIZE + l.demands * DEMAND_REGISTER_SIZE;
  return l.imageBitsAt + (t.imagePages != 0 ? IMAGE_BITS_SIZE : 0);
}

/** Lays out the fixed part, contexts, values, tail and slots. */
function planBlock(t: Template, l: Layout, page: u32): void {
  l.slotCount = t.slotCount;
  l.tailSize = t.tailSize;
  l.inboxSize = t.inboxSize;
  l.frozenSize = t.frozenSize;
  l.ringsAt = planFunctions(t, l);
  l.securityAt = l.ringsAt + <u32>t.profileCount * RING_SIZE;
  l.valuesAt = l.securityAt + <u32>t.securityCount * SECURITY_CONTEXT_SIZE;
  l.valuesSize = l.planValues(t);
  l.tailAt = align(l.valuesAt + l.valuesSize, 8);
  l.slotsAt = align(l.tailAt + l.tailSize, page);
  const apdu = align(<u32>t.apduSizeMax + LLC_SIZE, 8);
  // What each request touches comes first, so that a short one stays within a page.
  l.inboundAt = SLOT_HEAD_SIZE;
  l.outboundAt = l.inboundAt + apdu;
  l.frozenAt = l.outboundAt + apdu + PROTECTION_ROOM;
  l.blocksAt = l.frozenAt + l.frozenSize;
  l.sessionAt = l.blocksAt + SLOT_BLOCKS_SIZE;
  l.frameAt = l.sessionAt + SLOT_SESSION_SIZE;
  l.slotSize = align(l.frameAt + align(<u32>t.frameSizeMax + 2, 8), page);
  // One slot more than connections have is the outbox: what the meter sends unasked is made there.
  l.inboxAt = l.slotsAt + (l.slotCount + 1) * l.slotSize;
  l.rowsAt = align(l.inboxAt + l.inboxSize, page);
}

/** Octets of one flash area: a full snapshot (values and packed rows, each with record heads) and room for change records. */
function areaSize(t: Template, l: Layout, rowsEnd: u32): u32 {
  const rows = rowsEnd - l.rowsAt;
  const values = l.valuesSize + <u32>t.attributeCount * 32;
  return align(values + rows + rows / 8 + <u32>t.profileCount * 64 + 65536, PAGE_SIZE);
}

/**
 * Checks the image of `size` octets and lays out a block. The tables of the layout stand behind the image.
 * @returns 0, or Err.LIMIT with the reason in planRefusal()
 */
export function plan(size: u32): i32 {
  memory.fill(changetype<usize>(LAYOUT), 0, offsetof<Layout>());
  const t = Template.of();
  if (<usize>size > ((<usize>memory.size()) << 16) - Template.address()) return LAYOUT.refuse(Limit.SIZE, NONE, size);
  let err = headCheck(t, size);
  if (err == Err.OK) err = sectionsCheck(t);
  if (err == Err.OK) err = shapesCheck(t);
  if (err == Err.OK) err = objectsCheck(t);
  if (err == Err.OK) err = attributesCheck(t);
  if (err == Err.OK) err = referencesCheck(t);
  if (err != Err.OK) return err;
  const l = Layout.of();
  l.valueTable = (<u32>t.at(size) + 7) & ~7;
  l.rowsTable = l.valueTable + <u32>t.attributeCount * 4;
  l.classedTable = l.rowsTable + <u32>t.profileCount * 4;
  const end = <u64>l.classedTable + <u64>t.objectCount * 2;
  if (end > (<u64>memory.size()) << 16) return LAYOUT.refuse(Limit.SIZE, NONE, size);
  const page = <u32>t.pageSize;
  planBlock(t, l, page);
  const rowsEnd = l.planRows(t, page);
  l.planClasses(t);
  l.blockSize = align(rowsEnd, page);
  l.seatBase = align(<u32>end, page);
  // A page for the blocks that have come stands before the image.
  l.imageSize = t.imagePages != 0 ? (<u32>t.imagePages + 1) * PAGE_SIZE : 0;
  l.flashSize = 2 * areaSize(t, l, rowsEnd) + l.imageSize;
  l.id0 = t.check;
  l.id1 = l.blockSize ^ (l.frameAt << 12) ^ (TEMPLATE_VERSION << 28);
  return Err.OK;
}
