/** What can go wrong between a client and a meter, each with a message that one line can show. */

import {
  actionResultName,
  aareDiagnosticName,
  AARE_RESULT,
  confirmedServiceErrorName,
  dataAccessResultName,
  exceptionServiceErrorName,
  EXCEPTION_STATE_ERROR,
} from "./results.ts";

/** Root of every error this client throws on purpose. */
export class DlmsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Octets that do not follow their format. */
export class MalformedError extends DlmsError {}

/** The peer did not answer in time. */
export class TimeOutError extends DlmsError {}

/** The connection failed, was refused or was closed. */
export class ConnectionError extends DlmsError {}

/** The HDLC link was refused (DM), rejected (FRMR) or lost. */
export class LinkError extends DlmsError {}

/** Keys or counters do not fit, or a protected answer cannot be trusted. */
export class SecurityError extends DlmsError {}

/** The answer is well-formed but not an answer to the request. */
export class UnexpectedAnswerError extends DlmsError {}

/** A data-access-result other than success. Codes: GB9 9.3. */
export class DataAccessError extends DlmsError {
  readonly code: number;
  constructor(where: string, code: number) {
    super(`${where}: the meter answers ${dataAccessResultName(code)} (data-access-result ${code})`);
    this.code = code;
  }
}

/** An action-result other than success. */
export class ActionError extends DlmsError {
  readonly code: number;
  constructor(where: string, code: number) {
    super(`${where}: the meter answers ${actionResultName(code)} (action-result ${code})`);
    this.code = code;
  }
}

/** An AARE that refuses the association. */
export class AssociationError extends DlmsError {
  readonly result: number;
  /** 1 acse-service-user, 2 acse-service-provider. */
  readonly source: number;
  readonly diagnostic: number;
  constructor(result: number, source: number, diagnostic: number, detail: string) {
    const name = aareDiagnosticName(source, diagnostic);
    const kind = AARE_RESULT[result] ?? `result ${result}`;
    super(`association refused: ${kind}, ${name} (diagnostic ${diagnostic})${detail}`);
    this.result = result;
    this.source = source;
    this.diagnostic = diagnostic;
  }
}

/** An exception-response, D8. */
export class ExceptionResponseError extends DlmsError {
  readonly stateError: number;
  readonly serviceError: number;
  /** Next acceptable counter, when the service error is invocation-counter-error. */
  readonly invocationCounter: number | undefined;
  constructor(where: string, stateError: number, serviceError: number, invocationCounter?: number) {
    const state = EXCEPTION_STATE_ERROR[stateError] ?? `state-error ${stateError}`;
    const counter = invocationCounter === undefined ? "" : `, next acceptable counter ${invocationCounter}`;
    const names = `${state}, ${exceptionServiceErrorName(serviceError)}${counter}`;
    super(`${where}: exception-response ${names}`);
    this.stateError = stateError;
    this.serviceError = serviceError;
    this.invocationCounter = invocationCounter;
  }
}

/** A confirmed-service-error, 0E. */
export class ConfirmedServiceErrorError extends DlmsError {
  readonly service: number;
  readonly choice: number;
  readonly value: number;
  constructor(where: string, service: number, choice: number, value: number) {
    super(`${where}: confirmed-service-error ${confirmedServiceErrorName(service, choice, value)}`);
    this.service = service;
    this.choice = choice;
    this.value = value;
  }
}
