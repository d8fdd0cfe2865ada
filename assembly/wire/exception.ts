/** The two refusals without an invoke-id: ExceptionResponse and confirmedServiceError (GB9 9.5). */
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { ServiceError } from "./results";
import { ApduTag } from "./tags";

@unmanaged
export class ExceptionResponse {
  /** StateError, and ServiceError. */
  stateError: u32;
  serviceError: u32;
  /** Lowest acceptable invocation counter; only with INVOCATION_COUNTER_ERROR. */
  invocationCounter: u32;
}

/** Parses an ExceptionResponse with its tag. Err.UNKNOWN for another tag, Err.MALFORMED for octets behind it. */
export function exceptionResponseParse(r: Reader, out: ExceptionResponse): i32 {
  Axdr.expect(r, ApduTag.EXCEPTION_RESPONSE);
  out.stateError = r.u8();
  out.serviceError = r.u8();
  out.invocationCounter = out.serviceError == ServiceError.INVOCATION_COUNTER_ERROR ? r.u32() : 0;
  r.close();
  return r.err;
}

/** Emits an ExceptionResponse; the counter is written only with INVOCATION_COUNTER_ERROR. */
export function exceptionResponseEmit(w: Writer, stateError: u32, serviceError: u32, invocationCounter: u32 = 0): void {
  w.u8(ApduTag.EXCEPTION_RESPONSE);
  w.u8(stateError);
  w.u8(serviceError);
  if (serviceError == ServiceError.INVOCATION_COUNTER_ERROR) w.u32(invocationCounter);
}

@unmanaged
export class ConfirmedServiceError {
  /** ServiceErrorService, ServiceErrorChoice and the value of that choice. */
  service: u32;
  choice: u32;
  value: u32;
}

/** Parses a confirmedServiceError with its tag, 4 octets; errors as exceptionResponseParse(). */
export function confirmedServiceErrorParse(r: Reader, out: ConfirmedServiceError): i32 {
  Axdr.expect(r, ApduTag.CONFIRMED_SERVICE_ERROR);
  out.service = r.u8();
  out.choice = r.u8();
  out.value = r.u8();
  r.close();
  return r.err;
}

export function confirmedServiceErrorEmit(w: Writer, service: u32, choice: u32, value: u32): void {
  w.u8(ApduTag.CONFIRMED_SERVICE_ERROR);
  w.u8(service);
  w.u8(choice);
  w.u8(value);
}
