/** APPL_DATA_SN: Read and Write requests with errors, and services that an association with short names does not have. */
import {
  attribute,
  CONFORMANCE,
  data,
  encodeApdu,
  objectList,
  type Client,
  type Data,
  type VariableAccess,
} from "../../../host/client/index.ts";
import { answerOf, answerWords, expectException, getNormal, hex, type Answer } from "../answers.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import { isWritable } from "../rights.ts";

/** Base name of the current association, and object_list, in every meter. */
const OBJECT_LIST = 0xfa08;
/** access_rights_list, longer still. */
const ACCESS_RIGHTS_LIST = 0xfa10;
/** No object of a sensible meter lies in the first eight names. */
const ABSENT = 0x0000;
const READ_SERVICE = 5;
const WRITE_SERVICE = 6;
const SMALL_PDU = 128;
const LOGICAL_NAME = attribute(12, "0-0:40.0.0.255", 1);

const UNDEFINED = 4;
const DENIED = 3;
const TYPE_UNMATCHED = 12;

const has = (client: Client, bit: keyof typeof CONFORMANCE): boolean => (client.conformance & CONFORMANCE[bit]) !== 0;
const named = (name: number): VariableAccess => ({ access: "name", name });
const read = (...list: VariableAccess[]): Uint8Array => encodeApdu({ kind: "read-request", list });
const write = (list: VariableAccess[], values: Data[]): Uint8Array =>
  encodeApdu({ kind: "write-request", list, data: values });

/** The results in a ReadResponse or WriteResponse, undefined for anything else in it. */
function codesOf(answer: Answer): (number | undefined)[] {
  const apdu = answer?.apdu;
  if (apdu?.kind !== "read-response" && apdu?.kind !== "write-response") return [];
  return apdu.list.map((item) => ("code" in item ? item.code : undefined));
}

/** One item with a refusal; another result than the preferred ones gets a remark. */
function expectItem(ctx: Ctx, answer: Answer, preferred: number[], what: string): void {
  const [code] = codesOf(answer);
  const text = `${what}: data-access-error ${preferred.join(" or ")}`;
  if (code !== undefined && preferred.includes(code)) ctx.expect(true, text);
  else if (code !== undefined && code !== 0) ctx.remark(`${text}; another refusal came`, answerWords(answer));
  else ctx.expect(false, text, answerWords(answer));
}

/** The whole request is refused: with a confirmedServiceError, or an exception-response, which gets a remark. */
function expectServiceError(ctx: Ctx, answer: Answer, service: number, what: string): void {
  const text = `${what}: confirmedServiceError`;
  const apdu = answer?.apdu;
  if (apdu?.kind === "confirmed-service-error") ctx.expect(apdu.service === service, text, answerWords(answer));
  else if (apdu?.kind === "exception-response" || apdu === undefined) ctx.remark(text, answerWords(answer));
  else ctx.expect(false, text, answerWords(answer));
}

/**
 * Runs work in each declared association with short names, and more that opens associations of its own behind it: their invocation
 * counters would overtake those of an open one.
 */
async function each(
  ctx: Ctx,
  work: (a: Association, client: Client) => Promise<void>,
  more: (ctx: Ctx, a: Association) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  if (ctx.config.shortNames.length === 0) ctx.inapplicable("no association with short names is declared");
  for (const association of ctx.config.shortNames) {
    const client = await ctx.associated(association);
    await work(association, client);
    const good = await client.getResult(LOGICAL_NAME);
    ctx.expect(good.code === 0, `${association.name}: a right Read afterwards`, String(good.code));
    await ctx.close(client);
    await more(ctx, association);
  }
}

async function readErrors(ctx: Ctx): Promise<void> {
  const work = async ({ name }: Association, client: Client): Promise<void> => {
    const ask = (octets: Uint8Array) => answerOf(client, octets);
    expectItem(ctx, await ask(read(named(ABSENT))), [UNDEFINED], `${name}: Read of an unknown name`);
    expectItem(ctx, await ask(read(named(OBJECT_LIST + 1))), [UNDEFINED], `${name}: Read between two names`);
    expectServiceError(ctx, await ask(hex("05010300010000")), READ_SERVICE, `${name}: detailed access`);
    expectServiceError(ctx, await ask(hex("050102")), READ_SERVICE, `${name}: Read cut short`);
    if (has(client, "multiple-references")) {
      const codes = codesOf(await ask(read(named(0xfa00), named(ABSENT), named(0xfa00))));
      const right = codes.length === 3 && codes[0] === 0 && codes[1] !== 0 && codes[2] === 0;
      ctx.expect(right, `${name}: three names, the second unknown: each has its own result`, codes.join(" "));
    }
    if (!has(client, "bt-get-read")) return ctx.skip(`${name}: no block transfer with read`);
    const next = await ask(read({ access: "block-number", block: 1 }));
    expectItem(ctx, next, [16], `${name}: next block, no transfer runs`);
  };
  await each(ctx, work, blockErrors);
}

