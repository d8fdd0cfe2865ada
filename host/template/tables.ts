/**
 * The tables beside this file: interface classes, quantities, hidden rows, and the names of units and of conformance
 * bits. They are read from disk, since importing JSON still warns in Node 20.
 */
import { readFileSync } from "node:fs";
import { TemplateError } from "./error.ts";

/** Reads a JSON file of this room. */
export function tableRead(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}

export interface InterfaceClass {
  id: number;
  version: number;
  name: string;
  /** Methods, method_id 1 first. */
  methods: string[];
  /** Offset of the short name of method 1 from the base name. */
  methodsAt: number;
  /** Attributes, attribute_id 1 (logical_name) first, with their types as text. */
  attributes: { name: string; type: string }[];
  /** Attributes whose value the class behaviour gives. */
  byClass: number[];
}

export interface Quantity {
  name: string;
  id: number;
  unit: string | null;
  /** The value counts in 10^exponent of the unit. */
  exponent: number;
  kind: "cumulative" | "instant" | "status";
  /** A-XDR type unless an attribute names another. */
  type: string;
  meaning: string;
}

export interface HiddenRow {
  class: number;
  attribute: number;
  part: number;
  capacity: number;
  when: "always" | "cumulative" | "secret" | "asymmetric";
  meaning: string;
}

interface ClassesFile {
  types: Record<string, string>;
  classes: {
    id: number;
    version: number;
    name: string;
    methods: string[];
    methodsAt?: string;
    byClass?: number[];
    attributes: Record<string, string>;
  }[];
}

interface QuantitiesFile {
  groups: {
    unit: string | null;
    exponent: number;
    kind: Quantity["kind"];
    type: string;
    quantities: Record<string, { id: number; rates?: number; meaning: string }>;
  }[];
}

/** Files of interface classes: first those that have a behaviour or stand in every meter, then the others by subject. */
const CLASS_FILES = ["", "/measurement", "/control", "/communication", "/g3", "/iso14908"];

const classesFile = CLASS_FILES.map((name) => tableRead(`classes${name}.json`) as ClassesFile).reduce((a, b) => ({
  types: { ...a.types, ...b.types },
  classes: [...a.classes, ...b.classes],
}));

/** Types that several classes share, by name. */
export const SHARED_TYPES: ReadonlyMap<string, string> = new Map(Object.entries(classesFile.types));

/** Short names of one object lie 8 apart. */
export const SHORT_NAME_STEP = 8;

const LOGICAL_NAME = { name: "logical_name", type: "$logical_name" };

export const CLASSES: ReadonlyMap<string, InterfaceClass> = new Map(
  classesFile.classes.map((c) => {
    const attributes = Object.entries(c.attributes).map(([name, type]) => ({ name, type }));
    const whole = [LOGICAL_NAME, ...attributes];
    const methodsAt = c.methodsAt === undefined ? whole.length * SHORT_NAME_STEP : Number(c.methodsAt);
    return [`${c.id} v${c.version}`, { ...c, byClass: c.byClass ?? [], attributes: whole, methodsAt }];
  }),
);

/** The class `id` in `version`. */
export function interfaceClass(id: number, version: number): InterfaceClass {
  const found = CLASSES.get(`${id} v${version}`);
  if (found) return found;
  const versions = [...CLASSES.values()].filter((c) => c.id === id).map((c) => c.version);
  const known = versions.length > 0 ? `known version: ${versions.join(", ")}` : "the class is not known";
  throw new TemplateError(`class ${id} version ${version}: ${known}`);
}

/** Name and type of an attribute of a class; those of the manufacturer, below 0, have the type their template gives them. */
export function classAttribute(c: InterfaceClass, id: number): { name: string; type: string } {
  return id < 0 ? { name: `manufacturer_${-id}`, type: "any" } : c.attributes[id - 1]!;
}

/** Numbers of rated quantities: as assembly/meter/metering_state.ts. */
const RATED = 256;
const RATED_STEP = 16;

