/**
 * The template compiler: from a document without `extends` (load.ts resolves it) to the image that
 * assembly/store/template.ts overlays, and the model for people. Whatever exceeds a limit is a TemplateError.
 */
import { accessRows } from "./access.ts";
import { associationsResolve, needsSecret } from "./associations.ts";
import { type AttributeRow, attributeRows, SETTABLE } from "./attributes.ts";
import type { EventDocument, MemoryDocument, TemplateDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { groupChosen, objectsExpand, objectText, type WholeObject } from "./expand.ts";
import { historiesResolve } from "./history.ts";
import { imageEmit } from "./image.ts";
import { LIMITS } from "./limits.ts";
import { logicalNameWhole } from "./logical_name.ts";
import {
  type AttributeModel,
  CLASS_CLOCK,
  CLASS_DEMAND_REGISTER,
  CLASS_LIMITER,
  CLASS_PROFILE,
  CLASS_PUSH_SETUP,
  CLASS_REGISTER_MONITOR,
  CLASS_SCHEDULE,
  CLASS_SECURITY_SETUP,
  CLASS_SINGLE_ACTION,
  type EventModel,
  type ObjectModel,
  type ProfileModel,
  TemplateModel,
} from "./model.ts";
import { ownMark } from "./own.ts";
import { portsResolve } from "./ports.ts";
import { profileResolve } from "./profiles.ts";
import { schemaCheck } from "./schema.ts";
import { securityOptions } from "./security.ts";
import { shortNamesPut } from "./short_names.ts";
import { classAttribute } from "./tables.ts";

export interface Compiled {
  /** Octets for region 0 of the core, little-endian. */
  image: Uint8Array;
  model: TemplateModel;
}

/** Index of the object that a key of the document names: that of logical device `device`, else the first of the name. */
export type IndexOf = (logicalName: string, device?: number) => number;

function indexOfMaker(objects: WholeObject[]): IndexOf {
  const indices = new Map<string, number>();
  objects.forEach(({ logicalName, device }, i) => {
    indices.set(`${logicalName} ${device}`, i);
    if (!indices.has(logicalName)) indices.set(logicalName, i);
  });
  return (logicalName, device) => {
    const whole = logicalNameWhole(logicalName);
    const index = indices.get(`${whole} ${device}`) ?? indices.get(whole);
    if (index === undefined) throw new TemplateError(`there is no object ${logicalName}`);
    return index;
  };
}

/** 1, 2, … count. */
function idsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function attributeModels(object: WholeObject, ids: number[], first: number, rows: AttributeRow[]): AttributeModel[] {
  return ids.map((id) => {
    const { name } = classAttribute(object.class, id);
    const at = rows.findIndex((row) => row.id === id && row.part === 0);
    const quantity = object.attributes.get(id)?.quantity;
    return {
      id,
      name,
      type: id === 1 ? "octet-string(6)" : (rows[at]?.typeText ?? ""),
      settable: at >= 0 && (rows[at]!.flags & SETTABLE) !== 0,
      ...(quantity === undefined ? {} : { quantity }),
      ...(at < 0 ? {} : { row: first + at }),
    };
  });
}

/** Numbers the objects of a class in the order of the object table. */
function instancesPut(objects: ObjectModel[], classId: number): number {
  let count = 0;
  for (const object of objects) if (object.classId === classId) object.instance = count++;
  return count;
}

/** Numbers the objects of every class whose objects are not numbered otherwise, in the order of the object table. */
function instancesFill(objects: ObjectModel[]): void {
  const numbered = new Set(objects.filter((object) => object.instance !== undefined).map((object) => object.classId));
  const counts = new Map<number, number>();
  for (const object of objects) {
    if (numbered.has(object.classId)) continue;
    const count = counts.get(object.classId) ?? 0;
    object.instance = count;
    counts.set(object.classId, count + 1);
  }
}

/** Refuses more objects of a class than the core keeps state for. */
function countCheck(objects: ObjectModel[], classId: number, limit: number, what: string): void {
  const count = objects.filter((object) => object.classId === classId).length;
  if (count > limit) throw new TemplateError(`objects: ${count} ${what} (limit ${limit})`);
}

/** Refuses an association that sees two objects of one name: it could reach one of them only. */
function twinsCheck(objects: ObjectModel[]): void {
  objects.forEach((object, i) => {
    for (const other of objects.slice(i - object.ordinal, i)) {
      const client = [...object.access.keys()].find((name) => other.access.has(name));
      if (client === undefined) continue;
      throw new TemplateError(
        `object ${object.logicalName} "${object.name}": access.${client}: sees another of its name`,
      );
    }
  });
}

/** The Demand register whose maximum an object keeps. */
function maximumResolve(
  { maximumOf }: WholeObject,
  object: ObjectModel,
  objects: ObjectModel[],
  indexOf: IndexOf,
): void {
  if (maximumOf === undefined) return;
  const source = objects[within("maximumOf", () => indexOf(maximumOf, object.device))]!;
  if (source.classId !== CLASS_DEMAND_REGISTER) {
    throw new TemplateError(`maximumOf: object ${source.logicalName} is class ${source.classId}, not Demand register`);
  }
  object.extra = source.index + 1;
}

function objectsResolve(document: TemplateDocument): {
  objects: ObjectModel[];
  rows: AttributeRow[];
  indexOf: IndexOf;
} {
  const whole = objectsExpand(document);
  const indexOf = indexOfMaker(whole);
  const classOf = (logicalName: string) => whole[indexOf(logicalName)]!.class.id;
  const rows: AttributeRow[] = [];
  const objects = whole.map((object, index): ObjectModel => {
    const access = accessRows(document, object);
    const own = attributeRows(object, index, access, needsSecret(document, object.logicalName), classOf);
    const firstRow = rows.length;
    rows.push(...own);
    return {
      index,
      logicalName: object.logicalName,
      octets: object.octets,
      classId: object.class.id,
      version: object.class.version,
      className: object.class.name,
      name: object.name,
      ...(object.device === undefined ? {} : { device: object.device }),
      ordinal: whole.slice(0, index).filter((other) => other.logicalName === object.logicalName).length,
      group: object.group,
      source: object.source,
      confidence: object.confidence,
      note: object.note,
      attributes: attributeModels(object, idsOf(object.class.attributes.length), firstRow, own),
      own: attributeModels(
        object,
        idsOf(object.ownCount).map((id) => -id),
        firstRow,
        own,
      ),
      methods: object.class.methods,
      methodsAt: object.class.methodsAt,
      flags: object.flags,
      extra: object.extra,
      ...(object.baseName === undefined ? {} : { baseName: object.baseName }),
      access,
      firstRow,
      rowCount: own.length,
      ...(object.profile ? { profile: object.profile } : {}),
      ...(object.image ? { image: object.image } : {}),
    };
  });
  twinsCheck(objects);
  whole.forEach((object, index) =>
    within(objectText(object), () => maximumResolve(object, objects[index]!, objects, indexOf)),
  );
  if (rows.length > LIMITS.ATTRIBUTES_MAX) {
    throw new TemplateError(`objects: ${rows.length} attribute rows (limit ${LIMITS.ATTRIBUTES_MAX})`);
  }
  return { objects, rows, indexOf };
}

function profilesResolve(objects: ObjectModel[], rows: AttributeRow[], indexOf: IndexOf): ProfileModel[] {
  const count = instancesPut(objects, CLASS_PROFILE);
  if (count > LIMITS.PROFILES_MAX) throw new TemplateError(`objects: ${count} profiles (limit ${LIMITS.PROFILES_MAX})`);
  return objects.filter((o) => o.classId === CLASS_PROFILE).map((o) => profileResolve(o, objects, rows, indexOf));
}

/** What an event does besides being logged, and when. */
const EFFECTS = ["error", "alarm1", "alarm2", "alarm3", "times"] as const;

function eventResolve(event: EventDocument, objects: ObjectModel[], indexOf: IndexOf): EventModel {
  return within(`event ${event.code} "${event.name}"`, () => {
    if (event.remove) throw new TemplateError("remove: only a template that extends another can remove events");
    const log = event.log ? objects[within("log", () => indexOf(event.log!))] : undefined;
    if (log && log.classId !== CLASS_PROFILE) {
      throw new TemplateError(`log: object ${log.logicalName} is class ${log.classId}, not Profile generic`);
    }
    const { code, name } = event;
    const does = Object.fromEntries(EFFECTS.filter((key) => event[key] !== undefined).map((key) => [key, event[key]!]));
    return { code, name, ...(log ? { profile: log.instance! } : {}), ...does };
  });
}

function eventsResolve(document: TemplateDocument, objects: ObjectModel[], indexOf: IndexOf): EventModel[] {
  const events = document.events
    .filter(({ group }) => groupChosen(document, group))
    .map((event) => eventResolve(event, objects, indexOf));
  const keys = new Set<string>();
  for (const event of events) {
    const key = `${event.code} ${event.profile}`;
    if (keys.has(key))
      throw new TemplateError(`event ${event.code} "${event.name}": code: it stands twice for this log`);
    keys.add(key);
  }
  return events.sort((a, b) => a.code - b.code || (a.profile ?? 0) - (b.profile ?? 0));
}

/** The index of an object named by a key of the head, of a class if one is given. */
function headObject(key: string, name: string | undefined, objects: ObjectModel[], indexOf: IndexOf, classId?: number) {
  if (name === undefined) return {};
  const index = within(key, () => indexOf(name));
  const found = objects[index]!.classId;
  if (classId !== undefined && found !== classId) {
    throw new TemplateError(`${key}: object ${name} is class ${found}, not ${classId}`);
  }
  return { [key]: index };
}

function pageCheck(pageSize: number): number {
  if (pageSize < 8 || pageSize > LIMITS.PAGE_SIZE || (pageSize & (pageSize - 1)) !== 0) {
    throw new TemplateError(`pageSize: ${pageSize} is not a power of two (limits 8 to ${LIMITS.PAGE_SIZE})`);
  }
  return pageSize;
}

/** Octets of the areas of a block that a template can choose. */
function memoryOf(wanted: TemplateDocument["memory"] = {}, apduSizeMax: number): MemoryDocument {
  const limits = {
    journalTail: [2 * LIMITS.RECORD_SIZE_MAX, LIMITS.TAIL_SIZE],
    inbox: [apduSizeMax, LIMITS.INBOX_SIZE],
    answer: [apduSizeMax + LIMITS.FROZEN_BEYOND, LIMITS.FROZEN_SIZE],
  } as const;
  const area = (key: keyof MemoryDocument): number => {
    const [least, most] = limits[key];
    const size = wanted[key] ?? most;
    if (size >= least && size <= most && size % 8 === 0) return size;
    throw new TemplateError(`memory.${key}: ${size} octets (limits ${least} to ${most}, a multiple of 8)`);
  };
  return { journalTail: area("journalTail"), inbox: area("inbox"), answer: area("answer") };
}

function apduCheck(size: number): number {
  if (size >= LIMITS.APDU_SIZE_MIN && size <= LIMITS.APDU_SIZE_MAX) return size;
  throw new TemplateError(`apduSizeMax: ${size} octets (limits ${LIMITS.APDU_SIZE_MIN} to ${LIMITS.APDU_SIZE_MAX})`);
}

/**
 * Compiles a template.
 * @param json a document after schema.json, without `extends`
 * @throws TemplateError naming object, key and limit
 */
export function compileTemplate(json: unknown): Compiled {
  const document = schemaCheck(json);
  if (document.extends !== undefined) throw new TemplateError(`extends: load.ts joins "${document.extends}" first`);
  if (document.include !== undefined) throw new TemplateError("include: load.ts joins the files first");
  const apduSizeMax = apduCheck(document.apduSizeMax ?? LIMITS.APDU_SIZE_MAX);
  const pageSize = pageCheck(document.pageSize ?? LIMITS.PAGE_SIZE);
  const { objects, rows, indexOf } = objectsResolve(document);
  shortNamesPut(document, objects);
  const profiles = profilesResolve(objects, rows, indexOf);
  historiesResolve(objects, rows, indexOf);
  const setups = instancesPut(objects, CLASS_SECURITY_SETUP);
  if (setups > LIMITS.SECURITY_CONTEXTS_MAX) {
    throw new TemplateError(`objects: ${setups} security setups (limit ${LIMITS.SECURITY_CONTEXTS_MAX})`);
  }
  const pushes = instancesPut(objects, CLASS_PUSH_SETUP);
  if (pushes > LIMITS.PUSHES_MAX) {
    throw new TemplateError(`objects: ${pushes} push setups (limit ${LIMITS.PUSHES_MAX})`);
  }
  const limiters = instancesPut(objects, CLASS_LIMITER);
  if (limiters > LIMITS.LIMITERS_MAX) {
    throw new TemplateError(`objects: ${limiters} limiters (limit ${LIMITS.LIMITERS_MAX})`);
  }
  const monitors = objects.filter(({ classId }) => classId === CLASS_REGISTER_MONITOR).length;
  if (monitors > LIMITS.MONITORS_MAX) {
    throw new TemplateError(`objects: ${monitors} register monitors (limit ${LIMITS.MONITORS_MAX})`);
  }
  const demands = objects.filter((object) => object.classId === CLASS_DEMAND_REGISTER).length;
  if (demands > LIMITS.DEMANDS_MAX) {
    throw new TemplateError(`objects: ${demands} demand registers (limit ${LIMITS.DEMANDS_MAX})`);
  }
  const associations = associationsResolve(document, objects, rows, indexOf);
  const ports = portsResolve(document, objects, rows, indexOf);
  instancesFill(objects);
  countCheck(objects, CLASS_SINGLE_ACTION, LIMITS.SINGLE_ACTIONS_MAX, "single action schedules");
  countCheck(objects, CLASS_SCHEDULE, LIMITS.SCHEDULES_MAX, "schedules");
  const clock = headObject("clock", document.clock, objects, indexOf, CLASS_CLOCK).clock;
  const eventCode = headObject("eventCode", document.eventCode, objects, indexOf).eventCode;
  const model = new TemplateModel({
    name: document.name,
    title: document.title ?? document.name,
    identity: document.identity,
    apduSizeMax,
    pageSize,
    memory: memoryOf(document.memory, apduSizeMax),
    frameSizeMax: Math.max(
      0,
      ...ports.map((port) => (port.kind === "hdlc" ? port.infoSizeMax + LIMITS.HDLC_OVERHEAD_MAX : 0)),
    ),
    slotCount: ports.reduce((sum, port) => sum + port.connections * port.links, 0),
    ...(clock === undefined ? {} : { clockObject: clock }),
    ...(eventCode === undefined ? {} : { eventObject: eventCode }),
    imagePages: Math.ceil((objects.find((object) => object.image)?.image!.sizeMax ?? 0) / LIMITS.PAGE_SIZE),
    securityOptions: securityOptions(document.security),
    objects,
    rows,
    associations,
    ports,
    profiles,
    events: eventsResolve(document, objects, indexOf),
  });
  ownMark(model);
  return { image: imageEmit(model.parts), model };
}
