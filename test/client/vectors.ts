/** The published vectors, and decoded values in the words the vectors use. */

import { readFileSync } from "node:fs";
import { type Acse } from "../../host/client/acse.ts";
import { decodeApdu, type Apdu } from "../../host/client/apdu.ts";
import { type ActionResponseItem } from "../../host/client/apdu_action.ts";
import { type AccessSpecification } from "../../host/client/apdu_other.ts";
import {
  type AttributeDescriptorWithSelection,
  type DataBlock,
  type GetDataResult,
  type Invoke,
  type LongInvoke,
  type MethodDescriptor,
} from "../../host/client/apdu_parts.ts";
import { type Data } from "../../host/client/axdr.ts";
import { type TypeDescription } from "../../host/client/compact_array.ts";
import { toJson, type Json } from "../../host/client/data.ts";
import { type Control, type HdlcAddress, type HdlcFrame } from "../../host/client/hdlc_frame.ts";
import { conformanceNames } from "../../host/client/initiate.ts";
import { Reader, toHex } from "../../host/client/octets.ts";
import * as results from "../../host/client/results.ts";
import { isShortNameApdu, shortNameForm } from "./short_form.ts";

export interface Vector {
  id: string;
  area: string;
  kind: string;
  hex: string;
  decoded: unknown;
}

export interface SecurityVector {
  id: string;
  area: string;
  inputs: Record<string, string>;
  output: unknown;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));

export const protocolVectors = read("protocol-vectors.json") as Vector[];
export const securityVectors = read("security-vectors.json") as SecurityVector[];

export function vectorsOf(kind: string, area?: string): Vector[] {
  return protocolVectors.filter((v) => v.kind === kind && (area === undefined || v.area.startsWith(area)));
}

/** toJson() with compact-arrays as the vectors write them: bare values under one description. */
export function dataForm(data: Data): unknown {
  if (data.type === "array" || data.type === "structure") return { [data.type]: data.value.map(dataForm) };
  if (data.type !== "compact-array") return toJson(data);
  return { "compact-array": { type: descriptionForm(data.description), rows: data.value.map(bare) } };
}

function descriptionForm(t: TypeDescription): unknown {
  if (t.type === "array") return { array: t.count, of: descriptionForm(t.of) };
  if (t.type === "structure") return { structure: t.of.map(descriptionForm) };
  return t.type;
}

function bare(data: Data): unknown {
  if (data.type === "array" || data.type === "structure") return data.value.map(bare);
  const json = toJson(data);
  return typeof json === "string" ? null : Object.values(json as Record<string, Json>)[0];
}

function invokeForm(invoke: Invoke): unknown {
  return {
    id: invoke.id,
    "service-class": invoke.confirmed ? "confirmed" : "unconfirmed",
    priority: invoke.high ? "high" : "normal",
  };
}

function longInvokeForm(invoke: LongInvoke): unknown {
  return {
    id: invoke.id,
    "self-descriptive": Number(invoke.selfDescriptive),
    "break-on-error": Number(invoke.breakOnError),
    "service-class": invoke.confirmed ? "confirmed" : "unconfirmed",
    priority: invoke.high ? "high" : "normal",
  };
}

const dotted = (name: string): string => name.replace(/[-:]/g, ".");

function descriptorForm(d: AttributeDescriptorWithSelection): unknown {
  const form = { class: d.classId, ln: dotted(d.logicalName), attr: d.attribute };
  if (d.selection === undefined) return form;
  return { ...form, selection: { selector: d.selection.selector, parameters: dataForm(d.selection.parameters) } };
}

function methodForm(m: MethodDescriptor): unknown {
  return { class: m.classId, ln: dotted(m.logicalName), method: m.method };
}

const dar = (code: number): string => `${code} ${results.dataAccessResultName(code)}`;
const actionResult = (code: number): string => `${code} ${results.actionResultName(code)}`;

function getResultForm(result: GetDataResult): unknown {
  return result.data === undefined ? { error: dar(result.code) } : { data: dataForm(result.data) };
}

function blockForm(block: DataBlock): unknown {
  return { last: block.last, block: block.block, raw: toHex(block.raw) };
}

function itemForm(item: ActionResponseItem): object {
  const returned = item.returned === undefined ? null : getResultForm(item.returned);
  return { result: actionResult(item.result), return: returned };
}

function specificationForm(s: AccessSpecification): unknown {
  if (s.service === "action") return { action: methodForm(s.method) };
  const key = s.descriptor.selection === undefined ? s.service : `${s.service}-with-selection`;
  return { [key]: descriptorForm(s.descriptor) };
}

function cipheredForm(body: Uint8Array): unknown {
  const r = new Reader(body);
  const sc = r.u8();
  const counter = r.u32();
  const authenticated = (sc & 0x10) !== 0;
  const text = r.take(r.left - (authenticated ? 12 : 0));
  const form = { SC: toHex(Uint8Array.of(sc)), IC: counter, ciphertext: toHex(text) };
  return authenticated ? { ...form, tag: toHex(r.rest()) } : form;
}

