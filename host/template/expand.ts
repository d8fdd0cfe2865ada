/** From the objects of a document, with their kinds and short forms, to objects that say everything. */
import type {
  AccessDocument,
  AttributeDocument,
  Group,
  ImageDocument,
  ObjectDocument,
  ObjectPartDocument,
  ProfileDocument,
  TemplateDocument,
  ValueDocument,
} from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { extrasOf } from "./extras.ts";
import { LIMITS } from "./limits.ts";
import { logicalNameParse, logicalNameText, logicalNameWhole } from "./logical_name.ts";
import {
  CLASS_ASSOCIATION,
  CLASS_ASSOCIATION_SN,
  CLASS_DEMAND_REGISTER,
  CLASS_EXTENDED_REGISTER,
  CLASS_IMAGE_TRANSFER,
  CLASS_PUSH_SETUP,
} from "./model.ts";
import { type InterfaceClass, interfaceClass, UNITS } from "./tables.ts";

/** An object with everything its kind gives it. */
export interface WholeObject {
  logicalName: string;
  octets: Uint8Array;
  class: InterfaceClass;
  name: string;
  device?: number;
  group: Group;
  /** Base name the template gives. */
  baseName?: number;
  source: string[];
  confidence: string;
  note: string;
  access: AccessDocument;
  attributes: Map<number, AttributeDocument>;
  /** How many manufacturer attributes -1, -2, … are among them. */
  ownCount: number;
  profile?: ProfileDocument;
  image?: ImageDocument;
  /** ObjectRow.flags and ObjectRow.extra. */
  flags: number;
  extra: number;
  /** Logical name of the Demand register of a maximum. */
  maximumOf?: string;
}

/** How messages name an object. */
export function objectText(o: { logicalName: string; name?: string }): string {
  return `object ${o.logicalName}${o.name ? ` "${o.name}"` : ""}`;
}

/** The object of a profile that has no sort object (class 0, no logical name). */
const UNSORTED: ValueDocument = {
  structure: [{ "long-unsigned": 0 }, { "octet-string": "000000000000" }, { integer: 0 }, { "long-unsigned": 0 }],
};
const FIFO = 1;
const SMALLEST = 4;
const COLUMNS_MAX_DEFAULT = 12;
/** Manufacturer attributes of an object: an item of object_list stays far below its largest size. */
const OWN_ATTRIBUTES_MAX = 16;

/** Joins attribute by attribute; what `over` says wins. */
function attributesJoin(
  under: Record<string, AttributeDocument> = {},
  over: Record<string, AttributeDocument> = {},
): Record<string, AttributeDocument> {
  const joined: Record<string, AttributeDocument> = { ...under };
  for (const [id, attribute] of Object.entries(over)) joined[id] = { ...joined[id], ...attribute };
  return joined;
}

/** Joins two descriptions of an object; also how a template changes an object of the one it extends. */
export function partsJoin<T extends ObjectPartDocument>(under: ObjectPartDocument, over: T): T {
  const attributes = attributesJoin(under.attributes, over.attributes);
  const joined: T = { ...under, ...over, attributes };
  if (under.profile && over.profile) joined.profile = { ...under.profile, ...over.profile };
  return joined;
}

function kindOf(document: TemplateDocument, name: string, seen: string[] = []): ObjectPartDocument {
  const kind = document.kinds?.[name];
  if (!kind) throw new TemplateError(`kind: there is no kind "${name}"`);
  if (seen.includes(name)) throw new TemplateError(`kind: "${name}" leads back to itself`);
  return kind.kind === undefined ? kind : partsJoin(kindOf(document, kind.kind, [...seen, name]), kind);
}

function accessOf(document: TemplateDocument, access: string | AccessDocument | undefined): AccessDocument {
  if (typeof access !== "string") return access ?? {};
  const found = document.access?.[access];
  if (!found) throw new TemplateError(`access: there is no access pattern "${access}"`);
  return found;
}

function scalerUnitPut(attributes: Map<number, AttributeDocument>, part: ObjectPartDocument, c: InterfaceClass): void {
  if (part.scaler === undefined && part.unit === undefined) return;
  const id = c.attributes.findIndex((attribute) => attribute.name === "scaler_unit") + 1;
  if (id === 0) throw new TemplateError(`scaler: class ${c.id} (${c.name}) has no scaler_unit`);
  const unit = UNITS.get(part.unit ?? "count");
  if (unit === undefined)
    throw new TemplateError(`unit: "${part.unit}" is not known (${[...UNITS.keys()].join(", ")})`);
  const value = { structure: [{ integer: part.scaler ?? 0 }, { enum: unit }] };
  attributes.set(id, { value, ...attributes.get(id) });
}

