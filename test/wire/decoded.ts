/**
 * The decoded form of the published vectors, translated into the fields the value classes hold. Written from the
 * abstract syntax, not from the core.
 */
import type { Value } from "./kinds.ts";

type Json = Record<string, unknown>;

const number = (size: number, value: number): string =>
  BigInt.asUintN(8 * size, BigInt(value))
    .toString(16)
    .padStart(2 * size, "0")
    .toUpperCase();

/** Lengths below 128 are enough for the vectors. */
const counted = (octets: string): string => number(1, octets.length / 2) + octets;

const INTEGERS: Record<string, [tag: string, size: number]> = {
  "double-long": ["05", 4],
  "double-long-unsigned": ["06", 4],
  integer: ["0F", 1],
  unsigned: ["11", 1],
  "long-unsigned": ["12", 2],
};

/** A-XDR of one decoded Data. */
export function data(value: unknown): string {
  if (value === "null-data") return "00";
  const [[type, content]] = Object.entries(value as Json) as [[string, unknown]];
  if (type === "octet-string") return "09" + counted(content as string);
  if (type === "visible-string")
    return (
      "0A" +
      counted(
        Buffer.from(content as string)
          .toString("hex")
          .toUpperCase(),
      )
    );
  if (type === "structure" || type === "array") {
    const elements = content as unknown[];
    return (type === "array" ? "01" : "02") + number(1, elements.length) + elements.map(data).join("");
  }
  const integer = INTEGERS[type];
  if (integer === undefined) throw new Error(`no encoding of ${type}`);
  return integer[0] + number(integer[1], content as number);
}

const logicalName = (text: string): string =>
  text
    .split(".")
    .map((field) => number(1, Number(field)))
    .join("");

/** Content octets of an object identifier that begins with 2.16. */
function objectIdentifier(text: string): string {
  const [first, second, ...arcs] = text.split(".").map(Number) as [number, number, ...number[]];
  const octets = [40 * first + second];
  for (const arc of arcs) octets.push(...(arc < 128 ? [arc] : [0x80 | (arc >> 7), arc & 0x7f]));
  return Buffer.from(octets).toString("hex").toUpperCase();
}

const leading = (text: unknown): number => Number.parseInt(text as string, 10);

function invokeId(invoke: Json): number {
  const confirmed = invoke["service-class"] === "confirmed" ? 0x40 : 0;
  return (invoke["id"] as number) | confirmed | (invoke["priority"] === "high" ? 0x80 : 0);
}

function descriptor(of: Json): Value {
  const selection = of["selection"] as Json | undefined;
  return {
    classId: of["class"] as number,
    logicalName: logicalName(of["ln"] as string),
    attribute: of["attr"] as number,
    selector: selection === undefined ? -1 : (selection["selector"] as number),
    parameters: selection === undefined ? undefined : data(selection["parameters"]),
  };
}

const method = (of: Json): Value => ({
  classId: of["class"] as number,
  logicalName: logicalName(of["ln"] as string),
  method: of["method"] as number,
});

const block = (of: Json): Value => ({
  last: of["last"] === true ? 1 : 0,
  blockNumber: of["block"] as number,
  raw: of["raw"] as string,
});

const descriptorOctets = (of: Json): string =>
  number(2, of["class"] as number) +
  logicalName(of["ln"] as string) +
  number(1, (of["attr"] ?? of["method"]) as number);

const CHOICES: Record<string, number> = {
  "get-request-normal": 1,
  "get-request-next": 2,
  "get-request-with-list": 3,
  "get-response-normal": 1,
  "get-response-with-datablock": 2,
  "get-response-with-list": 3,
  "set-request-normal": 1,
  "set-request-with-first-datablock": 2,
  "set-request-with-datablock": 3,
  "set-request-with-list": 4,
  "set-request-with-list-and-first-datablock": 5,
  "set-response-normal": 1,
  "set-response-datablock": 2,
  "set-response-last-datablock": 3,
  "set-response-last-datablock-with-list": 4,
  "set-response-with-list": 5,
  "action-request-normal": 1,
  "action-request-next-pblock": 2,
  "action-request-with-list": 3,
  "action-request-with-first-pblock": 4,
  "action-request-with-list-and-first-pblock": 5,
  "action-request-with-pblock": 6,
  "action-response-normal": 1,
  "action-response-with-pblock": 2,
  "action-response-with-list": 3,
  "action-response-next-pblock": 4,
};

