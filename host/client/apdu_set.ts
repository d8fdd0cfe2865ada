/** SET: C1 and C5. GB9 9.3.7, 9.5. */

import {
  attributeWithSelectionEmit,
  attributeWithSelectionParse,
  dataBlockEmit,
  dataBlockParse,
  invokeEmit,
  invokeParse,
  listEmit,
  listParse,
  type AttributeDescriptorWithSelection,
  type DataBlock,
  type Invoke,
} from "./apdu_parts.ts";
import { dataEmit, dataParse, type Data } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

export type SetRequest =
  | { kind: "set-request-normal"; invoke: Invoke; descriptor: AttributeDescriptorWithSelection; value: Data }
  | {
      kind: "set-request-with-first-datablock";
      invoke: Invoke;
      descriptor: AttributeDescriptorWithSelection;
      block: DataBlock;
    }
  | { kind: "set-request-with-datablock"; invoke: Invoke; block: DataBlock }
  | { kind: "set-request-with-list"; invoke: Invoke; list: AttributeDescriptorWithSelection[]; values: Data[] }
  | {
      kind: "set-request-with-list-and-first-datablock";
      invoke: Invoke;
      list: AttributeDescriptorWithSelection[];
      block: DataBlock;
    };

export type SetResponse =
  | { kind: "set-response-normal"; invoke: Invoke; result: number }
  | { kind: "set-response-datablock"; invoke: Invoke; block: number }
  | { kind: "set-response-last-datablock"; invoke: Invoke; result: number; block: number }
  | { kind: "set-response-last-datablock-with-list"; invoke: Invoke; results: number[]; block: number }
  | { kind: "set-response-with-list"; invoke: Invoke; results: number[] };

const REQUEST_CHOICE: Readonly<Record<SetRequest["kind"], number>> = {
  "set-request-normal": 1,
  "set-request-with-first-datablock": 2,
  "set-request-with-datablock": 3,
  "set-request-with-list": 4,
  "set-request-with-list-and-first-datablock": 5,
};

const RESPONSE_CHOICE: Readonly<Record<SetResponse["kind"], number>> = {
  "set-response-normal": 1,
  "set-response-datablock": 2,
  "set-response-last-datablock": 3,
  "set-response-last-datablock-with-list": 4,
  "set-response-with-list": 5,
};

const octet = (r: Reader): number => r.u8();
const octetEmit = (w: Writer, value: number): void => void w.u8(value);

/** Parse what follows C1. */
export function setRequestParse(r: Reader): SetRequest {
  const choice = r.u8();
  if (choice < 1 || choice > 5) throw new MalformedError(`set-request has no choice ${choice}`);
  const invoke = invokeParse(r);
  if (choice === 3) return { kind: "set-request-with-datablock", invoke, block: dataBlockParse(r) };
  if (choice <= 2) {
    const descriptor = attributeWithSelectionParse(r);
    if (choice === 1) return { kind: "set-request-normal", invoke, descriptor, value: dataParse(r) };
    return { kind: "set-request-with-first-datablock", invoke, descriptor, block: dataBlockParse(r) };
  }
  const list = listParse(r, attributeWithSelectionParse);
  if (choice === 4) return { kind: "set-request-with-list", invoke, list, values: listParse(r, (q) => dataParse(q)) };
  return { kind: "set-request-with-list-and-first-datablock", invoke, list, block: dataBlockParse(r) };
}

/** Emit what setRequestParse() reads. */
export function setRequestEmit(w: Writer, a: SetRequest): void {
  w.u8(REQUEST_CHOICE[a.kind]);
  invokeEmit(w, a.invoke);
  switch (a.kind) {
    case "set-request-normal":
      attributeWithSelectionEmit(w, a.descriptor);
      return dataEmit(w, a.value);
    case "set-request-with-first-datablock":
      attributeWithSelectionEmit(w, a.descriptor);
      return dataBlockEmit(w, a.block);
    case "set-request-with-datablock":
      return dataBlockEmit(w, a.block);
    case "set-request-with-list":
      listEmit(w, a.list, attributeWithSelectionEmit);
      return listEmit(w, a.values, dataEmit);
    case "set-request-with-list-and-first-datablock":
      listEmit(w, a.list, attributeWithSelectionEmit);
      return dataBlockEmit(w, a.block);
  }
}

/** Parse what follows C5. */
export function setResponseParse(r: Reader): SetResponse {
  const choice = r.u8();
  if (choice < 1 || choice > 5) throw new MalformedError(`set-response has no choice ${choice}`);
  const invoke = invokeParse(r);
  if (choice === 1) return { kind: "set-response-normal", invoke, result: r.u8() };
  if (choice === 2) return { kind: "set-response-datablock", invoke, block: r.u32() };
  if (choice === 3) return { kind: "set-response-last-datablock", invoke, result: r.u8(), block: r.u32() };
  const results = listParse(r, octet);
  if (choice === 4) return { kind: "set-response-last-datablock-with-list", invoke, results, block: r.u32() };
  return { kind: "set-response-with-list", invoke, results };
}

/** Emit what setResponseParse() reads. */
export function setResponseEmit(w: Writer, a: SetResponse): void {
  w.u8(RESPONSE_CHOICE[a.kind]);
  invokeEmit(w, a.invoke);
  if ("result" in a) w.u8(a.result);
  if ("results" in a) listEmit(w, a.results, octetEmit);
  if ("block" in a) w.u32(a.block);
}
