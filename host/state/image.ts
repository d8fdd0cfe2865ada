/** What a state needs to know of the template image it was written for: objects, attribute rows, profiles, the shape of rows. */
import { type Entry } from "./journal.ts";

const PAGE_SIZE = 4096;
const COMPUTED = 2;
const HIDDEN = 4;
const CLASS_PROFILE = 7;
/** Octets of the content of a fixed-size type in a row (assembly/store/rings.ts). */
const WIDTH: Record<number, number> = {
  ...{ 3: 1, 13: 1, 15: 1, 17: 1, 22: 1, 16: 2, 18: 2, 5: 4, 6: 4, 23: 4, 27: 4, 26: 5, 20: 8, 21: 8, 24: 8, 25: 12 },
};
const CLOCK = "8 2";
const STAMP_WIDTH = 12;

export interface Attribute {
  readonly tag: number;
  readonly capacity: number;
  readonly hidden: boolean;
  readonly default: Uint8Array;
}

/** How a profile keeps its rows. */
export interface Shape {
  readonly rowSize: number;
  /** What each column is, and how: equal texts, equal rows. */
  readonly text: string;
  /** Rows that fit. */
  readonly entries: number;
}

/** An object of an image: its key, and where its parts begin. */
interface Place {
  classId: number;
  name: string;
  firstRow: number;
  endRow: number;
  /** Number among the profiles, if it is one. */
  instance: number;
}

/** An attribute row, its key and what a state may hold of it. */
type Row = Attribute & { id: number; part: number };

/** How the rows of one version of the format stand. */
interface Format {
  object(index: number): Place;
  row(index: number): Row;
  /** Octets of the row area of a profile. */
  areaSize(instance: number): number;
  /** Pages that the largest firmware image takes. */
  readonly imagePages: number;
}

const nameAt = (octets: Uint8Array, at: number): string => Buffer.from(octets.subarray(at, at + 6)).toString("hex");

/** Version 1: every row whole. States that were written for such images are carried over. */
function version1(octets: Uint8Array, view: DataView): Format {
  const [objectsAt, rowsAt, profilesAt] = [32, 36, 48].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  return {
    object: (index) => {
      const at = objectsAt + index * 24;
      const firstRow = view.getUint16(at + 12, true);
      return {
        ...{ classId: view.getUint16(at + 6, true), name: nameAt(octets, at) },
        ...{ firstRow, endRow: firstRow + view.getUint16(at + 14, true), instance: view.getUint16(at + 16, true) },
      };
    },
    row: (index) => {
      const at = rowsAt + index * 48;
      const from = view.getUint32(at + 8, true);
      return {
        ...{ id: view.getInt8(at), part: view.getUint8(at + 1), tag: view.getUint8(at + 3) },
        capacity: view.getUint16(at + 4, true),
        hidden: (view.getUint8(at + 2) & HIDDEN) !== 0,
        default: octets.subarray(from, from + view.getUint16(at + 12, true)),
      };
    },
    areaSize: (instance) => view.getUint32(profilesAt + instance * 16 + 4, true),
    imagePages: view.getUint16(82, true),
  };
}

/** Version 2: rows name their class and their shape (assembly/store/template.ts). */
function version2(octets: Uint8Array, view: DataView): Format {
  const word = (at: number): number => view.getUint32(at, true);
  const [objectsAt, rowsAt, classesAt, shapesAt, profilesAt, octetsAt] = [44, 48, 52, 56, 72, 104].map(word) as [
    ...[number, number, number, number, number, number],
  ];
  const sized = (offset: number): Uint8Array => {
    const at = octetsAt + offset;
    const [size, from] = octets[at]! < 0xff ? [octets[at]!, at + 1] : [view.getUint16(at + 1, true), at + 3];
    return octets.subarray(from, from + size);
  };
  return {
    object: (index) => {
      const at = objectsAt + index * 12;
      return {
        ...{ classId: view.getUint16(classesAt + octets[at + 8]! * 8, true), name: nameAt(octets, at) },
        ...{
          firstRow: view.getUint16(at + 6, true),
          endRow: view.getUint16(at + 18, true),
          instance: octets[at + 10]!,
        },
      };
    },
    row: (index) => {
      const at = rowsAt + index * 4;
      const shape = shapesAt + view.getUint16(at, true) * 8;
      const flags = view.getUint8(shape + 2);
      return {
        ...{ id: view.getInt8(shape), part: view.getUint8(shape + 1), capacity: view.getUint16(shape + 4, true) },
        tag: sized(view.getUint16(shape + 6, true))[0] ?? 0,
        hidden: (flags & HIDDEN) !== 0,
        default: sized((flags & COMPUTED) !== 0 ? 0 : view.getUint16(at + 2, true)),
      };
    },
    areaSize: (instance) => word(profilesAt + instance * 16 + 4),
    imagePages: view.getUint16(122, true),
  };
}

