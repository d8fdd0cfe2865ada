/** Templates and provision records for meters with key pairs and certificates. */
import { type Compiled, compileTemplate } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { templateRead } from "../../host/template/load.ts";

export const SETUP = "0-0:43.0.0.255";

/** Parts of the hidden attribute 0 of Security setup (host/template/hidden.json). */
export const Part = { PRIVATE_KEY: 16, PENDING_KEY: 20, TRUST_ANCHOR: 32, CERTIFICATE: 34 } as const;

/** The default template with its Security setup in another suite. */
export function suiteTemplate(suite: number, change?: (document: TemplateDocument) => void): Compiled {
  const document = structuredClone(templateRead());
  const setup = document.objects.find(({ logicalName }) => logicalName === SETUP)!;
  setup.attributes![3] = { value: { enum: suite } };
  change?.(document);
  return compileTemplate(document);
}

/** A provision record of a hidden value of Security setup. */
export function hidden(part: number, value: Uint8Array, attribute = 0): Buffer {
  const head = Buffer.from("004000002b0000ff0000" + "0000", "hex");
  head.writeInt8(attribute, 8);
  head.writeUInt8(part, 9);
  head.writeUInt16BE(value.length, 10);
  return Buffer.concat([head, value]);
}

/** The record of server_system_title. */
export const ownTitle = (title: Uint8Array): Buffer => hidden(0, Buffer.concat([Buffer.from([9, 8]), title]), 5);
