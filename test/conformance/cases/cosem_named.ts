/** Object cases beside the procedure: mandatory objects and multiple references. The suites name them by title only. */
import {
  attribute,
  CONFORMANCE,
  data,
  MECHANISM,
  objectList,
  type AttributeDescriptor,
  type Client,
  type Data,
  type ObjectEntry,
} from "../../../host/client/index.ts";
import { attemptOnce } from "../aarq.ts";
import { answerOf, answerWords, getNormal } from "../answers.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import { isProtectedEnough, isReadable } from "../rights.ts";

const CURRENT = "0-0:40.0.0.255";
const SAP_ASSIGNMENT = "0-0:41.0.0.255";
const LDN = "0-0:42.0.0.255";
const LDN_SIZE_MAX = 16;
const MECHANISM_ID = {
  none: MECHANISM.NONE,
  lls: MECHANISM.LLS,
  md5: MECHANISM.HLS_MD5,
  sha1: MECHANISM.HLS_SHA1,
  gmac: MECHANISM.HLS_GMAC,
  sha256: MECHANISM.HLS_SHA256,
  ecdsa: MECHANISM.HLS_ECDSA,
};

/** Attributes of the current association with the version they came with. */
const CURRENT_ATTRIBUTES: [number, string, number][] = [
  [3, "associated_partners_id", 0],
  [4, "application_context_name", 0],
  [5, "xDLMS_context_info", 0],
  [6, "authentication_mechanism_name", 0],
  [8, "association_status", 0],
  [9, "security_setup_reference", 1],
  [10, "user_list", 2],
  [11, "current_user", 2],
];

/** Last arc of a name: the last element of a structure, or the last octet of an encoded object identifier. */
function lastArc(value: Data): number {
  if (value.type === "structure") return data.numberOf(value.value.at(-1)!, "arc");
  return data.octetsOf(value, "name").at(-1) ?? -1;
}

async function currentAssociation(ctx: Ctx, association: Association, client: Client): Promise<void> {
  const entries = await objectList(client);
  const version = entries.find((entry) => entry.classId === 15 && entry.logicalName === CURRENT)?.version;
  ctx.require(version !== undefined, `${association.name}: the object list shows ${CURRENT}`);
  const values = new Map<number, Data>();
  for (const [id, name, since] of CURRENT_ATTRIBUTES) {
    if (version! < since) {
      ctx.skip(`${association.name}: ${name} came with version ${since}`);
      continue;
    }
    const result = await client.getResult(attribute(15, CURRENT, id));
    ctx.expect(result.data !== undefined, `${association.name}: ${name} is readable`, `result ${result.code}`);
    if (result.data !== undefined) values.set(id, result.data);
  }
  associationCheck(ctx, association, values);
}

function associationCheck(ctx: Ctx, association: Association, values: Map<number, Data>): void {
  const { name } = association;
  const partners = values.get(3);
  if (partners !== undefined) {
    const [client, server] = data.elementsOf(partners, "associated_partners_id", 2).map((d) => data.numberOf(d, "SAP"));
    const right = client === association.clientSap && server === ctx.config.serverSap;
    ctx.expect(right, `${name}: associated_partners_id names this client and server`, `${client}, ${server}`);
  }
  const context = values.get(4);
  const contextId = association.security === "none" ? 1 : 3;
  if (context !== undefined) {
    ctx.expect(lastArc(context) === contextId, `${name}: application_context_name is context ${contextId}`);
  }
  const mechanism = values.get(6);
  const mechanismId = MECHANISM_ID[association.authentication];
  if (mechanism !== undefined) {
    const text = `${name}: authentication_mechanism_name is mechanism ${mechanismId}`;
    ctx.expect(lastArc(mechanism) === mechanismId, text, String(lastArc(mechanism)));
  }
  const status = values.get(8);
  if (status !== undefined) {
    ctx.expect(data.numberOf(status, "status") === 2, `${name}: association_status is associated`);
  }
}

async function sapAssignment(ctx: Ctx, association: Association, client: Client): Promise<void> {
  const { name } = association;
  const list = await client.getResult(attribute(17, SAP_ASSIGNMENT, 2));
  const ldn = await client.getResult(attribute(1, LDN, 2));
  ctx.expect(ldn.data !== undefined, `${name}: the logical device name is readable`, `result ${ldn.code}`);
  const own = ldn.data === undefined ? "" : Buffer.from(data.octetsOf(ldn.data, "name")).toString("latin1");
  const good = own.length > 3 && own.length <= LDN_SIZE_MAX && /^[A-Z]{3}/.test(own);
  ctx.expect(good, `${name}: it has 4 to 16 octets and begins with three letters`, own);
  const declared = ctx.config.logicalDeviceName;
  if (declared !== undefined) ctx.expect(own === declared, `${name}: it is the declared one, ${declared}`, own);
  if (list.data === undefined) return ctx.skip(`${name}: SAP_assignment_list is not readable`);
  const rows = data.elementsOf(list.data, "SAP_assignment_list").map((row) => {
    const [sap, device] = data.elementsOf(row, "SAP assignment", 2) as [Data, Data];
    const text = Buffer.from(data.octetsOf(device, "name")).toString("latin1");
    return { sap: data.numberOf(sap, "SAP"), name: text };
  });
  const unique = (values: unknown[]): boolean => new Set(values).size === values.length;
  ctx.expect(unique(rows.map((row) => row.sap)), `${name}: no SAP is assigned twice`);
  ctx.expect(unique(rows.map((row) => row.name)), `${name}: no logical device name is there twice`);
  const mine = rows.find((row) => row.sap === ctx.config.serverSap);
  ctx.expect(
    mine?.name === own,
    `${name}: SAP ${ctx.config.serverSap} is assigned to this device`,
    mine?.name ?? "no row",
  );
}