function profilePut(attributes: Map<number, AttributeDocument>, profile: ProfileDocument, c: InterfaceClass): void {
  if (c.id !== 7) throw new TemplateError(`profile: class ${c.id} (${c.name}) is not Profile generic`);
  const columnsMax = profile.columnsMax ?? Math.max(COLUMNS_MAX_DEFAULT, profile.columns.length);
  if (columnsMax > LIMITS.COLUMNS_MAX || profile.columns.length > columnsMax) {
    const count = Math.max(columnsMax, profile.columns.length);
    throw new TemplateError(`profile.columns: ${count} columns (limit ${Math.min(columnsMax, LIMITS.COLUMNS_MAX)})`);
  }
  const put = (id: number, attribute: AttributeDocument) => attributes.set(id, { ...attribute, ...attributes.get(id) });
  put(3, {
    value: { array: profile.columns.map((attribute) => ({ attribute })) },
    type: `array(${columnsMax}) of $capture_object_definition`,
  });
  put(4, { value: { "double-long-unsigned": profile.period }, min: 0, max: 86400 });
  put(5, { value: { enum: FIFO }, min: FIFO, max: SMALLEST });
  put(6, { value: UNSORTED });
  put(8, { value: { "double-long-unsigned": profile.depth }, min: 1, max: profile.depth });
}

/** Octets a push_object_list may take. */
const PUSH_LIST_SIZE = 800;

function pushPut(attributes: Map<number, AttributeDocument>, push: string[], c: InterfaceClass): void {
  if (c.id !== CLASS_PUSH_SETUP) throw new TemplateError(`push: class ${c.id} (${c.name}) is not Push setup`);
  const key = c.version === 0 ? "attribute" : `push-object-${Math.min(c.version, 2)}`;
  const value: ValueDocument = { array: push.map((text) => ({ [key]: text }) as ValueDocument) };
  attributes.set(2, { value, capacity: PUSH_LIST_SIZE, ...attributes.get(2) });
}

/** Octets of an identifier and of a signature in image_to_activate_info. */
const IMAGE_INFO = "array(1) of structure{double-long-unsigned, octet-string(48), octet-string(64)}";

/** The attributes that say how far an image is; its blocks must fill whole words of the flash. */
function imagePut(attributes: Map<number, AttributeDocument>, image: ImageDocument, c: InterfaceClass): void {
  if (c.id !== CLASS_IMAGE_TRANSFER) throw new TemplateError(`image: class ${c.id} (${c.name}) is not Image transfer`);
  const block = Number(attributes.get(2)?.value?.["double-long-unsigned"]);
  if (!(block >= 4 && block <= LIMITS.IMAGE_BLOCK_SIZE_MAX && block % 4 === 0)) {
    throw new TemplateError(`image_block_size: ${block} is not a multiple of 4 up to ${LIMITS.IMAGE_BLOCK_SIZE_MAX}`);
  }
  const most = block * LIMITS.IMAGE_BLOCKS_MAX;
  if (image.sizeMax > most) throw new TemplateError(`image.sizeMax: ${image.sizeMax} octets (limit ${most})`);
  const put = (id: number, attribute: AttributeDocument) => attributes.set(id, { ...attribute, ...attributes.get(id) });
  put(6, { value: { enum: 0 }, stored: true });
  put(7, { value: { array: [] }, type: IMAGE_INFO, stored: true });
}

/** The averages of a Demand register are computed; its periods are what the core can integrate. */
function demandPut(attributes: Map<number, AttributeDocument>, quantity: string, c: InterfaceClass): void {
  if (c.id !== CLASS_DEMAND_REGISTER)
    throw new TemplateError(`demandOf: class ${c.id} (${c.name}) is not Demand register`);
  for (const id of [2, 3]) attributes.set(id, { ...attributes.get(id), quantity });
  const period = Number(attributes.get(8)?.value?.["double-long-unsigned"]);
  if (!(period > 0 && 3600 % period === 0)) throw new TemplateError(`period: ${period} s do not fill a whole hour`);
  const periods = Number(attributes.get(9)?.value?.["long-unsigned"]);
  if (!(periods >= 1 && periods <= LIMITS.DEMAND_PERIODS_MAX)) {
    throw new TemplateError(`number_of_periods: ${periods} (limits 1 to ${LIMITS.DEMAND_PERIODS_MAX})`);
  }
}

/** Value, status and capture time of a maximum are the meter's own. */
function maximumPut(attributes: Map<number, AttributeDocument>, c: InterfaceClass): void {
  if (c.id !== CLASS_EXTENDED_REGISTER)
    throw new TemplateError(`maximumOf: class ${c.id} (${c.name}) is not Extended register`);
  for (const id of [2, 4, 5]) attributes.set(id, { ...attributes.get(id), stored: true });
}

