/** Entry for the tests of `wire/`; never shipped. Addresses come from the test; the parsed value lies at valueAt(). */
import { Err } from "./base/err";
import { Reader } from "./base/reader";
import { Writer } from "./base/writer";
import { Aare, aareEmit, aareParse } from "./wire/acse_aare";
import { Aarq, aarqEmit, aarqParse } from "./wire/acse_aarq";
import {
  AccessRequest,
  accessRequestEmit,
  accessRequestParse,
  AccessResponse,
  accessResponseEmit,
  accessResponseParse,
  AccessSpecification,
  accessSpecificationEmit,
  accessSpecificationParse,
} from "./wire/access";
import { Release, rlreEmit, rlreParse, rlrqEmit, rlrqParse } from "./wire/acse_release";
import {
  ActionRequest,
  actionRequestEmit,
  actionRequestParse,
  ActionResponse,
  actionResponseEmit,
  actionResponseParse,
} from "./wire/action";
import { Axdr } from "./wire/axdr";
import {
  Ciphered,
  cipheredEmit,
  cipheredHeadSize,
  cipheredParse,
  cipheredSize,
  cipheredTag,
  cipheredTagPlain,
  cipherFamily,
} from "./wire/ciphered";
import { dataFixedSize, dataInteger, dataMatches, dataSkip } from "./wire/data";
import { dataCopy } from "./wire/data_copy";
import {
  DateTime,
  dateTimeDataEmit,
  dateTimeDataParse,
  dateTimeEmit,
  dateTimeFromMs,
  dateTimeIsSpecified,
  dateTimeIsValid,
  dateTimeParse,
  dateTimeToMs,
  dateTimeToSeconds,
} from "./wire/date_time";
import {
  AttributeDescriptor,
  attributeDescriptorWithSelectionEmit,
  attributeDescriptorWithSelectionParse,
  MethodDescriptor,
  methodDescriptorEmit,
  methodDescriptorParse,
} from "./wire/descriptor";
import {
  ConfirmedServiceError,
  confirmedServiceErrorEmit,
  confirmedServiceErrorParse,
  ExceptionResponse,
  exceptionResponseEmit,
  exceptionResponseParse,
} from "./wire/exception";
import { GeneralBlockTransfer, gbtEmit, gbtParse } from "./wire/gbt";
import { GeneralCiphering, generalCipheringEmit, generalCipheringParse } from "./wire/general_ciphering";
import { GeneralSigning, generalSigningEmit, generalSigningParse } from "./wire/general_signing";
import {
  GetRequest,
  getRequestEmit,
  getRequestParse,
  GetResponse,
  getResponseEmit,
  getResponseParse,
} from "./wire/get";
import {
  InitiateRequest,
  initiateRequestEmit,
  initiateRequestParse,
  InitiateResponse,
  initiateResponseEmit,
  initiateResponseParse,
} from "./wire/initiate";
import { objectIdentifierEmit, objectIdentifierParse } from "./wire/names";
import {
  DataNotification,
  dataNotificationConfirmEmit,
  dataNotificationConfirmParse,
  dataNotificationEmit,
  dataNotificationParse,
  EventNotification,
  eventNotificationEmit,
  eventNotificationParse,
} from "./wire/notification";
import {
  CaptureObject,
  captureObjectEmit,
  captureObjectParse,
  EntryDescriptor,
  entryDescriptorEmit,
  entryDescriptorParse,
  RangeDescriptor,
  rangeDescriptorEmit,
  rangeDescriptorParse,
} from "./wire/selective";
import {
  SetRequest,
  setRequestEmit,
  setRequestParse,
  SetResponse,
  setResponseEmit,
  setResponseParse,
} from "./wire/set";

import {
  ShortNameItem,
  shortNameItemEmit,
  shortNameItemParse,
  ShortNameRequest,
  shortNameRequestEmit,
  shortNameRequestParse,
  ShortNameResponse,
  shortNameResponseEmit,
  shortNameResponseParse,
  VariableAccessSpecification,
  variableAccessEmit,
  variableAccessParse,
} from "./wire/short_name";