async function mandatory(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const client = await ctx.associated(association);
    await currentAssociation(ctx, association, client);
    await sapAssignment(ctx, association, client);
    await ctx.close(client);
  }
}

const VALUES_MAX = 10;
const LONG_MIN = 500;

/** The attributes are the same read together and one by one; what moves on is between two readings. */
async function together(ctx: Ctx, client: Client, list: AttributeDescriptor[], what: string): Promise<void> {
  const before = await oneByOne(client, list);
  const results = await client.getList(list);
  const after = await oneByOne(client, list);
  ctx.expect(results.length === list.length, `${what}: as many results as attributes`);
  const different = results.filter((result, i) => {
    const text = result.data === undefined ? `result ${result.code}` : data.toText(result.data);
    return text !== before[i] && text !== after[i] && before[i] === after[i];
  });
  ctx.expect(different.length === 0, `${what}: the same as one by one`, `${different.length} differ`);
}

async function oneByOne(client: Client, list: AttributeDescriptor[]): Promise<string[]> {
  const texts: string[] = [];
  for (const descriptor of list) {
    const result = await client.getResult(descriptor);
    texts.push(result.data === undefined ? `result ${result.code}` : data.toText(result.data));
  }
  return texts;
}

async function references(ctx: Ctx): Promise<void> {
  let tried = 0;
  for (const association of ctx.config.associations) {
    const client = await ctx.associated(association);
    if ((client.conformance & CONFORMANCE["multiple-references"]) === 0) {
      ctx.skip(`${association.name}: multiple-references is not negotiated`);
    } else {
      tried += 1;
      await referencesOf(ctx, association, client);
    }
    await ctx.close(client);
  }
  if (tried === 0) ctx.inapplicable("no association offers multiple references");
}

async function referencesOf(ctx: Ctx, association: Association, client: Client): Promise<void> {
  const { name } = association;
  const entries = await objectList(client);
  const readable = (entry: ObjectEntry, id: number): boolean => {
    const mode = entry.attributes.find((one) => one.attribute === id)?.mode ?? 0;
    return isReadable(mode, entries) && isProtectedEnough(mode, entries, association);
  };
  const values = entries.filter((entry) => [1, 3, 4].includes(entry.classId) && readable(entry, 2));
  const list = values.slice(0, VALUES_MAX).map((entry) => attribute(entry.classId, entry.logicalName, 2));
  await together(ctx, client, list, `${name}: values of ${list.length} objects`);
  const objects = await client.get(attribute(15, CURRENT, 2));
  const long = data.elementsOf(objects, "object_list").length * 20 >= LONG_MIN;
  const pair = [attribute(15, CURRENT, 8), attribute(15, CURRENT, 2)];
  if (long) await together(ctx, client, pair, `${name}: a short and a long attribute`);
  else ctx.skip(`${name}: no long attribute is known`);
  const four = entries.find((entry) => entry.classId !== 8 && [1, 2, 3, 4].every((id) => readable(entry, id)));
  if (four === undefined) return ctx.skip(`${name}: no object has four readable attributes`);
  const first = [1, 2, 3, 4].map((id) => attribute(four.classId, four.logicalName, id));
  await together(ctx, client, first, `${name}: the first four attributes of ${four.logicalName}`);
}

/** RLRQ without fields. */
const RLRQ = Uint8Array.of(0x62, 0x00);

/** A GET that is answered as such, with a value or a result: the association is there. */
async function isThere(ctx: Ctx, client: Client, what: string): Promise<void> {
  const answer = await answerOf(client, getNormal(1, LDN, 2));
  ctx.expect(answer?.apdu.kind === "get-response-normal", `${what}: GET is answered`, answerWords(answer));
}

async function preEstablished(ctx: Ctx): Promise<void> {
  if (ctx.config.preEstablished.length === 0) ctx.inapplicable("no pre-established association is declared");
  for (const association of ctx.config.preEstablished) {
    // General APDUs bring the meter's title, which no AARE has told.
    const client = await ctx.open(association, association.security === "none" ? {} : { family: "general-glo" });
    client.preEstablished();
    await isThere(ctx, client, `${association.name}: without AARQ`);
    await answerOf(client, RLRQ);
    await isThere(ctx, client, `${association.name}: after an RLRQ, which does not end it`);
    await ctx.close(client);
    const opened = await attemptOnce(ctx, association);
    ctx.expect(opened.kind !== "accepted", `${association.name}: an AARQ opens nothing`, opened.text);
  }
}

export const COSEM_NAMED: Case[] = [
  {
    name: "COSEM_PreEstablished",
    group: "COSEM",
    purpose: "Pre-established associations serve without AARQ and cannot be opened or released (name of our own).",
    clause: "GB9 9.4.4.4",
    source: "sheet",
    run: preEstablished,
  },
  {
    name: "COSEM_MandatoryObjects",
    group: "COSEM",
    purpose: "Current association, SAP assignment and logical device name are there and consistent (name of our own).",
    clause: "Blue Book 4.1.8, 4.4.4, 4.4.5",
    source: "sheet",
    run: mandatory,
  },
  {
    name: "COSEM_MultipleReferences",
    group: "COSEM",
    purpose: "Attributes read with a list are as those read one by one (name of our own).",
    clause: "GB9 9.1.4.3.6, 9.4.6.3",
    source: "sheet",
    run: references,
  },
];