/** Fields of a GET, SET or ACTION APDU. */
function service(of: Json): Value {
  const name = of["apdu"] as string;
  const choice = CHOICES[name];
  if (choice === undefined) throw new Error(`no choice of ${name}`);
  const fields: Value = { choice, invokeId: invokeId(of["invoke"] as Json) };
  if (of["descriptor"]) Object.assign(fields, descriptor(of["descriptor"] as Json));
  if (of["method"]) Object.assign(fields, method(of["method"] as Json));
  if (typeof of["block"] === "number") fields["blockNumber"] = of["block"];
  else if (of["block"]) Object.assign(fields, block(of["block"] as Json));
  if (of["pblock"]) Object.assign(fields, block(of["pblock"] as Json));
  if (of["value"]) fields["value"] = data(of["value"]);
  if (name.startsWith("get-response")) Object.assign(fields, getResult(of));
  if (name.startsWith("action-response") && typeof of["result"] === "string") Object.assign(fields, actionResult(of));
  if (name.startsWith("set-response") && of["result"] !== undefined) fields["result"] = leading(of["result"]);
  if (Array.isArray(of["results"])) fields["results"] = of["results"].map((r) => number(1, leading(r))).join("");
  if (Array.isArray(of["list"])) Object.assign(fields, list(name, of["list"] as Json[]));
  const values = of["values"] ?? (name === "action-request-with-list" ? of["parameters"] : undefined);
  if (Array.isArray(values)) Object.assign(fields, { valueCount: values.length, values: values.map(data).join("") });
  else if (of["parameters"]) fields["parameters"] = data(of["parameters"]);
  return fields;
}

function list(name: string, items: Json[]): Value {
  const requests = (): string =>
    items.map((i) => descriptorOctets(i) + (name.startsWith("action") ? "" : "00")).join("");
  if (name.includes("request")) return { count: items.length, list: requests() };
  if (name.startsWith("get")) return { count: items.length, list: items.map((i) => "00" + data(i["data"])).join("") };
  return { count: items.length, list: items.map((i) => number(1, leading(i["result"])) + "00").join("") };
}

function getResult(of: Json): Value {
  const result = of["result"] as Json | undefined;
  const fields: Value = {};
  if (of["last"] !== undefined) fields["last"] = of["last"] === true ? 1 : 0;
  if (of["raw"] !== undefined) fields["data"] = of["raw"] as string;
  if (of["error"] !== undefined) Object.assign(fields, { result: leading(of["error"]), data: undefined });
  if (result?.["data"] !== undefined) Object.assign(fields, { result: 0, data: data(result["data"]) });
  if (result?.["error"] !== undefined) Object.assign(fields, { result: leading(result["error"]), data: undefined });
  return fields;
}

function actionResult(of: Json): Value {
  const returned = of["return"] as Json | null;
  const fields: Value = { result: leading(of["result"]), returned: returned === null ? 0 : 1 };
  if (returned?.["data"] !== undefined) fields["data"] = data(returned["data"]);
  if (returned?.["error"] !== undefined) fields["returnResult"] = leading(returned["error"]);
  return fields;
}

function conformance(of: Json): Value {
  return { conformance: Number.parseInt(of["hex"] as string, 16), shortTag: of["tag"] === "5F" ? 1 : 0 };
}

function initiate(of: Json): Value {
  const common: Value = {
    qualityOfService: (of["quality-of-service"] as number | null) ?? -1,
    version: of["dlms-version"] as number,
  };
  if (of["apdu"] === "initiate-request") {
    return {
      ...common,
      ...conformance(of["proposed-conformance"] as Json),
      dedicatedKey: (of["dedicated-key"] as string | null) ?? undefined,
      responseAllowed: of["response-allowed"] === true ? 1 : 0,
      pduSizeMax: of["client-max-receive-pdu-size"] as number,
    };
  }
  return {
    ...common,
    ...conformance(of["negotiated-conformance"] as Json),
    pduSizeMax: of["server-max-receive-pdu-size"] as number,
    vaaName: Number.parseInt(of["vaa-name"] as string, 16),
  };
}

