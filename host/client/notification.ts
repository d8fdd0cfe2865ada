/**
 * The receiver of what meters send unasked: DataNotification, EventNotification, InformationReport, ciphered or plain, whole or in
 * the blocks of an unconfirmed general block transfer. GB9 9.3.11 to 9.3.13, 9.4.6.13.
 */

import { decodeApdu, encodeApdu, plainTagOf, type Apdu } from "./apdu.ts";
import { type DataNotification, type GeneralBlockTransfer } from "./apdu_other.ts";
import { MalformedError, SecurityError } from "./errors.ts";
import { concat } from "./octets.ts";
import { SC, unprotect } from "./sealing.ts";

/** Octets of the longest notification put together from blocks. */
const SIZE_MAX = 1 << 20;

export interface NotificationKeys {
  guek?: Uint8Array;
  gak?: Uint8Array;
  gbek?: Uint8Array;
  /** Of the meter; only for service-specific ciphering, which does not name it. */
  systemTitle?: Uint8Array;
}

/** How a notification was protected. */
export interface NotificationProtection {
  systemTitle: Uint8Array;
  securityControl: number;
  invocationCounter: number;
}

export interface Notification {
  /** The plain APDU, decoded and in octets. */
  apdu: Apdu;
  octets: Uint8Array;
  /** Undefined: it came plain. */
  protection?: NotificationProtection;
  /** Blocks it came in, 1 = whole. */
  blocks: number;
}

/** Reads the notifications of one sender in the order they come. */
export class NotificationReader {
  private readonly keys: NotificationKeys;
  private blocks: Uint8Array[] = [];

  constructor(keys: NotificationKeys = {}) {
    this.keys = keys;
  }

  /**
   * Takes the next APDU; undefined while blocks are missing.
   * @throws MalformedError, SecurityError; what was collected is forgotten
   */
  take(octets: Uint8Array): Notification | undefined {
    const apdu = decodeApdu(octets);
    if (apdu.kind !== "general-block-transfer") {
      this.blocks = [];
      return this.open(octets, apdu, 1);
    }
    if (!this.blockTake(apdu)) return undefined;
    const whole = concat(...this.blocks);
    const count = this.blocks.length;
    this.blocks = [];
    return this.open(whole, decodeApdu(whole), count);
  }

  /** True when it was the last block. */
  private blockTake(block: GeneralBlockTransfer): boolean {
    if (block.blockNumber === 1) this.blocks = [];
    const missing = block.blockNumber !== this.blocks.length + 1;
    const size = this.blocks.reduce((sum, data) => sum + data.length, block.data.length);
    if (missing || size > SIZE_MAX) {
      const wanted = this.blocks.length + 1;
      this.blocks = [];
      throw new MalformedError(
        missing
          ? `block ${block.blockNumber} came where ${wanted} was to come`
          : `more than ${SIZE_MAX} octets in blocks`,
      );
    }
    this.blocks.push(block.data);
    return block.lastBlock;
  }

  private open(octets: Uint8Array, apdu: Apdu, blocks: number): Notification {
    if (apdu.kind !== "general-glo-ciphering" && apdu.kind !== "service-ciphered") return { apdu, octets, blocks };
    const systemTitle = apdu.kind === "service-ciphered" ? this.keys.systemTitle : apdu.systemTitle;
    if (systemTitle === undefined) throw new SecurityError("the meter's system title is not known");
    const { securityControl, invocationCounter, text } = unprotect(
      { systemTitle, ...this.keysFor(apdu.body[0] ?? 0) },
      apdu.body,
    );
    if (apdu.kind === "service-ciphered" && text[0] !== plainTagOf(apdu.tag)) {
      throw new SecurityError(`tag ${apdu.tag} hides an APDU with tag ${text[0]}`);
    }
    const protection = { systemTitle, securityControl, invocationCounter };
    return { apdu: decodeApdu(text), octets: text, protection, blocks };
  }

  private keysFor(securityControl: number): { encryptionKey: Uint8Array; authenticationKey: Uint8Array } {
    const broadcast = (securityControl & SC.BROADCAST_KEY) !== 0;
    const encryptionKey = broadcast ? this.keys.gbek : this.keys.guek;
    const authenticationKey = this.keys.gak ?? new Uint8Array(0);
    const authenticated = (securityControl & SC.AUTHENTICATED) !== 0;
    if (encryptionKey === undefined)
      throw new SecurityError(`it is ciphered, and no ${broadcast ? "gbek" : "guek"} is known`);
    if (authenticated && this.keys.gak === undefined)
      throw new SecurityError("it is authenticated, and no gak is known");
    return { encryptionKey, authenticationKey };
  }
}

/** The answer to a notification that wants one (Push setup, version 2), undefined for one that does not. */
export function confirmationOf(notification: DataNotification): Uint8Array | undefined {
  if (!notification.invoke.confirmed) return undefined;
  return encodeApdu({ kind: "data-notification-confirm", invoke: notification.invoke, dateTime: new Uint8Array(0) });
}
