/** Result and error codes of ACSE and xDLMS as the standard numbers them. They are answers, not errors of this core. */

/** Data-Access-Result (COSEM PDU module, GB9 9.5). */
export const enum DataAccessResult {
  SUCCESS = 0,
  HARDWARE_FAULT = 1,
  TEMPORARY_FAILURE = 2,
  READ_WRITE_DENIED = 3,
  OBJECT_UNDEFINED = 4,
  OBJECT_CLASS_INCONSISTENT = 9,
  OBJECT_UNAVAILABLE = 11,
  TYPE_UNMATCHED = 12,
  SCOPE_OF_ACCESS_VIOLATED = 13,
  DATA_BLOCK_UNAVAILABLE = 14,
  LONG_GET_ABORTED = 15,
  NO_LONG_GET_IN_PROGRESS = 16,
  LONG_SET_ABORTED = 17,
  NO_LONG_SET_IN_PROGRESS = 18,
  DATA_BLOCK_NUMBER_INVALID = 19,
  OTHER_REASON = 250,
}

/** Action-Result (GB9 9.5). */
export const enum ActionResult {
  SUCCESS = 0,
  HARDWARE_FAULT = 1,
  TEMPORARY_FAILURE = 2,
  READ_WRITE_DENIED = 3,
  OBJECT_UNDEFINED = 4,
  OBJECT_CLASS_INCONSISTENT = 9,
  OBJECT_UNAVAILABLE = 11,
  TYPE_UNMATCHED = 12,
  SCOPE_OF_ACCESS_VIOLATED = 13,
  DATA_BLOCK_UNAVAILABLE = 14,
  LONG_ACTION_ABORTED = 15,
  NO_LONG_ACTION_IN_PROGRESS = 16,
  OTHER_REASON = 250,
}

/** state-error of the ExceptionResponse. */
export const enum StateError {
  SERVICE_NOT_ALLOWED = 1,
  SERVICE_UNKNOWN = 2,
}

/** service-error of the ExceptionResponse. */
export const enum ServiceError {
  OPERATION_NOT_POSSIBLE = 1,
  SERVICE_NOT_SUPPORTED = 2,
  OTHER_REASON = 3,
  PDU_TOO_LONG = 4,
  DECIPHERING_ERROR = 5,
  /** Followed by the lowest acceptable invocation counter. */
  INVOCATION_COUNTER_ERROR = 6,
}

/** Association-result of the AARE. */
export const enum AssociationResult {
  ACCEPTED = 0,
  REJECTED_PERMANENT = 1,
  REJECTED_TRANSIENT = 2,
}

/** Who speaks in the result-source-diagnostic of the AARE. */
export const enum DiagnosticSource {
  ACSE_SERVICE_USER = 1,
  ACSE_SERVICE_PROVIDER = 2,
}

/** acse-service-user diagnostics. */
export const enum UserDiagnostic {
  NULL = 0,
  NO_REASON_GIVEN = 1,
  APPLICATION_CONTEXT_NAME_NOT_SUPPORTED = 2,
  CALLING_AP_TITLE_NOT_RECOGNIZED = 3,
  CALLING_AP_INVOCATION_ID_NOT_RECOGNIZED = 4,
  CALLING_AE_QUALIFIER_NOT_RECOGNIZED = 5,
  CALLING_AE_INVOCATION_ID_NOT_RECOGNIZED = 6,
  CALLED_AP_TITLE_NOT_RECOGNIZED = 7,
  CALLED_AP_INVOCATION_ID_NOT_RECOGNIZED = 8,
  CALLED_AE_QUALIFIER_NOT_RECOGNIZED = 9,
  CALLED_AE_INVOCATION_ID_NOT_RECOGNIZED = 10,
  AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED = 11,
  AUTHENTICATION_MECHANISM_NAME_REQUIRED = 12,
  AUTHENTICATION_FAILURE = 13,
  AUTHENTICATION_REQUIRED = 14,
}

/** acse-service-provider diagnostics. */
export const enum ProviderDiagnostic {
  NULL = 0,
  NO_REASON_GIVEN = 1,
  NO_COMMON_ACSE_VERSION = 2,
}

/** Reason of RLRQ and RLRE. */
export const enum ReleaseReason {
  NORMAL = 0,
  /** "urgent" in an RLRQ, "not finished" in an RLRE. */
  URGENT_OR_NOT_FINISHED = 1,
  USER_DEFINED = 30,
}

/** The service a confirmedServiceError belongs to. */
export const enum ServiceErrorService {
  INITIATE = 1,
  READ = 5,
  WRITE = 6,
}

/** The ServiceError choice of a confirmedServiceError. */
export const enum ServiceErrorChoice {
  APPLICATION_REFERENCE = 0,
  HARDWARE_RESOURCE = 1,
  VDE_STATE_ERROR = 2,
  SERVICE = 3,
  DEFINITION = 4,
  ACCESS = 5,
  INITIATE = 6,
  LOAD_DATA_SET = 7,
  TASK = 9,
}

/** Values of the choice `service`. */
export const enum ServiceRefusal {
  OTHER = 0,
  PDU_SIZE = 1,
  SERVICE_UNSUPPORTED = 2,
}

/** Values of the choice `initiate`. */
export const enum InitiateError {
  OTHER = 0,
  DLMS_VERSION_TOO_LOW = 1,
  INCOMPATIBLE_CONFORMANCE = 2,
  PDU_SIZE_TOO_SHORT = 3,
  REFUSED_BY_VDE_HANDLER = 4,
}
