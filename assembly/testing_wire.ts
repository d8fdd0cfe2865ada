/** Entry for the tests of `wire/`; never shipped. Addresses come from the test; the parsed value lies at valueAt(). */
import "./trap";
import { Err } from "./base/err";
import { Reader } from "./base/reader";
import { Writer } from "./base/writer";
import { Aare, aareEmit, aareParse } from "./wire/acse_aare";
import { Aarq, aarqEmit, aarqParse } from "./wire/acse_aarq";
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
import { Ciphered, cipheredEmit, cipheredParse } from "./wire/ciphered";
import { dataInteger, dataMatches, dataSkip } from "./wire/data";
import { DateTime, dateTimeEmit, dateTimeParse } from "./wire/date_time";
import {
  ConfirmedServiceError,
  confirmedServiceErrorEmit,
  confirmedServiceErrorParse,
  ExceptionResponse,
  exceptionResponseEmit,
  exceptionResponseParse,
} from "./wire/exception";
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
import {
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

/** The codec pairs, in the order of `test/wire/core.ts`. */
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
}

const value = memory.data(256, 8);
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
    default:
      return dateTimeParse(input, changetype<DateTime>(value));
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
    default:
      dateTimeEmit(out, changetype<DateTime>(value));
  }
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
