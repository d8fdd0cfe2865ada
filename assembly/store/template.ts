/**
 * The template image: the read-only object model of a bank, compiled by `host/template/` from JSON and laid over the
 * first page after the static data. All numbers are little-endian; docs/ARCHITECTURE.md draws the sections.
 */
import { PAGE_SIZE } from "../base/limits";

/** "DLMT" as it stands in memory. */
export const TEMPLATE_MAGIC: u32 = 0x544d4c44;
export const TEMPLATE_VERSION: u32 = 1;
/** An index that names nothing. */
export const NONE: u32 = 0xffff;

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
}

export const enum AssociationFlag {
  /** It exists without AARQ and cannot be released (GB9 9.4.4.4). */
  PRE_ESTABLISHED = 1,
}

/** How octets reach a port. */
export const enum PortKind {
  /** Wrapper over a stream (IEC 62056-4-7 TCP). */
  WRAPPER = 1,
  /** HDLC frame type 3 (IEC 62056-46). */
  HDLC = 2,
  /** Wrapper over datagrams (IEC 62056-4-7 UDP): each call of receive is one of them. */
  WRAPPER_UDP = 3,
}

export const enum PortFlag {
  /** Frames are octet-stuffed (RFC 1662) instead of length-counted. */
  STUFFED = 1,
  /** One meter on the line: the one-octet server address 1 is answered too (decision 2). */
  POINT_TO_POINT = 2,
  /** A serial line, where the inter-octet time-out of the setup object counts (decision 3). */
  SERIAL = 4,
  /** The protocol identification service answers on it. */
  IDENTIFY = 8,
  /** For those who stand before the meter: associations use their securitySetupLocal there (decision 16). */
  LOCAL = 16,
}

/** A COSEM object, 24 octets; the table is sorted by logical name, class, version. */
@unmanaged
export class ObjectRow {
  ln0: u8;
  ln1: u8;
  ln2: u8;
  ln3: u8;
  ln4: u8;
  ln5: u8;
  classId: u16;
  version: u8;
  /** Highest attribute_id and method_id of the class version; manufacturer attributes are not counted here. */
  attributeCount: u8;
  methodCount: u8;
  flags: u8;
  /** First row of this object in the attribute table, and how many rows. */
  firstAttribute: u16;
  attributeRows: u16;
  /** Number among the objects of its class; of a setup object of an association or port the number of that, else NONE. */
  instance: u16;
  /** Short name of attribute 1, 0 = none; offset of the short name of method 1 from it, 0 = no methods. */
  baseName: u16;
  methodsAt: u16;
  /** What its class takes from the template: event of a monitor (class 21), rows that a push carries (class 40). */
  extra: u16;

  @inline
  get logicalName(): usize {
    return changetype<usize>(this);
  }

  /** How many manufacturer attributes -1, -2, … it has: rows are sorted by id, so that the lowest stands first. */
  get ownCount(): i32 {
    if (this.attributeRows == 0) return 0;
    const lowest = <i32>Template.of().attribute(this.firstAttribute).id;
    return lowest < 0 ? -lowest : 0;
  }

  /** Whether it has an attribute of this id: 1..n of its class, or one of the manufacturer; 0 names all of its class. */
  hasAttribute(id: i32): bool {
    return id < 0 ? -id <= this.ownCount : id != 0 && id <= <i32>this.attributeCount;
  }
}

/** Flags of a Push setup object: what starts it besides scripts and clients. */
export const enum PushFlag {
  /** Alarms: its content is that of the moment it was started. */
  ALARM = 1,
  /** The first boot, and whoever installs the meter. */
  INSTALLATION = 2,
  /** A new connection to the network. */
  CONNECTIVITY = 4,
}

/** Which rows of a buffer a push carries (ObjectRow.extra of class 40): all, as many as it says, or those since it was delivered. */
export const ROWS_ALL: u32 = 0;
export const ROWS_SINCE_LAST: u32 = 0xffff;

/** An attribute with a template value, a stored value or a computed one, 48 octets; sorted by id, then part. */
@unmanaged
export class AttributeRow {
  id: i8;
  part: u8;
  flags: u8;
  /** A-XDR tag of the whole value. */
  tag: u8;
  /** Octets the stored value may take, its tag included; 0 = none can be stored. */
  capacity: u16;
  /** Source of a computed value (meter/quantity.ts), 0 = none. */
  quantity: u16;
  /** Default value as A-XDR Data (raw octets when hidden). */
  defaultAt: u32;
  defaultSize: u16;
  /** Type description in the grammar of compact-array. */
  typeSize: u16;
  typeAt: u32;
  /** Decimal digits to drop from the quantity's fixed unit to reach the object's scaler. */
  digits: u8;
  reserved0: u8;
  object: u16;
  /** Of the value of a maximum: its demand register, as object index + 1; 0 = none. */
  source: u16;
  /** Of a value out of a past row: the profile, and {column: object u16, attribute i8; how many rows back u8, 1 = the newest}. */
  historyProfile: u16;
  history: u32;
  min: i64;
  max: i64;
}

