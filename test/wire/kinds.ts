/**
 * The codec pairs `assembly/testing_wire.ts` knows, and the fields of their value classes in memory order. `name` is a
 * number, `name:` an {address, size} pair, `name:6` an address of 6 octets, `name:count` an address of as many octets
 * as the number in front.
 */
const descriptor = ["classId", "logicalName:6", "attribute", "selector", "parameters:"];
const datablock = ["last", "blockNumber", "raw:"];

const secured = ["control", "invocationCounter", "text:", "tagOctets:12"];

const general = ["transaction:", "originator:", "recipient:", "dateTime:", "other:", "header:"];

const acse = ["protocolVersion:", "contextName:"];

const fields = {
  aarq: [
    ...[...acse, "calledTitle:", "calledQualifier:", "calledApInvocation:", "calledAeInvocation:", "callingTitle:"],
    ...["callingQualifier:", "callingApInvocation:", "callingAeInvocation:", "requirements:", "mechanismName:"],
    ...["authentication:", "implementation:", "information:", "authenticationChoice"],
  ],
  aare: [
    ...[...acse, "respondingTitle:", "respondingQualifier:", "respondingApInvocation:", "respondingAeInvocation:"],
    ...["mechanismName:", "authentication:", "implementation:", "information:"],
    ...["result", "source", "diagnostic", "authenticationRequired"],
  ],
  rlrq: ["information:", "reason"],
  rlre: ["information:", "reason"],
  initiateRequest: [
    ...["dedicatedKey:", "responseAllowed", "qualityOfService", "version", "conformance", "shortTag", "pduSizeMax"],
  ],
  initiateResponse: ["qualityOfService", "version", "conformance", "shortTag", "pduSizeMax", "vaaName"],
  exceptionResponse: ["stateError", "serviceError", "invocationCounter"],
  confirmedServiceError: ["service", "choice", "value"],
  getRequest: [...descriptor, "choice", "invokeId", "blockNumber", "count", "list:"],
  getResponse: ["choice", "invokeId", "result", "data:", "last", "blockNumber", "count", "list:"],
  setRequest: [
    ...[...descriptor, "choice", "invokeId", "value:", "count", "list:", "valueCount", "values:", ...datablock],
  ],
  setResponse: ["choice", "invokeId", "result", "blockNumber", "count", "results:count"],
  actionRequest: [
    ...["classId", "logicalName:6", "method", "choice", "invokeId", "parameters:", "count", "list:", "valueCount"],
    ...["values:", ...datablock],
  ],
  actionResponse: [
    ...["choice", "invokeId", "result", "returned", "returnResult", "data:", "count", "list:", ...datablock],
  ],
  ciphered: [...secured, "tag", "title:"],
  rangeDescriptor: [
    ...["classId", "logicalName:6", "attribute", "dataIndex", "from:", "to:", "columnCount", "columns:"],
  ],
  entryDescriptor: ["fromEntry", "toEntry", "fromColumn", "toColumn"],
  dateTime: [...["year", "month", "day", "weekday", "hour", "minute", "second", "hundredths", "deviation", "status"]],
  generalBlockTransfer: ["control", "blockNumber", "blockNumberAcknowledged", "data:"],
  accessRequest: ["invokeId", "dateTime:", "count", "list:", "valueCount", "values:"],
  accessResponse: ["invokeId", "dateTime:", "count", "list:", "valueCount", "values:", "resultCount", "results:"],
  dataNotification: ["invokeId", "dateTime:", "value:"],
  dataNotificationConfirm: ["invokeId", "dateTime:"],
  eventNotification: [...descriptor, "time:12", "value:"],
  generalCiphering: [...general, "keyInfo", "keyId", "keyParameters:", "keyData:", ...secured],
  generalSigning: [...general, "content:", "signature:", "signed:"],
  shortNameRequest: ["tag", "count", "list:", "valueCount", "values:", "time:"],
  shortNameResponse: ["tag", "count", "list:"],
} satisfies Record<string, string[]>;

export type Kind = keyof typeof fields;
export type Value = Record<string, number | string | undefined>;

export const KINDS = Object.fromEntries(
  Object.entries(fields).map(([kind, names], id) => [kind, { id, fields: names as string[] }]),
) as Record<Kind, { id: number; fields: string[] }>;
