/**
 * The template image: the read-only object model of a bank, compiled by `host/template/` from JSON and laid behind the static data.
 * What objects have in common stands once: classes, shapes of attributes, ranges, sets of rights, octets. All numbers are
 * little-endian; docs/ARCHITECTURE.md, section 4, draws the sections.
 */
import { AssociationRow, EffectRow, NONE, PortRow, ProfileRow } from "./template_rows";

export {
  AssociationFlag,
  AssociationRow,
  EffectRow,
  NONE,
  PortFlag,
  PortKind,
  PortRow,
  ProfileForm,
  ProfileNull,
  ProfileRow,
  PushFlag,
  ROWS_ALL,
  ROWS_SINCE_LAST,
} from "./template_rows";

/** "DLMT" as it stands in memory. */
export const TEMPLATE_MAGIC: u32 = 0x544d4c44;
export const TEMPLATE_VERSION: u32 = 2;

/** What a row of the attribute table says of its value. */
export const enum AttributeFlag {
  /** A client with the right may SET it. */
  SETTABLE = 1,
  /** It is read from `quantity`, not from a stored value. */
  COMPUTED = 2,
  /** It belongs to the meter itself (keys, counters, accumulators); no service reaches it. */
  HIDDEN = 4,
  /** A SET is checked against `min` and `max`. */
  RANGED = 8,
  /** A computed value out of a past row: its datum names a HistoryCell. */
  HISTORY = 16,
  /** Most meters have a value of their own, or write it unasked: it stands with the state that each touches. */
  OWN = 32,
}

/** What all objects of a class version have in common, 8 octets. */
@unmanaged
export class ClassRow {
  classId: u16;
  version: u8;
  /** Highest attribute_id and method_id of the class version; manufacturer attributes are not counted here. */
  attributeCount: u8;
  methodCount: u8;
  reserved0: u8;
  /** Offset of the short name of method 1 from the base name, 0 = no methods. */
  methodsAt: u16;
}

/**
 * A COSEM object, 12 octets; the table is sorted by logical name, class, version. Behind the last one stands a row that says where the
 * attribute rows end.
 */
@unmanaged
export class ObjectRow {
  ln0: u8;
  ln1: u8;
  ln2: u8;
  ln3: u8;
  ln4: u8;
  ln5: u8;
  /** First row of this object in the attribute table; they end where those of the next object begin. */
  firstAttribute: u16;
  /** Its class, and which associations have which rights. */
  classAt: u8;
  accessSet: u8;
  /** `instance`, 255 = none. */
  number: u8;
  flags: u8;

  @inline
  get logicalName(): usize {
    return changetype<usize>(this);
  }

  @inline
  get index(): u32 {
    return <u32>(changetype<usize>(this) - changetype<usize>(Template.of().object(0))) / offsetof<ObjectRow>();
  }

  get kind(): ClassRow {
    return Template.of().kind(this.classAt);
  }

  get classId(): u32 {
    return this.kind.classId;
  }

  get version(): u32 {
    return this.kind.version;
  }

  get attributeCount(): u32 {
    return this.kind.attributeCount;
  }

  get methodCount(): u32 {
    return this.kind.methodCount;
  }

  get methodsAt(): u32 {
    return this.kind.methodsAt;
  }

  /** The row behind the last one of this object in the attribute table. */
  get endAttribute(): u32 {
    return changetype<ObjectRow>(changetype<usize>(this) + offsetof<ObjectRow>()).firstAttribute;
  }

  /**
   * Number among the objects of its class, the first 255 of them; of a setup object of an association or port the number of that,
   * else NONE.
   */
  get instance(): u32 {
    return this.number == 255 ? NONE : <u32>this.number;
  }

  /** Short name of attribute 1, 0 = none. */
  get baseName(): u32 {
    const t = Template.of();
    return t.baseNamesAt == 0 ? 0 : load<u16>(t.at(t.baseNamesAt + this.index * 2));
  }

  /**
   * What its class takes from the template: event of a monitor (class 21), rows that a push carries (class 40), of a maximum (class 4)
   * its Demand register as object index + 1. 0 = nothing.
   */
  get extra(): u32 {
    const t = Template.of();
    const index = this.index;
    let low: u32 = 0;
    let high = <u32>t.extraCount;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = t.at(t.extrasAt + middle * EXTRA_SIZE);
      const object = <u32>load<u16>(at);
      if (object == index) return load<u16>(at + 2);
      if (object < index) low = middle + 1;
      else high = middle;
    }
    return 0;
  }

  /** How many manufacturer attributes -1, -2, … it has: rows are sorted by id, so that the lowest stands first. */
  get ownCount(): i32 {
    if (this.firstAttribute == this.endAttribute) return 0;
    const lowest = <i32>Template.of().attribute(this.firstAttribute).id;
    return lowest < 0 ? -lowest : 0;
  }

  /** Whether it has an attribute of this id: 1..n of its class, or one of the manufacturer; 0 names all of its class. */
  hasAttribute(id: i32): bool {
    return id < 0 ? -id <= this.ownCount : id != 0 && id <= <i32>this.attributeCount;
  }
}