/** An association the meter offers, 32 octets. */
@unmanaged
export class AssociationRow {
  clientSap: u16;
  serverSap: u16;
  /** Its own Association LN object; NONE = only seen as the current one. */
  object: u16;
  /** Its Security setup object. */
  securitySetup: u16;
  /** Bit m: authentication mechanism m is accepted. */
  mechanisms: u8;
  /** Bit c: application context c is accepted. */
  contexts: u8;
  /** AssociationFlag. */
  flags: u8;
  reserved0: u8;
  /** Conformance bits offered, bit 0 of the standard as bit 23. */
  conformance: u32;
  /** u16 for each object: offset of its access row behind `accessAt`, 0 = not visible. */
  accessTableAt: u32;
  /** Attribute rows of the secrets, NONE when the mechanism is not offered. */
  llsSecret: u16;
  hlsSecret: u16;
  /** Its Security setup object on local ports; NONE = the same as on the others (decision 16). */
  securitySetupLocal: u16;
  reserved1: u16;
  reserved2: u32;
}

/** A way in, 24 octets. */
@unmanaged
export class PortRow {
  kind: u8;
  flags: u8;
  /** Connections the port holds at once, and on each of them HDLC links, or associations over the wrapper. */
  connections: u8;
  links: u8;
  /** IEC HDLC setup or TCP-UDP setup object. */
  setupObject: u16;
  /** First slot; the port has connections x links of them. */
  firstSlot: u16;
  /** HDLC: own limits for the information field and the window. */
  infoSizeMax: u16;
  windowMax: u8;
  /** HDLC: octets of the server address, 1, 2 or 4 (0 = any, as the client does). */
  addressLength: u8;
  reserved0: u16;
  /** HDLC: IEC local port setup object, whose default_mode says how the line begins; NONE = with HDLC. */
  localObject: u16;
  /** HDLC: profile (by number) whose columns are the data readout of mode C, NONE = none. */
  readout: u16;
  reserved1: u32;
}

/** How the rows of a buffer go out (GB9 9.5, type Data; interface class 7). */
export const enum ProfileForm {
  /** An array of structures, every cell whole. */
  PLAIN = 0,
  /** An array of structures; cells that follow from the row above are null-data. */
  NULL_DATA = 1,
  COMPACT_ARRAY = 2,
}

/** Which cells may go as null-data, and which rows stay whole. */
export const enum ProfileNull {
  TIME = 1,
  STATUS = 2,
  VALUES = 4,
  /** A row stamped midnight of local time is whole. */
  MIDNIGHT_WHOLE = 8,
}

/** A Profile generic object with an own row area, 16 octets. */
@unmanaged
export class ProfileRow {
  object: u16;
  /** ProfileForm, and for NULL_DATA bits of ProfileNull. */
  form: u8;
  nulls: u8;
  /** Octets of the row area. */
  areaSize: u32;
  /** Rows kept at the default columns; entries never exceed it. */
  depth: u32;
  reserved1: u32;
}

/** What an event does, 12 octets. */
@unmanaged
export class EventRow {
  code: u16;
  /** Profile (by number) that logs it, NONE = none. */
  profile: u16;
  /** Bits in the error register and in alarm registers 1 to 3, 255 = none. */
  error: u8;
  alarm1: u8;
  alarm2: u8;
  alarm3: u8;
  /** How often its cause must come before it is an event; 0 is 1. */
  times: u8;
  reserved0: u8;
  reserved1: u16;

  /** Bit in register `register`: 0 error register, 1 to 3 alarm registers; 255 = none. */
  @inline
  bit(register: u32): u32 {
    return load<u8>(changetype<usize>(this) + offsetof<EventRow>("error") + <usize>register);
  }
}

/** The head of the image, 88 octets. */
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
  objectsAt: u32;
  attributesAt: u32;
  associationsAt: u32;
  portsAt: u32;
  profilesAt: u32;
  eventsAt: u32;
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
  /** Readings of the standard where implementations differ: session/options.ts. */
  securityOptions: u32;

  /** The image of this bank. */
  @inline
  static of(): Template {
    return changetype<Template>(Template.address());
  }

  /** Where the host writes the image: the first page behind the static data. */
  @inline
  static address(): usize {
    return (__heap_base + <usize>(PAGE_SIZE - 1)) & ~(<usize>(PAGE_SIZE - 1));
  }

  @inline
  at(offset: u32): usize {
    return changetype<usize>(this) + <usize>offset;
  }

  @inline
  object(index: u32): ObjectRow {
    return changetype<ObjectRow>(this.at(this.objectsAt + index * offsetof<ObjectRow>()));
  }

  @inline
  attribute(index: u32): AttributeRow {
    return changetype<AttributeRow>(this.at(this.attributesAt + index * offsetof<AttributeRow>()));
  }

  @inline
  association(index: u32): AssociationRow {
    return changetype<AssociationRow>(this.at(this.associationsAt + index * offsetof<AssociationRow>()));
  }

  @inline
  port(index: u32): PortRow {
    return changetype<PortRow>(this.at(this.portsAt + index * offsetof<PortRow>()));
  }

  @inline
  profile(index: u32): ProfileRow {
    return changetype<ProfileRow>(this.at(this.profilesAt + index * offsetof<ProfileRow>()));
  }

  @inline
  event(index: u32): EventRow {
    return changetype<EventRow>(this.at(this.eventsAt + index * offsetof<EventRow>()));
  }
}

if (offsetof<ObjectRow>() != 24) ERROR("an object row has 24 octets");
if (offsetof<AttributeRow>() != 48) ERROR("an attribute row has 48 octets");
if (offsetof<AssociationRow>() != 32) ERROR("an association row has 32 octets");
if (offsetof<PortRow>() != 24) ERROR("a port row has 24 octets");
if (offsetof<ProfileRow>() != 16) ERROR("a profile row has 16 octets");
if (offsetof<EventRow>() != 12) ERROR("an event row has 12 octets");
if (offsetof<Template>() != 88) ERROR("the head has 88 octets");
