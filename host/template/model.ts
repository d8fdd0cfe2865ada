/** The object model as the compiler understood it: indices of the image, with names for people. */
import type { AttributeRow } from "./attributes.ts";
import type { Group, IdentityDocument, ImageDocument, MemoryDocument, ProfileDocument } from "./document.ts";
import { logicalNameLike, logicalNameWhole } from "./logical_name.ts";

export interface AttributeModel {
  id: number;
  name: string;
  /** Type as text, "" where only the class behaviour knows it. */
  type: string;
  quantity?: string;
  settable: boolean;
  /** Row of the attribute table, undefined where the class behaviour gives the value. */
  row?: number;
}

export interface ObjectModel {
  index: number;
  logicalName: string;
  octets: Uint8Array;
  classId: number;
  version: number;
  className: string;
  name: string;
  /** Server SAP of the logical device that has it, undefined = whoever has access. */
  device?: number;
  /** Number among the objects of its name. */
  ordinal: number;
  group: Group;
  source: string[];
  confidence: string;
  note: string;
  /** Attributes 1, 2, …. */
  attributes: AttributeModel[];
  /** Manufacturer attributes -1, -2, …. */
  own: AttributeModel[];
  /** Names of methods 1, 2, …. */
  methods: string[];
  /** Offset of the short name of method 1. */
  methodsAt: number;
  /** Short name of attribute 1, undefined = none. */
  baseName?: number;
  /** ObjectRow.flags and ObjectRow.extra of the image. */
  flags: number;
  extra: number;
  /** Octets of access_mode per attribute, per method, then per manufacturer attribute, for each client that sees the object. */
  access: Map<string, Uint8Array>;
  firstRow: number;
  rowCount: number;
  /** Number among the objects of its class, or of its association or port (ObjectRow.instance), undefined = none. */
  instance?: number;
  profile?: ProfileDocument;
  image?: ImageDocument;
}

export interface AssociationModel {
  name: string;
  clientSap: number;
  serverSap: number;
  object?: number;
  securitySetup?: number;
  securitySetupLocal?: number;
  /** Bit m: mechanism m; bit c: context c. */
  mechanisms: number;
  contexts: number;
  preEstablished: boolean;
  /** Bit 0 of the standard as bit 23. */
  conformance: number;
  llsSecret?: number;
  hlsSecret?: number;
}

export interface PortModel {
  name: string;
  kind: "wrapper" | "wrapper-udp" | "hdlc";
  flags: number;
  connections: number;
  links: number;
  setupObject: number;
  firstSlot: number;
  infoSizeMax: number;
  windowMax: number;
  addressLength: number;
  /** IEC local port setup object, and number of the profile whose columns are the data readout. */
  localObject?: number;
  readout?: number;
}

export interface ProfileModel {
  object: number;
  areaSize: number;
  depth: number;
  rowSize: number;
  form: "plain" | "null-data" | "compact-array";
  /** Bits of ProfileNull (assembly/store/template.ts). */
  nulls: number;
}

export interface EventModel {
  code: number;
  name: string;
  profile?: number;
  alarm1?: number;
  alarm2?: number;
  alarm3?: number;
  error?: number;
  times?: number;
}

export interface TemplateParts {
  name: string;
  title: string;
  identity: IdentityDocument;
  apduSizeMax: number;
  pageSize: number;
  memory: MemoryDocument;
  frameSizeMax: number;
  slotCount: number;
  clockObject?: number;
  eventObject?: number;
  /** Pages of 4096 octets of the largest firmware image. */
  imagePages: number;
  /** Bits of assembly/session/options.ts. */
  securityOptions: number;
  objects: ObjectModel[];
  rows: AttributeRow[];
  associations: AssociationModel[];
  ports: PortModel[];
  profiles: ProfileModel[];
  events: EventModel[];
}

/** The attribute of an object, undefined when it has none of this id. */
export function attributeModel(object: ObjectModel, id: number): AttributeModel | undefined {
  return id < 0 ? object.own[-id - 1] : object.attributes[id - 1];
}

/** A compiled template with look-ups. */
export class TemplateModel {
  readonly parts: TemplateParts;
  private readonly byName = new Map<string, ObjectModel>();

  constructor(parts: TemplateParts) {
    this.parts = parts;
    for (const object of parts.objects) {
      // Of objects of one name the first is meant, which belongs to no other logical device than the management one.
      if (object.ordinal === 0) this.byName.set(object.logicalName, object);
      if (!this.byName.has(object.name)) this.byName.set(object.name, object);
    }
  }

  get name(): string {
    return this.parts.name;
  }

  get objects(): readonly ObjectModel[] {
    return this.parts.objects;
  }

  /** The object with a logical name (.255 may be left out) or an object name. */
  find(name: string): ObjectModel | undefined {
    return this.byName.get(logicalNameLike(name) ? logicalNameWhole(name) : name);
  }

  /** The objects of a logical name, one for each logical device that has its own. */
  all(logicalName: string): ObjectModel[] {
    const whole = logicalNameWhole(logicalName);
    return this.parts.objects.filter((object) => object.logicalName === whole);
  }

  /** Index of the object in the image, undefined when there is none. */
  objectIndex(name: string): number | undefined {
    return this.find(name)?.index;
  }

  /** Name of an attribute such as "capture_period", "?" when the class has none of this id. */
  attributeName(object: ObjectModel, attribute: number): string {
    return attributeModel(object, attribute)?.name ?? "?";
  }

  methodName(object: ObjectModel, method: number): string {
    return object.methods[method - 1] ?? "?";
  }

  /** Attribute id from its number or name, undefined when the class has none. */
  attributeId(object: ObjectModel, text: string): number | undefined {
    return [...object.attributes, ...object.own].find((a) => String(a.id) === text || a.name === text)?.id;
  }

  /** Row of the attribute table for an object's attribute and part. */
  row(object: ObjectModel, attribute: number, part = 0): AttributeRow | undefined {
    return this.parts.rows
      .slice(object.firstRow, object.firstRow + object.rowCount)
      .find((row) => row.id === attribute && row.part === part);
  }

  /** Security setup objects, by their instance. */
  securitySetups(): ObjectModel[] {
    return this.parts.objects.filter((object) => object.classId === CLASS_SECURITY_SETUP);
  }
}

export const CLASS_EXTENDED_REGISTER = 4;
export const CLASS_DEMAND_REGISTER = 5;
export const CLASS_PROFILE = 7;
export const CLASS_CLOCK = 8;
export const CLASS_ASSOCIATION = 15;
export const CLASS_IMAGE_TRANSFER = 18;
export const CLASS_HDLC_SETUP = 23;
export const CLASS_LIMITER = 71;
export const CLASS_REGISTER_MONITOR = 21;
export const CLASS_SCHEDULE = 10;
export const CLASS_SINGLE_ACTION = 22;
export const CLASS_PUSH_SETUP = 40;
export const CLASS_ASSOCIATION_SN = 12;
export const CLASS_SECURITY_SETUP = 64;
