/**
 * Keys, titles and counters of one side of a ciphered association, and the layers it puts around APDUs. GB9 9.2.7
 * (suites, security control octet, invocation counters). The cryptography itself is in sealing.ts and ec.ts.
 */

import { cipheredTagOf, decodeApdu, encodeApdu, plainTagOf, TAG_OF, type Apdu } from "./apdu.ts";
import { SecurityError } from "./errors.ts";
import type { GeneralCiphering } from "./general.ts";
import { GeneralProtection, type GeneralOptions, type KeyEstablishment } from "./general_protection.ts";
import { equal, toHex } from "./octets.ts";
import { hex, protect, SC, unprotect, type Opened } from "./sealing.ts";
import { suiteOf } from "./suite.ts";

/** Which ciphered APDU carries a protected service. */
export type Family = "glo" | "ded" | "general-glo" | "general-ded" | "general";

/** What is put around an APDU: a signature, or the ciphering of the family. */
export type Layer = "sign" | "cipher";

/** One layer that was undone. */
export interface OpenedLayer {
  kind: Layer;
  /** The APDU that carried it */
  apdu: Apdu["kind"];
  /** Of a ciphering layer */
  securityControl?: number;
  invocationCounter?: number;
  /** Of general-ciphering: how the key was named, "none" if it was not */
  keyInfo?: "identified" | "wrapped" | "agreed" | "none";
}

export interface OpenedLayers extends Opened {
  /** Outermost first */
  layers: OpenedLayer[];
}

/** key_id of key_transfer and key_agreement. Blue Book, class 64. */
export const KEY_ID = { GUEK: 0, GBEK: 1, GAK: 2, MASTER: 3 } as const;

/** Deeper nesting is nobody's: signed and ciphered by a third party, and ciphered for its way to the client. */
const LAYERS_MAX = 3;

export interface SecurityOptions extends Omit<GeneralOptions, "ownTitle" | "partnerTitle"> {
  /** 0, 1 or 2; default 0 */
  suite?: number;
  authenticated: boolean;
  encrypted: boolean;
  /** Global unicast encryption key */
  guek: Uint8Array;
  /** Global authentication key */
  gak: Uint8Array;
  /** Global broadcast encryption key, for APDUs received under it */
  gbek?: Uint8Array;
  dedicatedKey?: Uint8Array;
  clientTitle: Uint8Array;
  /** Default "glo"; services without a glo- or ded- tag always travel in the general form. */
  family?: Family;
  /** What requests are wrapped in, innermost first; default: ciphered only */
  layers?: readonly Layer[];
  /** How family "general" establishes its keys; default identified */
  keyEstablishment?: KeyEstablishment;
  /** The first invocation counter to send with */
  counter: number;
  /** The same under the broadcast key, default 1 */
  broadcastCounter?: number;
}

/** One side of a ciphered association: keys, titles and counters. */
export class Security {
  authenticated: boolean;
  encrypted: boolean;
  readonly suite: number;
  guek: Uint8Array;
  gak: Uint8Array;
  gbek: Uint8Array | undefined;
  dedicatedKey: Uint8Array | undefined;
  readonly clientTitle: Uint8Array;
  family: Family;
  layers: readonly Layer[];
  keyEstablishment: KeyEstablishment;
  /** general-ciphering and general-signing */
  readonly general: GeneralProtection;
  /** Next counter to send with under the global key. */
  counter: number;
  /** Next counter to send with under the dedicated key. */
  dedicatedCounter = 0;
  /** Next counter to send with under the broadcast key; `securityControl` with Key_Set chooses that key. */
  broadcastCounter: number;
  /** Lowest counter accepted from the server, per key. Switch `checkCounters` off to look at what a meter does wrong. */
  lowestAcceptable = { global: 0, dedicated: 0 };
  checkCounters = true;

  constructor(o: SecurityOptions) {
    this.suite = o.suite ?? 0;
    this.authenticated = o.authenticated;
    this.encrypted = o.encrypted;
    this.guek = o.guek;
    this.gak = o.gak;
    this.gbek = o.gbek;
    this.dedicatedKey = o.dedicatedKey;
    this.clientTitle = o.clientTitle;
    this.family = o.family ?? "glo";
    this.layers = o.layers ?? ["cipher"];
    this.keyEstablishment = o.keyEstablishment ?? "identified";
    this.counter = o.counter;
    this.broadcastCounter = o.broadcastCounter ?? 1;
    this.general = new GeneralProtection(this, { ...o, ownTitle: o.clientTitle });
  }

