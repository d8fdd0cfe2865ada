/** Read and Write as whole services, block transfer included. GB9 9.3.14, 9.3.15, 9.4.6.8. */

import { encodeApdu, type Apdu, type ApduOf } from "./apdu.ts";
import { type ActionResponseItem } from "./apdu_action.ts";
import {
  getDataResultParse,
  listParse,
  type AttributeDescriptorWithSelection,
  type GetDataResult,
  type MethodDescriptor,
} from "./apdu_parts.ts";
import { type ReadItem, type VariableAccess, type WriteItem } from "./apdu_short.ts";
import { type Data } from "./axdr.ts";
import { NULL_DATA, octetString } from "./data.ts";
import { UnexpectedAnswerError } from "./errors.ts";
import { CONFORMANCE } from "./initiate.ts";
import { concat, Reader } from "./octets.ts";
import { type Exchanger } from "./services.ts";
import { type ShortNames } from "./short_names.ts";

/** An association with short names. */
export interface ShortNameExchanger extends Exchanger {
  readonly names: ShortNames;
  /** Sends an APDU that has no answer. */
  postProtected(apdu: Apdu): Promise<void>;
}

/** Octets of a request around the raw data of a block, lengths included. */
const READ_BLOCK_HEAD = 9;
const WRITE_BLOCK_HEAD = 11;

function answerOf<K extends "read-response" | "write-response">(answer: Apdu, kind: K): ApduOf<K> {
  if (answer.kind === kind) return answer as ApduOf<K>;
  throw new UnexpectedAnswerError(`the meter answers with ${answer.kind}, ${kind} was expected`);
}

/** Read any variables in one request: one result each. */
export async function readService(x: Exchanger, list: VariableAccess[]): Promise<GetDataResult[]> {
  const request: Apdu = { kind: "read-request", list };
  const octets = encodeApdu(request);
  const blockwise = (x.conformance & CONFORMANCE["bt-get-read"]) !== 0 && octets.length > x.plainSizeMax;
  const first = blockwise ? await readRequestBlocks(x, octets.subarray(1)) : await readExchange(x, list);
  const results = "raw" in first[0]! ? await readBlocks(x, first[0]) : first;
  if (results.length === list.length) return results.map(resultOf);
  // An error of the transfer itself stands alone.
  const [alone] = results;
  if (results.length === 1 && alone !== undefined && "code" in alone && alone.code !== 0) return list.map(() => alone);
  throw new UnexpectedAnswerError(`${results.length} results for ${list.length} names`);
}

function resultOf(item: ReadItem): GetDataResult {
  if ("code" in item) return item;
  throw new UnexpectedAnswerError("a block stands among results");
}

async function readExchange(x: Exchanger, list: VariableAccess[]): Promise<ReadItem[]> {
  const answer = answerOf(await x.exchange({ kind: "read-request", list }), "read-response");
  if (answer.list.length === 0) throw new UnexpectedAnswerError("the read-response is empty");
  return answer.list;
}

/** Send a long request in blocks; the answer to the last of them. */
async function readRequestBlocks(x: Exchanger, body: Uint8Array): Promise<ReadItem[]> {
  const room = Math.max(1, x.plainSizeMax - READ_BLOCK_HEAD);
  for (let block = 1, at = 0; ; block++, at += room) {
    const last = at + room >= body.length;
    const raw = body.subarray(at, at + room);
    const items = await readExchange(x, [{ access: "read-block", last, block, raw }]);
    if (last) return items;
    const [item] = items;
    if (item === undefined || !("acknowledged" in item)) return items;
    if (item.acknowledged !== block) {
      throw new UnexpectedAnswerError(`the meter acknowledges block ${item.acknowledged} after block ${block}`);
    }
  }
}

