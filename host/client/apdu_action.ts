/** ACTION: C3 and C7. GB9 9.3.8, 9.5. */

import {
  dataBlockEmit,
  dataBlockParse,
  flagParse,
  getDataResultEmit,
  getDataResultParse,
  invokeEmit,
  invokeParse,
  listEmit,
  listParse,
  methodEmit,
  methodParse,
  optionalDataEmit,
  optionalDataParse,
  type DataBlock,
  type GetDataResult,
  type Invoke,
  type MethodDescriptor,
} from "./apdu_parts.ts";
import { dataEmit, dataParse, type Data } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

export type ActionRequest =
  | { kind: "action-request-normal"; invoke: Invoke; method: MethodDescriptor; parameters?: Data }
  | { kind: "action-request-next-pblock"; invoke: Invoke; block: number }
  | { kind: "action-request-with-list"; invoke: Invoke; list: MethodDescriptor[]; parameters: Data[] }
  | { kind: "action-request-with-first-pblock"; invoke: Invoke; method: MethodDescriptor; pblock: DataBlock }
  | {
      kind: "action-request-with-list-and-first-pblock";
      invoke: Invoke;
      list: MethodDescriptor[];
      pblock: DataBlock;
    }
  | { kind: "action-request-with-pblock"; invoke: Invoke; pblock: DataBlock };

/** action-result and the optional return parameters. */
export interface ActionResponseItem {
  result: number;
  returned?: GetDataResult;
}

export type ActionResponse =
  | ({ kind: "action-response-normal"; invoke: Invoke } & ActionResponseItem)
  | { kind: "action-response-with-pblock"; invoke: Invoke; pblock: DataBlock }
  | { kind: "action-response-with-list"; invoke: Invoke; list: ActionResponseItem[] }
  | { kind: "action-response-next-pblock"; invoke: Invoke; block: number };

const REQUEST_CHOICE: Readonly<Record<ActionRequest["kind"], number>> = {
  "action-request-normal": 1,
  "action-request-next-pblock": 2,
  "action-request-with-list": 3,
  "action-request-with-first-pblock": 4,
  "action-request-with-list-and-first-pblock": 5,
  "action-request-with-pblock": 6,
};

const RESPONSE_CHOICE: Readonly<Record<ActionResponse["kind"], number>> = {
  "action-response-normal": 1,
  "action-response-with-pblock": 2,
  "action-response-with-list": 3,
  "action-response-next-pblock": 4,
};

/** Parse what follows C3. */
export function actionRequestParse(r: Reader): ActionRequest {
  const choice = r.u8();
  if (choice < 1 || choice > 6) throw new MalformedError(`action-request has no choice ${choice}`);
  const invoke = invokeParse(r);
  switch (choice) {
    case 1: {
      const method = methodParse(r);
      const parameters = optionalDataParse(r);
      const request = { kind: "action-request-normal", invoke, method } as const;
      return parameters === undefined ? request : { ...request, parameters };
    }
    case 2:
      return { kind: "action-request-next-pblock", invoke, block: r.u32() };
    case 3: {
      const list = listParse(r, methodParse);
      return { kind: "action-request-with-list", invoke, list, parameters: listParse(r, (q) => dataParse(q)) };
    }
    case 4:
      return { kind: "action-request-with-first-pblock", invoke, method: methodParse(r), pblock: dataBlockParse(r) };
    case 5: {
      const list = listParse(r, methodParse);
      return { kind: "action-request-with-list-and-first-pblock", invoke, list, pblock: dataBlockParse(r) };
    }
    default:
      return { kind: "action-request-with-pblock", invoke, pblock: dataBlockParse(r) };
  }
}

/** Emit what actionRequestParse() reads. */
export function actionRequestEmit(w: Writer, a: ActionRequest): void {
  w.u8(REQUEST_CHOICE[a.kind]);
  invokeEmit(w, a.invoke);
  switch (a.kind) {
    case "action-request-normal":
      methodEmit(w, a.method);
      return optionalDataEmit(w, a.parameters);
    case "action-request-next-pblock":
      w.u32(a.block);
      return;
    case "action-request-with-list":
      listEmit(w, a.list, methodEmit);
      return listEmit(w, a.parameters, dataEmit);
    case "action-request-with-first-pblock":
      methodEmit(w, a.method);
      return dataBlockEmit(w, a.pblock);
    case "action-request-with-list-and-first-pblock":
      listEmit(w, a.list, methodEmit);
      return dataBlockEmit(w, a.pblock);
    case "action-request-with-pblock":
      return dataBlockEmit(w, a.pblock);
  }
}

/** action-result and optional return parameters, as a list holds them. */
export function actionItemParse(r: Reader): ActionResponseItem {
  const result = r.u8();
  return flagParse(r) ? { result, returned: getDataResultParse(r) } : { result };
}

function itemEmit(w: Writer, item: ActionResponseItem): void {
  w.u8(item.result);
  if (item.returned === undefined) {
    w.u8(0);
    return;
  }
  w.u8(1);
  getDataResultEmit(w, item.returned);
}

/** Parse what follows C7. */
export function actionResponseParse(r: Reader): ActionResponse {
  const choice = r.u8();
  if (choice < 1 || choice > 4) throw new MalformedError(`action-response has no choice ${choice}`);
  const invoke = invokeParse(r);
  if (choice === 1) return { kind: "action-response-normal", invoke, ...actionItemParse(r) };
  if (choice === 2) return { kind: "action-response-with-pblock", invoke, pblock: dataBlockParse(r) };
  if (choice === 3) return { kind: "action-response-with-list", invoke, list: listParse(r, actionItemParse) };
  return { kind: "action-response-next-pblock", invoke, block: r.u32() };
}

/** Emit what actionResponseParse() reads. */
export function actionResponseEmit(w: Writer, a: ActionResponse): void {
  w.u8(RESPONSE_CHOICE[a.kind]);
  invokeEmit(w, a.invoke);
  switch (a.kind) {
    case "action-response-normal":
      return itemEmit(w, a);
    case "action-response-with-pblock":
      return dataBlockEmit(w, a.pblock);
    case "action-response-with-list":
      return listEmit(w, a.list, itemEmit);
    case "action-response-next-pblock":
      w.u32(a.block);
  }
}
