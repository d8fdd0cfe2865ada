/** The object list of an association, and values of objects as people read them. Blue Book Ed. 12, 4.3, 4.4.4. */

import { type Data } from "./axdr.ts";
import { elementsOf, numberOf, octetsOf, toText } from "./data.ts";
import { dateTimeParse, dateTimeToIso } from "./date_time.ts";
import { DlmsError } from "./errors.ts";
import { logicalNameCanonical, logicalNameText } from "./logical_name.ts";
import { attribute, type Client } from "./session.ts";
import { ASSOCIATION_CURRENT, CLASS_ASSOCIATION_SN, type ShortNameEntry } from "./short_names.ts";
import { scaledText, unitName } from "./units.ts";

export interface AttributeAccess {
  attribute: number;
  /** Access mode as the association's version codes it: a bit field in version 3, an enumeration before */
  mode: number;
  selectors: number[];
}

export interface MethodAccess {
  method: number;
  mode: number;
}

export interface ObjectEntry {
  classId: number;
  version: number;
  /** 1-0:1.8.0.255 */
  logicalName: string;
  attributes: AttributeAccess[];
  methods: MethodAccess[];
  /** Short name of attribute 1, where the association refers by short names */
  baseName?: number;
}

export const CLASS_NAME: Readonly<Record<number, string>> = {
  1: "Data",
  3: "Register",
  4: "Extended register",
  5: "Demand register",
  6: "Register activation",
  7: "Profile generic",
  8: "Clock",
  9: "Script table",
  10: "Schedule",
  11: "Special days table",
  12: "Association SN",
  15: "Association LN",
  17: "SAP assignment",
  18: "Image transfer",
  19: "IEC local port setup",
  20: "Activity calendar",
  21: "Register monitor",
  22: "Single action schedule",
  23: "IEC HDLC setup",
  27: "Modem configuration",
  28: "Auto answer",
  29: "Auto connect",
  30: "Data protection",
  40: "Push setup",
  41: "TCP-UDP setup",
  42: "IPv4 setup",
  43: "MAC address setup",
  44: "PPP setup",
  45: "GPRS modem setup",
  47: "GSM diagnostic",
  48: "IPv6 setup",
  61: "Register table",
  62: "Compact data",
  63: "Status mapping",
  64: "Security setup",
  65: "Parameter monitor",
  68: "Arbitrator",
  70: "Disconnect control",
  71: "Limiter",
  72: "M-Bus client",
  74: "M-Bus master port setup",
  77: "M-Bus diagnostic",
  100: "NTP setup",
  122: "Function control",
  123: "Array manager",
};

/** Read the object list of the current association: class 15 attribute 2, or class 12 attributes 2 and 3. */
export async function objectList(client: Client): Promise<ObjectEntry[]> {
  if (client.shortNames) {
    const rights = await client.get(attribute(CLASS_ASSOCIATION_SN, ASSOCIATION_CURRENT, 3));
    return shortObjectListOf(await client.names.entries(), rights);
  }
  return objectListOf(await client.get(attribute(15, "0-0:40.0.0.255", 2)));
}

/** Entries of an object_list value. */
export function objectListOf(data: Data): ObjectEntry[] {
  return elementsOf(data, "object_list").map((element) => {
    const [classId, version, name, rights] = elementsOf(element, "object_list element", 3) as [Data, Data, Data, Data?];
    const [attributes, methods] = rights === undefined ? [] : elementsOf(rights, "access_rights", 2);
    return {
      classId: numberOf(classId, "class_id"),
      version: numberOf(version, "version"),
      logicalName: logicalNameText(octetsOf(name, "logical_name")),
      attributes: attributes === undefined ? [] : elementsOf(attributes, "attribute_access").map(attributeAccessOf),
      methods: methods === undefined ? [] : elementsOf(methods, "method_access").map(methodAccessOf),
    };
  });
}

/** Entries of class 12: the names of object_list with the rights of access_rights_list. */
export function shortObjectListOf(names: readonly ShortNameEntry[], rights: Data): ObjectEntry[] {
  const byBase = new Map(
    elementsOf(rights, "access_rights_list").map((element) => {
      const [base, attributes, methods] = elementsOf(element, "access_rights_element", 3) as [Data, Data, Data];
      const access = {
        attributes: elementsOf(attributes, "attribute_access").map(attributeAccessOf),
        methods: elementsOf(methods, "method_access").map(methodAccessOf),
      };
      return [numberOf(base, "base_name") & 0xffff, access] as const;
    }),
  );
  return names.map((entry) => ({ attributes: [], methods: [], ...entry, ...byBase.get(entry.baseName) }));
}

