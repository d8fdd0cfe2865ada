/**
 * `plan()` is the one owner of a block's layout: it checks the image once, and computes every offset.
 *
 * What a meter touches in any case comes first and close together, then what is touched when something happens, then what begins on a page of
 * its own: a host gives memory to the pages that are touched. On a microcontroller a page has 8 octets, and the order costs nothing.
 */
import { Err } from "../base/err";
import { COLUMNS_MAX, DEMANDS_MAX, LIMITERS_MAX, LLC_SIZE, PAGE_SIZE } from "../base/limits";
import {
  COLUMN_SIZE,
  DEMAND_FLOWS_SIZE,
  DEMAND_REGISTER_SIZE,
  IMAGE_BITS_SIZE,
  IMAGE_HASH_AREA_SIZE,
  Layout,
  Limit,
  LIMITER_SIZE,
  METER_SIZE,
  PROTECTION_ROOM,
  RING_HEAD_SIZE,
  SECURITY_CONTEXT_SIZE,
  SELDOM_SIZE,
  SLOT_BLOCKS_SIZE,
  SLOT_HEAD_SIZE,
  SLOT_SESSION_SIZE,
  SLOT_SIGN_ON_SIZE,
} from "./layout";
import { AttributeFlag, NONE, ObjectRow, Template, TEMPLATE_VERSION } from "./template";
import { templateCheck } from "./template_check";
import { attributeFind, classPlace } from "./values";

const CLASS_DEMAND_REGISTER: u32 = 5;
const CLASS_LIMITER: u32 = 71;
/** Attribute of a profile, and octets of a capture_object_definition in it. */
const CAPTURE_OBJECTS: i32 = 3;
const DEFINITION_SIZE: u32 = 18;

/** `value` rounded up to a multiple of `to`, a power of two. */
function align(value: u32, to: u32): u32 {
  return (value + to - 1) & ~(to - 1);
}

/** Lays out the values that most meters have of their own, or the others, from `from` on. @returns the first octet behind them */
function valuesPlan(t: Template, l: Layout, own: u32, from: u32): u32 {
  let at = from;
  for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
    const a = t.attribute(i);
    const capacity = <u32>a.capacity;
    if (((<u32>a.flags) & AttributeFlag.OWN) != own) continue;
    store<u32>(<usize>(l.valueTable + (i << 2)), capacity != 0 ? at : 0);
    if (capacity != 0) at += (2 + capacity + 1) & ~1;
  }
  l.valuesSize += at - from;
  return at;
}

/** Puts the objects in the order of their classes. */
function classesPlan(t: Template, l: Layout): void {
  let place: u32 = 0;
  for (let classId: u32 = 0, next: u32 = 0; place < <u32>t.objectCount; classId = next) {
    next = u32.MAX_VALUE;
    for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
      const other = <u32>t.object(i).classId;
      if (other == classId) store<u16>(<usize>(l.classedTable + (place++ << 1)), <u16>i);
      else if (other > classId && other < next) next = other;
    }
  }
}

/** How many columns capture_objects can name: what it is by default, or as many as fit it. */
function columnsMax(t: Template, object: ObjectRow): u32 {
  const row = attributeFind(object, CAPTURE_OBJECTS, 0);
  if (row < 0) return 0;
  const a = t.attribute(row);
  return min<u32>(max<u32>(a.capacity, a.defaultSize) / DEFINITION_SIZE, COLUMNS_MAX);
}

/** Gives each profile the state of its ring. @returns the first octet behind them */
function ringsPlan(t: Template, l: Layout): u32 {
  let at = l.ringsAt;
  for (let i: u32 = 0; i < <u32>t.profileCount; i++) {
    store<u32>(<usize>(l.ringTable + (i << 2)), at);
    at += RING_HEAD_SIZE + columnsMax(t, t.object(t.profile(i).object)) * COLUMN_SIZE;
  }
  return align(at, 8);
}

/** Gives each profile its row area: a large one begins on a page, logs of a few events share one. @returns the first octet behind them */
function rowsPlan(t: Template, l: Layout, page: u32): u32 {
  let at = l.rowsAt;
  for (let i: u32 = 0; i < <u32>t.profileCount; i++) {
    const size = t.profile(i).areaSize;
    at = align(at, size < page ? 8 : page);
    store<u32>(<usize>(l.rowsTable + (i << 2)), at);
    at += size;
    l.rowsKept += align(size, page);
  }
  return align(at, page);
}

/** Objects of a class; classesPlan() has put them in order. */
function classCount(classId: u32, most: u32): u32 {
  return min<u32>(classPlace(classId + 1) - classPlace(classId), most);
}

