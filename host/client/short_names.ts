/**
 * Attributes and methods by short name: attribute n of an object is named base_name + 8 (n - 1), its methods follow at an offset
 * of the class. Base names come from the object list of the meter. Blue Book, mapping of short names.
 */

import { type AttributeDescriptor, type MethodDescriptor } from "./apdu_parts.ts";
import { type Data } from "./axdr.ts";
import { elementsOf, numberOf, octetsOf } from "./data.ts";
import { DlmsError } from "./errors.ts";
import { logicalNameCanonical, logicalNameText } from "./logical_name.ts";

export const CLASS_ASSOCIATION_SN = 12;
export const ASSOCIATION_CURRENT = "0-0:40.0.0.255";
/** Base name of the current association, in every meter. */
const BASE_CURRENT = 0xfa00;

/** Offset of method 1 from the base name, by class. Classes without methods, or whose offset this client does not know, are absent. */
const METHOD_OFFSET: Readonly<Record<number, number>> = {
  3: 0x28,
  4: 0x38,
  5: 0x48,
  6: 0x30,
  7: 0x58,
  8: 0x60,
  9: 0x20,
  10: 0x20,
  11: 0x10,
  12: 0x20,
  15: 0x60,
  18: 0x40,
  20: 0x50,
  40: 0x38,
  42: 0x60,
  61: 0x28,
  64: 0x30,
  70: 0x20,
};

/** An element of object_list of Association SN. */
export interface ShortNameEntry {
  baseName: number;
  classId: number;
  version: number;
  logicalName: string;
}

/** Entries of object_list, class 12 attribute 2: base_name is a signed long. */
export function shortNameEntriesOf(data: Data): ShortNameEntry[] {
  return elementsOf(data, "object_list").map((element) => {
    const [base, classId, version, name] = elementsOf(element, "object_list element", 4) as [Data, Data, Data, Data];
    return {
      baseName: numberOf(base, "base_name") & 0xffff,
      classId: numberOf(classId, "class_id"),
      version: numberOf(version, "version"),
      logicalName: logicalNameText(octetsOf(name, "logical_name")),
    };
  });
}

/** Names of the objects of one association. */
export class ShortNames {
  private readonly load: () => Promise<Data>;
  private loaded: Promise<ShortNameEntry[]> | undefined;

  /** @param load reads object_list; it is called once, and only when a name is not that of the current association */
  constructor(load: () => Promise<Data>) {
    this.load = load;
  }

  entries(): Promise<ShortNameEntry[]> {
    this.loaded ??= this.load().then(shortNameEntriesOf);
    return this.loaded;
  }

  /** Short name of an attribute. */
  async attribute(d: AttributeDescriptor): Promise<number> {
    if (d.attribute < 1) throw new DlmsError("attribute 0 has no short name");
    return (await this.baseOf(d.classId, d.logicalName)) + 8 * (d.attribute - 1);
  }

  /** Short name of a method. */
  async method(d: MethodDescriptor): Promise<number> {
    const offset = METHOD_OFFSET[d.classId];
    if (offset === undefined) throw new DlmsError(`methods of class ${d.classId} have no short names known here`);
    return (await this.baseOf(d.classId, d.logicalName)) + offset + 8 * (d.method - 1);
  }

  private async baseOf(classId: number, logicalName: string): Promise<number> {
    const name = logicalNameCanonical(logicalName);
    if (classId === CLASS_ASSOCIATION_SN && name === ASSOCIATION_CURRENT) return BASE_CURRENT;
    const entry = (await this.entries()).find((one) => one.logicalName === name && one.classId === classId);
    if (entry === undefined) throw new DlmsError(`${name} (class ${classId}) has no short name in this association`);
    return entry.baseName;
  }
}
