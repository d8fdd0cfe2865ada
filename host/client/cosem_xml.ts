/**
 * APDUs of a push as XML: the elements are the identifiers of the ASN.1 module COSEMpdu (GB9 9.5) in the namespace of its schema,
 * octet strings are hexadecimal, bit strings digits, numbers decimal.
 *
 *   <x:xDLMS-APDU xmlns:x="http://www.dlms.com/COSEMpdu"><x:data-notification>
 *     <x:long-invoke-id-and-priority>1</x:long-invoke-id-and-priority><x:date-time>07EA…</x:date-time>
 *     <x:notification-body><x:data-value><x:structure><x:unsigned>5</x:unsigned></x:structure></x:data-value></x:notification-body>
 *   </x:data-notification></x:xDLMS-APDU>
 */

import { TAG_OF } from "./apdu.ts";
import { dataParse, encodeData, type Data } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { Reader, toHex } from "./octets.ts";

export const COSEM_XML_NAMESPACE = "http://www.dlms.com/COSEMpdu";

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Characters that XML 1.0 does not know at all become a question mark. */
function text(value: string): string {
  return value
    .replace(/[&<>]/g, (c) => ESCAPES[c]!)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "?");
}

function element(name: string, content: string): string {
  return content === "" ? `<x:${name}/>` : `<x:${name}>${content}</x:${name}>`;
}

/** One Data as its element. */
export function dataXml(data: Data): string {
  switch (data.type) {
    case "compact-array":
      throw new MalformedError("a compact-array has no XML form here");
    case "array":
    case "structure":
      return element(data.type, data.value.map(dataXml).join(""));
    case "null-data":
    case "dont-care":
      return element(data.type, "");
    case "float32":
    case "float64":
      // The module has them as octet strings.
      return element(data.type, toHex(encodeData(data).subarray(1)));
    case "octet-string":
    case "date-time":
    case "date":
    case "time":
      return element(data.type, toHex(data.value));
    default:
      return element(data.type, text(String(data.value)));
  }
}

type Field = (r: Reader) => string;
const u8: Field = (r) => String(r.u8());
const u16: Field = (r) => String(r.u16());
const u32: Field = (r) => String(r.u32());
const octets: Field = (r) => toHex(r.octetString());
const body: Field = (r) => element("data-value", dataXml(dataParse(r)));

/** Fields of the APDUs that a push can be, in their order. */
const APDUS: Readonly<Record<number, { name: string; fields: Readonly<Record<string, Field>> }>> = {
  [TAG_OF.DATA_NOTIFICATION]: {
    name: "data-notification",
    fields: { "long-invoke-id-and-priority": u32, "date-time": octets, "notification-body": body },
  },
  [TAG_OF.GENERAL_GLO_CIPHERING]: {
    name: "general-glo-ciphering",
    fields: { "system-title": octets, "ciphered-content": octets },
  },
  [TAG_OF.GENERAL_BLOCK_TRANSFER]: {
    name: "general-block-transfer",
    fields: { "block-control": u8, "block-number": u16, "block-number-ack": u16, "block-data": octets },
  },
};

/** The XML document of an APDU; throws MalformedError when it is none that is pushed. */
export function cosemXml(apdu: Uint8Array): string {
  const r = new Reader(apdu);
  const tag = r.u8();
  const known = APDUS[tag];
  if (known === undefined) throw new MalformedError(`an APDU with tag ${tag} has no XML form here`);
  const fields = Object.entries(known.fields).map(([name, field]) => element(name, field(r)));
  r.done(`the ${known.name}`);
  const content = element(known.name, fields.join(""));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<x:xDLMS-APDU xmlns:x="${COSEM_XML_NAMESPACE}">${content}</x:xDLMS-APDU>\n`;
}