/** The codec pairs, in the order of `test/wire/kinds.ts`. */
const enum Kind {
  AARQ,
  AARE,
  RLRQ,
  RLRE,
  INITIATE_REQUEST,
  INITIATE_RESPONSE,
  EXCEPTION_RESPONSE,
  CONFIRMED_SERVICE_ERROR,
  GET_REQUEST,
  GET_RESPONSE,
  SET_REQUEST,
  SET_RESPONSE,
  ACTION_REQUEST,
  ACTION_RESPONSE,
  CIPHERED,
  RANGE_DESCRIPTOR,
  ENTRY_DESCRIPTOR,
  DATE_TIME,
  GENERAL_BLOCK_TRANSFER,
  ACCESS_REQUEST,
  ACCESS_RESPONSE,
  DATA_NOTIFICATION,
  DATA_NOTIFICATION_CONFIRM,
  EVENT_NOTIFICATION,
  GENERAL_CIPHERING,
  GENERAL_SIGNING,
  SHORT_NAME_REQUEST,
  SHORT_NAME_RESPONSE,
}

const value = memory.data(256, 8);
const item = memory.data(64, 8);
const r = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const w = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** First octet the module leaves free. */
export function freeFrom(): usize {
  return __heap_base;
}

/** Where parse() lays the value. */
export function valueAt(): usize {
  return value;
}

/** Octets read, or Err. */
export function parse(kind: i32, at: usize, size: u32): i32 {
  const err = parseKind(kind, r.over(at, size));
  return err == Err.OK ? <i32>r.consumed : err;
}

/** Octets written from the value last parsed, or Err. */
export function emit(kind: i32, at: usize, capacity: u32): i32 {
  emitKind(kind, w.into(at, capacity));
  return w.err == Err.OK ? <i32>w.size : w.err;
}

/** Octets emit() would write. */
export function emitSize(kind: i32): i32 {
  emitKind(kind, w.count());
  return <i32>w.size;
}

function parseKind(kind: i32, input: Reader): i32 {
  switch (kind) {
    case Kind.AARQ:
      return aarqParse(input, changetype<Aarq>(value));
    case Kind.AARE:
      return aareParse(input, changetype<Aare>(value));
    case Kind.RLRQ:
      return rlrqParse(input, changetype<Release>(value));
    case Kind.RLRE:
      return rlreParse(input, changetype<Release>(value));
    case Kind.INITIATE_REQUEST:
      return initiateRequestParse(input, changetype<InitiateRequest>(value));
    case Kind.INITIATE_RESPONSE:
      return initiateResponseParse(input, changetype<InitiateResponse>(value));
    case Kind.EXCEPTION_RESPONSE:
      return exceptionResponseParse(input, changetype<ExceptionResponse>(value));
    case Kind.CONFIRMED_SERVICE_ERROR:
      return confirmedServiceErrorParse(input, changetype<ConfirmedServiceError>(value));
    default:
      return parseService(kind, input);
  }
}

function parseService(kind: i32, input: Reader): i32 {
  switch (kind) {
    case Kind.GET_REQUEST:
      return getRequestParse(input, changetype<GetRequest>(value));
    case Kind.GET_RESPONSE:
      return getResponseParse(input, changetype<GetResponse>(value));
    case Kind.SET_REQUEST:
      return setRequestParse(input, changetype<SetRequest>(value));
    case Kind.SET_RESPONSE:
      return setResponseParse(input, changetype<SetResponse>(value));
    case Kind.ACTION_REQUEST:
      return actionRequestParse(input, changetype<ActionRequest>(value));
    case Kind.ACTION_RESPONSE:
      return actionResponseParse(input, changetype<ActionResponse>(value));
    case Kind.CIPHERED:
      return cipheredParse(input, changetype<Ciphered>(value));
    case Kind.RANGE_DESCRIPTOR:
      return rangeDescriptorParse(input, changetype<RangeDescriptor>(value));
    case Kind.ENTRY_DESCRIPTOR:
      return entryDescriptorParse(input, changetype<EntryDescriptor>(value));
    case Kind.DATE_TIME:
      return dateTimeParse(input, changetype<DateTime>(value));
    default:
      return parseOther(kind, input);
  }
}

