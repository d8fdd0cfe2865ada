/** Names of the codes a meter answers with. GB9 9.3 (ACSE diagnostics), 9.5 (COSEM PDU ASN.1). */

export const DATA_ACCESS_RESULT: Readonly<Record<number, string>> = {
  0: "success",
  1: "hardware-fault",
  2: "temporary-failure",
  3: "read-write-denied",
  4: "object-undefined",
  9: "object-class-inconsistent",
  11: "object-unavailable",
  12: "type-unmatched",
  13: "scope-of-access-violated",
  14: "data-block-unavailable",
  15: "long-get-aborted",
  16: "no-long-get-in-progress",
  17: "long-set-aborted",
  18: "no-long-set-in-progress",
  19: "data-block-number-invalid",
  250: "other-reason",
};

export const ACTION_RESULT: Readonly<Record<number, string>> = {
  0: "success",
  1: "hardware-fault",
  2: "temporary-failure",
  3: "read-write-denied",
  4: "object-undefined",
  9: "object-class-inconsistent",
  11: "object-unavailable",
  12: "type-unmatched",
  13: "scope-of-access-violated",
  14: "data-block-unavailable",
  15: "long-action-aborted",
  16: "no-long-action-in-progress",
  250: "other-reason",
};

export const AARE_RESULT: readonly string[] = ["accepted", "rejected-permanent", "rejected-transient"];

const SERVICE_USER: readonly string[] = [
  "null",
  "no-reason-given",
  "application-context-name-not-supported",
  "calling-AP-title-not-recognized",
  "calling-AP-invocation-id-not-recognized",
  "calling-AE-qualifier-not-recognized",
  "calling-AE-invocation-id-not-recognized",
  "called-AP-title-not-recognized",
  "called-AP-invocation-id-not-recognized",
  "called-AE-qualifier-not-recognized",
  "called-AE-invocation-id-not-recognized",
  "authentication-mechanism-name-not-recognised",
  "authentication-mechanism-name-required",
  "authentication-failure",
  "authentication-required",
];

const SERVICE_PROVIDER: readonly string[] = ["null", "no-reason-given", "no-common-acse-version"];

export const EXCEPTION_STATE_ERROR: Readonly<Record<number, string>> = {
  1: "service-not-allowed",
  2: "service-unknown",
};

const EXCEPTION_SERVICE_ERROR: Readonly<Record<number, string>> = {
  1: "operation-not-possible",
  2: "service-not-supported",
  3: "other-reason",
  4: "pdu-too-long",
  5: "deciphering-error",
  6: "invocation-counter-error",
};

const SERVICE: Readonly<Record<number, string>> = { 1: "initiateError", 5: "read", 6: "write" };

const ERROR_CHOICE: readonly { name: string; values: readonly string[] }[] = [
  {
    name: "application-reference",
    values: [
      "other",
      "time-elapsed",
      "application-unreachable",
      "reference-invalid",
      "context-unsupported",
      "provider-communication-error",
      "deciphering-error",
    ],
  },
  {
    name: "hardware-resource",
    values: [
      "other",
      "memory-unavailable",
      "processor-resource-unavailable",
      "mass-storage-unavailable",
      "other-resource",
    ],
  },
  {
    name: "vde-state-error",
    values: ["other", "no-dlms-context", "loading-data-set", "status-nochange", "status-inoperable"],
  },
  { name: "service", values: ["other", "pdu-size", "service-unsupported"] },
  {
    name: "definition",
    values: ["other", "object-undefined", "object-class-inconsistent", "object-attribute-inconsistent"],
  },
  {
    name: "access",
    values: ["other", "scope-of-access-violated", "object-access-violated", "hardware-fault", "object-unavailable"],
  },
  {
    name: "initiate",
    values: [
      "other",
      "dlms-version-too-low",
      "incompatible-conformance",
      "pdu-size-too-short",
      "refused-by-the-VDE-handler",
    ],
  },
  {
    name: "load-data-set",
    values: [
      "other",
      "primitive-out-of-sequence",
      "not-loadable",
      "dataset-size-too-large",
      "not-awaited-segment",
      "interpretation-failure",
      "storage-failure",
      "data-set-not-ready",
    ],
  },
  { name: "change-scope", values: [] },
  { name: "task", values: ["other", "no-remote-control", "ti-stopped", "ti-running", "ti-unusable"] },
];

export function dataAccessResultName(code: number): string {
  return DATA_ACCESS_RESULT[code] ?? "an undefined result";
}

export function actionResultName(code: number): string {
  return ACTION_RESULT[code] ?? "an undefined result";
}

/** Name of an ACSE diagnostic; source 1 is the service user, 2 the service provider. */
export function aareDiagnosticName(source: number, diagnostic: number): string {
  const names = source === 2 ? SERVICE_PROVIDER : SERVICE_USER;
  return names[diagnostic] ?? "an undefined diagnostic";
}

export function exceptionServiceErrorName(code: number): string {
  return EXCEPTION_SERVICE_ERROR[code] ?? `service-error ${code}`;
}

export function serviceName(service: number): string {
  return SERVICE[service] ?? `service ${service}`;
}

/** Name of the error choice and of its value. */
export function serviceErrorNames(choice: number, value: number): { choice: string; value: string } {
  const row = ERROR_CHOICE[choice];
  return { choice: row?.name ?? `choice ${choice}`, value: row?.values[value] ?? `value ${value}` };
}

export function confirmedServiceErrorName(service: number, choice: number, value: number): string {
  const names = serviceErrorNames(choice, value);
  return `${serviceName(service)}, ${names.choice} ${names.value}`;
}
