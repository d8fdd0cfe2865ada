/**
 * What objects of a template have in common, each kept once and named by its number: classes, shapes of attributes, ranges, sets of
 * rights, effects of events, and octets. The tables follow assembly/store/template.ts.
 */
import { type AttributeRow, COMPUTED, HISTORY, RANGED } from "./attributes.ts";
import { TemplateError } from "./error.ts";
import type { EventModel, ObjectModel, TemplateParts } from "./model.ts";

/** A size in front of octets that is too large for one octet: two more follow, little-endian. */
const LONG_SIZE = 255;
/** What is read behind an offset without looking at the size. */
const OCTETS_BEYOND = 2;
const OFFSET_END = 0x10000;
/** Offset 0 behind accessAt says "not visible", so that no row may stand there. */
const ACCESS_RESERVED = 2;
const INDEX_END = 256;
/** A bit that no register has. */
const NO_BIT = 255;

/** Different things in the order in which they were first wanted. */
class Table<T> {
  readonly items: T[] = [];
  private readonly known = new Map<string, number>();
  private readonly what: string;
  private readonly end: number;

  constructor(what: string, end: number) {
    this.what = what;
    this.end = end;
  }

  /** Number of the thing that `key` tells from all others. */
  put(key: string, make: () => T): number {
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const index = this.items.length;
    if (index >= this.end) throw new TemplateError(`${this.what}: more than ${this.end} different ones`);
    this.known.set(key, index);
    this.items.push(make());
    return index;
  }
}

/** Octets that are kept once, however often they are wanted. */
class Pool {
  private readonly parts: Uint8Array[] = [];
  private readonly known = new Map<string, number>();
  private readonly what: string;
  private size = 0;

  constructor(what: string) {
    this.what = what;
  }

  /** Offset of the octets within the pool. */
  put(octets: Uint8Array): number {
    const key = Buffer.from(octets).toString("latin1");
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const at = this.size;
    this.known.set(key, at);
    this.parts.push(octets);
    this.size += octets.length;
    if (at >= OFFSET_END) throw new TemplateError(`${this.what}: ${this.size} octets (limit ${OFFSET_END})`);
    return at;
  }

  octets(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

function sized(octets: Uint8Array): Uint8Array {
  const { length } = octets;
  return Uint8Array.of(...(length < LONG_SIZE ? [length] : [LONG_SIZE, length & 0xff, length >> 8]), ...octets);
}

/** HistoryCell of assembly/store/template.ts. */
function cellOctets(row: AttributeRow): Uint8Array {
  const cell = Buffer.alloc(8);
  cell.writeUInt32LE(row.cell!.column, 0);
  cell.writeUInt16LE(row.cell!.profile, 4);
  cell.writeUInt16LE(row.quantity, 6);
  return cell;
}

export interface ClassItem {
  classId: number;
  version: number;
  attributes: number;
  methods: number;
  methodsAt: number;
}

export interface ShapeItem {
  id: number;
  part: number;
  flags: number;
  detail: number;
  capacity: number;
  typeAt: number;
}

/** How rows name what they have in common; the tables fill as they do. */
export class Commons {
  private readonly classTable = new Table<ClassItem>("objects: classes", INDEX_END);
  private readonly shapeTable = new Table<ShapeItem>("objects: shapes of attributes", OFFSET_END);
  private readonly rangeTable = new Table<{ min: bigint; max: bigint }>("objects: ranges (min, max)", INDEX_END);
  private readonly setTable = new Table<number[]>("objects: combinations of access rights", INDEX_END);
  private readonly effectTable = new Table<number[]>("events: effects", INDEX_END);
  private readonly accessPool = new Pool("objects: access rights");
  private readonly octetPool = new Pool("objects: values and types");

  constructor() {
    this.accessPool.put(new Uint8Array(ACCESS_RESERVED));
    this.octetPool.put(sized(new Uint8Array(0)));
  }

  get classes(): readonly ClassItem[] {
    return this.classTable.items;
  }
  get shapes(): readonly ShapeItem[] {
    return this.shapeTable.items;
  }
  get ranges(): readonly { min: bigint; max: bigint }[] {
    return this.rangeTable.items;
  }
  /** Offsets of access rows, one for each association, 0 = not visible. */
  get accessSets(): readonly (readonly number[])[] {
    return this.setTable.items;
  }
  /** Bits in the error register and in alarm registers 1 to 3, and how often the cause must come. */
  get effects(): readonly (readonly number[])[] {
    return this.effectTable.items;
  }
  get access(): Uint8Array {
    return this.accessPool.octets();
  }
  get octets(): Uint8Array {
    return Buffer.concat([this.octetPool.octets(), new Uint8Array(OCTETS_BEYOND)]);
  }

  classAt(o: ObjectModel): number {
    return this.classTable.put(`${o.classId} ${o.version}`, () => ({
      classId: o.classId,
      version: o.version,
      attributes: o.attributes.length,
      methods: o.methods.length,
      methodsAt: o.methods.length === 0 ? 0 : o.methodsAt,
    }));
  }

  effectAt({ error, alarm1, alarm2, alarm3, times }: EventModel): number {
    const effect = [...[error, alarm1, alarm2, alarm3].map((bit) => bit ?? NO_BIT), times ?? 1];
    return this.effectTable.put(effect.join(), () => effect);
  }

  accessSet(o: ObjectModel, parts: TemplateParts): number {
    const offsets = parts.associations.map(({ name }) => {
      const row = o.access.get(name);
      return row === undefined || row.length === 0 ? 0 : this.accessPool.put(row);
    });
    return this.setTable.put(offsets.join(), () => offsets);
  }

  shapeAt(row: AttributeRow): number {
    const shape = {
      id: row.id,
      part: row.part,
      flags: row.flags,
      detail: (row.flags & COMPUTED) !== 0 ? row.digits : this.rangeAt(row),
      capacity: row.capacity,
      typeAt: this.octetPool.put(sized(row.type)),
    };
    return this.shapeTable.put(Object.values(shape).join(), () => shape);
  }

  private rangeAt({ flags, min, max }: AttributeRow): number {
    return (flags & RANGED) === 0 ? 0 : this.rangeTable.put(`${min} ${max}`, () => ({ min, max }));
  }

  /** The quantity of a computed value; of the others where their default stands, 0 = they have none. */
  datum(row: AttributeRow): number {
    if ((row.flags & HISTORY) !== 0) return this.octetPool.put(sized(cellOctets(row)));
    return (row.flags & COMPUTED) !== 0 ? row.quantity : this.octetPool.put(sized(row.default));
  }
}