async function blockErrors(ctx: Ctx, association: Association): Promise<void> {
  const client = await ctx.associated(association, { pduSizeMax: SMALL_PDU });
  if (!has(client, "bt-get-read")) return ctx.close(client);
  const first = await answerOf(client, read(named(ACCESS_RIGHTS_LIST)));
  const item = first?.apdu.kind === "read-response" ? first.apdu.list[0] : undefined;
  const begun = item !== undefined && "raw" in item;
  if (ctx.expect(begun, `${association.name}: a long Read begins`, answerWords(first))) {
    const wrong = await answerOf(client, read({ access: "block-number", block: 7 }));
    expectItem(ctx, wrong, [19, 15], `${association.name}: block 7 where 1 is due`);
  }
  await ctx.close(client);
}

async function writeErrors(ctx: Ctx): Promise<void> {
  await each(ctx, async ({ name }, client) => {
    if (!has(client, "write")) return ctx.skip(`${name}: Write is not negotiated`);
    const ask = (octets: Uint8Array) => answerOf(client, octets);
    const value = data.octetString("00");
    expectItem(ctx, await ask(write([named(ABSENT)], [value])), [UNDEFINED], `${name}: Write to an unknown name`);
    expectItem(ctx, await ask(write([named(0xfa00)], [value])), [DENIED], `${name}: Write to a logical_name`);
    expectServiceError(ctx, await ask(hex("060103000000")), WRITE_SERVICE, `${name}: detailed access`);
    expectServiceError(ctx, await ask(write([named(0xfa00)], [])), WRITE_SERVICE, `${name}: a name without a value`);
    if (has(client, "bt-set-write")) {
      const stray = write([{ access: "write-block", last: true, block: 2 }], [value]);
      expectItem(ctx, await ask(stray), [18], `${name}: a further block, no transfer runs`);
    }
    await wrongType(ctx, name, client);
  });
}

/** A value of another type changes nothing. */
async function wrongType(ctx: Ctx, name: string, client: Client): Promise<void> {
  const entries = await objectList(client);
  const isSettable = (one: (typeof entries)[number]): boolean =>
    one.attributes.some((rights) => rights.attribute === 2 && isWritable(rights.mode, entries));
  const found = entries.find((one) => one.classId === 1 && isSettable(one));
  const before = found && (await client.getResult(attribute(1, found.logicalName, 2))).data;
  if (before === undefined) return ctx.unknown(`${name}: no attribute of a Data object is readable and writable`);
  const wrong: Data = before.type === "boolean" ? data.octetString("00") : data.boolean(true);
  const answer = await answerOf(client, write([named(found!.baseName! + 8)], [wrong]));
  expectItem(ctx, answer, [TYPE_UNMATCHED], `${name}: Write with a wrong type`);
  const after = (await client.getResult(attribute(1, found!.logicalName, 2))).data;
  ctx.expect(after !== undefined && data.toText(after) === data.toText(before), `${name}: the value is as it was`);
}

async function unsupported(ctx: Ctx): Promise<void> {
  const work = async ({ name, security }: Association, client: Client): Promise<void> => {
    const get = await answerOf(client, getNormal(1, "0-0:42.0.0.255", 2));
    expectException(ctx, get, [1, 2], `${name}: GET, of logical name referencing`, true);
    if (security !== "none") return;
    expectException(ctx, await answerOf(client, hex("9901020304")), [2, 2], `${name}: an unknown tag`, true);
  };
  await each(ctx, work, notNegotiated);
}

async function notNegotiated(ctx: Ctx, association: Association): Promise<void> {
  const { name } = association;
  const alone = CONFORMANCE.read | (association.authentication === "none" ? 0 : CONFORMANCE["parameterized-access"]);
  const client = await ctx.associated(association, { conformance: alone });
  const list = await answerOf(client, read(named(0xfa00), named(0xfa00)));
  expectServiceError(ctx, list, READ_SERVICE, `${name}: two names, not negotiated`);
  const set = await answerOf(client, write([named(0xfa00)], [data.octetString("00")]));
  expectServiceError(ctx, set, WRITE_SERVICE, `${name}: Write, not negotiated`);
  await ctx.close(client);
}

const APPL_SN = { group: "APPL", source: "silent: our reading", clause: "GB9 9.3.14, 9.3.15" } as const;

export const APPL_DATA_SN: Case[] = [
  { ...APPL_SN, name: "APPL_DATA_SN_N1", purpose: "ReadRequests with errors are refused.", run: readErrors },
  {
    ...APPL_SN,
    name: "APPL_DATA_SN_N2",
    purpose: "WriteRequests with errors are refused and change nothing.",
    run: writeErrors,
  },
  {
    ...APPL_SN,
    name: "APPL_DATA_SN_N3",
    purpose: "Services that are unknown or not negotiated with short names are refused.",
    run: unsupported,
  },
];