  /** Known from the AARE on. */
  get serverTitle(): Uint8Array | undefined {
    return this.general.partnerTitle;
  }
  set serverTitle(title: Uint8Array | undefined) {
    this.general.partnerTitle = title;
  }

  /** Security control octet for APDUs sent. */
  get securityControl(): number {
    return this.suite | (this.authenticated ? SC.AUTHENTICATED : 0) | (this.encrypted ? SC.ENCRYPTED : 0);
  }

  /** Octets that wrap() adds at most. */
  get overhead(): number {
    const signature = 2 * (suiteOf(this.suite).curve?.size ?? 0);
    const service = this.layers.length < 2 && !this.family.startsWith("general");
    const cipher = this.family === "general" ? 64 + 2 * signature : service ? 21 : 32;
    return this.layers.reduce((sum, layer) => sum + (layer === "sign" ? 36 + signature : cipher), 0);
  }

  /** Take the next counter of the global key. */
  counterTake(): number {
    const counter = this.counter;
    this.counter += 1;
    return counter;
  }

  /** A key that key_transfer or key_agreement has replaced. Counters begin anew with a new key, never with the same. Blue Book, class 64. */
  keyReplace(keyId: number, key: Uint8Array): void {
    if (keyId === KEY_ID.GUEK && !equal(key, this.guek)) {
      this.guek = key;
      this.counter = 1;
      this.lowestAcceptable.global = 0;
    } else if (keyId === KEY_ID.GBEK && (this.gbek === undefined || !equal(key, this.gbek))) {
      this.gbek = key;
      this.broadcastCounter = 1;
    } else if (keyId === KEY_ID.GAK) this.gak = key;
    else if (keyId === KEY_ID.MASTER) this.general.credentials.masterKey = key;
  }

  /** Put all layers of the association around a request. */
  wrap(plain: Uint8Array): Uint8Array {
    this.general.transactionNext();
    let octets = plain;
    for (const layer of this.layers) octets = layer === "sign" ? this.general.sign(octets) : this.seal(octets);
    return octets;
  }

  /** Protect a plain APDU in the given family; `securityControl` may be another than the usual one. */
  seal(plain: Uint8Array, family: Family = this.family, securityControl = this.securityControl): Uint8Array {
    if (family === "general") return this.general.seal(plain, securityControl, this.keyEstablishment);
    const dedicated = family === "ded" || family === "general-ded";
    const broadcast = !dedicated && (securityControl & SC.BROADCAST_KEY) !== 0;
    const encryptionKey = dedicated ? this.dedicatedKey : broadcast ? this.gbek : this.guek;
    if (encryptionKey === undefined) {
      throw new SecurityError(dedicated ? "no dedicated key is agreed" : "no broadcast key is given");
    }
    // Each key has counters of its own. GB9 9.2.3.3.7.3.
    const invocationCounter = dedicated
      ? this.dedicatedCounter++
      : broadcast
        ? this.broadcastCounter++
        : this.counterTake();
    const body = protect(
      { securityControl, invocationCounter, systemTitle: this.clientTitle, encryptionKey, authenticationKey: this.gak },
      plain,
    );
    const general = family === "general-glo" || family === "general-ded";
    const tag = general ? undefined : cipheredTagOf(plain[0] ?? 0, dedicated);
    if (tag !== undefined) return encodeApdu({ kind: "service-ciphered", tag, body });
    const kind = dedicated ? "general-ded-ciphering" : "general-glo-ciphering";
    return encodeApdu({ kind, systemTitle: this.clientTitle, body });
  }

