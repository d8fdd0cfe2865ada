/**
 * The template image, little-endian, as assembly/store/template.ts overlays it: head, objects, attribute rows,
 * associations, ports, profiles, events, access tables, access rows, octets. docs/ARCHITECTURE.md, section 4.
 */
import { crc32 } from "node:zlib";
import type { AttributeRow } from "./attributes.ts";
import { TemplateError } from "./error.ts";
import type { AssociationModel, EventModel, ObjectModel, PortModel, ProfileModel, TemplateParts } from "./model.ts";

/** "DLMT" as it stands in memory. */
const MAGIC = 0x544d4c44;
const VERSION = 1;
/** An index that names nothing, and a bit that does not exist. */
const NONE = 0xffff;
const NO_BIT = 255;
/** Octets of the rows and of the head. */
const SIZE = { head: 88, object: 24, attribute: 48, association: 32, port: 24, profile: 16, event: 12 };
/** The check value covers everything behind it. */
const CHECK_AT = 12;
const CHECKED_AT = 16;
/** Offset 0 behind accessAt says "not visible", so that no row may stand there. */
const ACCESS_RESERVED = 2;
const PORT_KIND = { wrapper: 1, hdlc: 2, "wrapper-udp": 3 };
const PROFILE_FORM = { plain: 0, "null-data": 1, "compact-array": 2 };
const PRE_ESTABLISHED = 1;

function align(size: number): number {
  return (size + 3) & ~3;
}

/** A cursor that writes little-endian numbers into a row that is all zero before. */
class RowWriter {
  readonly view: DataView;
  at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  private step(size: number): number {
    this.at += size;
    return this.at - size;
  }

  u8(value: number): this {
    this.view.setUint8(this.step(1), value);
    return this;
  }
  u16(value: number): this {
    this.view.setUint16(this.step(2), value, true);
    return this;
  }
  u32(value: number): this {
    this.view.setUint32(this.step(4), value, true);
    return this;
  }
  i64(value: bigint): this {
    this.view.setBigInt64(this.step(8), BigInt.asIntN(64, value), true);
    return this;
  }
}

/** Octets that are kept once, however often they are wanted. */
class Pool {
  readonly parts: Uint8Array[] = [];
  size: number;
  private readonly known = new Map<string, number>();

  constructor(reserved: number) {
    this.parts.push(new Uint8Array(reserved));
    this.size = reserved;
  }

  /** Offset of the octets within the pool; 0 for none. */
  put(octets: Uint8Array): number {
    if (octets.length === 0) return 0;
    const key = Buffer.from(octets).toString("latin1");
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const at = this.size;
    this.known.set(key, at);
    this.parts.push(octets);
    this.size += octets.length;
    return at;
  }