/** Counts the manufacturer attributes, which the core finds by their number alone. */
function ownCountOf(attributes: Map<number, AttributeDocument>): number {
  const ids = [...attributes.keys()].filter((id) => id < 0);
  for (let id = -1; id >= -ids.length; id--) {
    if (attributes.has(id)) continue;
    throw new TemplateError(`attributes.${Math.min(...ids)}: there is no ${id}; write -1, -2, … without gaps`);
  }
  if (ids.length > OWN_ATTRIBUTES_MAX) {
    throw new TemplateError(`attributes: ${ids.length} of the manufacturer (limit ${OWN_ATTRIBUTES_MAX})`);
  }
  return ids.length;
}

function objectExpand(document: TemplateDocument, object: ObjectDocument): WholeObject {
  const part = object.kind === undefined ? object : partsJoin(kindOf(document, object.kind), object);
  if (part.class === undefined) throw new TemplateError("class is missing");
  const change = part.remove ? "remove" : part.replace ? "replace" : undefined;
  if (change) throw new TemplateError(`${change}: only a template that extends another can ${change} objects`);
  const c = interfaceClass(part.class, part.version ?? 0);
  const attributes = new Map(Object.entries(part.attributes ?? {}).map(([id, a]) => [Number(id), a]));
  for (const id of attributes.keys()) {
    if (id > c.attributes.length) {
      throw new TemplateError(`attributes.${id}: class ${c.id} (${c.name}) has attributes 1 to ${c.attributes.length}`);
    }
  }
  scalerUnitPut(attributes, part, c);
  if (part.quantity !== undefined) attributes.set(2, { ...attributes.get(2), quantity: part.quantity });
  if (part.push) pushPut(attributes, part.push, c);
  if (part.image) imagePut(attributes, part.image, c);
  if (part.demandOf !== undefined) demandPut(attributes, part.demandOf, c);
  if (part.maximumOf !== undefined) maximumPut(attributes, c);
  if (part.profile) profilePut(attributes, part.profile, c);
  else if (c.id === 7) throw new TemplateError("profile is missing");
  return {
    logicalName: logicalNameWhole(object.logicalName),
    octets: logicalNameParse(object.logicalName),
    class: c,
    name: part.name ?? c.name,
    ...(object.device === undefined ? {} : { device: object.device }),
    group: part.group ?? "B",
    source: part.source ?? [],
    confidence: part.confidence ?? "low",
    note: part.note ?? "",
    ...(object.shortName === undefined ? {} : { baseName: Number.parseInt(object.shortName, 16) }),
    access: accessOf(document, part.access),
    ...extrasOf(part, c),
    attributes,
    ownCount: ownCountOf(attributes),
    ...(part.profile ? { profile: part.profile } : {}),
    ...(part.image ? { image: part.image } : {}),
    ...(part.maximumOf === undefined ? {} : { maximumOf: part.maximumOf }),
  };
}

function keyCompare(a: WholeObject, b: WholeObject): number {
  return (
    Buffer.compare(a.octets, b.octets) ||
    a.class.id - b.class.id ||
    a.class.version - b.class.version ||
    (a.device ?? 0) - (b.device ?? 0)
  );
}

/** Groups that are there only when identity.functions names them. */
const EXTENSIONS: readonly Group[] = ["D", "L", "M"];

/** Whether a meter of this document has what is of that group. */
export function groupChosen(document: TemplateDocument, group: Group = "B"): boolean {
  const chosen: readonly Group[] = document.identity.functions;
  return !EXTENSIONS.includes(group) || chosen.includes(group);
}

/** All objects of the extensions chosen, sorted by logical name, class and version. */
export function objectsExpand(document: TemplateDocument): WholeObject[] {
  const whole = document.objects
    .map((object) => within(objectText(object), () => objectExpand(document, object)))
    .filter(({ group }) => groupChosen(document, group));
  whole.sort(keyCompare);
  whole.forEach((object, i) => {
    const before = whole[i - 1];
    if (!before || logicalNameText(before.octets) !== object.logicalName) return;
    // The current association is Association SN to clients with short names and Association LN to others.
    if (before.class.id === CLASS_ASSOCIATION_SN && object.class.id === CLASS_ASSOCIATION) return;
    if (before.device === object.device) {
      throw new TemplateError(`${objectText(object)}: logicalName: there are two objects of this name`);
    }
    if (before.class.id !== object.class.id || before.class.version !== object.class.version) {
      throw new TemplateError(`${objectText(object)}: class: objects of one name in several devices have one class`);
    }
  });
  if (whole.length > LIMITS.OBJECTS_MAX) {
    throw new TemplateError(`objects: ${whole.length} objects (limit ${LIMITS.OBJECTS_MAX})`);
  }
  return whole;
}