/** Octets of an entry of the extras, which are sorted by object: object u16 | value u16. */
export const EXTRA_SIZE: u32 = 4;

/** What attributes of many objects have in common, 8 octets. */
@unmanaged
export class ShapeRow {
  id: i8;
  part: u8;
  flags: u8;
  /** Of a computed value the digits to drop; of one that is RANGED the number of its range. */
  detail: u8;
  /** Octets the stored value may take, its tag included; 0 = none can be stored. */
  capacity: u16;
  /** Type description in the grammar of compact-array, behind octetsAt; 0 = none. */
  typeAt: u16;

  /** Id and part in one number, as they stand: what attributes of an object are found by. */
  @inline
  get key(): u32 {
    return load<u16>(changetype<usize>(this));
  }
}

/** A value out of a past row: the profile, and {column: object u16, attribute i8; how many rows back u8, 1 = the newest}. 8 octets. */
@unmanaged
export class HistoryCell {
  column: u32;
  profile: u16;
  /** The quantity that stands for all of them. */
  quantity: u16;
}

/** An attribute with a template value, a stored value or a computed one, 4 octets; sorted by id, then part. */
@unmanaged
export class AttributeRow {
  shapeAt: u16;
  /** Of a computed value its quantity; of HISTORY and of the others where it stands behind octetsAt: the cell, the default. */
  datum: u16;

  get shape(): ShapeRow {
    return Template.of().shape(this.shapeAt);
  }

  get id(): i8 {
    return this.shape.id;
  }

  get part(): u32 {
    return this.shape.part;
  }

  get flags(): u32 {
    return this.shape.flags;
  }

  get capacity(): u32 {
    return this.shape.capacity;
  }

  /** A-XDR tag of the whole value, 0 = hidden. */
  get tag(): u32 {
    const type = <u32>this.shape.typeAt;
    return type == 0 ? 0 : load<u8>(octetsOf(type));
  }

  /** Type description in the grammar of compact-array, as an offset in the image. */
  get typeAt(): u32 {
    return <u32>(octetsOf(this.shape.typeAt) - changetype<usize>(Template.of()));
  }

  get typeSize(): u32 {
    return octetsSize(this.shape.typeAt);
  }

  /** Default value as A-XDR Data (raw octets when hidden), as an offset in the image. */
  get defaultAt(): u32 {
    return <u32>(octetsOf(this.own) - changetype<usize>(Template.of()));
  }

  get defaultSize(): u32 {
    return octetsSize(this.own);
  }

  /** Source of a computed value (meter/quantity.ts), 0 = none. */
  get quantity(): u32 {
    const flags = <u32>this.shape.flags;
    if ((flags & AttributeFlag.COMPUTED) == 0) return 0;
    return (flags & AttributeFlag.HISTORY) == 0 ? this.datum : this.cell.quantity;
  }

  /** Decimal digits to drop from the quantity's fixed unit to reach the object's scaler. */
  get digits(): u32 {
    return (this.shape.flags & AttributeFlag.COMPUTED) != 0 ? this.shape.detail : 0;
  }

  /** The cell of HISTORY. */
  get cell(): HistoryCell {
    return changetype<HistoryCell>(octetsOf(this.datum));
  }

  /** The range of a value that is RANGED. */
  get min(): i64 {
    return load<i64>(this.range);
  }

  get max(): i64 {
    return load<i64>(this.range + 8);
  }

