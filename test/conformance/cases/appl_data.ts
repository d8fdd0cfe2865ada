/** APPL_DATA_LN: requests with errors, and services that are not there. APPL_REL. */
import {
  attribute,
  concat,
  CONFORMANCE,
  data,
  encodeApdu,
  objectList,
  type AttributeDescriptor,
  type Client,
  type Data,
} from "../../../host/client/index.ts";
import {
  answerOf,
  answerWords,
  descriptorOctets,
  expectException,
  expectResult,
  getNormal,
  hex,
  INVOKE,
} from "../answers.ts";
import { attempt } from "../aarq.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import { isWritable } from "../rights.ts";
import { APPL_DATA_SN } from "./appl_data_sn.ts";

const LDN = "0-0:42.0.0.255";
const ABSENT = "0-0:199.99.99.255";
const CURRENT = "0-0:40.0.0.255";
const NOT_SUPPORTED: [number, number] = [1, 2];
/** Long enough that the AARE fits, short enough that the object list does not. */
const SMALL_PDU = 128;

const SUCCESS = 0;
const READ_WRITE_DENIED = 3;
const OBJECT_UNDEFINED = 4;
const CLASS_INCONSISTENT = 9;
const TYPE_UNMATCHED = 12;

const has = (client: Client, bit: keyof typeof CONFORMANCE): boolean => (client.conformance & CONFORMANCE[bit]) !== 0;

async function getErrors(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const { name } = association;
    const client = await ctx.associated(association);
    const ask = (octets: Uint8Array) => answerOf(client, octets);
    expectResult(ctx, await ask(getNormal(1, ABSENT, 2)), [OBJECT_UNDEFINED], `${name}: GET of an unknown object`);
    expectResult(ctx, await ask(getNormal(3, LDN, 2)), [CLASS_INCONSISTENT, 4], `${name}: GET with another class_id`);
    expectResult(ctx, await ask(getNormal(1, LDN, 99)), [READ_WRITE_DENIED, 4], `${name}: GET of attribute 99`);
    const unknown = concat(hex("C004C1"), descriptorOctets(1, LDN, 2), hex("00"));
    expectException(ctx, await ask(unknown), NOT_SUPPORTED, `${name}: Get-Request with choice 4`, true);
    const cut = getNormal(1, LDN, 2).subarray(0, 8);
    expectException(ctx, await ask(cut), NOT_SUPPORTED, `${name}: Get-Request cut short`, true);
    if (!has(client, "attribute0-get")) {
      expectException(
        ctx,
        await ask(getNormal(1, LDN, 0)),
        NOT_SUPPORTED,
        `${name}: GET of attribute 0, not negotiated`,
      );
    }
    if (!has(client, "multiple-references")) {
      const list = concat(hex("C003C101"), descriptorOctets(1, LDN, 2), hex("00"));
      expectException(ctx, await ask(list), NOT_SUPPORTED, `${name}: GET with list, not negotiated`);
    }
    if (has(client, "bt-get-read")) {
      const stray = await ask(blockNext(1));
      expectResult(ctx, stray, [16], `${name}: GET of a next block, no transfer runs`);
    }
    const good = await client.getResult(attribute(1, LDN, 2));
    ctx.expect(good.code === SUCCESS, `${name}: a right GET afterwards`, String(good.code));
    await ctx.close(client);
    if (has(client, "bt-get-read")) await getBlockErrors(ctx, association);
    else ctx.skip(`${name}: no block transfer with get`);
  }
}

const blockNext = (block: number): Uint8Array => encodeApdu({ kind: "get-request-next", invoke: INVOKE, block });

/** get-request-next with a wrong number while a long GET runs. */
async function getBlockErrors(ctx: Ctx, association: Association): Promise<void> {
  const { name } = association;
  const client = await ctx.associated(association, { pduSizeMax: SMALL_PDU });
  const first = await answerOf(client, getNormal(15, CURRENT, 2));
  const begun = first?.apdu.kind === "get-response-with-datablock";
  if (ctx.expect(begun, `${name}: a long GET begins`, answerWords(first))) {
    expectResult(ctx, await answerOf(client, blockNext(7)), [19, 15], `${name}: GET of next block 7 where 2 is due`);
  }
  await ctx.close(client);
}