/** A quantity and, where rates count it, those of its rates. */
function quantityAndRates(whole: Quantity, rates = 0): Quantity[] {
  const rated = Array.from({ length: rates }, (_, i) => ({
    ...whole,
    name: `${whole.name}-rate-${i + 1}`,
    id: RATED + RATED_STEP * i + whole.id,
    meaning: `${whole.meaning}, while rate ${i + 1} is active`,
  }));
  return [whole, ...rated];
}

export const QUANTITIES: ReadonlyMap<string, Quantity> = new Map(
  (tableRead("quantities.json") as QuantitiesFile).groups.flatMap(({ quantities, ...group }) =>
    Object.entries(quantities)
      .flatMap(([name, { rates, ...q }]) => quantityAndRates({ name, ...group, ...q }, rates))
      .map((quantity): [string, Quantity] => [quantity.name, quantity]),
  ),
);

interface HiddenFile {
  rows: (HiddenRow & { count?: number })[];
}

export const HIDDEN_ROWS: readonly HiddenRow[] = (tableRead("hidden.json") as HiddenFile).rows.flatMap(
  ({ count = 1, ...row }) => Array.from({ length: count }, (_, i) => ({ ...row, part: row.part + i })),
);

/** Codes of the enum `unit` (Blue Book, class Register). */
export const UNITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    year: 1,
    month: 2,
    week: 3,
    day: 4,
    hour: 5,
    min: 6,
    s: 7,
    deg: 8,
    "°C": 9,
    currency: 10,
    m: 11,
    m3: 13,
    W: 27,
    VA: 28,
    var: 29,
    Wh: 30,
    VAh: 31,
    varh: 32,
    A: 33,
    C: 34,
    V: 35,
    Hz: 44,
    "1/Wh": 45,
    "1/varh": 46,
    V2h: 48,
    A2h: 49,
    "%": 56,
    Ah: 57,
    dBm: 70,
    other: 254,
    count: 255,
  }),
);

/** Conformance bits by name (GB9 9.4.6.1, table of conformance block); bit 0 is sent first. */
export const CONFORMANCE_BITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "general-protection": 1,
    "general-block-transfer": 2,
    read: 3,
    write: 4,
    "unconfirmed-write": 5,
    "attribute0-supported-with-set": 8,
    "priority-mgmt-supported": 9,
    "attribute0-supported-with-get": 10,
    "block-transfer-with-get": 11,
    "block-transfer-with-set": 12,
    "block-transfer-with-action": 13,
    "multiple-references": 14,
    "information-report": 15,
    "data-notification": 16,
    access: 17,
    "parameterized-access": 18,
    get: 19,
    set: 20,
    "selective-access": 21,
    "event-notification": 22,
    action: 23,
  }),
);

/** Conformance bits that one kind of referencing alone has. */
export const CONFORMANCE_SN: ReadonlySet<string> = new Set([
  ...["read", "write", "unconfirmed-write", "information-report", "parameterized-access"],
]);
export const CONFORMANCE_LN: ReadonlySet<string> = new Set([
  ...["attribute0-supported-with-set", "priority-mgmt-supported", "attribute0-supported-with-get"],
  ...["block-transfer-with-action", "get", "set", "selective-access", "event-notification", "action"],
]);

/** Authentication mechanism ids, and application contexts. */
export const MECHANISMS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    none: 0,
    lls: 1,
    "hls-manufacturer": 2,
    "hls-md5": 3,
    "hls-sha1": 4,
    gmac: 5,
    "hls-sha256": 6,
    "hls-ecdsa": 7,
  }),
);
export const CONTEXTS: ReadonlyMap<string, number> = new Map(
  Object.entries({ ln: 1, sn: 2, "ln-ciphered": 3, "sn-ciphered": 4 }),
);
/** Contexts with short names. */
export const CONTEXTS_SN: ReadonlySet<string> = new Set(["sn", "sn-ciphered"]);
