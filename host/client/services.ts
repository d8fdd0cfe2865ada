/** GET, SET, ACTION and ACCESS as whole services, block transfer included. GB9 9.3, 9.4.6. */

import { encodeApdu, type Apdu, type ApduOf } from "./apdu.ts";
import { actionItemParse, type ActionResponseItem } from "./apdu_action.ts";
import { type AccessResponse, type AccessSpecification } from "./apdu_other.ts";
import {
  getDataResultParse,
  listParse,
  type AttributeDescriptorWithSelection,
  type GetDataResult,
  type Invoke,
  type MethodDescriptor,
} from "./apdu_parts.ts";
import { dataEmit, decodeData, encodeData, type Data } from "./axdr.ts";
import { ConfirmedServiceErrorError, ExceptionResponseError, UnexpectedAnswerError } from "./errors.ts";
import { CONFORMANCE } from "./initiate.ts";
import { concat, Reader, Writer } from "./octets.ts";

/** What the services need of an association. */
export interface Exchanger {
  exchange(apdu: Apdu): Promise<Apdu>;
  invokeNext(): Invoke;
  /** Negotiated conformance */
  readonly conformance: number;
  /** Largest plain APDU that fits the meter's receive size once protected; Infinity if unlimited */
  readonly plainSizeMax: number;
  /** Told of every block: octets so far, and the octets themselves while they can be looked at. */
  onBlock?: ((octets: number, raw: readonly Uint8Array[]) => void) | undefined;
}

/** Throw what exception-response and confirmed-service-error mean. */
export function throwIfError(answer: Apdu, where: string): void {
  if (answer.kind === "exception-response") {
    throw new ExceptionResponseError(where, answer.stateError, answer.serviceError, answer.invocationCounter);
  }
  if (answer.kind === "confirmed-service-error") {
    throw new ConfirmedServiceErrorError(where, answer.service, answer.choice, answer.value);
  }
}

/** The answer must be of the kinds expected and carry the invoke-id of the request. */
export function answerOf<K extends Apdu["kind"]>(answer: Apdu, invoke: Invoke, ...kinds: K[]): ApduOf<K> {
  if (!(kinds as string[]).includes(answer.kind)) {
    throw new UnexpectedAnswerError(`the meter answers with ${answer.kind}, ${kinds.join(" or ")} was expected`);
  }
  const got = (answer as { invoke?: Invoke }).invoke;
  if (got !== undefined && got.id !== invoke.id) {
    throw new UnexpectedAnswerError(`the answer has invoke-id ${got.id}, the request had ${invoke.id}`);
  }
  return answer as ApduOf<K>;
}

type DataBlockG = ApduOf<"get-response-with-datablock">;

/** Collect the raw octets of a long GET, or its error code. */
async function getBlocks(x: Exchanger, invoke: Invoke, first: DataBlockG): Promise<Uint8Array | number> {
  const raw: Uint8Array[] = [];
  let octets = 0;
  let block = first;
  for (let expected = 1; ; expected++) {
    if (block.raw === undefined) return block.error ?? 250;
    if (block.block !== expected) {
      throw new UnexpectedAnswerError(`the meter sends block ${block.block}, ${expected} was expected`);
    }
    raw.push(block.raw);
    octets += block.raw.length;
    x.onBlock?.(octets, raw);
    if (block.last) return concat(...raw);
    const answer = await x.exchange({ kind: "get-request-next", invoke, block: expected });
    if (answer.kind === "get-response-normal") {
      // Some meters report the end of a long GET this way instead of in a datablock.
      return answerOf(answer, invoke, "get-response-normal").result.code || 250;
    }
    block = answerOf(answer, invoke, "get-response-with-datablock");
  }
}

/** GET one attribute. */
export async function getService(x: Exchanger, descriptor: AttributeDescriptorWithSelection): Promise<GetDataResult> {
  const invoke = x.invokeNext();
  const answer = answerOf(
    await x.exchange({ kind: "get-request-normal", invoke, descriptor }),
    invoke,
    "get-response-normal",
    "get-response-with-datablock",
  );
  if (answer.kind === "get-response-normal") return answer.result;
  const raw = await getBlocks(x, invoke, answer);
  return typeof raw === "number" ? { code: raw } : { code: 0, data: decodeData(raw) };
}