interface Writable extends AttributeDescriptor {
  value: Data;
}

/** An attribute of class Data that the client may read and write. */
async function writableOf(client: Client): Promise<Writable | undefined> {
  const entries = await objectList(client);
  for (const entry of entries.filter((one) => one.classId === 1)) {
    const rights = entry.attributes.find((one) => one.attribute === 2);
    if (rights === undefined || !isWritable(rights.mode, entries)) continue;
    const descriptor = attribute(1, entry.logicalName, 2);
    const result = await client.getResult(descriptor);
    if (result.data !== undefined) return { ...descriptor, value: result.data };
  }
  return undefined;
}

const setNormal = (descriptor: AttributeDescriptor, value: Data): Uint8Array =>
  encodeApdu({ kind: "set-request-normal", invoke: INVOKE, descriptor, value });

async function setErrors(ctx: Ctx): Promise<void> {
  let tried = 0;
  for (const association of ctx.config.associations) {
    const client = await ctx.associated(association);
    if (has(client, "set")) {
      tried += 1;
      await setErrorsOf(ctx, association, client);
    } else ctx.skip(`${association.name}: SET is not negotiated`);
    await ctx.close(client);
  }
  if (tried === 0) ctx.inapplicable("no association offers SET");
}

async function setErrorsOf(ctx: Ctx, { name }: Association, client: Client): Promise<void> {
  const ask = (octets: Uint8Array) => answerOf(client, octets);
  const value = data.octetString("00");
  const absent = await ask(setNormal(attribute(1, ABSENT, 2), value));
  expectResult(ctx, absent, [OBJECT_UNDEFINED], `${name}: SET of an unknown object`);
  const inconsistent = await ask(setNormal(attribute(3, LDN, 2), value));
  expectResult(ctx, inconsistent, [CLASS_INCONSISTENT, 4], `${name}: SET with another class_id`);
  const readOnly = await ask(setNormal(attribute(1, LDN, 1), data.octetString("00002A0000FF")));
  expectResult(ctx, readOnly, [READ_WRITE_DENIED], `${name}: SET of a logical_name`);
  const unknown = concat(hex("C106C1"), descriptorOctets(1, LDN, 2), hex("00090100"));
  expectException(ctx, await ask(unknown), NOT_SUPPORTED, `${name}: Set-Request with choice 6`, true);
  const cut = setNormal(attribute(1, LDN, 2), value).subarray(0, 9);
  expectException(ctx, await ask(cut), NOT_SUPPORTED, `${name}: Set-Request cut short`, true);
  if (has(client, "bt-set-write")) {
    const block = { last: true, block: 2, raw: hex("090100") };
    const stray = encodeApdu({ kind: "set-request-with-datablock", invoke: INVOKE, block });
    expectResult(ctx, await ask(stray), [18], `${name}: SET of a further block, no transfer runs`);
  }
  await setWrongType(ctx, name, client);
}

async function setWrongType(ctx: Ctx, name: string, client: Client): Promise<void> {
  const writable = await writableOf(client);
  if (writable === undefined) return ctx.unknown(`${name}: no attribute of a Data object is readable and writable`);
  const wrong: Data = writable.value.type === "boolean" ? data.octetString("00") : data.boolean(true);
  const answer = await answerOf(client, setNormal(writable, wrong));
  expectResult(ctx, answer, [TYPE_UNMATCHED], `${name}: SET with a wrong type`);
  const after = await client.getResult(writable);
  const kept = after.data !== undefined && data.toText(after.data) === data.toText(writable.value);
  ctx.expect(kept, `${name}: the value is as it was`);
  if (!kept) await client.setResult(writable, writable.value);
}