export class ImageView {
  readonly check: number;
  /** Octets of the image area at the end of a flash: a page for the blocks that have come, then the image. */
  readonly imageSize: number;
  private readonly format: Format;
  /** Each object {class, name, twin}. */
  private readonly objects = new Map<string, Place>();

  constructor(octets: Uint8Array) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    this.check = view.getUint32(12, true);
    this.format = view.getUint32(4, true) === 1 ? version1(octets, view) : version2(octets, view);
    const { imagePages } = this.format;
    this.imageSize = imagePages === 0 ? 0 : (imagePages + 1) * PAGE_SIZE;
    for (let i = 0; i < view.getUint16(16, true); i++) {
      const place = this.format.object(i);
      const key = `${place.classId} ${place.name}`;
      let twin = 0;
      while (this.objects.has(`${key} ${twin}`)) twin++;
      this.objects.set(`${key} ${twin}`, place);
    }
  }

  has(entry: Pick<Entry, "classId" | "name" | "twin">): boolean {
    return this.objects.has(`${entry.classId} ${entry.name} ${entry.twin}`);
  }

  /** The attribute row of an entry's place. */
  attribute(entry: Pick<Entry, "classId" | "name" | "twin" | "attribute" | "part">): Attribute | undefined {
    const place = this.objects.get(`${entry.classId} ${entry.name} ${entry.twin}`);
    if (place === undefined) return undefined;
    for (let i = place.firstRow; i < place.endRow; i++) {
      const row = this.format.row(i);
      if (row.id === entry.attribute && row.part === entry.part) return row;
    }
    return undefined;
  }

  /** The shape that a profile's rows have with this capture_objects, undefined when it is none. */
  shape(profile: Entry, captureObjects: Uint8Array | undefined): Shape | undefined {
    const octets = captureObjects ?? this.attribute({ ...profile, attribute: 3, part: 0 })?.default;
    if (octets === undefined || octets[0] !== 1) return undefined;
    const texts: string[] = [];
    let rowSize = 0;
    for (let i = 0, at = 2; i < octets[1]!; i++, at += 18) {
      const column = this.column(octets.subarray(at, at + 18));
      if (column === undefined) return undefined;
      texts.push(column.text);
      rowSize += column.width;
    }
    return { rowSize, text: texts.join(", "), entries: this.entries(profile, rowSize) };
  }

  /** One capture_object_definition: 02 04 | 12 class | 09 06 name | 0F attribute | 12 data index. */
  private column(octets: Uint8Array): { text: string; width: number } | undefined {
    if (octets.length !== 18) return undefined;
    const classId = (octets[3]! << 8) | octets[4]!;
    const name = Buffer.from(octets.subarray(7, 13)).toString("hex");
    const attribute = (octets[14]! << 24) >> 24;
    const row = this.attribute({ classId, name, twin: 0, attribute, part: 0 });
    if (row === undefined) return undefined;
    const clock = `${classId} ${attribute}` === CLOCK;
    const width = clock ? STAMP_WIDTH : (WIDTH[row.tag] ?? row.capacity - 1);
    return { text: `${classId} ${name} ${attribute} as ${row.tag}/${width}`, width };
  }

  private entries(profile: Entry, rowSize: number): number {
    const object = this.objects.get(`${profile.classId} ${profile.name} ${profile.twin}`);
    if (object === undefined || rowSize === 0 || object.classId !== CLASS_PROFILE) return 0;
    return Math.floor(this.format.areaSize(object.instance) / rowSize);
  }
}