  octets(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

/** Where everything stands; accessTablesAt is followed by one table of u16 per association. */
interface Places {
  objectsAt: number;
  attributesAt: number;
  associationsAt: number;
  portsAt: number;
  profilesAt: number;
  eventsAt: number;
  accessTablesAt: number;
  accessTableSize: number;
  accessAt: number;
  octetsAt: number;
  size: number;
}

function placesOf(parts: TemplateParts, accessSize: number, octetsSize: number): Places {
  let at = SIZE.head;
  const section = (size: number) => {
    const start = at;
    at = align(at + size);
    return start;
  };
  const objectsAt = section(parts.objects.length * SIZE.object);
  const attributesAt = section(parts.rows.length * SIZE.attribute);
  const associationsAt = section(parts.associations.length * SIZE.association);
  const portsAt = section(parts.ports.length * SIZE.port);
  const profilesAt = section(parts.profiles.length * SIZE.profile);
  const eventsAt = section(parts.events.length * SIZE.event);
  const accessTableSize = align(parts.objects.length * 2);
  const accessTablesAt = section(parts.associations.length * accessTableSize);
  const accessAt = section(accessSize);
  const octetsAt = section(octetsSize);
  return {
    ...{ objectsAt, attributesAt, associationsAt, portsAt, profilesAt, eventsAt },
    ...{ accessTablesAt, accessTableSize, accessAt, octetsAt, size: at },
  };
}

function objectPut(w: RowWriter, o: ObjectModel): void {
  for (const octet of o.octets) w.u8(octet);
  w.u16(o.classId).u8(o.version).u8(o.attributes.length).u8(o.methods.length).u8(o.flags);
  w.u16(o.firstRow)
    .u16(o.rowCount)
    .u16(o.instance ?? NONE);
  w.u16(o.baseName ?? 0)
    .u16(o.methods.length === 0 ? 0 : o.methodsAt)
    .u16(o.extra);
}

function attributePut(w: RowWriter, row: AttributeRow, defaultAt: number, typeAt: number): void {
  w.u8(row.id & 0xff)
    .u8(row.part)
    .u8(row.flags)
    .u8(row.tag);
  w.u16(row.capacity).u16(row.quantity).u32(defaultAt).u16(row.default.length);
  w.u16(row.type.length).u32(typeAt).u8(row.digits).u8(0).u16(row.object);
  w.u16(row.source)
    .u16(row.cell?.profile ?? 0)
    .u32(row.cell?.column ?? 0)
    .i64(row.min)
    .i64(row.max);
}

function associationPut(w: RowWriter, a: AssociationModel, accessTableAt: number): void {
  w.u16(a.clientSap).u16(a.serverSap);
  w.u16(a.object ?? NONE).u16(a.securitySetup ?? NONE);
  w.u8(a.mechanisms).u8(a.contexts);
  w.u8(a.preEstablished ? PRE_ESTABLISHED : 0).u8(0);
  w.u32(a.conformance).u32(accessTableAt);
  w.u16(a.llsSecret ?? NONE)
    .u16(a.hlsSecret ?? NONE)
    .u16(a.securitySetupLocal ?? NONE);
}

function portPut(w: RowWriter, p: PortModel): void {
  w.u8(PORT_KIND[p.kind]).u8(p.flags).u8(p.connections).u8(p.links);
  w.u16(p.setupObject).u16(p.firstSlot).u16(p.infoSizeMax);
  w.u8(p.windowMax).u8(p.addressLength);
  w.u16(0)
    .u16(p.localObject ?? NONE)
    .u16(p.readout ?? NONE);
}

function profilePut(w: RowWriter, p: ProfileModel): void {
  w.u16(p.object).u8(PROFILE_FORM[p.form]).u8(p.nulls).u32(p.areaSize).u32(p.depth);
}

function eventPut(w: RowWriter, e: EventModel): void {
  w.u16(e.code).u16(e.profile ?? NONE);
  for (const bit of [e.error, e.alarm1, e.alarm2, e.alarm3]) w.u8(bit ?? NO_BIT);
  w.u8(e.times ?? 1);
}

function headPut(w: RowWriter, parts: TemplateParts, p: Places, accessSize: number, octetsSize: number): void {
  w.u32(MAGIC).u32(VERSION).u32(p.size).u32(0);
  w.u16(parts.objects.length).u16(parts.rows.length).u16(parts.associations.length).u16(parts.ports.length);
  w.u16(parts.profiles.length).u16(parts.objects.filter((o) => o.classId === 64).length);
  w.u16(parts.events.length).u16(parts.slotCount);
  w.u32(p.objectsAt).u32(p.attributesAt).u32(p.associationsAt).u32(p.portsAt).u32(p.profilesAt).u32(p.eventsAt);
  w.u32(p.accessAt).u32(accessSize).u32(p.octetsAt).u32(octetsSize);
  w.u16(parts.apduSizeMax).u16(parts.pageSize).u16(parts.frameSizeMax);
  w.u16(parts.clockObject ?? NONE).u16(parts.eventObject ?? NONE);
  w.u16(parts.imagePages).u32(parts.securityOptions);
}

function accessPut(view: DataView, parts: TemplateParts, access: Pool, places: Places): void {
  parts.associations.forEach((association, i) => {
    const w = new RowWriter(view, places.accessTablesAt + i * places.accessTableSize);
    for (const object of parts.objects) w.u16(access.put(object.access.get(association.name) ?? new Uint8Array(0)));
  });
}

/** The image of a model. */
export function imageEmit(parts: TemplateParts): Uint8Array {
  const access = new Pool(ACCESS_RESERVED);
  const octets = new Pool(0);
  for (const object of parts.objects) for (const row of object.access.values()) access.put(row);
  const kept = parts.rows.map((row) => ({ defaultAt: octets.put(row.default), typeAt: octets.put(row.type) }));
  if (access.size > 0xffff) throw new TemplateError(`access: ${access.size} octets of access rows (limit 65535)`);
  const places = placesOf(parts, access.size, octets.size);
  const image = new Uint8Array(places.size);
  const view = new DataView(image.buffer);
  headPut(new RowWriter(view, 0), parts, places, access.size, octets.size);
  const rows = <T>(at: number, size: number, items: readonly T[], put: (w: RowWriter, item: T, i: number) => void) =>
    items.forEach((item, i) => put(new RowWriter(view, at + i * size), item, i));
  rows(places.objectsAt, SIZE.object, parts.objects, objectPut);
  rows(places.attributesAt, SIZE.attribute, parts.rows, (w, row, i) =>
    attributePut(w, row, places.octetsAt + kept[i]!.defaultAt, places.octetsAt + kept[i]!.typeAt),
  );
  rows(places.associationsAt, SIZE.association, parts.associations, (w, a, i) =>
    associationPut(w, a, places.accessTablesAt + i * places.accessTableSize),
  );
  rows(places.portsAt, SIZE.port, parts.ports, portPut);
  rows(places.profilesAt, SIZE.profile, parts.profiles, profilePut);
  rows(places.eventsAt, SIZE.event, parts.events, eventPut);
  accessPut(view, parts, access, places);
  image.set(access.octets(), places.accessAt);
  image.set(octets.octets(), places.octetsAt);
  view.setUint32(CHECK_AT, crc32(image.subarray(CHECKED_AT)), true);
  return image;
}