/** Collect a long answer: its blocks hold the list with its count. */
async function readBlocks(x: Exchanger, first: ReadItem & { raw: Uint8Array }): Promise<ReadItem[]> {
  const raw: Uint8Array[] = [];
  let octets = 0;
  let item = first as { last: boolean; block: number; raw: Uint8Array };
  for (let expected = 1; ; expected++) {
    if (item.block !== expected) {
      throw new UnexpectedAnswerError(`the meter sends block ${item.block}, ${expected} was expected`);
    }
    raw.push(item.raw);
    octets += item.raw.length;
    x.onBlock?.(octets, raw);
    if (item.last) break;
    const [next] = await readExchange(x, [{ access: "block-number", block: expected }]);
    if (!("raw" in next!)) return [next!];
    item = next;
  }
  const r = new Reader(concat(...raw));
  const results = listParse(r, getDataResultParse);
  r.done("the list of results");
  return results;
}

/** Write any variables in one request: one data-access-result each. */
export async function writeService(x: Exchanger, list: VariableAccess[], data: Data[]): Promise<number[]> {
  const request: Apdu = { kind: "write-request", list, data };
  const octets = encodeApdu(request);
  const blockwise = (x.conformance & CONFORMANCE["bt-set-write"]) !== 0 && octets.length > x.plainSizeMax;
  const items = blockwise ? await writeBlocks(x, octets.subarray(1)) : await writeExchange(x, list, data);
  const codes = items.map((item) => {
    if ("code" in item) return item.code;
    throw new UnexpectedAnswerError("the meter acknowledges a block where results were expected");
  });
  if (codes.length === list.length) return codes;
  if (codes.length === 1 && codes[0] !== 0) return list.map(() => codes[0]!);
  throw new UnexpectedAnswerError(`${codes.length} results for ${list.length} names`);
}

async function writeExchange(x: Exchanger, list: VariableAccess[], data: Data[]): Promise<WriteItem[]> {
  return answerOf(await x.exchange({ kind: "write-request", list, data }), "write-response").list;
}

async function writeBlocks(x: Exchanger, body: Uint8Array): Promise<WriteItem[]> {
  const room = Math.max(1, x.plainSizeMax - WRITE_BLOCK_HEAD);
  for (let block = 1, at = 0; ; block++, at += room) {
    const last = at + room >= body.length;
    const raw = octetString(body.subarray(at, at + room));
    const items = await writeExchange(x, [{ access: "write-block", last, block }], [raw]);
    const [item] = items;
    if (last || item === undefined || !("acknowledged" in item)) return items;
    if (item.acknowledged !== block) {
      throw new UnexpectedAnswerError(`the meter acknowledges block ${item.acknowledged} after block ${block}`);
    }
  }
}

async function variableOf(x: ShortNameExchanger, d: AttributeDescriptorWithSelection): Promise<VariableAccess> {
  const name = await x.names.attribute(d);
  return d.selection === undefined
    ? { access: "name", name }
    : { access: "parameterized", name, selection: d.selection };
}

/** Read attributes named by class and logical name. */
export async function shortGetService(
  x: ShortNameExchanger,
  list: AttributeDescriptorWithSelection[],
): Promise<GetDataResult[]> {
  const variables: VariableAccess[] = [];
  for (const d of list) variables.push(await variableOf(x, d));
  return readService(x, variables);
}

/** Write attributes named by class and logical name. */
export async function shortSetService(
  x: ShortNameExchanger,
  list: AttributeDescriptorWithSelection[],
  values: Data[],
): Promise<number[]> {
  const variables: VariableAccess[] = [];
  for (const d of list) variables.push(await variableOf(x, d));
  return writeService(x, variables, values);
}

/** Run a method by a Read with parameters, which brings its return data; null-data stand for none. */
export async function shortActionService(
  x: ShortNameExchanger,
  method: MethodDescriptor,
  parameters: Data = NULL_DATA,
): Promise<ActionResponseItem> {
  const name = await x.names.method(method);
  const selection = { selector: 0, parameters };
  const [result] = await readService(x, [{ access: "parameterized", name, selection }]);
  const { code, data } = result!;
  if (data === undefined || data.type === "null-data") return { result: code };
  return { result: 0, returned: { code: 0, data } };
}

/** Write attributes without an answer. */
export async function unconfirmedWriteService(
  x: ShortNameExchanger,
  list: AttributeDescriptorWithSelection[],
  data: Data[],
): Promise<void> {
  const variables: VariableAccess[] = [];
  for (const d of list) variables.push(await variableOf(x, d));
  await x.postProtected({ kind: "unconfirmed-write-request", list: variables, data });
}
