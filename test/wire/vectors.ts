/** The published vectors that this room's codecs read, each with the kind of its outermost value. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Kind } from "./kinds.ts";

export interface Vector {
  id: string;
  area: string;
  kind: string;
  description: string;
  hex: string;
  decoded: Record<string, unknown>;
}

const path = fileURLToPath(new URL("../vectors/protocol-vectors.json", import.meta.url));
export const VECTORS = JSON.parse(readFileSync(path, "utf8")) as Vector[];

export function vector(id: string): Vector {
  const found = VECTORS.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found;
}

const BY_TAG: Record<number, Kind> = {
  0x01: "initiateRequest",
  0x08: "initiateResponse",
  0x05: "shortNameRequest",
  0x06: "shortNameRequest",
  0x0c: "shortNameResponse",
  0x0d: "shortNameResponse",
  0x0f: "dataNotification",
  0x10: "dataNotificationConfirm",
  0x16: "shortNameRequest",
  0x18: "shortNameRequest",
  0x0e: "confirmedServiceError",
  0x60: "aarq",
  0x61: "aare",
  0x62: "rlrq",
  0x63: "rlre",
  0xc0: "getRequest",
  0xc1: "setRequest",
  0xc2: "eventNotification",
  0xc3: "actionRequest",
  0xc4: "getResponse",
  0xc5: "setResponse",
  0xc7: "actionResponse",
  0xc8: "ciphered",
  0xd8: "exceptionResponse",
  0xd9: "accessRequest",
  0xda: "accessResponse",
  0xdb: "ciphered",
  0xdc: "ciphered",
  0xdd: "generalCiphering",
  0xdf: "generalSigning",
  0xe0: "generalBlockTransfer",
};

/** The codec for an APDU, by its tag. */
export function kindOf(apdu: Uint8Array): Kind | undefined {
  return BY_TAG[apdu[0]!];
}

/** All APDU vectors of areas D, F and H a codec exists for, as [id, octets, kind]. */
export function apduVectors(): { id: string; octets: Buffer; kind: Kind }[] {
  const wanted = VECTORS.filter((v) => /^[DFH]-/.test(v.id) && (v.kind === "apdu" || v.kind === "acse"));
  return wanted.flatMap((v) => {
    const octets = Buffer.from(v.hex, "hex");
    const kind = kindOf(octets);
    return kind === undefined ? [] : [{ id: v.id, octets, kind }];
  });
}

interface SecurityVector {
  id: string;
  inputs: Record<string, unknown>;
  output: unknown;
}

/** The whole APDUs among the security vectors a codec exists for; two of them are truncated or tampered on purpose. */
export function securityApdus(): { id: string; octets: Buffer; kind: Kind }[] {
  const all = JSON.parse(readFileSync(new URL("../vectors/security-vectors.json", import.meta.url), "utf8"));
  const result: { id: string; octets: Buffer; kind: Kind }[] = [];
  for (const { id, inputs, output } of all as SecurityVector[]) {
    const made =
      typeof output === "object" && output !== null ? (output as Record<string, unknown>)["apdu"] : undefined;
    for (const text of [inputs["apdu"], inputs["inner"], inputs["plain_apdu"], made]) {
      if (typeof text !== "string" || !/^([0-9A-F]{2})+$/.test(text)) continue;
      const octets = Buffer.from(text, "hex");
      const kind = /^[CD][0-9A-F]/.test(text) ? (kindOf(octets) ?? "ciphered") : kindOf(octets);
      if (kind !== undefined) result.push({ id, octets, kind });
    }
  }
  return result;
}
