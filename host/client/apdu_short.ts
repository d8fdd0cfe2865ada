/** Services of short name referencing: Read, Write, UnconfirmedWrite, InformationReport. GB9 9.3.14 to 9.3.17, 9.5. */

import {
  getDataResultEmit,
  getDataResultParse,
  listEmit,
  listParse,
  type GetDataResult,
  type Selection,
} from "./apdu_parts.ts";
import { dataEmit, dataParse, type Data } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

/** Variable-Access-Specification. The raw octets of a write block travel in the data list. */
export type VariableAccess =
  | { access: "name"; name: number }
  | { access: "parameterized"; name: number; selection: Selection }
  | { access: "block-number"; block: number }
  | { access: "read-block"; last: boolean; block: number; raw: Uint8Array }
  | { access: "write-block"; last: boolean; block: number };

export interface ReadRequest {
  kind: "read-request";
  list: VariableAccess[];
}

export interface WriteRequest {
  kind: "write-request" | "unconfirmed-write-request";
  list: VariableAccess[];
  data: Data[];
}

export interface InformationReport {
  kind: "information-report-request";
  /** Octets of the time, as they come; absent if the meter gives none */
  time?: Uint8Array;
  list: VariableAccess[];
  data: Data[];
}

/** Data or a code; a block of a long answer; or the acknowledgement of a block of a long request. */
export type ReadItem = GetDataResult | { last: boolean; block: number; raw: Uint8Array } | { acknowledged: number };

/** A code, 0 = success, or the acknowledgement of a block. */
export type WriteItem = { code: number } | { acknowledged: number };

export interface ReadResponse {
  kind: "read-response";
  list: ReadItem[];
}

export interface WriteResponse {
  kind: "write-response";
  list: WriteItem[];
}

export type ShortNameApdu = ReadRequest | WriteRequest | InformationReport | ReadResponse | WriteResponse;

/** Parsers by tag. */
export const SHORT_NAME_PARSE: Readonly<Record<number, (r: Reader) => ShortNameApdu>> = {
  0x05: (r) => ({ kind: "read-request", list: listParse(r, variableParse) }),
  0x06: (r) => ({ kind: "write-request", ...namesAndData(r) }),
  0x0c: (r) => ({ kind: "read-response", list: listParse(r, readItemParse) }),
  0x0d: (r) => ({ kind: "write-response", list: listParse(r, writeItemParse) }),
  0x16: (r) => ({ kind: "unconfirmed-write-request", ...namesAndData(r) }),
  0x18: (r) => {
    const time = r.u8() === 0 ? undefined : r.octetString();
    return { kind: "information-report-request", ...(time === undefined ? {} : { time }), ...namesAndData(r) };
  },
};

const TAG: Readonly<Record<ShortNameApdu["kind"], number>> = {
  "read-request": 0x05,
  "write-request": 0x06,
  "read-response": 0x0c,
  "write-response": 0x0d,
  "unconfirmed-write-request": 0x16,
  "information-report-request": 0x18,
};

export function isShortNameApdu(a: { kind: string }): a is ShortNameApdu {
  return a.kind in TAG;
}

/** Emits an APDU with its tag. */
export function shortNameEmit(w: Writer, a: ShortNameApdu): void {
  w.u8(TAG[a.kind]);
  if (a.kind === "read-response") return listEmit(w, a.list, readItemEmit);
  if (a.kind === "write-response") return listEmit(w, a.list, writeItemEmit);
  if (a.kind === "information-report-request") {
    if (a.time === undefined) w.u8(0);
    else w.u8(1).octetString(a.time);
  }
  listEmit(w, a.list, variableEmit);
  if (a.kind !== "read-request") listEmit(w, a.data, dataEmit);
}

function namesAndData(r: Reader): { list: VariableAccess[]; data: Data[] } {
  return { list: listParse(r, variableParse), data: listParse(r, dataParse) };
}

function variableParse(r: Reader): VariableAccess {
  const choice = r.u8();
  switch (choice) {
    case 2:
      return { access: "name", name: r.u16() };
    case 4:
      return { access: "parameterized", name: r.u16(), selection: { selector: r.u8(), parameters: dataParse(r) } };
    case 5:
      return { access: "block-number", block: r.u16() };
    case 6:
      return { access: "read-block", last: r.u8() !== 0, block: r.u16(), raw: r.octetString() };
    case 7:
      return { access: "write-block", last: r.u8() !== 0, block: r.u16() };
    default:
      throw new MalformedError(`Variable-Access-Specification has no choice ${choice} here`);
  }
}

function variableEmit(w: Writer, x: VariableAccess): void {
  switch (x.access) {
    case "name":
      return void w.u8(2).u16(x.name);
    case "parameterized":
      w.u8(4).u16(x.name).u8(x.selection.selector);
      return dataEmit(w, x.selection.parameters);
    case "block-number":
      return void w.u8(5).u16(x.block);
    case "read-block":
      return void w
        .u8(6)
        .u8(x.last ? 1 : 0)
        .u16(x.block)
        .octetString(x.raw);
    case "write-block":
      return void w
        .u8(7)
        .u8(x.last ? 1 : 0)
        .u16(x.block);
  }
}

function readItemParse(r: Reader): ReadItem {
  const choice = r.peek();
  if (choice < 2) return getDataResultParse(r);
  r.u8();
  if (choice === 2) return { last: r.u8() !== 0, block: r.u16(), raw: r.octetString() };
  if (choice === 3) return { acknowledged: r.u16() };
  throw new MalformedError(`ReadResponse has no choice ${choice}`);
}

function readItemEmit(w: Writer, x: ReadItem): void {
  if ("acknowledged" in x) w.u8(3).u16(x.acknowledged);
  else if ("raw" in x)
    w.u8(2)
      .u8(x.last ? 1 : 0)
      .u16(x.block)
      .octetString(x.raw);
  else getDataResultEmit(w, x);
}

function writeItemParse(r: Reader): WriteItem {
  const choice = r.u8();
  if (choice === 0) return { code: 0 };
  if (choice === 1) return { code: r.u8() };
  if (choice === 2) return { acknowledged: r.u16() };
  throw new MalformedError(`WriteResponse has no choice ${choice}`);
}

function writeItemEmit(w: Writer, x: WriteItem): void {
  if ("acknowledged" in x) w.u8(2).u16(x.acknowledged);
  else if (x.code === 0) w.u8(0);
  else w.u8(1).u8(x.code);
}