function attributeAccessOf(data: Data): AttributeAccess {
  const [id, mode, selectors] = elementsOf(data, "attribute_access_item", 2) as [Data, Data, Data?];
  const named = selectors === undefined || selectors.type === "null-data" ? [] : elementsOf(selectors, "selectors");
  return {
    attribute: numberOf(id, "attribute_id"),
    mode: numberOf(mode, "access_mode"),
    selectors: named.map((selector) => numberOf(selector, "selector")),
  };
}

function methodAccessOf(data: Data): MethodAccess {
  const [id, mode] = elementsOf(data, "method_access_item", 2) as [Data, Data];
  const allowed = mode.type === "boolean" ? Number(mode.value) : numberOf(mode, "access_mode");
  return { method: numberOf(id, "method_id"), mode: allowed };
}

/**
 * Class of names whose class every meter of this family has; the others are looked up in the object list.
 * Saves reading a long list for the most common questions.
 */
export function wellKnownClass(logicalName: string): number | undefined {
  const name = logicalNameCanonical(logicalName);
  if (name === "0-0:1.0.0.255") return 8;
  if (name === "0-0:42.0.0.255" || /^0-0:43\.1\.\d+\.255$/.test(name) || /^0-0:96\.1\.\d+\.255$/.test(name)) return 1;
  if (name === "0-0:41.0.0.255") return 17;
  if (/^0-0:40\.0\.\d+\.255$/.test(name)) return 15;
  if (/^0-0:43\.0\.\d+\.255$/.test(name)) return 64;
  return undefined;
}

/** Finds the class of a name, reading the object list at most once. */
export class Directory {
  private readonly client: Client;
  private entries: Promise<ObjectEntry[]> | undefined;

  constructor(client: Client) {
    this.client = client;
  }

  list(): Promise<ObjectEntry[]> {
    this.entries ??= objectList(this.client);
    return this.entries;
  }

  async classOf(logicalName: string): Promise<number> {
    const known = this.client.shortNames ? undefined : wellKnownClass(logicalName);
    if (known !== undefined) return known;
    const name = logicalNameCanonical(logicalName);
    const entry = (await this.list()).find((candidate) => candidate.logicalName === name);
    if (entry === undefined) {
      throw new DlmsError(`${name} is not in the object list of this association; see read --list, or give --class`);
    }
    return entry.classId;
  }
}

/** scaler_unit of a register: physical value = value * 10^scaler. */
export interface ScalerUnit {
  scaler: number;
  unit: number;
}

export function scalerUnitOf(data: Data): ScalerUnit {
  const [scaler, unit] = elementsOf(data, "scaler_unit", 2) as [Data, Data];
  return { scaler: numberOf(scaler, "scaler"), unit: numberOf(unit, "unit") };
}

/** Attribute that holds scaler_unit, by class; classes without are absent. */
export const SCALER_UNIT_ATTRIBUTE: Readonly<Record<number, number>> = { 3: 3, 4: 3, 5: 4 };

/** Attributes that scaler_unit applies to. */
export function isScaled(classId: number, attributeId: number): boolean {
  if (classId === 3 || classId === 4) return attributeId === 2;
  return classId === 5 && (attributeId === 2 || attributeId === 3);
}

/** A number with its scaler and unit, or any other value as text. */
export function valueText(data: Data, scalerUnit?: ScalerUnit): string {
  if (scalerUnit !== undefined && "value" in data) {
    if (typeof data.value === "number" || typeof data.value === "bigint") {
      return `${scaledText(data.value, scalerUnit.scaler)} ${unitName(scalerUnit.unit)}`.trimEnd();
    }
  }
  return timeText(data) ?? toText(data);
}

/** A date-time, tagged or in an octet-string of 12, as ISO text; undefined for everything else. */
export function timeText(data: Data): string | undefined {
  if (data.type === "date-time") return dateTimeToIso(dateTimeParse(data.value));
  if (data.type !== "octet-string" || data.value.length !== 12) return undefined;
  const t = dateTimeParse(data.value);
  // Twelve printable octets are more likely text; a year from 1990 to 2089 or FFFF with fields in range is a time.
  const year = t.year === 0xffff || (t.year >= 1990 && t.year < 2090);
  const date = (t.month <= 12 || t.month >= 0xfd) && (t.dayOfMonth <= 31 || t.dayOfMonth >= 0xfd);
  const time = (t.hour <= 23 || t.hour === 0xff) && (t.minute <= 59 || t.minute === 0xff);
  return year && date && time && (t.second <= 59 || t.second === 0xff) ? dateTimeToIso(t) : undefined;
}