const CIPHERED_NAME: Record<number, string> = {
  0x21: "glo-initiate-request",
  0x28: "glo-initiate-response",
  0xc8: "glo-get-request",
};

function conformanceForm(a: { conformance: number; shortConformanceTag?: boolean }): unknown {
  return {
    tag: a.shortConformanceTag === true ? "5F" : "5F1F",
    hex: a.conformance.toString(16).toUpperCase().padStart(6, "0"),
    bits: conformanceNames(a.conformance),
  };
}

/** A decoded APDU in the form of the vectors, so that it can be compared as a whole. */
export function apduForm(a: Apdu): unknown {
  switch (a.kind) {
    case "initiate-request":
      return {
        apdu: a.kind,
        "dedicated-key": a.dedicatedKey === undefined ? null : toHex(a.dedicatedKey),
        "response-allowed": a.responseAllowed,
        "quality-of-service": a.qualityOfService ?? null,
        "dlms-version": a.version,
        "proposed-conformance": conformanceForm(a),
        "client-max-receive-pdu-size": a.pduSizeMax,
      };
    case "initiate-response":
      return {
        apdu: a.kind,
        "quality-of-service": a.qualityOfService ?? null,
        "dlms-version": a.version,
        "negotiated-conformance": conformanceForm(a),
        "server-max-receive-pdu-size": a.pduSizeMax,
        "vaa-name": a.vaaName.toString(16).toUpperCase().padStart(4, "0"),
      };
    case "confirmed-service-error":
      return serviceErrorForm(a.service, a.choice, a.value);
    case "exception-response":
      return {
        apdu: a.kind,
        "state-error": results.EXCEPTION_STATE_ERROR[a.stateError],
        "service-error": results.exceptionServiceErrorName(a.serviceError),
        ...(a.invocationCounter === undefined ? {} : { "invocation-counter": a.invocationCounter }),
      };
    case "service-ciphered":
      return { apdu: CIPHERED_NAME[a.tag], ciphered: cipheredForm(a.body) };
    case "general-glo-ciphering":
    case "general-ded-ciphering":
      return { apdu: a.kind, "system-title": toHex(a.systemTitle), ciphered: cipheredForm(a.body) };
    case "general-block-transfer":
      return {
        apdu: a.kind,
        LB: Number(a.lastBlock),
        STR: Number(a.streaming),
        W: a.window,
        BN: a.blockNumber,
        BNA: a.blockNumberAck,
        data: toHex(a.data),
      };
    default:
      return serviceForm(a);
  }
}

function serviceErrorForm(service: number, choice: number, value: number): unknown {
  const names = results.serviceErrorNames(choice, value);
  const head = { apdu: "confirmed-service-error", service: results.serviceName(service) };
  return { ...head, [names.choice]: `${value} ${names.value}` };
}

function serviceForm(a: Apdu): unknown {
  if (isShortNameApdu(a)) return shortNameForm(a, dataForm);
  switch (a.kind) {
    case "access-request":
      return {
        apdu: a.kind,
        "long-invoke": longInvokeForm(a.invoke),
        "date-time": toHex(a.dateTime),
        specification: a.specification.map(specificationForm),
        data: a.data.map(dataForm),
      };
    case "access-response":
      return {
        apdu: a.kind,
        "long-invoke": longInvokeForm(a.invoke),
        "date-time": toHex(a.dateTime),
        data: a.data.map(dataForm),
        results: a.results.map((result) => ({ [result.service]: dar(result.code) })),
      };
    case "data-notification":
      return {
        apdu: a.kind,
        "long-invoke": longInvokeForm(a.invoke),
        "date-time": toHex(a.dateTime),
        body: dataForm(a.body),
      };
    case "aarq":
    case "aare":
    case "rlrq":
    case "rlre":
      return acseForm(a);
    default:
      return plainForm(a);
  }
}