function parseOther(kind: i32, input: Reader): i32 {
  switch (kind) {
    case Kind.GENERAL_BLOCK_TRANSFER:
      return gbtParse(input, changetype<GeneralBlockTransfer>(value));
    case Kind.ACCESS_REQUEST:
      return accessRequestParse(input, changetype<AccessRequest>(value));
    case Kind.ACCESS_RESPONSE:
      return accessResponseParse(input, changetype<AccessResponse>(value));
    case Kind.DATA_NOTIFICATION:
      return dataNotificationParse(input, changetype<DataNotification>(value));
    case Kind.DATA_NOTIFICATION_CONFIRM:
      return dataNotificationConfirmParse(input, changetype<DataNotification>(value));
    case Kind.EVENT_NOTIFICATION:
      return eventNotificationParse(input, changetype<EventNotification>(value));
    case Kind.GENERAL_CIPHERING:
      return generalCipheringParse(input, changetype<GeneralCiphering>(value));
    case Kind.GENERAL_SIGNING:
      return generalSigningParse(input, changetype<GeneralSigning>(value));
    case Kind.SHORT_NAME_REQUEST:
      return shortNameRequestParse(input, changetype<ShortNameRequest>(value));
    default:
      return shortNameResponseParse(input, changetype<ShortNameResponse>(value));
  }
}

function emitKind(kind: i32, out: Writer): void {
  switch (kind) {
    case Kind.AARQ:
      return aarqEmit(out, changetype<Aarq>(value));
    case Kind.AARE:
      return aareEmit(out, changetype<Aare>(value));
    case Kind.RLRQ:
      return rlrqEmit(out, changetype<Release>(value));
    case Kind.RLRE:
      return rlreEmit(out, changetype<Release>(value));
    case Kind.INITIATE_REQUEST:
      return initiateRequestEmit(out, changetype<InitiateRequest>(value));
    case Kind.INITIATE_RESPONSE:
      return initiateResponseEmit(out, changetype<InitiateResponse>(value));
    case Kind.EXCEPTION_RESPONSE: {
      const x = changetype<ExceptionResponse>(value);
      return exceptionResponseEmit(out, x.stateError, x.serviceError, x.invocationCounter);
    }
    case Kind.CONFIRMED_SERVICE_ERROR: {
      const x = changetype<ConfirmedServiceError>(value);
      return confirmedServiceErrorEmit(out, x.service, x.choice, x.value);
    }
    default:
      emitService(kind, out);
  }
}

function emitService(kind: i32, out: Writer): void {
  switch (kind) {
    case Kind.GET_REQUEST:
      return getRequestEmit(out, changetype<GetRequest>(value));
    case Kind.GET_RESPONSE:
      return getResponseEmit(out, changetype<GetResponse>(value));
    case Kind.SET_REQUEST:
      return setRequestEmit(out, changetype<SetRequest>(value));
    case Kind.SET_RESPONSE:
      return setResponseEmit(out, changetype<SetResponse>(value));
    case Kind.ACTION_REQUEST:
      return actionRequestEmit(out, changetype<ActionRequest>(value));
    case Kind.ACTION_RESPONSE:
      return actionResponseEmit(out, changetype<ActionResponse>(value));
    case Kind.CIPHERED:
      return cipheredEmit(out, changetype<Ciphered>(value));
    case Kind.RANGE_DESCRIPTOR:
      return rangeDescriptorEmit(out, changetype<RangeDescriptor>(value));
    case Kind.ENTRY_DESCRIPTOR:
      return entryDescriptorEmit(out, changetype<EntryDescriptor>(value));
    case Kind.DATE_TIME:
      return dateTimeEmit(out, changetype<DateTime>(value));
    default:
      emitOther(kind, out);
  }
}

