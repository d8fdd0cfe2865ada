/** Rows of the attribute table: defaults, types, ranges and quantities of one object, and its hidden values. */
import { ACCESS_READ, ACCESS_WRITE, accessGranted } from "./access.ts";
import type { AttributeDocument, HistoryDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { objectText, type WholeObject } from "./expand.ts";
import type { HistoryCell } from "./history.ts";
import { LIMITS } from "./limits.ts";
import { CLASS_DEMAND_REGISTER, CLASS_IMAGE_TRANSFER, CLASS_SECURITY_SETUP } from "./model.ts";
import { classAttribute, HIDDEN_ROWS, QUANTITIES, type Quantity, UNITS } from "./tables.ts";
import { type Type, typeCapacity, typeDescription, typeFits, typeParse, typeRange, typeTag, typeText } from "./type.ts";
import { type ClassOf, type Value, valueCheck, valueEmit, valueParse, valueType } from "./value.ts";

/** Bits of AttributeRow.flags (assembly/store/template.ts). */
export const SETTABLE = 1;
export const COMPUTED = 2;
export const HIDDEN = 4;
export const RANGED = 8;
export const HISTORY = 16;
export const OWN = 32;

/** A row of the attribute table before it has an address. */
export interface AttributeRow {
  object: number;
  id: number;
  part: number;
  flags: number;
  tag: number;
  /** Octets a stored value may take, 0 = none can be stored. */
  capacity: number;
  quantity: number;
  default: Uint8Array;
  type: Uint8Array;
  /** Type as text, empty when hidden. */
  typeText: string;
  digits: number;
  min: bigint;
  max: bigint;
  /** The cell of a past row that the value is, and where historiesResolve() found it. */
  history?: HistoryDocument;
  cell?: HistoryCell;
}

/** The quantity of a value out of a past row. */
const HISTORY_QUANTITY = "history";

/** Largest octets of a change record in front of the value: head, key, length and check value. */
const RECORD_HEAD_MAX = 64;

/** Numbers of the energies of all phases and rates are below this. */
const TOTAL_ID_MAX = 16;

/** Attribute of Security setup. */
const SECURITY_SUITE = 3;

const CAPACITY_MAX = LIMITS.RECORD_SIZE_MAX - RECORD_HEAD_MAX;

function quantityOf(name: string | undefined): Quantity | undefined {
  if (name === undefined) return undefined;
  const quantity = QUANTITIES.get(name);
  if (!quantity) throw new TemplateError(`quantity: "${name}" is not known (quantities.json)`);
  return quantity;
}

/** The type of an attribute: its own, its class's, its quantity's or its value's. */
function typeOf(document: AttributeDocument, classType: Type, quantity: Quantity | undefined, value?: Value): Type {
  const own = document.type === undefined ? undefined : within("type", () => typeParse(document.type!));
  if (own && !typeFits(own, classType)) {
    throw new TemplateError(`type: ${typeText(own)} where the class has ${typeText(classType)}`);
  }
  if (own) return own;
  if (classType.kind !== "any" && classType.kind !== "choice") return classType;
  if (quantity) return typeParse(quantity.type);
  return value ? valueType(value) : classType;
}

/** Scaler and unit of the object, from its scaler_unit; undefined when it has none. */
function scalerUnit(object: WholeObject, classOf: ClassOf): { scaler: number; unit: number } | undefined {
  const id = object.class.attributes.findIndex((attribute) => attribute.name === "scaler_unit") + 1;
  const value = id === 0 ? undefined : object.attributes.get(id)?.value;
  if (value === undefined || value === null) return undefined;
  const octets = valueEmit(valueParse(value, classOf));
  return { scaler: ((octets[3] ?? 0) << 24) >> 24, unit: octets[5] ?? 0 };
}

/** Unit of the power whose energy is a total that the core integrates (assembly/meter/metering_state.ts, BASES). */
function demandUnit({ name, kind, unit, id }: Quantity): string {
  const power = { Wh: "W", varh: "var", VAh: "VA" }[unit ?? ""];
  if (kind === "cumulative" && power !== undefined && id < TOTAL_ID_MAX) return power;
  throw new TemplateError(`demandOf: ${name} is not an energy of all phases and rates`);
}

/** Decimal digits to drop from the quantity's unit to reach the object's scaler; no scaler_unit says anything of manufacturer attributes. */
function digitsOf(object: WholeObject, id: number, quantity: Quantity | undefined, classOf: ClassOf): number {
  if (!quantity || quantity.unit === null) return 0;
  const wanted = id > 0 && object.class.id === CLASS_DEMAND_REGISTER ? demandUnit(quantity) : quantity.unit;
  const shown = (id > 0 ? scalerUnit(object, classOf) : undefined) ?? { scaler: 0, unit: UNITS.get(wanted)! };
  const unit = [...UNITS].find(([, code]) => code === shown.unit)?.[0] ?? `unit ${shown.unit}`;
  if (unit !== wanted) {
    const told = wanted === quantity.unit ? `counts ${wanted}` : `averages to ${wanted}`;
    throw new TemplateError(`quantity: ${quantity.name} ${told}, the object's unit is ${unit}`);
  }
  const digits = shown.scaler - quantity.exponent;
  if (digits >= 0 && digits <= 18) return digits;
  throw new TemplateError(
    `scaler ${shown.scaler}: ${quantity.name} counts 10^${quantity.exponent} ${unit} (limits ${quantity.exponent} to ${quantity.exponent + 18})`,
  );
}

function rangeOf(document: AttributeDocument, type: Type): { flags: number; min: bigint; max: bigint } {
  if (document.min === undefined && document.max === undefined) return { flags: 0, min: 0n, max: 0n };
  const whole = type.kind === "simple" ? typeRange(type.name) : undefined;
  if (!whole) throw new TemplateError(`min, max: ${typeText(type)} has no range`);
  const min = document.min === undefined ? whole[0] : BigInt(document.min);
  const max = document.max === undefined ? whole[1] : BigInt(document.max);
  if (min < whole[0] || max > whole[1] || min > max) {
    throw new TemplateError(`min, max: ${min} to ${max} is not a range within ${whole[0]} to ${whole[1]}`);
  }
  return { flags: RANGED, min, max };
}

function capacityOf(document: AttributeDocument, type: Type, value: Value | undefined): number {
  const capacity = document.capacity ?? typeCapacity(type);
  if (capacity === undefined) {
    throw new TemplateError(`type: ${typeText(type)} has no largest size; write one, or capacity`);
  }
  if (capacity > CAPACITY_MAX) throw new TemplateError(`capacity: ${capacity} octets (limit ${CAPACITY_MAX})`);
  const size = value ? valueEmit(value).length : 0;
  if (size > capacity) throw new TemplateError(`value: ${size} octets, the capacity is ${capacity}`);
  return capacity;
}

function rowOf(object: WholeObject, id: number, settable: boolean, classOf: ClassOf): Omit<AttributeRow, "object"> {
  const document = object.attributes.get(id)!;
  const quantity = quantityOf(document.history === undefined ? document.quantity : HISTORY_QUANTITY);
  const value = document.value === undefined ? undefined : within("value", () => valueParse(document.value!, classOf));
  const type = typeOf(document, typeParse(classAttribute(object.class, id).type), quantity, value);
  if (value) within("value", () => valueCheck(value, type));
  const range = rangeOf(document, type);
  if (range.flags !== 0 && quantity) throw new TemplateError("min, max: a computed value has no range");
  if (value && quantity) throw new TemplateError("value: a computed value has none of its own");
  if (value && "number" in value && range.flags && (value.number! < range.min || value.number! > range.max)) {
    throw new TemplateError(`value: ${value.number} is outside min ${range.min} to max ${range.max}`);
  }
  const stored = (settable || document.stored === true) && !quantity;
  if (!stored && !quantity && value === undefined && !object.class.byClass.includes(id)) {
    throw new TemplateError("value is missing");
  }
  return {
    id,
    part: 0,
    flags: (settable ? SETTABLE : 0) | (quantity ? COMPUTED : 0) | (document.history ? HISTORY : 0) | range.flags,
    tag: typeTag(type),
    capacity: stored ? capacityOf(document, type, value) : 0,
    quantity: quantity?.id ?? 0,
    default: value ? valueEmit(value) : new Uint8Array(0),
    type: Uint8Array.from(typeDescription(type)),
    typeText: typeText(type),
    digits: digitsOf(object, id, quantity, classOf),
    ...(document.history === undefined ? {} : { history: document.history }),
    min: range.min,
    max: range.max,
  };
}

/** Whether it is a Security setup of suite 1 or 2, which keeps key pairs and certificates. */
function isAsymmetric(object: WholeObject): boolean {
  const suite = object.attributes.get(SECURITY_SUITE)?.value?.["enum"];
  return object.class.id === CLASS_SECURITY_SETUP && (suite === 1 || suite === 2);
}

/** Part of attribute 0 of Image transfer: the key that signs images. */
const IMAGE_KEY = 1;

function imageKey(object: WholeObject): Uint8Array {
  return Buffer.from(object.image?.signedBy ?? "", "hex");
}

function hiddenRows(object: WholeObject, secret: boolean): Omit<AttributeRow, "object">[] {
  const quantity = object.attributes.get(2)?.quantity;
  const cumulative = quantity !== undefined && QUANTITIES.get(quantity)?.kind === "cumulative";
  const wanted = { always: true, cumulative, secret, asymmetric: isAsymmetric(object) };
  return HIDDEN_ROWS.filter((row) => row.class === object.class.id && wanted[row.when]).map((row) => ({
    id: row.attribute,
    part: row.part,
    flags: HIDDEN,
    tag: 0,
    capacity: row.capacity,
    quantity: 0,
    default: row.class === CLASS_IMAGE_TRANSFER && row.part === IMAGE_KEY ? imageKey(object) : new Uint8Array(0),
    type: new Uint8Array(0),
    typeText: "",
    digits: 0,
    min: 0n,
    max: 0n,
  }));
}

/** Refuses rights to attributes that nothing gives a value. */
function rightsCheck(object: WholeObject, access: Map<string, Uint8Array>): void {
  object.class.attributes.forEach((attribute, i) => {
    const id = i + 1;
    if (id === 1 || object.attributes.has(id) || object.class.byClass.includes(id)) return;
    const where = `attributes.${id} (${attribute.name})`;
    if (accessGranted(object, access, id, ACCESS_READ))
      throw new TemplateError(`${where}: readable, but it has no value`);
    if (accessGranted(object, access, id, ACCESS_WRITE))
      throw new TemplateError(`${where}: settable, but it has no value`);
  });
}

/** All rows of an object, sorted by attribute and part. `secret`: an association keeps its HLS secret in it. */
export function attributeRows(
  object: WholeObject,
  index: number,
  access: Map<string, Uint8Array>,
  secret: boolean,
  classOf: ClassOf,
): AttributeRow[] {
  return within(objectText(object), () => {
    rightsCheck(object, access);
    const rows = [...object.attributes.keys()].map((id) =>
      within(`attributes.${id} (${classAttribute(object.class, id).name})`, () =>
        rowOf(object, id, accessGranted(object, access, id, ACCESS_WRITE), classOf),
      ),
    );
    return [...rows, ...hiddenRows(object, secret)]
      .sort((a, b) => a.id - b.id || a.part - b.part)
      .map((row) => ({ ...row, object: index }));
  });
}
