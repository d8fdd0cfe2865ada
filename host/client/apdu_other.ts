/** ACCESS, notifications, general block transfer, errors and ciphered APDUs. GB9 9.3, 9.5. */

import {
  attributeEmit,
  attributeParse,
  listEmit,
  listParse,
  longInvokeEmit,
  longInvokeParse,
  methodEmit,
  methodParse,
  selectionEmit,
  selectionParse,
  type AttributeDescriptor,
  type AttributeDescriptorWithSelection,
  type LongInvoke,
  type MethodDescriptor,
} from "./apdu_parts.ts";
import { dataEmit, dataParse, type Data } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

export type AccessSpecification =
  | { service: "get" | "set"; descriptor: AttributeDescriptorWithSelection }
  | { service: "action"; method: MethodDescriptor };

export interface AccessRequest {
  kind: "access-request";
  invoke: LongInvoke;
  /** 12 octets, or none */
  dateTime: Uint8Array;
  specification: AccessSpecification[];
  data: Data[];
}

export interface AccessResponse {
  kind: "access-response";
  invoke: LongInvoke;
  dateTime: Uint8Array;
  /** Present when the request asked for a self-descriptive response. */
  specification?: AccessSpecification[];
  data: Data[];
  results: { service: "get" | "set" | "action"; code: number }[];
}

export interface DataNotification {
  kind: "data-notification";
  invoke: LongInvoke;
  dateTime: Uint8Array;
  body: Data;
}

export interface DataNotificationConfirm {
  kind: "data-notification-confirm";
  invoke: LongInvoke;
  dateTime: Uint8Array;
}

export interface EventNotification {
  kind: "event-notification-request";
  /** 12 octets, if present */
  time?: Uint8Array;
  descriptor: AttributeDescriptor;
  value: Data;
}

export interface GeneralBlockTransfer {
  kind: "general-block-transfer";
  lastBlock: boolean;
  streaming: boolean;
  /** Blocks the sender can receive in one stream, 0..63 */
  window: number;
  blockNumber: number;
  blockNumberAck: number;
  data: Uint8Array;
}

export interface ExceptionResponse {
  kind: "exception-response";
  stateError: number;
  serviceError: number;
  /** Only with service error 6: the next counter the server accepts */
  invocationCounter?: number;
}

export interface ConfirmedServiceError {
  kind: "confirmed-service-error";
  service: number;
  choice: number;
  value: number;
}

/** Any glo- or ded- ciphered service: `tag` tells which. */
export interface ServiceCiphered {
  kind: "service-ciphered";
  tag: number;
  /** Security header and protected octets: SC, IC, text, tag */
  body: Uint8Array;
}

export interface GeneralCiphered {
  kind: "general-glo-ciphering" | "general-ded-ciphering";
  systemTitle: Uint8Array;
  body: Uint8Array;
}

export type OtherApdu =
  | AccessRequest
  | AccessResponse
  | DataNotification
  | DataNotificationConfirm
  | EventNotification
  | GeneralBlockTransfer
  | ExceptionResponse
  | ConfirmedServiceError
  | ServiceCiphered
  | GeneralCiphered;

const ACCESS_SERVICE = ["get", "set", "action"] as const;

/** Choices 1 get, 2 set, 3 action, 4 get and 5 set with selection. */
function specificationParse(r: Reader): AccessSpecification {
  const choice = r.u8();
  if (choice === 3) return { service: "action", method: methodParse(r) };
  if (choice < 1 || choice > 5) throw new MalformedError(`access-request-specification has no choice ${choice}`);
  const descriptor: AttributeDescriptorWithSelection = attributeParse(r);
  if (choice > 3) descriptor.selection = selectionParse(r);
  return { service: choice === 1 || choice === 4 ? "get" : "set", descriptor };
}

function specificationEmit(w: Writer, s: AccessSpecification): void {
  if (s.service === "action") {
    w.u8(3);
    return methodEmit(w, s.method);
  }
  const selection = s.descriptor.selection;
  w.u8((s.service === "get" ? 1 : 2) + (selection === undefined ? 0 : 3));
  attributeEmit(w, s.descriptor);
  if (selection !== undefined) selectionEmit(w, selection);
}

const parseData = (r: Reader): Data => dataParse(r);

