/** What a meter answers to an APDU, and whether that is what it should be. */
import {
  dataAccessResultName,
  decodeApdu,
  encodeApdu,
  exceptionServiceErrorName,
  fromHex,
  logicalNameParse,
  toHex,
  Writer,
  type Apdu,
  type Client,
} from "../../host/client/index.ts";
import { TimeOutError } from "../../host/client/errors.ts";
import type { Ctx } from "./context.ts";

export type Answer = { apdu: Apdu; octets: Uint8Array; text: string } | undefined;

/** Sends a plain APDU, protected as the association has it; undefined = silence. */
export async function answerOf(client: Client, plain: Uint8Array): Promise<Answer> {
  try {
    const octets = await client.exchangeOctets(plain);
    return { apdu: apduOf(octets), octets, text: answerText(apduOf(octets), octets) };
  } catch (error) {
    if (error instanceof TimeOutError) return undefined;
    throw error;
  }
}

export function apduOf(octets: Uint8Array): Apdu {
  try {
    return decodeApdu(octets);
  } catch {
    return { kind: "unknown", octets };
  }
}

export function answerText(apdu: Apdu, octets: Uint8Array): string {
  if (apdu.kind === "exception-response") {
    return `exception-response ${apdu.stateError}, ${apdu.serviceError} (${exceptionServiceErrorName(apdu.serviceError)})`;
  }
  const code = resultOf(apdu);
  if (code !== undefined) return `${apdu.kind}, result ${code} (${dataAccessResultName(code)})`;
  return `${apdu.kind} ${toHex(octets.subarray(0, 24))}`;
}

/** The data-access-result or action-result in an answer; 0 = success; undefined = the answer has none. */
export function resultOf(apdu: Apdu): number | undefined {
  switch (apdu.kind) {
    case "get-response-normal":
      return apdu.result.code;
    case "get-response-with-datablock":
      return apdu.raw === undefined ? apdu.error : 0;
    case "set-response-normal":
    case "set-response-last-datablock":
      return apdu.result;
    case "action-response-normal":
      return apdu.result;
    default:
      return undefined;
  }
}

export const answerWords = (answer: Answer): string => answer?.text ?? "no answer";

/** A refusal with a result; `preferred` is what the standard names, any other result but success gets a remark. */
export function expectResult(ctx: Ctx, answer: Answer, preferred: number[], what: string): void {
  const code = answer === undefined ? undefined : resultOf(answer.apdu);
  const names = preferred.map((one) => `${one} (${dataAccessResultName(one)})`).join(" or ");
  const text = `${what}: result ${names}`;
  if (code !== undefined && preferred.includes(code)) ctx.expect(true, text);
  else if (code !== undefined && code !== 0) ctx.remark(`${text}; another refusal came`, answer!.text);
  else if (answer?.apdu.kind === "exception-response") ctx.remark(`${text}; an exception came`, answer.text);
  else ctx.expect(false, text, answerWords(answer));
}

/** An exception-response; other codes get a remark, and so does silence where it is tolerated. */
export function expectException(ctx: Ctx, answer: Answer, codes: [number, number], what: string, quiet = false): void {
  const text = `${what}: exception-response ${codes[0]}, ${codes[1]}`;
  const apdu = answer?.apdu;
  if (apdu?.kind === "exception-response") {
    const exact = apdu.stateError === codes[0] && apdu.serviceError === codes[1];
    if (exact) ctx.expect(true, text);
    else ctx.remark(`${text}; another came`, answer!.text);
    return;
  }
  const tolerated = quiet && (answer === undefined || (resultOf(answer.apdu) ?? 0) !== 0);
  if (tolerated) ctx.remark(`${text}; tolerated`, answerWords(answer));
  else ctx.expect(false, text, answerWords(answer));
}

/** Get-Request-Normal of one attribute, from its parts. */
export function getNormal(classId: number, logicalName: string, attribute: number): Uint8Array {
  const descriptor = { classId, logicalName, attribute };
  return encodeApdu({ kind: "get-request-normal", invoke: INVOKE, descriptor });
}

export const INVOKE = { id: 1, confirmed: true, high: true };

/** class_id, logical name and attribute_id as they stand in a request. */
export function descriptorOctets(classId: number, logicalName: string, id: number): Uint8Array {
  return new Writer().u16(classId).put(logicalNameParse(logicalName)).u8(id).octets();
}

/** Octets from hexadecimal text, parts joined. */
export const hex = (text: string): Uint8Array => fromHex(text);