function emitOther(kind: i32, out: Writer): void {
  switch (kind) {
    case Kind.GENERAL_BLOCK_TRANSFER:
      return gbtEmit(out, changetype<GeneralBlockTransfer>(value));
    case Kind.ACCESS_REQUEST:
      return accessRequestEmit(out, changetype<AccessRequest>(value));
    case Kind.ACCESS_RESPONSE:
      return accessResponseEmit(out, changetype<AccessResponse>(value));
    case Kind.DATA_NOTIFICATION:
      return dataNotificationEmit(out, changetype<DataNotification>(value));
    case Kind.DATA_NOTIFICATION_CONFIRM:
      return dataNotificationConfirmEmit(out, changetype<DataNotification>(value));
    case Kind.EVENT_NOTIFICATION:
      return eventNotificationEmit(out, changetype<EventNotification>(value));
    case Kind.GENERAL_CIPHERING:
      return generalCipheringEmit(out, changetype<GeneralCiphering>(value));
    case Kind.GENERAL_SIGNING:
      return generalSigningEmit(out, changetype<GeneralSigning>(value));
    case Kind.SHORT_NAME_REQUEST:
      return shortNameRequestEmit(out, changetype<ShortNameRequest>(value));
    default:
      shortNameResponseEmit(out, changetype<ShortNameResponse>(value));
  }
}

/** One more item of a list: reads it with the item parser of the list's kind and writes it again. */
function itemEcho(kind: i32, list: Reader, out: Writer): void {
  switch (kind) {
    case Kind.GET_REQUEST:
    case Kind.SET_REQUEST:
      attributeDescriptorWithSelectionParse(list, changetype<AttributeDescriptor>(item));
      if (list.err == Err.OK) attributeDescriptorWithSelectionEmit(out, changetype<AttributeDescriptor>(item));
      return;
    case Kind.ACTION_REQUEST:
      methodDescriptorParse(list, changetype<MethodDescriptor>(item));
      if (list.err == Err.OK) methodDescriptorEmit(out, changetype<MethodDescriptor>(item));
      return;
    case Kind.RANGE_DESCRIPTOR:
      captureObjectParse(list, changetype<CaptureObject>(item));
      if (list.err == Err.OK) captureObjectEmit(out, changetype<CaptureObject>(item));
      return;
    case Kind.ACCESS_REQUEST:
      accessSpecificationParse(list, changetype<AccessSpecification>(item));
      if (list.err == Err.OK) accessSpecificationEmit(out, changetype<AccessSpecification>(item));
      return;
    case Kind.SHORT_NAME_REQUEST:
      variableAccessParse(list, changetype<VariableAccessSpecification>(item));
      if (list.err == Err.OK) variableAccessEmit(out, changetype<VariableAccessSpecification>(item));
      return;
    default: {
      const tag = changetype<ShortNameResponse>(value).tag;
      shortNameItemParse(list, tag, changetype<ShortNameItem>(item));
      if (list.err == Err.OK) shortNameItemEmit(out, tag, changetype<ShortNameItem>(item));
    }
  }
}

/** Reads `count` items of a list and writes them again: octets written, or Err; MALFORMED when octets are left. */
export function listEcho(kind: i32, count: u32, at: usize, size: u32, out: usize, capacity: u32): i32 {
  r.over(at, size);
  w.into(out, capacity);
  for (let i: u32 = 0; i < count; i++) itemEcho(kind, r, w);
  if (r.err == Err.OK && r.remaining != 0) return Err.MALFORMED;
  return r.err == Err.OK ? <i32>w.size : r.err;
}

/** Octets of one Data, or Err. */
export function skip(at: usize, size: u32): i32 {
  const err = dataSkip(r.over(at, size));
  return err == Err.OK ? <i32>r.consumed : err;
}