async function unsupportedLn(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const { name } = association;
    const conformance = CONFORMANCE.get | (association.authentication === "none" ? 0 : CONFORMANCE.action);
    const outcome = await attempt(ctx, association, { options: { conformance } });
    ctx.require(outcome.kind === "accepted", `${name}: association with GET alone`, outcome.text);
    const { client } = outcome;
    const ask = (octets: Uint8Array) => answerOf(client, octets);
    const set = setNormal(attribute(1, LDN, 2), data.octetString("00"));
    expectException(ctx, await ask(set), NOT_SUPPORTED, `${name}: SET, not negotiated`);
    const access = hex("D94000000100010100010000600100FF020100");
    expectException(ctx, await ask(access), NOT_SUPPORTED, `${name}: ACCESS, not negotiated`);
    if (association.security === "none") {
      expectException(ctx, await ask(hex("050102FA00")), NOT_SUPPORTED, `${name}: Read, of short name referencing`);
      expectException(
        ctx,
        await ask(hex("060102FA00010900")),
        NOT_SUPPORTED,
        `${name}: Write, of short name referencing`,
      );
      expectException(ctx, await ask(hex("9901020304")), [2, 2], `${name}: an APDU with an unknown tag`, true);
    }
    const good = await client.getResult(attribute(1, LDN, 2));
    ctx.expect(good.code === SUCCESS, `${name}: a right GET afterwards`, String(good.code));
    await ctx.close(client);
  }
}

async function release(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    await releasedByRlrq(ctx, association);
    if (association.security === "none") await releasedByLink(ctx, association);
  }
}

async function releasedByRlrq(ctx: Ctx, association: Association): Promise<void> {
  const client = await ctx.associated(association);
  await client.release();
  ctx.expect(!client.associated, `${association.name}: RLRQ is answered with RLRE`);
  const answer = await answerOf(client, getNormal(1, LDN, 2));
  const what = `${association.name}: GET after the release`;
  expectException(ctx, answer, NOT_SUPPORTED, what, answer === undefined);
  const again = await client.associate().then(
    () => true,
    () => false,
  );
  ctx.expect(again, `${association.name}: it can be opened again on the same connection`);
  await ctx.close(client);
}

/** The end of the connection ends the association. */
async function releasedByLink(ctx: Ctx, association: Association): Promise<void> {
  const vias = [...(ctx.config.target === undefined ? [] : ["wrapper"]), ...(ctx.hasHdlc ? ["hdlc"] : [])];
  for (const via of vias as ("wrapper" | "hdlc")[]) {
    await ctx.close(await ctx.associated(association, { via }));
    const client = await ctx.open(association, { via });
    const answer = await answerOf(client, getNormal(1, LDN, 2));
    const what = `${association.name}: GET after the ${via === "hdlc" ? "link" : "connection"} was ended`;
    expectException(ctx, answer, NOT_SUPPORTED, what, answer === undefined);
    await ctx.close(client);
  }
}

const APPL = { group: "APPL", source: "sheet" } as const;

export const APPL_DATA: Case[] = [
  {
    ...APPL,
    name: "APPL_DATA_LN_N1",
    purpose: "GET requests with errors are refused.",
    clause: "GB9 9.3.6, 9.4.6.3",
    run: getErrors,
  },
  {
    ...APPL,
    name: "APPL_DATA_LN_N3",
    purpose: "SET requests with errors are refused and change nothing.",
    clause: "GB9 9.3.7, 9.4.6.4",
    run: setErrors,
  },
  {
    ...APPL,
    name: "APPL_DATA_LN_N4",
    purpose: "Services that are unknown or not negotiated are refused with an exception-response.",
    clause: "GB9 9.4.6.1",
    run: unsupportedLn,
  },
  ...APPL_DATA_SN,
  {
    ...APPL,
    name: "APPL_REL_P1",
    purpose: "A release or the end of the connection ends the association, and nothing is served after it.",
    clause: "GB9 9.4.5.2",
    run: release,
  },
];
