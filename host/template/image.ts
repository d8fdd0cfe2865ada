/**
 * The template image, little-endian, as assembly/store/template.ts overlays it: a head, and sections behind it. What
 * objects have in common stands once (commons.ts). docs/ARCHITECTURE.md, section 4.
 */
import { crc32 } from "node:zlib";
import { Commons } from "./commons.ts";
import type { AssociationModel, PortModel, ProfileModel, TemplateParts } from "./model.ts";

/** "DLMT" as it stands in memory. */
const MAGIC = 0x544d4c44;
const VERSION = 2;
/** An index that names nothing, and one of a single octet. */
const NONE = 0xffff;
const NO_NUMBER = 255;
/** Octets of the rows and of the head. */
const SIZE = {
  ...{ head: 136, object: 12, attribute: 4, class: 8, shape: 8, range: 16, association: 24, port: 24 },
  ...{ profile: 16, event: 4, effect: 5, extra: 4, name: 2 },
};
/** The check value covers everything behind it. */
const CHECK_AT = 12;
const CHECKED_AT = 16;
const PORT_KIND = { wrapper: 1, hdlc: 2, "wrapper-udp": 3 };
const PROFILE_FORM = { plain: 0, "null-data": 1, "compact-array": 2 };
const PRE_ESTABLISHED = 1;
const SECURITY_SETUP = 64;

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

/** The rows of a section. */
function section<T>(size: number, items: readonly T[], put: (w: RowWriter, item: T) => void): Uint8Array {
  const octets = new Uint8Array(size * items.length);
  const view = new DataView(octets.buffer);
  items.forEach((item, i) => put(new RowWriter(view, i * size), item));
  return octets;
}

/** The objects, and behind the last one a row that says where the attribute rows end. */
function objectsOf(parts: TemplateParts, commons: Commons): Uint8Array {
  const end = { octets: new Uint8Array(6), firstRow: parts.rows.length, last: true as const };
  return section(SIZE.object, [...parts.objects, end], (w, o) => {
    for (const octet of o.octets) w.u8(octet);
    w.u16(o.firstRow);
    if ("last" in o) return;
    const { instance = NO_NUMBER } = o;
    w.u8(commons.classAt(o)).u8(commons.accessSet(o, parts)).u8(Math.min(instance, NO_NUMBER)).u8(o.flags);
  });
}

/** {object, number}, where a class takes a number from the template. */
function extrasOf(parts: TemplateParts): Uint8Array {
  const objects = parts.objects.filter((o) => o.extra !== 0);
  return section(SIZE.extra, objects, (w, o) => w.u16(o.index).u16(o.extra));
}

function baseNamesOf({ objects }: TemplateParts): Uint8Array {
  const named = objects.some((o) => o.baseName !== undefined);
  return section(SIZE.name, named ? objects : [], (w, o) => w.u16(o.baseName ?? 0));
}

function associationPut(w: RowWriter, a: AssociationModel): void {
  w.u16(a.clientSap).u16(a.serverSap);
  w.u16(a.object ?? NONE).u16(a.securitySetup ?? NONE);
  w.u8(a.mechanisms).u8(a.contexts);
  w.u8(a.preEstablished ? PRE_ESTABLISHED : 0).u8(0);
  w.u32(a.conformance);
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

/** The sections in their order. */
function sectionsOf(parts: TemplateParts, commons: Commons) {
  // Rows first: they fill the tables of what they have in common.
  const objects = objectsOf(parts, commons);
  const attributes = section(SIZE.attribute, parts.rows, (w, row) =>
    w.u16(commons.shapeAt(row)).u16(commons.datum(row)),
  );
  const events = section(SIZE.event, parts.events, (w, e) =>
    w
      .u16(e.code)
      .u8(e.profile ?? NO_NUMBER)
      .u8(commons.effectAt(e)),
  );
  return {
    objects,
    attributes,
    classes: section(SIZE.class, commons.classes, (w, c) =>
      w.u16(c.classId).u8(c.version).u8(c.attributes).u8(c.methods).u8(0).u16(c.methodsAt),
    ),
    shapes: section(SIZE.shape, commons.shapes, (w, s) =>
      w
        .u8(s.id & 0xff)
        .u8(s.part)
        .u8(s.flags)
        .u8(s.detail)
        .u16(s.capacity)
        .u16(s.typeAt),
    ),
    ranges: section(SIZE.range, commons.ranges, (w, { min, max }) => w.i64(min).i64(max)),
    associations: section(SIZE.association, parts.associations, associationPut),
    ports: section(SIZE.port, parts.ports, portPut),
    profiles: section(SIZE.profile, parts.profiles, profilePut),
    events,
    effects: section(SIZE.effect, commons.effects, (w, effect) => {
      for (const octet of effect) w.u8(octet);
    }),
    extras: extrasOf(parts),
    baseNames: baseNamesOf(parts),
    accessSets: section(SIZE.name * parts.associations.length, commons.accessSets, (w, offsets) => {
      for (const offset of offsets) w.u16(offset);
    }),
    access: commons.access,
    octets: commons.octets,
  };
}

type Sections = ReturnType<typeof sectionsOf>;

function headPut(w: RowWriter, parts: TemplateParts, commons: Commons, sections: Sections, size: number): void {
  w.u32(MAGIC).u32(VERSION).u32(size).u32(0);
  w.u16(parts.objects.length).u16(parts.rows.length).u16(parts.associations.length).u16(parts.ports.length);
  w.u16(parts.profiles.length).u16(parts.objects.filter((o) => o.classId === SECURITY_SETUP).length);
  w.u16(parts.events.length).u16(parts.slotCount);
  w.u16(commons.classes.length).u16(commons.shapes.length).u16(commons.ranges.length);
  w.u16(commons.accessSets.length)
    .u16(sections.extras.length / SIZE.extra)
    .u16(commons.effects.length);
  let at = SIZE.head;
  for (const [name, octets] of Object.entries(sections)) {
    w.u32(name === "baseNames" && octets.length === 0 ? 0 : at);
    if (name === "access" || name === "octets") w.u32(octets.length);
    at += align(octets.length);
  }
  w.u16(parts.apduSizeMax).u16(parts.pageSize).u16(parts.frameSizeMax);
  w.u16(parts.clockObject ?? NONE).u16(parts.eventObject ?? NONE);
  w.u16(parts.imagePages);
  const { journalTail, inbox, answer } = parts.memory;
  w.u16(journalTail).u16(inbox).u16(answer).u16(0);
  w.u32(parts.securityOptions);
}

/** The image of a model. */
export function imageEmit(parts: TemplateParts): Uint8Array {
  const commons = new Commons();
  const sections = sectionsOf(parts, commons);
  const size = Object.values(sections).reduce((sum, octets) => sum + align(octets.length), SIZE.head);
  const image = new Uint8Array(size);
  const view = new DataView(image.buffer);
  headPut(new RowWriter(view, 0), parts, commons, sections, size);
  let at = SIZE.head;
  for (const octets of Object.values(sections)) {
    image.set(octets, at);
    at += align(octets.length);
  }
  view.setUint32(CHECK_AT, crc32(image.subarray(CHECKED_AT)), true);
  return image;
}

/** Octets of each section of the image, for those who weigh it. */
export function imageSections(parts: TemplateParts): Record<string, number> {
  const sections = Object.entries(sectionsOf(parts, new Commons()));
  return { head: SIZE.head, ...Object.fromEntries(sections.map(([name, octets]) => [name, align(octets.length)])) };
}