  /** Index of the object it belongs to. */
  get object(): u32 {
    const t = Template.of();
    const row = <u32>(changetype<usize>(this) - changetype<usize>(t.attribute(0))) / offsetof<AttributeRow>();
    let low: u32 = 0;
    let high = <u32>t.objectCount;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (<u32>t.object(middle).firstAttribute <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Where its default stands behind octetsAt, 0 = it has none. */
  private get own(): u32 {
    return (this.shape.flags & AttributeFlag.COMPUTED) != 0 ? 0 : this.datum;
  }

  private get range(): usize {
    const t = Template.of();
    return t.at(t.rangesAt + <u32>this.shape.detail * RANGE_SIZE);
  }
}

/** Octets of a range: min i64 | max i64. */
export const RANGE_SIZE: u32 = 16;

/** A size in front of octets that is too large for one octet: two more follow, little-endian. */
const LONG_SIZE: u32 = 255;

/** Octets of what stands at an offset behind octetsAt: one octet says how many there are, or LONG_SIZE and two more. */
export function octetsSize(offset: u32): u32 {
  const t = Template.of();
  const at = t.at(t.octetsAt + offset);
  const size = <u32>load<u8>(at);
  return size == LONG_SIZE ? (<u32>load<u8>(at + 1)) | ((<u32>load<u8>(at + 2)) << 8) : size;
}

/** Where the octets themselves begin. */
export function octetsOf(offset: u32): usize {
  const t = Template.of();
  const at = t.at(t.octetsAt + offset);
  return at + (<u32>load<u8>(at) == LONG_SIZE ? 3 : 1);
}

/** An event, 4 octets; sorted by code. */
@unmanaged
export class EventRow {
  code: u16;
  /** `profile`, 255 = none. */
  log: u8;
  effectAt: u8;

  /** Profile (by number) that logs it, NONE = none. */
  get profile(): u32 {
    return this.log == 255 ? NONE : <u32>this.log;
  }

  @inline
  get effect(): EffectRow {
    return Template.of().effect(this.effectAt);
  }
}

/** The head of the image, 136 octets. */
@unmanaged
export class Template {
  magic: u32;
  version: u32;
  size: u32;
  /** CRC-32 (IEEE 802.3) of all octets behind this field. */
  check: u32;
  objectCount: u16;
  attributeCount: u16;
  associationCount: u16;
  portCount: u16;
  profileCount: u16;
  securityCount: u16;
  eventCount: u16;
  slotCount: u16;
  classCount: u16;
  shapeCount: u16;
  rangeCount: u16;
  accessSetCount: u16;
  extraCount: u16;
  effectCount: u16;
  objectsAt: u32;
  attributesAt: u32;
  classesAt: u32;
  shapesAt: u32;
  rangesAt: u32;
  associationsAt: u32;
  portsAt: u32;
  profilesAt: u32;
  eventsAt: u32;
  effectsAt: u32;
  extrasAt: u32;
  /** u16 for each object, 0 = no object has a short name. */
  baseNamesAt: u32;
  /** u16 for each association, set by set: offset of an access row behind `accessAt`, 0 = not visible. */
  accessSetsAt: u32;
  accessAt: u32;
  accessSize: u32;
  octetsAt: u32;
  octetsSize: u32;
  apduSizeMax: u16;
  /** Alignment of areas in a block: 4096 on hosts, 8 on a microcontroller. */
  pageSize: u16;
  /** Largest frame of any HDLC port between its flags. */
  frameSizeMax: u16;
  /** The Clock object, the standard event log's event code object: indices, NONE when absent. */
  clockObject: u16;
  eventObject: u16;
  /** Pages of 4096 octets that the largest firmware image takes, 0 = the meter takes none. */
  imagePages: u16;
  /** Octets of the journal's tail, of the inbox, and of the frozen octets of a slot (base/limits.ts has the largest). */
  tailSize: u16;
  inboxSize: u16;
  frozenSize: u16;
  reserved0: u16;
  /** Readings of the standard where implementations differ: session/options.ts. */
  securityOptions: u32;

  /** The image of this bank. */
  @inline
  static of(): Template {
    return changetype<Template>(Template.address());
  }

  /** Where the host writes the image: behind the static data. */
  @inline
  static address(): usize {
    return (__heap_base + 15) & ~(<usize>15);
  }

  @inline
  at(offset: u32): usize {
    return changetype<usize>(this) + <usize>offset;
  }

  object(index: u32): ObjectRow {
    return changetype<ObjectRow>(this.at(this.objectsAt + index * offsetof<ObjectRow>()));
  }

  attribute(index: u32): AttributeRow {
    return changetype<AttributeRow>(this.at(this.attributesAt + index * offsetof<AttributeRow>()));
  }

  kind(index: u32): ClassRow {
    return changetype<ClassRow>(this.at(this.classesAt + index * offsetof<ClassRow>()));
  }

  @inline
  shape(index: u32): ShapeRow {
    return changetype<ShapeRow>(this.at(this.shapesAt + index * offsetof<ShapeRow>()));
  }

  /** Offset of the access row of a set for an association behind accessAt, 0 = not visible. */
  access(accessSet: u32, association: u32): u32 {
    return load<u16>(this.at(this.accessSetsAt + (accessSet * <u32>this.associationCount + association) * 2));
  }

  association(index: u32): AssociationRow {
    return changetype<AssociationRow>(this.at(this.associationsAt + index * offsetof<AssociationRow>()));
  }

  port(index: u32): PortRow {
    return changetype<PortRow>(this.at(this.portsAt + index * offsetof<PortRow>()));
  }

  profile(index: u32): ProfileRow {
    return changetype<ProfileRow>(this.at(this.profilesAt + index * offsetof<ProfileRow>()));
  }

  effect(index: u32): EffectRow {
    return changetype<EffectRow>(this.at(this.effectsAt + index * offsetof<EffectRow>()));
  }

  event(index: u32): EventRow {
    return changetype<EventRow>(this.at(this.eventsAt + index * offsetof<EventRow>()));
  }
}

if (offsetof<ClassRow>() != 8) ERROR("a class row has 8 octets");
if (offsetof<ObjectRow>() != 12) ERROR("an object row has 12 octets");
if (offsetof<ShapeRow>() != 8) ERROR("a shape row has 8 octets");
if (offsetof<HistoryCell>() != 8) ERROR("a history cell has 8 octets");
if (offsetof<AttributeRow>() != 4) ERROR("an attribute row has 4 octets");
if (offsetof<EventRow>() != 4) ERROR("an event row has 4 octets");
if (offsetof<Template>() != 136) ERROR("the head has 136 octets");