/** What every meter touches: its state, the values that are its own, and the beginning of the journal's tail, where records are made. */
function headPlan(t: Template, l: Layout): void {
  l.demands = classCount(CLASS_DEMAND_REGISTER, DEMANDS_MAX);
  l.limiters = classCount(CLASS_LIMITER, LIMITERS_MAX);
  l.limitersAt = METER_SIZE + l.demands * DEMAND_REGISTER_SIZE;
  l.ringsAt = l.limitersAt + l.limiters * LIMITER_SIZE;
  l.securityAt = ringsPlan(t, l);
  const own = l.securityAt + <u32>t.securityCount * SECURITY_CONTEXT_SIZE;
  l.tailSize = t.tailSize;
  l.tailAt = align(valuesPlan(t, l, AttributeFlag.OWN, own), 8);
}

/** What is touched when something happens. @returns the first octet behind it */
function seldomPlan(t: Template, l: Layout): u32 {
  l.seldomAt = align(valuesPlan(t, l, 0, l.tailAt + l.tailSize), 8);
  l.flowsAt = l.seldomAt + SELDOM_SIZE;
  l.imageHashAt = l.flowsAt + l.demands * DEMAND_FLOWS_SIZE;
  return l.imageHashAt + (t.imagePages != 0 ? IMAGE_HASH_AREA_SIZE + IMAGE_BITS_SIZE : 0);
}

/**
 * The slots. What each request touches comes first: with the wrapper a short one and its short answer, whose octets are frozen at the
 * beginning of their buffer, stay within a page.
 */
function slotsPlan(t: Template, l: Layout, page: u32): void {
  const apdu = align(<u32>t.apduSizeMax + LLC_SIZE, 8);
  l.slotCount = t.slotCount;
  l.inboxSize = t.inboxSize;
  l.frozenSize = t.frozenSize;
  l.inboundAt = SLOT_HEAD_SIZE;
  l.outboundAt = l.inboundAt + apdu;
  l.frozenAt = l.outboundAt + apdu + PROTECTION_ROOM;
  l.blocksAt = l.frozenAt + l.frozenSize;
  l.sessionAt = l.blocksAt + SLOT_BLOCKS_SIZE;
  l.signOnAt = l.sessionAt + SLOT_SESSION_SIZE;
  l.frameAt = l.signOnAt + SLOT_SIGN_ON_SIZE;
  l.slotSize = align(l.frameAt + align(<u32>t.frameSizeMax + 2, 8), page);
  // One slot more than connections have is the outbox: what the meter sends unasked is made there.
  l.inboxAt = l.slotsAt + (l.slotCount + 1) * l.slotSize;
  l.rowsAt = align(l.inboxAt + l.inboxSize, page);
}

/** Octets of one flash area: a full snapshot (values and packed rows, each with record heads) and room for change records. */
function areaSize(t: Template, l: Layout): u32 {
  const rows = l.rowsKept;
  const values = l.valuesSize + <u32>t.attributeCount * 32;
  return align(values + rows + rows / 8 + <u32>t.profileCount * 64 + 65536, PAGE_SIZE);
}

/**
 * Checks the image of `size` octets and lays out a block. The tables of the layout stand behind the image.
 * @returns 0, or Err.LIMIT with the reason in planRefusal()
 */
export function plan(size: u32): i32 {
  const l = Layout.of();
  memory.fill(changetype<usize>(l), 0, offsetof<Layout>());
  const t = Template.of();
  if (<usize>size > ((<usize>memory.size()) << 16) - Template.address()) return l.refuse(Limit.SIZE, NONE, size);
  const err = templateCheck(t, size);
  if (err != Err.OK) return err;
  l.valueTable = (<u32>t.at(size) + 7) & ~7;
  l.rowsTable = l.valueTable + <u32>t.attributeCount * 4;
  l.ringTable = l.rowsTable + <u32>t.profileCount * 4;
  l.classedTable = l.ringTable + <u32>t.profileCount * 4;
  const end = <u64>l.classedTable + <u64>t.objectCount * 2;
  if (end > (<u64>memory.size()) << 16) return l.refuse(Limit.SIZE, NONE, size);
  const page = <u32>t.pageSize;
  classesPlan(t, l);
  headPlan(t, l);
  l.slotsAt = align(seldomPlan(t, l), page);
  slotsPlan(t, l, page);
  l.blockSize = rowsPlan(t, l, page);
  l.seatBase = align(<u32>end, page);
  // A page for the blocks that have come stands before the image.
  l.imageSize = t.imagePages != 0 ? (<u32>t.imagePages + 1) * PAGE_SIZE : 0;
  l.flashSize = 2 * areaSize(t, l) + l.imageSize;
  l.id0 = t.check;
  l.id1 = l.blockSize ^ (l.frameAt << 12) ^ (TEMPLATE_VERSION << 28);
  return Err.OK;
}
