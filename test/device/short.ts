/** What the tests of short name referencing share: the template, associations, names, requests. */
import {
  CONFORMANCE,
  CONFORMANCE_OF_CLIENT_SN,
  CONTEXT,
  contextName,
  decodeApdu,
  encodeApdu,
  type ClientOptions,
  type Data,
  type ReadItem,
  type VariableAccess,
} from "../../host/client/index.ts";
import { compileTemplate, type Compiled } from "../../host/template/compile.ts";
import type { MeterIdentity } from "../../host/template/identity.ts";
import { templateRead } from "../../host/template/load.ts";
import { aarq, aarqLls, apduOf, initiate, type Exchange } from "./apdus.ts";
import { lls } from "./rig.ts";

/** Clients of the template idis-p3-sn. */
export const PUBLIC_SN = 17;
export const MANAGEMENT_SN = 18;

/** Every bit of short name referencing the template offers. */
export const ALL_SN = CONFORMANCE_OF_CLIENT_SN;
const { "general-block-transfer": GBT, "general-protection": PROTECTION } = CONFORMANCE;
/** The services themselves, without general block transfer. */
export const SERVICES_SN = ALL_SN & ~(GBT | PROTECTION);

let compiled: Compiled | undefined;
export const templateSn = (): Compiled => (compiled ??= compileTemplate(templateRead("idis-p3-sn")));

/** Short name of an attribute, from the base name the template gives its object. */
export function nameOf(logicalName: string, attribute: number, classId?: number): number {
  const object = templateSn().model.objects.find(
    (one) => one.logicalName === logicalName && (classId === undefined || one.classId === classId),
  )!;
  return object.baseName! + 8 * (attribute - 1);
}

/** Opens an association with the password. */
export function associateSn(
  channel: Exchange,
  meter: MeterIdentity,
  conformance = SERVICES_SN,
  pduSizeMax = 1224,
): void {
  const aare = decodeApdu(
    channel.exchange(
      aarqLls(meter.keys.lls, {
        applicationContextName: contextName(CONTEXT.SN),
        userInformation: initiate({ conformance, pduSizeMax }),
      }),
    )!,
  );
  if (aare.kind !== "aare" || aare.result !== 0) throw new Error(`no association: ${JSON.stringify(aare)}`);
}

/** Opens the association of the public client. */
export function associatePublicSn(channel: Exchange, conformance = SERVICES_SN): void {
  const request = initiate({ conformance });
  channel.exchange(aarq({ applicationContextName: contextName(CONTEXT.SN), userInformation: request }));
}

/** Options of a client with short names and the password. */
export const snLls = (identity: MeterIdentity, more: ClientOptions = {}): ClientOptions =>
  lls(identity, { clientSap: MANAGEMENT_SN, shortNames: true, ...more });

export const named = (name: number): VariableAccess => ({ access: "name", name });
export const selected = (name: number, selector: number, parameters: Data): VariableAccess => ({
  access: "parameterized",
  name,
  selection: { selector, parameters },
});

export const read = (...list: VariableAccess[]): Uint8Array => encodeApdu({ kind: "read-request", list });
export const write = (list: VariableAccess[], data: Data[]): Uint8Array =>
  encodeApdu({ kind: "write-request", list, data });

/** Items of a ReadResponse. */
export const itemsOf = (answer: Uint8Array | undefined): ReadItem[] => apduOf("read-response", answer).list;
/** Codes of a WriteResponse; -n for the acknowledgement of block n. */
export const codesOf = (answer: Uint8Array | undefined): number[] =>
  apduOf("write-response", answer).list.map((item) => ("code" in item ? item.code : -item.acknowledged));