/** GET several attributes in one request. A long answer carries the list with its count and choices. */
export async function getListService(x: Exchanger, list: AttributeDescriptorWithSelection[]): Promise<GetDataResult[]> {
  const invoke = x.invokeNext();
  const answer = answerOf(
    await x.exchange({ kind: "get-request-with-list", invoke, list }),
    invoke,
    "get-response-with-list",
    "get-response-with-datablock",
    "get-response-normal",
  );
  if (answer.kind === "get-response-with-list") return answer.list;
  if (answer.kind === "get-response-normal") return list.map(() => answer.result);
  const raw = await getBlocks(x, invoke, answer);
  if (typeof raw === "number") return list.map(() => ({ code: raw }));
  const r = new Reader(raw);
  const results = listParse(r, getDataResultParse);
  r.done("the list of results");
  return results;
}

function blocksWanted(x: Exchanger, request: Apdu, bit: number): boolean {
  return (x.conformance & bit) !== 0 && encodeApdu(request).length > x.plainSizeMax;
}

/** Cut `raw` so that each APDU fits: the first header has `headSize` octets before the raw octets, others 9. */
function cut(raw: Uint8Array, plainSizeMax: number, headSize: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (at < raw.length || pieces.length === 0) {
    const room = Math.max(1, plainSizeMax - (pieces.length === 0 ? headSize : 9) - 2);
    pieces.push(raw.subarray(at, at + room));
    at += room;
  }
  return pieces;
}

/** SET one attribute; the data-access-result. */
export async function setService(
  x: Exchanger,
  descriptor: AttributeDescriptorWithSelection,
  value: Data,
): Promise<number> {
  const invoke = x.invokeNext();
  const request: Apdu = { kind: "set-request-normal", invoke, descriptor, value };
  if (!blocksWanted(x, request, CONFORMANCE["bt-set-write"])) {
    return answerOf(await x.exchange(request), invoke, "set-response-normal").result;
  }
  const raw = encodeData(value);
  const head = encodeApdu(request).length - raw.length + 6;
  return (
    await setBlocks(x, invoke, cut(raw, x.plainSizeMax, head), (block) => ({
      kind: "set-request-with-first-datablock",
      invoke,
      descriptor,
      block,
    }))
  )[0]!;
}

/** SET several attributes in one request; one data-access-result each. */
export async function setListService(
  x: Exchanger,
  list: AttributeDescriptorWithSelection[],
  values: Data[],
): Promise<number[]> {
  const invoke = x.invokeNext();
  const request: Apdu = { kind: "set-request-with-list", invoke, list, values };
  if (!blocksWanted(x, request, CONFORMANCE["bt-set-write"])) {
    const answer = answerOf(await x.exchange(request), invoke, "set-response-with-list", "set-response-normal");
    return answer.kind === "set-response-with-list" ? answer.results : list.map(() => answer.result);
  }
  const w = new Writer().length(values.length);
  for (const value of values) dataEmit(w, value);
  const raw = w.octets();
  const head = encodeApdu(request).length - raw.length + 6;
  const results = await setBlocks(x, invoke, cut(raw, x.plainSizeMax, head), (block) => ({
    kind: "set-request-with-list-and-first-datablock",
    invoke,
    list,
    block,
  }));
  return results.length === list.length ? results : list.map(() => results[0]!);
}

type FirstOf = (block: { last: boolean; block: number; raw: Uint8Array }) => Apdu;

async function setBlocks(x: Exchanger, invoke: Invoke, pieces: Uint8Array[], first: FirstOf): Promise<number[]> {
  for (let number = 1; ; number++) {
    const last = number === pieces.length;
    const block = { last, block: number, raw: pieces[number - 1]! };
    const request: Apdu = number === 1 ? first(block) : { kind: "set-request-with-datablock", invoke, block };
    const answer = answerOf(
      await x.exchange(request),
      invoke,
      "set-response-datablock",
      "set-response-last-datablock",
      "set-response-last-datablock-with-list",
      "set-response-normal",
    );
    if (answer.kind === "set-response-last-datablock-with-list") return answer.results;
    if (answer.kind !== "set-response-datablock") return [answer.result];
    if (last || answer.block !== number) {
      throw new UnexpectedAnswerError(`the meter acknowledges block ${answer.block} after block ${number}`);
    }
  }
}

/** ACTION one method: action-result and what it returns. */
export async function actionService(
  x: Exchanger,
  method: MethodDescriptor,
  parameters?: Data,
): Promise<ActionResponseItem> {
  const invoke = x.invokeNext();
  const request: Apdu = {
    kind: "action-request-normal",
    invoke,
    method,
    ...(parameters === undefined ? {} : { parameters }),
  };
  const long = parameters !== undefined && blocksWanted(x, request, CONFORMANCE["bt-action"]);
  const first: FirstOf = (pblock) => ({ kind: "action-request-with-first-pblock", invoke, method, pblock });
  const answer = long
    ? await actionBlocks(x, invoke, cut(encodeData(parameters), x.plainSizeMax, 18), first)
    : await x.exchange(request);
  const whole = await actionAnswer(x, invoke, answer, "action-response-normal");
  if (!(whole instanceof Uint8Array)) return { result: whole.result, ...returnedOf(whole) };
  // The blocks hold the return Data alone; success is implied.
  return { result: 0, returned: { code: 0, data: decodeData(whole) } };
}

