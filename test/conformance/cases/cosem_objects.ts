/**
 * COSEM_X_Y, the one procedure of the object test suite: every attribute of every object of class X version Y that an
 * association shows. What is readable is read and has the type of its class; what is not is refused; what is writable
 * takes back the value it has.
 */
import {
  attribute,
  data,
  dataAccessResultName,
  equal,
  logicalNameParse,
  objectList,
  entrySelection,
  CONFORMANCE,
  type AttributeAccess,
  type Client,
  type Data,
  type ObjectEntry,
} from "../../../host/client/index.ts";
import { DlmsError, ExceptionResponseError } from "../../../host/client/errors.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import { isProtectedEnough, isReadable, isWritable } from "../rights.ts";
import { classOf, mismatchOf } from "../types.ts";

const PROFILE = 7;
const BUFFER = 2;
const ENTRIES_IN_USE = 7;
const CLOCK = 8;
const TIME = 2;
const EXCEPTION = -1;

interface Visit {
  ctx: Ctx;
  client: Client;
  association: Association;
  /** The whole object list: it tells how access modes are coded. */
  entries: readonly ObjectEntry[];
}

interface ReadResult {
  code: number;
  data?: Data;
  text: string;
}

/** GET with everything that can come of it as a result; an exception has the code -1. */
async function read(visit: Visit, entry: ObjectEntry, id: number): Promise<ReadResult> {
  const { client } = visit;
  const selection = await selectionFor(visit, entry, id);
  try {
    const result = await client.getResult(attribute(entry.classId, entry.logicalName, id), selection);
    const text = result.code === 0 ? "" : `result ${result.code} (${dataAccessResultName(result.code)})`;
    return { code: result.code, ...(result.data === undefined ? {} : { data: result.data }), text };
  } catch (error) {
    if (!(error instanceof ExceptionResponseError)) throw error;
    return { code: EXCEPTION, text: error.message };
  }
}

/** Of a buffer one entry is enough here; selective access has its own cases. */
async function selectionFor(visit: Visit, entry: ObjectEntry, id: number) {
  if (entry.classId !== PROFILE || id !== BUFFER) return undefined;
  if ((visit.client.conformance & CONFORMANCE["selective-access"]) === 0) return undefined;
  const inUse = await visit.client.getResult(attribute(PROFILE, entry.logicalName, ENTRIES_IN_USE));
  const count = inUse.data === undefined ? 0 : data.numberOf(inUse.data, "entries_in_use");
  return count === 0 ? undefined : entrySelection(1, 1);
}

async function attributeRun(visit: Visit, entry: ObjectEntry, access: AttributeAccess): Promise<void> {
  const { ctx, entries, association } = visit;
  const known = classOf(entry.classId, entry.version);
  const name = known?.attributes[access.attribute - 1]?.name ?? "";
  const what = `${entry.logicalName} attribute ${access.attribute} ${name}`.trimEnd();
  const enough = isProtectedEnough(access.mode, entries, association);
  const result = await read(visit, entry, access.attribute);
  if (!isReadable(access.mode, entries) || !enough) {
    ctx.expect(
      result.data === undefined,
      `${what}: not readable here, refused`,
      result.data === undefined ? "" : "it was read",
    );
  } else if (ctx.expect(result.data !== undefined, `${what}: readable, read`, result.text)) {
    valueCheck(visit, entry, access.attribute, result.data!, what);
  }
  if (isWritable(access.mode, entries) && enough) await writeBack(visit, entry, access, result.data, what);
}

function valueCheck({ ctx }: Visit, entry: ObjectEntry, id: number, value: Data, what: string): void {
  if (id === 1) {
    const own = value.type === "octet-string" && equal(value.value, logicalNameParse(entry.logicalName));
    ctx.expect(own, `${what}: is the name in the object list`, data.toText(value));
    return;
  }
  const known = classOf(entry.classId, entry.version);
  if (known === undefined)
    return ctx.note(`${what}: class ${entry.classId} version ${entry.version} has no table here`);
  const type = known.attributes[id - 1]?.type;
  if (type === undefined) {
    ctx.expect(false, `${what}: the class has no such attribute`);
    return;
  }
  const mismatch = mismatchOf(value, type);
  ctx.expect(mismatch === undefined, `${what}: has its type`, mismatch ?? "");
}

/** SET of the value just read. Profiles are not written, since that would empty them; the time goes on meanwhile. */
async function writeBack(
  visit: Visit,
  entry: ObjectEntry,
  access: AttributeAccess,
  value: Data | undefined,
  what: string,
): Promise<void> {
  const { ctx, client } = visit;
  if (ctx.config.readOnly || entry.classId === PROFILE) return;
  if (entry.classId === CLOCK && access.attribute === TIME) return;
  if ((client.conformance & CONFORMANCE.set) === 0) return ctx.skip(`${what}: SET is not negotiated`);
  if (value === undefined) return ctx.unknown(`${what}: writable, but write data is not available`);
  const code = await client.setResult(attribute(entry.classId, entry.logicalName, access.attribute), value);
  ctx.expect(code === 0, `${what}: writable, takes its own value`, `result ${code} (${dataAccessResultName(code)})`);
}

async function objectsRun(
  ctx: Ctx,
  association: Association,
  entries: readonly ObjectEntry[],
  mine: readonly ObjectEntry[],
): Promise<void> {
  const client = await ctx.associated(association);
  const visit = { ctx, client, association, entries };
  for (const entry of mine) {
    if (entry.attributes.length === 0) ctx.skip(`${entry.logicalName}: the object list shows no attribute`);
    for (const access of entry.attributes) await attributeRun(visit, entry, access);
  }
  await ctx.close(client);
}

function casesOf(association: Association, entries: readonly ObjectEntry[]): Case[] {
  const kinds = [...new Set(entries.map((entry) => `${entry.classId}_${entry.version}`))];
  kinds.sort((a, b) => parseFloat(a.replace("_", ".")) - parseFloat(b.replace("_", ".")));
  return kinds.map((kind) => {
    const mine = entries.filter((entry) => `${entry.classId}_${entry.version}` === kind);
    const { classId, version } = mine[0]!;
    const name = classOf(classId, version)?.name ?? `class ${classId}`;
    return {
      name: `COSEM_${kind} (${association.name})`,
      group: "COSEM",
      purpose: `${mine.length} ${mine.length === 1 ? "object" : "objects"} of ${name}: read, refused, typed and written as shown.`,
      clause: `Blue Book, ${name}; GB9 9.3.6, 9.3.7`,
      source: "sheet",
      changes: false,
      run: (ctx: Ctx) => objectsRun(ctx, association, entries, mine),
    };
  });
}

/** The cases of all objects that the declared associations show, found by asking the meter. */
export async function objectCases(ctx: Ctx): Promise<Case[]> {
  const cases: Case[] = [];
  for (const association of ctx.config.associations) {
    try {
      const client = await ctx.associated(association);
      const entries = await objectList(client);
      await ctx.close(client);
      ctx.memory.findings.set(`objects ${association.name}`, entries);
      cases.push(...casesOf(association, entries));
    } catch (error) {
      if (!(error instanceof DlmsError)) throw error;
      cases.push(unreadable(association, error));
    }
  }
  return cases;
}

function unreadable(association: Association, error: Error): Case {
  return {
    name: `COSEM (${association.name})`,
    group: "COSEM",
    purpose: "The object list of the association can be read.",
    clause: "Blue Book 4.4.4",
    source: "sheet",
    run: async (ctx: Ctx) => void ctx.expect(false, "the object list is read", error.message),
  };
}
