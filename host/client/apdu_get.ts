/** GET: C0 and C4. GB9 9.3.6, 9.5. */

import {
  attributeWithSelectionEmit,
  attributeWithSelectionParse,
  getDataResultEmit,
  getDataResultParse,
  invokeEmit,
  invokeParse,
  listEmit,
  listParse,
  type AttributeDescriptorWithSelection,
  type GetDataResult,
  type Invoke,
} from "./apdu_parts.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

export type GetRequest =
  | { kind: "get-request-normal"; invoke: Invoke; descriptor: AttributeDescriptorWithSelection }
  | { kind: "get-request-next"; invoke: Invoke; block: number }
  | { kind: "get-request-with-list"; invoke: Invoke; list: AttributeDescriptorWithSelection[] };

/** In a datablock either `raw` or `error` is present. */
export type GetResponse =
  | { kind: "get-response-normal"; invoke: Invoke; result: GetDataResult }
  | {
      kind: "get-response-with-datablock";
      invoke: Invoke;
      last: boolean;
      block: number;
      raw?: Uint8Array;
      error?: number;
    }
  | { kind: "get-response-with-list"; invoke: Invoke; list: GetDataResult[] };

/** Parse what follows C0. */
export function getRequestParse(r: Reader): GetRequest {
  const choice = r.u8();
  if (choice < 1 || choice > 3) throw new MalformedError(`get-request has no choice ${choice}`);
  const invoke = invokeParse(r);
  if (choice === 1) return { kind: "get-request-normal", invoke, descriptor: attributeWithSelectionParse(r) };
  if (choice === 2) return { kind: "get-request-next", invoke, block: r.u32() };
  return { kind: "get-request-with-list", invoke, list: listParse(r, attributeWithSelectionParse) };
}

/** Emit what getRequestParse() reads. */
export function getRequestEmit(w: Writer, a: GetRequest): void {
  switch (a.kind) {
    case "get-request-normal":
      w.u8(1);
      invokeEmit(w, a.invoke);
      return attributeWithSelectionEmit(w, a.descriptor);
    case "get-request-next":
      w.u8(2);
      invokeEmit(w, a.invoke);
      w.u32(a.block);
      return;
    case "get-request-with-list":
      w.u8(3);
      invokeEmit(w, a.invoke);
      return listEmit(w, a.list, attributeWithSelectionEmit);
  }
}

/** Parse what follows C4. */
export function getResponseParse(r: Reader): GetResponse {
  const choice = r.u8();
  if (choice < 1 || choice > 3) throw new MalformedError(`get-response has no choice ${choice}`);
  const invoke = invokeParse(r);
  if (choice === 1) return { kind: "get-response-normal", invoke, result: getDataResultParse(r) };
  if (choice === 3) return { kind: "get-response-with-list", invoke, list: listParse(r, getDataResultParse) };
  const head = { kind: "get-response-with-datablock", invoke, last: r.u8() !== 0, block: r.u32() } as const;
  const result = r.u8();
  if (result === 0) return { ...head, raw: r.octetString() };
  if (result === 1) return { ...head, error: r.u8() };
  throw new MalformedError(`DataBlock-G has no choice ${result}`);
}

/** Emit what getResponseParse() reads. */
export function getResponseEmit(w: Writer, a: GetResponse): void {
  switch (a.kind) {
    case "get-response-normal":
      w.u8(1);
      invokeEmit(w, a.invoke);
      return getDataResultEmit(w, a.result);
    case "get-response-with-datablock":
      w.u8(2);
      invokeEmit(w, a.invoke);
      w.u8(a.last ? 1 : 0).u32(a.block);
      if (a.raw !== undefined) w.u8(0).octetString(a.raw);
      else w.u8(1).u8(a.error ?? 250);
      return;
    case "get-response-with-list":
      w.u8(3);
      invokeEmit(w, a.invoke);
      return listEmit(w, a.list, getDataResultEmit);
  }
}