export function accessRequestParse(r: Reader): AccessRequest {
  return {
    kind: "access-request",
    invoke: longInvokeParse(r),
    dateTime: r.octetString(),
    specification: listParse(r, specificationParse),
    data: listParse(r, parseData),
  };
}

export function accessRequestEmit(w: Writer, a: AccessRequest): void {
  longInvokeEmit(w, a.invoke);
  w.octetString(a.dateTime);
  listEmit(w, a.specification, specificationEmit);
  listEmit(w, a.data, dataEmit);
}

export function accessResponseParse(r: Reader): AccessResponse {
  const head = { kind: "access-response", invoke: longInvokeParse(r), dateTime: r.octetString() } as const;
  const specification = r.u8() === 0 ? undefined : listParse(r, specificationParse);
  const data = listParse(r, parseData);
  const results = listParse(r, (q) => {
    const service = ACCESS_SERVICE[q.u8() - 1];
    if (service === undefined) throw new MalformedError("access-response-specification has no such choice");
    return { service, code: q.u8() };
  });
  return { ...head, ...(specification === undefined ? {} : { specification }), data, results };
}

export function accessResponseEmit(w: Writer, a: AccessResponse): void {
  longInvokeEmit(w, a.invoke);
  w.octetString(a.dateTime);
  if (a.specification === undefined) w.u8(0);
  else listEmit(w.u8(1), a.specification, specificationEmit);
  listEmit(w, a.data, dataEmit);
  listEmit(w, a.results, (q, item) => void q.u8(ACCESS_SERVICE.indexOf(item.service) + 1).u8(item.code));
}

export function dataNotificationParse(r: Reader): DataNotification {
  return { kind: "data-notification", invoke: longInvokeParse(r), dateTime: r.octetString(), body: dataParse(r) };
}

export function dataNotificationEmit(w: Writer, a: DataNotification): void {
  longInvokeEmit(w, a.invoke);
  w.octetString(a.dateTime);
  dataEmit(w, a.body);
}

export function dataNotificationConfirmParse(r: Reader): DataNotificationConfirm {
  return { kind: "data-notification-confirm", invoke: longInvokeParse(r), dateTime: r.octetString() };
}

export function dataNotificationConfirmEmit(w: Writer, a: DataNotificationConfirm): void {
  longInvokeEmit(w, a.invoke);
  w.octetString(a.dateTime);
}

export function eventNotificationParse(r: Reader): EventNotification {
  const time = r.u8() === 0 ? undefined : r.octetString();
  const descriptor = attributeParse(r);
  const value = dataParse(r);
  return { kind: "event-notification-request", ...(time === undefined ? {} : { time }), descriptor, value };
}

export function eventNotificationEmit(w: Writer, a: EventNotification): void {
  if (a.time === undefined) w.u8(0);
  else w.u8(1).octetString(a.time);
  attributeEmit(w, a.descriptor);
  dataEmit(w, a.value);
}

export function gbtParse(r: Reader): GeneralBlockTransfer {
  const control = r.u8();
  return {
    kind: "general-block-transfer",
    lastBlock: (control & 0x80) !== 0,
    streaming: (control & 0x40) !== 0,
    window: control & 0x3f,
    blockNumber: r.u16(),
    blockNumberAck: r.u16(),
    data: r.octetString(),
  };
}

export function gbtEmit(w: Writer, a: GeneralBlockTransfer): void {
  w.u8((a.lastBlock ? 0x80 : 0) | (a.streaming ? 0x40 : 0) | (a.window & 0x3f));
  w.u16(a.blockNumber).u16(a.blockNumberAck).octetString(a.data);
}

export function exceptionParse(r: Reader): ExceptionResponse {
  const exception: ExceptionResponse = { kind: "exception-response", stateError: r.u8(), serviceError: r.u8() };
  if (exception.serviceError === 6) exception.invocationCounter = r.u32();
  return exception;
}

export function exceptionEmit(w: Writer, a: ExceptionResponse): void {
  w.u8(a.stateError).u8(a.serviceError);
  if (a.invocationCounter !== undefined) w.u32(a.invocationCounter);
}

export function serviceErrorParse(r: Reader): ConfirmedServiceError {
  return { kind: "confirmed-service-error", service: r.u8(), choice: r.u8(), value: r.u8() };
}

export function serviceErrorEmit(w: Writer, a: ConfirmedServiceError): void {
  w.u8(a.service).u8(a.choice).u8(a.value);
}