function returnedOf(item: ActionResponseItem): Pick<ActionResponseItem, "returned"> {
  return item.returned === undefined ? {} : { returned: item.returned };
}

async function actionBlocks(x: Exchanger, invoke: Invoke, pieces: Uint8Array[], first: FirstOf): Promise<Apdu> {
  for (let number = 1; ; number++) {
    const last = number === pieces.length;
    const pblock = { last, block: number, raw: pieces[number - 1]! };
    const request: Apdu = number === 1 ? first(pblock) : { kind: "action-request-with-pblock", invoke, pblock };
    const answer = await x.exchange(request);
    if (last || answer.kind !== "action-response-next-pblock") return answer;
    if (answer.block !== number) {
      throw new UnexpectedAnswerError(`the meter acknowledges pblock ${answer.block} after pblock ${number}`);
    }
  }
}

/** The answer to a whole request where it comes in one APDU, else the raw octets of its blocks. */
async function actionAnswer<K extends "action-response-normal" | "action-response-with-list">(
  x: Exchanger,
  invoke: Invoke,
  first: Apdu,
  ...kinds: K[]
): Promise<ApduOf<K> | Uint8Array> {
  const raw: Uint8Array[] = [];
  let octets = 0;
  let next = first;
  for (let expected = 1; ; expected++) {
    if (next.kind !== "action-response-with-pblock") return answerOf(next, invoke, ...kinds);
    const answer = answerOf(next, invoke, "action-response-with-pblock");
    if (answer.pblock.block !== expected) {
      throw new UnexpectedAnswerError(`the meter sends pblock ${answer.pblock.block}, ${expected} was expected`);
    }
    raw.push(answer.pblock.raw);
    octets += answer.pblock.raw.length;
    x.onBlock?.(octets, raw);
    if (answer.pblock.last) return concat(...raw);
    next = await x.exchange({ kind: "action-request-next-pblock", invoke, block: expected });
  }
}

/** ACTION several methods in one request. Methods without parameters get null-data. Blocks carry the lists with their counts. */
export async function actionListService(
  x: Exchanger,
  list: MethodDescriptor[],
  parameters: Data[],
): Promise<ActionResponseItem[]> {
  const invoke = x.invokeNext();
  const request: Apdu = { kind: "action-request-with-list", invoke, list, parameters };
  let answer: Apdu;
  if (blocksWanted(x, request, CONFORMANCE["bt-action"])) {
    const w = new Writer().length(parameters.length);
    for (const parameter of parameters) dataEmit(w, parameter);
    const raw = w.octets();
    const first: FirstOf = (pblock) => ({ kind: "action-request-with-list-and-first-pblock", invoke, list, pblock });
    const head = encodeApdu(request).length - raw.length + 6;
    answer = await actionBlocks(x, invoke, cut(raw, x.plainSizeMax, head), first);
  } else {
    answer = await x.exchange(request);
  }
  const whole = await actionAnswer(x, invoke, answer, "action-response-with-list", "action-response-normal");
  if (whole instanceof Uint8Array) {
    const r = new Reader(whole);
    const results = listParse(r, actionItemParse);
    r.done("the list of results");
    return results;
  }
  // A refusal of the whole request comes as one result.
  return whole.kind === "action-response-with-list" ? whole.list : list.map(() => ({ result: whole.result }));
}

/** ACCESS: any mix of GET, SET and ACTION; `data` has one entry per specification. */
export async function accessService(
  x: Exchanger,
  specification: AccessSpecification[],
  data: Data[],
  flags: { selfDescriptive?: boolean; breakOnError?: boolean } = {},
): Promise<AccessResponse> {
  const id = x.invokeNext().id;
  const invoke = {
    id,
    selfDescriptive: flags.selfDescriptive ?? false,
    breakOnError: flags.breakOnError ?? false,
    confirmed: true,
    high: false,
  };
  const request: Apdu = { kind: "access-request", invoke, dateTime: new Uint8Array(0), specification, data };
  return answerOf(await x.exchange(request), { id, confirmed: true, high: false }, "access-response");
}
