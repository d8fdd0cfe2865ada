/** Building blocks that several xDLMS APDUs share. GB9 9.5. */

import { dataEmit, dataParse, type Data } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { logicalNameParse, logicalNameText } from "./logical_name.ts";
import { Reader, Writer } from "./octets.ts";

/** invoke-id-and-priority. `spare` keeps the two reserved bits, which are 0. */
export interface Invoke {
  /** 0..15 */
  id: number;
  /** service-class: true = confirmed */
  confirmed: boolean;
  /** priority: true = high */
  high: boolean;
  spare?: number;
}

/** long-invoke-id-and-priority. */
export interface LongInvoke {
  /** 0..2^24-1 */
  id: number;
  selfDescriptive: boolean;
  breakOnError: boolean;
  confirmed: boolean;
  high: boolean;
}

/** Selective access: selector and its parameters. */
export interface Selection {
  selector: number;
  parameters: Data;
}

/** cosem-attribute-descriptor. The logical name is accepted in any spelling and decoded as 1-0:1.8.0.255. */
export interface AttributeDescriptor {
  classId: number;
  logicalName: string;
  /** 0 = all attributes */
  attribute: number;
}

export interface AttributeDescriptorWithSelection extends AttributeDescriptor {
  selection?: Selection;
}

/** cosem-method-descriptor. */
export interface MethodDescriptor {
  classId: number;
  logicalName: string;
  method: number;
}

/** Get-Data-Result: data with code 0, or a data-access-result other than success. */
export interface GetDataResult {
  code: number;
  data?: Data;
}

/** DataBlock-SA, and DataBlock-G without its error form. */
export interface DataBlock {
  last: boolean;
  block: number;
  raw: Uint8Array;
}

export function invokeParse(r: Reader): Invoke {
  const octet = r.u8();
  const invoke: Invoke = { id: octet & 0x0f, confirmed: (octet & 0x40) !== 0, high: (octet & 0x80) !== 0 };
  if ((octet & 0x30) !== 0) invoke.spare = octet & 0x30;
  return invoke;
}

export function invokeEmit(w: Writer, invoke: Invoke): void {
  w.u8((invoke.id & 0x0f) | (invoke.spare ?? 0) | (invoke.confirmed ? 0x40 : 0) | (invoke.high ? 0x80 : 0));
}

export function longInvokeParse(r: Reader): LongInvoke {
  const field = r.u32();
  return {
    id: field & 0xffffff,
    selfDescriptive: (field & 0x10000000) !== 0,
    breakOnError: (field & 0x20000000) !== 0,
    confirmed: (field & 0x40000000) !== 0,
    high: field >>> 31 === 1,
  };
}

export function longInvokeEmit(w: Writer, invoke: LongInvoke): void {
  const flags =
    (invoke.selfDescriptive ? 1 : 0) |
    (invoke.breakOnError ? 2 : 0) |
    (invoke.confirmed ? 4 : 0) |
    (invoke.high ? 8 : 0);
  w.u32(((flags << 28) | (invoke.id & 0xffffff)) >>> 0);
}

export function attributeParse(r: Reader): AttributeDescriptor {
  return { classId: r.u16(), logicalName: logicalNameText(r.take(6)), attribute: r.i8() };
}

export function attributeEmit(w: Writer, a: AttributeDescriptor): void {
  w.u16(a.classId).put(logicalNameParse(a.logicalName)).u8(a.attribute);
}

export function methodParse(r: Reader): MethodDescriptor {
  return { classId: r.u16(), logicalName: logicalNameText(r.take(6)), method: r.i8() };
}

export function methodEmit(w: Writer, m: MethodDescriptor): void {
  w.u16(m.classId).put(logicalNameParse(m.logicalName)).u8(m.method);
}

/** A usage flag: 00 absent, anything else present. */
export function flagParse(r: Reader): boolean {
  return r.u8() !== 0;
}

/** selector and parameters without usage flag, as ACCESS has them. */
export function selectionParse(r: Reader): Selection {
  return { selector: r.u8(), parameters: dataParse(r) };
}

export function selectionEmit(w: Writer, s: Selection): void {
  w.u8(s.selector);
  dataEmit(w, s.parameters);
}

/** A descriptor and its optional selective access. */
export function attributeWithSelectionParse(r: Reader): AttributeDescriptorWithSelection {
  const descriptor: AttributeDescriptorWithSelection = attributeParse(r);
  if (flagParse(r)) descriptor.selection = selectionParse(r);
  return descriptor;
}

export function attributeWithSelectionEmit(w: Writer, a: AttributeDescriptorWithSelection): void {
  attributeEmit(w, a);
  if (a.selection === undefined) {
    w.u8(0);
    return;
  }
  w.u8(1);
  selectionEmit(w, a.selection);
}

/** A count and that many items. */
export function listParse<T>(r: Reader, item: (r: Reader) => T): T[] {
  const count = r.length();
  if (count > r.left) throw new MalformedError(`list of ${count} items in ${r.left} octets`);
  return Array.from({ length: count }, () => item(r));
}

export function listEmit<T>(w: Writer, items: readonly T[], item: (w: Writer, value: T) => void): void {
  w.length(items.length);
  for (const value of items) item(w, value);
}

export function getDataResultParse(r: Reader): GetDataResult {
  const choice = r.u8();
  if (choice === 0) return { code: 0, data: dataParse(r) };
  if (choice === 1) return { code: r.u8() };
  throw new MalformedError(`Get-Data-Result has no choice ${choice}`);
}

export function getDataResultEmit(w: Writer, result: GetDataResult): void {
  if (result.data !== undefined) {
    w.u8(0);
    dataEmit(w, result.data);
  } else {
    w.u8(1).u8(result.code);
  }
}

export function dataBlockParse(r: Reader): DataBlock {
  return { last: r.u8() !== 0, block: r.u32(), raw: r.octetString() };
}

export function dataBlockEmit(w: Writer, block: DataBlock): void {
  w.u8(block.last ? 1 : 0)
    .u32(block.block)
    .octetString(block.raw);
}

/** Optional Data: usage flag, then the value. */
export function optionalDataParse(r: Reader): Data | undefined {
  return flagParse(r) ? dataParse(r) : undefined;
}

export function optionalDataEmit(w: Writer, data: Data | undefined): void {
  if (data === undefined) {
    w.u8(0);
    return;
  }
  w.u8(1);
  dataEmit(w, data);
}