  /** Undo every layer around an APDU from the server. The security control octet is that of the outermost ciphering. */
  open(octets: Uint8Array): OpenedLayers {
    const layers: OpenedLayer[] = [];
    let text = octets;
    while (isProtected(text)) {
      if (layers.length === LAYERS_MAX) throw new SecurityError(`more than ${LAYERS_MAX} layers of protection`);
      const apdu = decodeApdu(text);
      if (apdu.kind === "general-signing") {
        text = this.general.verify(apdu);
        layers.push({ kind: "sign", apdu: apdu.kind });
        continue;
      }
      const opened = apdu.kind === "general-ciphering" ? this.general.open(apdu) : this.openOne(apdu);
      const { securityControl, invocationCounter } = opened;
      const keyInfo = apdu.kind === "general-ciphering" ? { keyInfo: keyInfoName(apdu) } : {};
      layers.push({ kind: "cipher", apdu: apdu.kind, securityControl, invocationCounter, ...keyInfo });
      text = opened.text;
    }
    if (layers.length === 0) throw new SecurityError(`${decodeApdu(octets).kind} is not a ciphered APDU`);
    const ciphering = layers.find((layer) => layer.kind === "cipher");
    return {
      securityControl: ciphering?.securityControl ?? 0,
      invocationCounter: ciphering?.invocationCounter ?? 0,
      text,
      layers,
    };
  }

  private openOne(apdu: Apdu): Opened {
    const { body, dedicated, systemTitle } = this.partsOf(apdu);
    const broadcast = ((body[0] ?? 0) & SC.BROADCAST_KEY) !== 0;
    const encryptionKey = dedicated ? this.dedicatedKey : broadcast ? this.gbek : this.guek;
    if (encryptionKey === undefined) throw new SecurityError("the meter used a key that is not known here");
    const opened = unprotect({ systemTitle, encryptionKey, authenticationKey: this.gak }, body);
    if ((opened.securityControl & 0x0f) !== this.suite) {
      throw new SecurityError(`the meter answers in suite ${opened.securityControl & 0x0f}, not ${this.suite}`);
    }
    if (apdu.kind === "service-ciphered" && opened.text[0] !== plainTagOf(apdu.tag)) {
      throw new SecurityError(`tag ${hex(apdu.tag)} hides an APDU with tag ${hex(opened.text[0] ?? 0)}`);
    }
    if (!broadcast) this.counterCheck(dedicated ? "dedicated" : "global", opened.invocationCounter);
    return opened;
  }

  /** A counter from the server must be fresh; it is remembered. GB9 9.2.3.3.7.3. */
  counterCheck(key: "global" | "dedicated", counter: number): void {
    const lowest = this.lowestAcceptable[key];
    if (this.checkCounters && counter < lowest) {
      throw new SecurityError(`the meter repeats a counter: ${counter} after ${lowest - 1}`);
    }
    this.lowestAcceptable[key] = Math.max(lowest, counter + 1);
  }

  private partsOf(apdu: Apdu): { body: Uint8Array; dedicated: boolean; systemTitle: Uint8Array } {
    if (apdu.kind === "service-ciphered") {
      const dedicated = (apdu.tag >= 0x41 && apdu.tag <= 0x5f) || apdu.tag >= 0xd0;
      if (this.serverTitle === undefined)
        throw new SecurityError("the meter's system title is not known (no AARE yet)");
      return { body: apdu.body, dedicated, systemTitle: this.serverTitle };
    }
    if (apdu.kind !== "general-glo-ciphering" && apdu.kind !== "general-ded-ciphering") {
      throw new SecurityError(`${apdu.kind} is not a ciphered APDU`);
    }
    const dedicated = apdu.kind === "general-ded-ciphering";
    const title = apdu.systemTitle;
    const known = this.serverTitle;
    if (title.length > 0 && known !== undefined && !equal(title, known)) {
      throw new SecurityError(`system title ${toHex(title)} is not the meter's ${toHex(known)}`);
    }
    const systemTitle = title.length > 0 ? title : known;
    if (systemTitle === undefined) throw new SecurityError("the meter's system title is not known");
    return { body: apdu.body, dedicated, systemTitle };
  }
}

function keyInfoName(apdu: GeneralCiphering): NonNullable<OpenedLayer["keyInfo"]> {
  return apdu.keyInfo?.choice ?? "none";
}

const GENERAL_PROTECTION: ReadonlySet<number> = new Set([
  TAG_OF.GENERAL_GLO_CIPHERING,
  TAG_OF.GENERAL_DED_CIPHERING,
  TAG_OF.GENERAL_CIPHERING,
  TAG_OF.GENERAL_SIGNING,
]);

/** Whether an APDU is a ciphered or signed one that Security.open() can take. */
export function isProtected(octets: Uint8Array): boolean {
  const tag = octets[0] ?? 0;
  return plainTagOf(tag) !== undefined || GENERAL_PROTECTION.has(tag);
}
