/** Associations: names to bits, and the objects and secrets they use. */
import type { AttributeRow } from "./attributes.ts";
import type { IndexOf } from "./compile.ts";
import type { AssociationDocument, TemplateDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { LIMITS } from "./limits.ts";
import { logicalNameWhole } from "./logical_name.ts";
import {
  type AssociationModel,
  CLASS_ASSOCIATION,
  CLASS_ASSOCIATION_SN,
  CLASS_SECURITY_SETUP,
  type ObjectModel,
} from "./model.ts";
import { CONFORMANCE_BITS, CONFORMANCE_LN, CONFORMANCE_SN, CONTEXTS, CONTEXTS_SN, MECHANISMS } from "./tables.ts";

/** Server SAP of the management logical device. */
const MANAGEMENT = 1;
const LLS = 1;
/** attribute_id of secret, and the parts in which the two secrets stand. */
const SECRET = 7;
const PART_LLS = 0;
const PART_HLS = 1;
/** The conformance block has 24 bits; bit 0 of the standard is sent first. */
const CONFORMANCE_TOP = 23;

function bitsOf(
  key: string,
  names: string[],
  table: ReadonlyMap<string, number>,
  place: (bit: number) => number,
): number {
  return names.reduce((bits, name) => {
    const bit = table.get(name);
    if (bit === undefined) throw new TemplateError(`${key}: "${name}" is not one of ${[...table.keys()].join(", ")}`);
    return bits | (1 << place(bit));
  }, 0);
}

/** Whether an association accepts a mechanism with high level security. */
function highLevel(association: AssociationDocument): boolean {
  return association.mechanisms.some((name) => (MECHANISMS.get(name) ?? 0) > LLS);
}

/** Whether an association refers to objects by short names. */
export function shortNamesIn(association: AssociationDocument): boolean {
  return association.contexts.some((context) => CONTEXTS_SN.has(context));
}

/** Refuses contexts of both kinds, and services that the kind does not have. */
function referencingCheck(a: AssociationDocument, document: TemplateDocument): void {
  const short = shortNamesIn(a);
  if (short && !a.contexts.every((context) => CONTEXTS_SN.has(context))) {
    throw new TemplateError("contexts: logical names and short names need two associations");
  }
  const foreign = a.conformance.find((bit) => (short ? CONFORMANCE_LN : CONFORMANCE_SN).has(bit));
  if (foreign !== undefined) {
    throw new TemplateError(`conformance: "${foreign}" is not a service of ${short ? "short" : "logical"} names`);
  }
  const giver = a.rightsOf === undefined ? undefined : document.associations[a.rightsOf];
  if (a.rightsOf !== undefined && (!giver || giver === a || giver.rightsOf !== undefined)) {
    throw new TemplateError(`rightsOf: "${a.rightsOf}" is not another association with rights of its own`);
  }
}

/** Whether the object keeps the HLS secret of an association. */
export function needsSecret(document: TemplateDocument, logicalName: string): boolean {
  return Object.values(document.associations).some(
    (a) => highLevel(a) && typeof a.object === "string" && logicalNameWhole(a.object) === logicalName,
  );
}

function objectOf(
  key: "object" | "securitySetup" | "securitySetupLocal",
  name: string | null | undefined,
  classId: number,
  objects: ObjectModel[],
  indexOf: IndexOf,
  device: number,
): ObjectModel | undefined {
  if (name === null || name === undefined) return undefined;
  const object = objects[within(key, () => indexOf(name, device))]!;
  if (object.classId !== classId)
    throw new TemplateError(`${key}: object ${name} is class ${object.classId}, not ${classId}`);
  return object;
}

function secretRow(rows: AttributeRow[], object: ObjectModel | undefined, part: number): number {
  const row = rows.findIndex((r) => r.object === object?.index && r.id === SECRET && r.part === part);
  if (row < 0) throw new TemplateError("mechanisms: a secret needs an object with attribute 7 (secret)");
  return row;
}

function associationResolve(
  name: string,
  a: AssociationDocument,
  document: TemplateDocument,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: IndexOf,
): AssociationModel {
  referencingCheck(a, document);
  const ownClass = shortNamesIn(a) ? CLASS_ASSOCIATION_SN : CLASS_ASSOCIATION;
  const serverSap = a.serverSap ?? MANAGEMENT;
  const object = objectOf("object", a.object, ownClass, objects, indexOf, serverSap);
  const setup = objectOf("securitySetup", a.securitySetup, CLASS_SECURITY_SETUP, objects, indexOf, serverSap);
  const local = objectOf("securitySetupLocal", a.securitySetupLocal, CLASS_SECURITY_SETUP, objects, indexOf, serverSap);
  const mechanisms = bitsOf("mechanisms", a.mechanisms, MECHANISMS, (bit) => bit);
  const contexts = bitsOf("contexts", a.contexts, CONTEXTS, (bit) => bit);
  if (!setup && (a.contexts.some((context) => context.endsWith("-ciphered")) || a.mechanisms.includes("gmac"))) {
    throw new TemplateError("securitySetup: ciphering and gmac need a security setup object");
  }
  return {
    name,
    clientSap: a.clientSap,
    serverSap,
    mechanisms,
    contexts,
    preEstablished: a.preEstablished === true,
    conformance: bitsOf("conformance", a.conformance, CONFORMANCE_BITS, (bit) => CONFORMANCE_TOP - bit),
    ...(object ? { object: object.index } : {}),
    ...(setup ? { securitySetup: setup.index } : {}),
    ...(local ? { securitySetupLocal: local.index } : {}),
    ...(a.mechanisms.includes("lls") ? { llsSecret: secretRow(rows, object, PART_LLS) } : {}),
    ...(highLevel(a) ? { hlsSecret: secretRow(rows, object, PART_HLS) } : {}),
  };
}

/** All associations in the order of the document; their objects get the number as their instance. */
export function associationsResolve(
  document: TemplateDocument,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: IndexOf,
): AssociationModel[] {
  const entries = Object.entries(document.associations);
  if (entries.length > LIMITS.ASSOCIATIONS_MAX) {
    throw new TemplateError(`associations: ${entries.length} associations (limit ${LIMITS.ASSOCIATIONS_MAX})`);
  }
  const resolved = entries.map(([name, a]) =>
    within(`association ${name}`, () => associationResolve(name, a, document, objects, rows, indexOf)),
  );
  resolved.forEach((a, i) => {
    const twin = resolved.slice(0, i).find((b) => b.clientSap === a.clientSap && b.serverSap === a.serverSap);
    if (twin) throw new TemplateError(`association ${a.name}: clientSap: ${twin.name} has the same SAPs`);
    if (a.object === undefined) return;
    if (objects[a.object]!.instance !== undefined) {
      throw new TemplateError(`association ${a.name}: object: another association has the same one`);
    }
    objects[a.object]!.instance = i;
  });
  return resolved;
}