function plainForm(a: Apdu): unknown {
  if (!("invoke" in a)) throw new Error(`no form for ${a.kind}`);
  const head = { apdu: a.kind, invoke: invokeForm(a.invoke as Invoke) };
  switch (a.kind) {
    case "get-request-normal":
      return { ...head, descriptor: descriptorForm(a.descriptor) };
    case "get-request-next":
    case "set-response-datablock":
    case "action-request-next-pblock":
    case "action-response-next-pblock":
      return { ...head, block: a.block };
    case "get-request-with-list":
      return { ...head, list: a.list.map(descriptorForm) };
    case "get-response-normal":
      return { ...head, result: getResultForm(a.result) };
    case "get-response-with-datablock":
      return {
        ...head,
        last: a.last,
        block: a.block,
        ...(a.raw === undefined ? { error: dar(a.error ?? -1) } : { raw: toHex(a.raw) }),
      };
    case "get-response-with-list":
      return { ...head, list: a.list.map(getResultForm) };
    case "set-request-normal":
      return { ...head, descriptor: descriptorForm(a.descriptor), value: dataForm(a.value) };
    case "set-request-with-first-datablock":
      return { ...head, descriptor: descriptorForm(a.descriptor), block: blockForm(a.block) };
    case "set-request-with-datablock":
      return { ...head, block: blockForm(a.block) };
    case "set-request-with-list":
      return { ...head, list: a.list.map(descriptorForm), values: a.values.map(dataForm) };
    case "set-request-with-list-and-first-datablock":
      return { ...head, list: a.list.map(descriptorForm), block: blockForm(a.block) };
    case "set-response-normal":
      return { ...head, result: dar(a.result) };
    case "set-response-last-datablock":
      return { ...head, result: dar(a.result), block: a.block };
    case "set-response-last-datablock-with-list":
      return { ...head, results: a.results.map(dar), block: a.block };
    case "set-response-with-list":
      return { ...head, results: a.results.map(dar) };
    case "action-request-normal":
      return {
        ...head,
        method: methodForm(a.method),
        parameters: a.parameters === undefined ? null : dataForm(a.parameters),
      };
    case "action-request-with-list":
      return { ...head, list: a.list.map(methodForm), parameters: a.parameters.map(dataForm) };
    case "action-request-with-first-pblock":
      return { ...head, method: methodForm(a.method), pblock: blockForm(a.pblock) };
    case "action-request-with-list-and-first-pblock":
      return { ...head, list: a.list.map(methodForm), pblock: blockForm(a.pblock) };
    case "action-request-with-pblock":
    case "action-response-with-pblock":
      return { ...head, pblock: blockForm(a.pblock) };
    case "action-response-normal":
      return { ...head, ...itemForm(a) };
    case "action-response-with-list":
      return { ...head, list: a.list.map(itemForm) };
    default:
      throw new Error(`no form for ${a.kind}`);
  }
}

const ACSE_NAME: Record<string, string> = {
  protocolVersion: "protocol-version",
  applicationContextName: "application-context-name",
  calledApTitle: "called-AP-title",
  calledAeQualifier: "called-AE-qualifier",
  calledApInvocationId: "called-AP-invocation-id",
  calledAeInvocationId: "called-AE-invocation-id",
  callingApTitle: "calling-AP-title",
  callingAeQualifier: "calling-AE-qualifier",
  callingApInvocationId: "calling-AP-invocation-id",
  callingAeInvocationId: "calling-AE-invocation-id",
  respondingApTitle: "responding-AP-title",
  mechanismName: "mechanism-name",
};

function acseForm(a: Acse): unknown {
  const form: Record<string, unknown> = { apdu: a.kind.toUpperCase() };
  for (const [name, value] of Object.entries(a)) {
    const key = ACSE_NAME[name];
    if (key !== undefined) form[key] = value instanceof Uint8Array ? toHex(value) : value;
  }
  if ("acseRequirements" in a && a.acseRequirements !== undefined) {
    form[a.kind === "aarq" ? "sender-acse-requirements" : "responder-acse-requirements"] = toHex(a.acseRequirements);
  }
  if ("authenticationValue" in a && a.authenticationValue !== undefined) {
    const key = a.kind === "aarq" ? "calling-authentication-value" : "responding-authentication-value";
    form[key] = `charstring:${toHex(a.authenticationValue.octets)}`;
  }
  if (a.kind === "aare") {
    form["result"] = `${a.result} ${results.AARE_RESULT[a.result]}`;
    const name = results.aareDiagnosticName(a.diagnosticSource, a.diagnostic);
    const source = a.diagnosticSource === 1 ? "acse-service-user" : "acse-service-provider";
    form["result-source-diagnostic"] = `${source} ${a.diagnostic} ${name}`;
  }
  if ((a.kind === "rlrq" || a.kind === "rlre") && a.reason !== undefined) {
    form["reason"] = `${a.reason} ${a.reason === 0 ? "normal" : "other"}`;
  }
  if (a.userInformation !== undefined) form["user-information"] = apduForm(decodeApdu(a.userInformation));
  return form;
}

/** A vector's decoded APDU without "plaintext": that is what opening adds, checked with the keys elsewhere. */
export function withoutPlaintext(decoded: unknown): unknown {
  if (Array.isArray(decoded)) return decoded.map(withoutPlaintext);
  if (decoded === null || typeof decoded !== "object") return decoded;
  const entries = Object.entries(decoded).filter(([key]) => key !== "plaintext");
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutPlaintext(value)]));
}

export function addressForm(a: HdlcAddress, raw: Uint8Array): unknown {
  return { raw: toHex(raw), len: a.size, upper: a.upper, ...(a.lower === undefined ? {} : { lower: a.lower }) };
}

export function controlForm(c: Control): unknown {
  return {
    type: c.type,
    ...(c.nr === undefined ? {} : { "N(R)": c.nr }),
    "P/F": Number(c.pf),
    ...(c.ns === undefined ? {} : { "N(S)": c.ns }),
  };
}

/** The fields of a frame that every frame vector names. */
export function frameForm(f: HdlcFrame): { S: number; ctl: unknown; control: string } {
  return { S: Number(f.segmented), ctl: controlForm(f.control), control: toHex(Uint8Array.of(f.control.octet)) };
}