/** Octets of one Data of the type, or Err. */
export function match(at: usize, size: u32, typeAt: usize, typeSize: u32): i32 {
  const err = dataMatches(r.over(at, size), typeAt, typeSize);
  return err == Err.OK ? <i32>r.consumed : err;
}

/** Octets of the copy of one Data, or Err. */
export function copyData(at: usize, size: u32, out: usize, capacity: u32): i32 {
  const err = dataCopy(r.over(at, size), w.into(out, capacity));
  return err == Err.OK ? <i32>w.size : err;
}

/** Stores the number as i64 at valueAt(); Err.OK or Err. */
export function integer(at: usize, size: u32): i32 {
  store<i64>(value, dataInteger(r.over(at, size)));
  return r.err;
}

/** Stores the length as u32 at valueAt(); octets read, or Err. */
export function lengthParse(at: usize, size: u32): i32 {
  store<u32>(value, Axdr.readLength(r.over(at, size)));
  return r.err == Err.OK ? <i32>r.consumed : r.err;
}

/** Octets written for a length, or Err. */
export function lengthEmit(length: u32, at: usize, capacity: u32): i32 {
  Axdr.length(w.into(at, capacity), length);
  return w.err == Err.OK ? <i32>w.size : w.err;
}

export function fixedSize(tag: u32): i32 {
  return dataFixedSize(tag);
}

export function family(tag: u32): i32 {
  return cipherFamily(tag);
}
export function tagPlain(tag: u32): u32 {
  return cipheredTagPlain(tag);
}
export function tagCiphered(plain: u32, cipher: i32): u32 {
  return cipheredTag(plain, cipher);
}
export function headSize(tag: u32, titleSize: u32, control: u32, textSize: u32): u32 {
  return cipheredHeadSize(tag, titleSize, control, textSize);
}
export function wholeSize(tag: u32, titleSize: u32, control: u32, textSize: u32): u32 {
  return cipheredSize(tag, titleSize, control, textSize);
}
export function nameParse(at: usize, size: u32, kind: u32): i32 {
  return objectIdentifierParse(at, size, kind);
}
export function nameEmit(kind: u32, id: u32, at: usize, capacity: u32): i32 {
  objectIdentifierEmit(w.into(at, capacity), kind, id);
  return w.err == Err.OK ? <i32>w.size : w.err;
}

/** Bit 0 valid, bit 1 specified, of the date-time last parsed. */
export function dateTimeJudge(): i32 {
  const x = changetype<DateTime>(value);
  return (dateTimeIsValid(x) ? 1 : 0) | (dateTimeIsSpecified(x) ? 2 : 0);
}
export function dateTimeDataRead(at: usize, size: u32): i32 {
  const err = dateTimeDataParse(r.over(at, size), changetype<DateTime>(value));
  return err == Err.OK ? <i32>r.consumed : err;
}
export function dateTimeDataWrite(at: usize, capacity: u32): i32 {
  dateTimeDataEmit(w.into(at, capacity), changetype<DateTime>(value));
  return w.err == Err.OK ? <i32>w.size : w.err;
}
export function dateTimeMs(defaultDeviation: i32): f64 {
  return <f64>dateTimeToMs(changetype<DateTime>(value), defaultDeviation);
}
export function dateTimeSeconds(defaultDeviation: i32): f64 {
  return <f64>dateTimeToSeconds(changetype<DateTime>(value), defaultDeviation);
}
export function dateTimeSet(ms: f64, deviation: i32, status: u32): void {
  dateTimeFromMs(<i64>ms, deviation, status, changetype<DateTime>(value));
}

/** Bit 0 version supported, bit 1 authentication required, of the AARQ last parsed. */
export function aarqJudge(): i32 {
  const x = changetype<Aarq>(value);
  return (x.versionSupported ? 1 : 0) | (x.authenticationRequired ? 2 : 0);
}
export function aarqUserId(): i32 {
  return changetype<Aarq>(value).userId;
}
