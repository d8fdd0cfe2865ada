/** Protected exchanges octet by octet, for cases that protect wrongly on purpose. */
import { createCipheriv } from "node:crypto";
import {
  attribute,
  concat,
  CONFORMANCE,
  data,
  decodeApdu,
  encodeApdu,
  fromHex,
  method,
  objectList,
  Writer,
  type AttributeDescriptor,
  type Client,
  type Data,
} from "../../host/client/index.ts";
import { DlmsError, TimeOutError } from "../../host/client/errors.ts";
import { isProtected } from "../../host/client/security.ts";
import { answerText, apduOf, type Answer } from "./answers.ts";
import type { Association } from "./config.ts";
import type { Ctx } from "./context.ts";
import { isProtectedEnough, isReadable, isWritable } from "./rights.ts";

export const SECURITY_SETUP = "0-0:43.0.0.255";
export const KEY_ID = { GUEK: 0, GBEK: 1, GAK: 2, KEK: 3 } as const;
const GLO_GET_REQUEST = 0xc8;
const KEY_TRANSFER = 2;
const SECURITY_ACTIVATE = 1;
/** RFC 3394, 2.2.3.1. */
const WRAP_IV = fromHex("A6A6A6A6A6A6A6A6");

/** Security control octets of suite 0. */
export const SC = { AUTH: 0x10, ENC: 0x20, AUTHENC: 0x30 } as const;

/** The first declared association whose APDUs are authenticated and encrypted. */
export function cipheredAssociation(ctx: Ctx): Association {
  const { guek, gak } = ctx.config;
  if (guek === undefined || gak === undefined) ctx.inapplicable("no keys are declared");
  return ctx.association((a) => a.security === "authenc", "ciphered (authenc)");
}

/** Writes octets as they are and returns the answer, opened if it is ciphered; undefined = silence. */
export async function exchangeSealed(client: Client, octets: Uint8Array): Promise<Answer> {
  let answer: Uint8Array;
  try {
    answer = await client.raw(octets);
  } catch (error) {
    if (error instanceof TimeOutError) return undefined;
    throw error;
  }
  const plain = isProtected(answer) ? client.security!.open(answer).text : answer;
  const apdu = apduOf(plain);
  return { apdu, octets: answer, text: answerText(apdu, plain) };
}

/** Security control octet of a ciphered answer, its invocation counter with it; undefined if it is plain. */
export function headerOf(answer: Answer): { securityControl: number; counter: number } | undefined {
  if (answer === undefined || !isProtected(answer.octets)) return undefined;
  const apdu = decodeApdu(answer.octets);
  const ciphered =
    apdu.kind === "service-ciphered" || apdu.kind === "general-glo-ciphering" || apdu.kind === "general-ded-ciphering";
  if (!ciphered) return undefined;
  const { body } = apdu;
  return { securityControl: body[0]!, counter: new DataView(body.buffer, body.byteOffset + 1, 4).getUint32(0) };
}

/** A get-request, authenticated and encrypted under a counter that an honest client would not use. */
export function sealWithCounter(client: Client, plain: Uint8Array, counter: number): Uint8Array {
  const { guek, gak, clientTitle } = client.security!;
  const header = new Writer().u8(SC.AUTHENC).u32(counter).octets();
  const cipher = createCipheriv("aes-128-gcm", guek, concat(clientTitle, header.subarray(1)), { authTagLength: 12 });
  cipher.setAAD(concat(header.subarray(0, 1), gak));
  const text = cipher.update(plain);
  cipher.final();
  const body = concat(header, text, cipher.getAuthTag());
  return encodeApdu({ kind: "service-ciphered", tag: GLO_GET_REQUEST, body });
}

/** RFC 3394 key wrap, as key_transfer has it. */
export function keyWrap(kek: Uint8Array, key: Uint8Array): Uint8Array {
  const cipher = createCipheriv(`id-aes${kek.length * 8}-wrap`, kek, WRAP_IV);
  return Uint8Array.from(Buffer.concat([cipher.update(key), cipher.final()]));
}

/** key_transfer; the action-result, or a text if something else came. */
export async function keyTransfer(client: Client, keys: [number, Uint8Array][]): Promise<number | string> {
  const rows = keys.map(([id, wrapped]) => data.structure(data.enumerated(id), data.octetString(wrapped)));
  return actionCode(client, KEY_TRANSFER, data.array(...rows));
}

/** security_activate; the action-result, or a text if something else came. */
export function securityActivate(client: Client, policy: number): Promise<number | string> {
  return actionCode(client, SECURITY_ACTIVATE, data.enumerated(policy));
}

async function actionCode(client: Client, id: number, parameters: Data): Promise<number | string> {
  try {
    return (await client.actionResult(method(64, SECURITY_SETUP, id), parameters)).result;
  } catch (error) {
    if (error instanceof DlmsError) return error.message;
    throw error;
  }
}

export interface Value extends AttributeDescriptor {
  value: Data;
}

/** Up to `count` octet-string values of Data objects that the association reads and writes: the suites' STA1, STA2. */
export async function staticAttributes(client: Client, association: Association, count: number): Promise<Value[]> {
  if ((client.conformance & CONFORMANCE.set) === 0) return [];
  const entries = await objectList(client);
  const found: Value[] = [];
  for (const entry of entries.filter((one) => one.classId === 1)) {
    const mode = entry.attributes.find((one) => one.attribute === 2)?.mode ?? 0;
    const open = isReadable(mode, entries) && isWritable(mode, entries);
    if (!open || !isProtectedEnough(mode, entries, association) || found.length === count) continue;
    const descriptor = attribute(1, entry.logicalName, 2);
    const result = await client.getResult(descriptor);
    if (result.data?.type === "octet-string") found.push({ ...descriptor, value: result.data });
  }
  return found;
}
