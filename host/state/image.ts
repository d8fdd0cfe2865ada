/** What a state needs to know of the template image it was written for: objects, attribute rows, profiles, the shape of rows. */
import { type Entry } from "./journal.ts";

const OBJECT_SIZE = 24;
const ATTRIBUTE_SIZE = 48;
const PROFILE_SIZE = 16;
const HIDDEN = 4;
const NONE = 0xffff;
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

export class ImageView {
  readonly check: number;
  private readonly octets: Uint8Array;
  private readonly view: DataView;
  /** First row of each object {class, name, twin}. */
  private readonly objects = new Map<string, number>();

  constructor(octets: Uint8Array) {
    this.octets = octets;
    this.view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    this.check = this.view.getUint32(12, true);
    const at = this.view.getUint32(32, true);
    for (let i = 0; i < this.view.getUint16(16, true); i++) {
      const row = at + i * OBJECT_SIZE;
      const key = `${this.view.getUint16(row + 6, true)} ${Buffer.from(octets.subarray(row, row + 6)).toString("hex")}`;
      let twin = 0;
      while (this.objects.has(`${key} ${twin}`)) twin++;
      this.objects.set(`${key} ${twin}`, row);
    }
  }

  has(entry: Pick<Entry, "classId" | "name" | "twin">): boolean {
    return this.objects.has(`${entry.classId} ${entry.name} ${entry.twin}`);
  }

  /** The attribute row of an entry's place. */
  attribute(entry: Pick<Entry, "classId" | "name" | "twin" | "attribute" | "part">): Attribute | undefined {
    const row = this.objects.get(`${entry.classId} ${entry.name} ${entry.twin}`);
    if (row === undefined) return undefined;
    const { view } = this;
    const first = view.getUint16(row + 12, true);
    const attributesAt = view.getUint32(36, true);
    for (let i = first; i < first + view.getUint16(row + 14, true); i++) {
      const at = attributesAt + i * ATTRIBUTE_SIZE;
      if (view.getInt8(at) !== entry.attribute || view.getUint8(at + 1) !== entry.part) continue;
      const from = view.getUint32(at + 8, true);
      return {
        tag: view.getUint8(at + 3),
        capacity: view.getUint16(at + 4, true),
        hidden: (view.getUint8(at + 2) & HIDDEN) !== 0,
        default: this.octets.subarray(from, from + view.getUint16(at + 12, true)),
      };
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
    const { view } = this;
    const object = this.objects.get(`${profile.classId} ${profile.name} ${profile.twin}`);
    if (object === undefined || rowSize === 0) return 0;
    const instance = view.getUint16(object + 16, true);
    if (instance === NONE) return 0;
    const at = view.getUint32(48, true) + instance * PROFILE_SIZE;
    return Math.floor(view.getUint32(at + 4, true) / rowSize);
  }
}