/** The fields of an AARQ or AARE that the vector names; the user information has its own vectors. */
function acse(of: Json): Value {
  const text = (name: string): string | undefined => of[name] as string | undefined;
  const authentication = text("calling-authentication-value") ?? text("responding-authentication-value");
  const common: Value = {
    protocolVersion: text("protocol-version"),
    contextName: objectIdentifier(text("application-context-name")!),
    mechanismName: of["mechanism-name"] === undefined ? undefined : objectIdentifier(text("mechanism-name")!),
    authentication: authentication?.replace("charstring:", ""),
  };
  if (of["apdu"] === "AARQ") {
    const userId = of["calling-AE-invocation-id"] as number | undefined;
    return {
      ...common,
      callingTitle: text("calling-AP-title"),
      requirements: text("sender-acse-requirements"),
      callingAeInvocation: userId === undefined ? undefined : "0201" + number(1, userId),
    };
  }
  const [source, diagnostic] = text("result-source-diagnostic")!.split(" ") as [string, string];
  return {
    ...common,
    respondingTitle: text("responding-AP-title"),
    result: leading(of["result"]),
    source: source === "acse-service-user" ? 1 : 2,
    diagnostic: leading(diagnostic),
    authenticationRequired: of["responder-acse-requirements"] === undefined ? 0 : 1,
  };
}

function ciphered(of: Json): Value {
  const inner = of["ciphered"] as Json;
  return {
    title: of["system-title"] as string | undefined,
    control: Number.parseInt(inner["SC"] as string, 16),
    invocationCounter: inner["IC"] as number,
    text: inner["ciphertext"] as string,
    tagOctets: inner["tag"] as string,
  };
}

const gbt = (of: Json): Value => ({
  control: ((of["LB"] as number) << 7) | ((of["STR"] as number) << 6) | (of["W"] as number),
  blockNumber: of["BN"] as number,
  blockNumberAcknowledged: of["BNA"] as number,
  data: of["data"] as string,
});

function notification(of: Json): Value {
  const long = of["long-invoke"] as Json;
  const confirmed = long["service-class"] === "confirmed" ? 0x40000000 : 0;
  return {
    invokeId: (long["id"] as number) | confirmed | (long["priority"] === "high" ? 0x80000000 : 0),
    dateTime: of["date-time"] as string,
  };
}

/** What the value class must hold, as far as the decoded form says. */
export function expected(of: Json): Value {
  const name = of["apdu"] as string;
  if (name === "AARQ" || name === "AARE") return acse(of);
  if (name === "RLRQ" || name === "RLRE") return { reason: of["reason"] === undefined ? -1 : leading(of["reason"]) };
  if (name.startsWith("initiate-re")) return initiate(of);
  if (/^(get|set|action)-re/.test(name)) return service(of);
  if (name === "general-block-transfer") return gbt(of);
  if (of["ciphered"] !== undefined) return ciphered(of);
  if (name === "data-notification") return { ...notification(of), value: data(of["body"]) };
  if (name === "access-request") return { ...notification(of), ...accessLists(of, "specification") };
  if (name === "access-response") return { ...notification(of), ...accessLists(of, "results") };
  if (name.startsWith("read-") || name.startsWith("write-") || name.startsWith("unconfirmed-")) {
    return { count: (of["list"] as unknown[]).length };
  }
  if (name === "exception-response" || name === "confirmed-service-error") return {};
  throw new Error(`no fields of ${name}`);
}

function accessLists(of: Json, items: string): Value {
  const values = of["data"] as unknown[];
  const count = (of[items] as unknown[]).length;
  return { valueCount: values.length, [items === "results" ? "resultCount" : "count"]: count };
}
