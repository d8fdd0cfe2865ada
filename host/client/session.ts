/**
 * One association with a meter, from the connection to the release. Start here: `new Client(transport,
 * options)`, then connect(), associate(), get() and so on, release(), disconnect().
 */

import { type Aare } from "./acse.ts";
import { decodeApdu, encodeApdu, TAG_OF, type Apdu } from "./apdu.ts";
import { type ActionResponseItem } from "./apdu_action.ts";
import { type AccessResponse, type AccessSpecification } from "./apdu_other.ts";
import {
  type AttributeDescriptor,
  type AttributeDescriptorWithSelection,
  type GetDataResult,
  type Invoke,
  type MethodDescriptor,
  type Selection,
} from "./apdu_parts.ts";
import { associationOpen, associationRelease, securityOf, type AssociationOptions } from "./association.ts";
import { type Data } from "./axdr.ts";
import { ActionError, DataAccessError, SecurityError } from "./errors.ts";
import { GBT_OVERHEAD, gbtExchange } from "./gbt.ts";
import { HdlcLink, type HdlcOptions } from "./hdlc.ts";
import { serverAddress } from "./hdlc_frame.ts";
import { CONFORMANCE, CONFORMANCE_OF_CLIENT, type InitiateResponse } from "./initiate.ts";
import { type Link } from "./link.ts";
import { logicalNameCanonical } from "./logical_name.ts";
import { SC } from "./sealing.ts";
import { isProtected, Security, type OpenedLayer } from "./security.ts";
import * as services from "./services.ts";
import * as short from "./services_short.ts";
import { ASSOCIATION_CURRENT, CLASS_ASSOCIATION_SN, ShortNames } from "./short_names.ts";
import { type Transport } from "./transport.ts";
import { WrapperLink } from "./wrapper.ts";

/** HDLC below the session; absent means the TCP/UDP wrapper. */
export interface ClientHdlcOptions extends Omit<HdlcOptions, "clientSap" | "server"> {
  /** Lower HDLC address, default 16; null leaves it out (one-octet address) */
  lower?: number | null;
  /** Octets of the server address; default the shortest that fits */
  addressSize?: 1 | 2 | 4;
}

export interface ClientOptions extends AssociationOptions {
  /** Default 16, the public client */
  clientSap?: number;
  /** Default 1, the management logical device */
  serverSap?: number;
  hdlc?: ClientHdlcOptions;
  /** Milliseconds to wait for an answer */
  timeOut?: number;
  /** General block transfer of requests: when too long for one APDU (auto), always, or never */
  gbt?: "auto" | "always" | "never";
  /** Blocks taken in one GBT stream, default 8 */
  gbtWindow?: number;
  /** Take unprotected answers to protected requests. Off: they are an error. */
  acceptPlain?: boolean;
}

/** Places to look at or alter what goes out, for negative tests. Each returns what is sent instead. */
export interface ClientHooks {
  /** Plain APDU, before protection */
  plain?: (apdu: Uint8Array) => Uint8Array;
  /** Protected APDU (or plain, if no protection applies), before the link */
  sealed?: (apdu: Uint8Array) => Uint8Array;
  /** Called with everything that arrives, as it came from the link */
  received?: (apdu: Uint8Array) => void;
  /** Blocks from the meter to lose once in the next GBT, by number */
  gbtLose?: Set<number>;
}

/** An attribute for get() and set(). */
export function attribute(classId: number, logicalName: string, attributeId: number): AttributeDescriptor {
  return { classId, logicalName, attribute: attributeId };
}

/** A method for action(). */
export function method(classId: number, logicalName: string, methodId: number): MethodDescriptor {
  return { classId, logicalName, method: methodId };
}

export class Client implements short.ShortNameExchanger {
  readonly options: ClientOptions;
  readonly link: Link;
  /** The link as HDLC, for tests of the link itself; undefined with the wrapper. */
  readonly hdlc: HdlcLink | undefined;
  readonly hooks: ClientHooks = {};
  /** Present from the constructor on when keys are given; its counters and family may be changed. */
  security: Security | undefined;
  /** Whether requests are protected now; associate() sets it for ciphered contexts. */
  protecting = false;
  /** Negotiated conformance; before an association: all this client can do. */
  conformance = CONFORMANCE_OF_CLIENT;
  /** The meter's receive size, 0 = no limit. */
  serverPduSizeMax = 0;
  associated = false;
  aare: Aare | undefined;
  initiateResponse: InitiateResponse | undefined;
  /** Security control octet of the last answer; undefined if it was plain. */
  answerSecurityControl: number | undefined;
  /** What was around the last answer, outermost first. */
  answerLayers: OpenedLayer[] = [];
  onBlock: services.Exchanger["onBlock"];
  /** Told of data-notifications and event-notifications. */
  onNotification: ((apdu: Apdu) => void) | undefined;
  /** Invoke-ids go round from 1 to 15; priority and service class of the next requests. */
  invoke: Invoke = { id: 0, confirmed: true, high: true };
  /** Short names of the association, where its options ask for them; object_list is read when first wanted. */
  readonly names = new ShortNames(async () => {
    const list = await this.getResult(attribute(CLASS_ASSOCIATION_SN, ASSOCIATION_CURRENT, 2));
    if (list.data === undefined) throw new DataAccessError("Read object_list", list.code);
    return list.data;
  });
  private readonly transport: Transport;

  constructor(transport: Transport, options: ClientOptions = {}) {
    this.transport = transport;
    this.options = options;
    const clientSap = options.clientSap ?? 16;
    const serverSap = options.serverSap ?? 1;
    const timeOut = options.timeOut === undefined ? {} : { timeOut: options.timeOut };
    if (options.hdlc === undefined) {
      this.link = new WrapperLink(transport, { clientSap, serverSap, ...timeOut });
    } else {
      const { lower = 16, addressSize, ...rest } = options.hdlc;
      const server = serverAddress(serverSap, lower ?? undefined, addressSize);
      this.hdlc = new HdlcLink(transport, { clientSap, server, ...timeOut, ...rest });
      this.hdlc.onUnsolicited = (apdu) => this.unsolicited(apdu);
      this.link = this.hdlc;
    }
  }

  /** Set up the link: SNRM in HDLC, nothing with the wrapper. */
  connect(): Promise<void> {
    return this.link.open();
  }

  /** Open the association with the options' authentication and security. Throws AssociationError when refused. */
  async associate(): Promise<Aare> {
    return associationOpen(this);
  }

  /** Takes a pre-established association, which needs no AARQ: requests are protected as the options have it. No AARE tells the meter's title. */
  preEstablished(serverTitle?: Uint8Array): void {
    this.security = securityOf(this.options);
    if (this.security !== undefined) this.security.serverTitle = serverTitle;
    this.protecting = this.security !== undefined;
  }

  /** RLRQ and RLRE. The connection stays. */
  async release(): Promise<void> {
    await associationRelease(this);
  }

  /** End the link (DISC in HDLC) and close the transport. */
  async disconnect(): Promise<void> {
    this.associated = false;
    await this.link.close();
    await this.transport.close();
  }

  /** GET one attribute; a data-access-result other than success throws DataAccessError. */
  async get(descriptor: AttributeDescriptor, selection?: Selection): Promise<Data> {
    const result = await this.getResult(descriptor, selection);
    if (result.data === undefined) throw new DataAccessError(`GET ${nameOf(descriptor)}`, result.code);
    return result.data;
  }

  /** GET one attribute, result code included. */
  async getResult(descriptor: AttributeDescriptor, selection?: Selection): Promise<GetDataResult> {
    const whole = selection === undefined ? descriptor : { ...descriptor, selection };
    if (this.shortNames) return (await short.shortGetService(this, [whole]))[0]!;
    return services.getService(this, whole);
  }

  /** GET with list. */
  getList(list: AttributeDescriptorWithSelection[]): Promise<GetDataResult[]> {
    if (this.shortNames) return short.shortGetService(this, list);
    return services.getListService(this, list);
  }

  /** SET one attribute; a data-access-result other than success throws DataAccessError. */
  async set(descriptor: AttributeDescriptorWithSelection, value: Data): Promise<void> {
    const code = await this.setResult(descriptor, value);
    if (code !== 0) throw new DataAccessError(`SET ${nameOf(descriptor)}`, code);
  }

  /** SET one attribute; the data-access-result. */
  async setResult(descriptor: AttributeDescriptorWithSelection, value: Data): Promise<number> {
    if (this.shortNames) return (await short.shortSetService(this, [descriptor], [value]))[0]!;
    return services.setService(this, descriptor, value);
  }

  /** SET with list. */
  setList(list: AttributeDescriptorWithSelection[], values: Data[]): Promise<number[]> {
    if (this.shortNames) return short.shortSetService(this, list, values);
    return services.setListService(this, list, values);
  }

  /** ACTION; an action-result other than success throws ActionError. Returns the return parameters, if any. */
  async action(descriptor: MethodDescriptor, parameters?: Data): Promise<Data | undefined> {
    const item = await this.actionResult(descriptor, parameters);
    const where = `ACTION ${logicalNameCanonical(descriptor.logicalName)} method ${descriptor.method}`;
    if (item.result !== 0) throw new ActionError(where, item.result);
    if (item.returned !== undefined && item.returned.data === undefined) {
      throw new DataAccessError(`${where}, return parameters`, item.returned.code);
    }
    return item.returned?.data;
  }

  /** ACTION, result included. */
  actionResult(descriptor: MethodDescriptor, parameters?: Data): Promise<ActionResponseItem> {
    if (this.shortNames) return short.shortActionService(this, descriptor, parameters);
    return services.actionService(this, descriptor, parameters);
  }

  /** ACTION with list. */
  actionList(list: MethodDescriptor[], parameters: Data[]): Promise<ActionResponseItem[]> {
    return services.actionListService(this, list, parameters);
  }

  /** ACCESS. */
  access(
    specification: AccessSpecification[],
    data: Data[],
    flags?: { selfDescriptive?: boolean; breakOnError?: boolean },
  ): Promise<AccessResponse> {
    return services.accessService(this, specification, data, flags);
  }

  /** Send octets exactly as given and return the next APDU exactly as it came: no protection, no checks. */
  async raw(octets: Uint8Array, timeOut?: number): Promise<Uint8Array> {
    await this.link.send(octets);
    return this.received(timeOut);
  }

  /** Send octets exactly as given and wait for nothing. */
  post(octets: Uint8Array): Promise<void> {
    return this.link.send(octets);
  }

  /**
   * Send a plain APDU, protected as the association has it, and return the plain answer.
   * exception-response and confirmed-service-error are returned like any other answer.
   */
  async exchangeOctets(plain: Uint8Array): Promise<Uint8Array> {
    const altered = this.hooks.plain?.(plain) ?? plain;
    const protect = this.protecting && this.security !== undefined;
    const own = protect ? this.security!.wrap(altered) : altered;
    const sealed = this.hooks.sealed?.(own) ?? own;
    if (this.gbtWanted(sealed.length)) return this.opened(await this.gbt(sealed), protect);
    await this.link.send(sealed);
    return this.answer(protect);
  }

  /** exchangeOctets() of APDUs; errors of the meter are thrown. */
  async exchange(apdu: Apdu): Promise<Apdu> {
    const answer = decodeApdu(await this.exchangeOctets(encodeApdu(apdu)));
    services.throwIfError(answer, apdu.kind);
    return answer;
  }

  /** Send an APDU that has no answer, protected as the association has it. */
  async postProtected(apdu: Apdu): Promise<void> {
    const plain = encodeApdu(apdu);
    const protect = this.protecting && this.security !== undefined;
    await this.link.send(protect ? this.security!.seal(plain) : plain);
  }

  /** Send a request under the broadcast key: the meter does it and never answers. GB9 9.4.6. */
  async broadcast(apdu: Apdu): Promise<void> {
    const { security } = this;
    if (!this.protecting || security === undefined) {
      throw new SecurityError("the broadcast key needs an association with ciphering (--security)");
    }
    await this.link.send(security.seal(encodeApdu(apdu), "glo", security.securityControl | SC.BROADCAST_KEY));
  }

  get shortNames(): boolean {
    return this.options.shortNames === true;
  }

  /** Next invoke-id with the current priority and service class. */
  invokeNext(): Invoke {
    this.invoke = { ...this.invoke, id: (this.invoke.id % 15) + 1 };
    return this.invoke;
  }

  get plainSizeMax(): number {
    if (this.serverPduSizeMax === 0) return Infinity;
    const overhead = this.protecting ? (this.security?.overhead ?? 0) : 0;
    return Math.max(24, this.serverPduSizeMax - overhead);
  }

  /** The next APDU that is not a notification, opened if it is ciphered. */
  async answer(protect: boolean): Promise<Uint8Array> {
    for (;;) {
      const octets = await this.received();
      const whole = octets[0] === TAG_OF.GENERAL_BLOCK_TRANSFER ? await this.gbt(new Uint8Array(0), octets) : octets;
      const plain = this.opened(whole, protect);
      if (!isNotification(plain)) return plain;
      this.notified(plain);
    }
  }

  private async received(timeOut?: number): Promise<Uint8Array> {
    const octets = await this.link.receive(timeOut);
    this.hooks.received?.(octets);
    return octets;
  }

  private opened(octets: Uint8Array, protect: boolean): Uint8Array {
    const opened = this.security !== undefined && isProtected(octets) ? this.security.open(octets) : undefined;
    this.answerSecurityControl = opened?.securityControl;
    this.answerLayers = opened?.layers ?? [];
    const plain = opened?.text ?? octets;
    if (protect && !isNotification(plain) && this.options.acceptPlain !== true) this.answerCheck(octets);
    return plain;
  }

  /** What protects requests must protect answers. Errors come in the clear where the meter cannot trust a key. */
  private answerCheck(octets: Uint8Array): void {
    const layers = this.answerLayers;
    const error = octets[0] === TAG_OF.EXCEPTION_RESPONSE || octets[0] === TAG_OF.CONFIRMED_SERVICE_ERROR;
    if (error) return;
    const ciphers = this.security!.layers.includes("cipher");
    if (ciphers && !layers.some((layer) => ((layer.securityControl ?? 0) & (SC.AUTHENTICATED | SC.ENCRYPTED)) !== 0)) {
      throw new SecurityError("the meter answers a protected request without protection");
    }
    if (this.options.answerSigned === true && !layers.some((layer) => layer.kind === "sign")) {
      throw new SecurityError("the meter does not sign its answer");
    }
  }

  private gbtWanted(size: number): boolean {
    if ((this.conformance & CONFORMANCE["general-block-transfer"]) === 0 || !this.associated) return false;
    if (this.options.gbt === "always") return true;
    return this.options.gbt !== "never" && this.serverPduSizeMax > 0 && size > this.serverPduSizeMax;
  }

  private gbt(request: Uint8Array, first?: Uint8Array): Promise<Uint8Array> {
    const block = first === undefined ? undefined : decodeApdu(first);
    const port = { send: (octets: Uint8Array) => this.link.send(octets), receive: () => this.received() };
    const lose = this.hooks.gbtLose;
    return gbtExchange(
      port,
      request,
      {
        window: this.options.gbtWindow ?? 8,
        blockSize: Math.max(1, (this.serverPduSizeMax || 1024) - GBT_OVERHEAD),
        ...(lose === undefined ? {} : { lose }),
        onProgress: (octets) => this.onBlock?.(octets, []),
      },
      block?.kind === "general-block-transfer" ? block : undefined,
    );
  }

  private unsolicited(octets: Uint8Array): void {
    try {
      this.notified(this.security !== undefined && isProtected(octets) ? this.security.open(octets).text : octets);
    } catch {
      this.notified(octets);
    }
  }

  /** A notification that cannot be decoded or opened is passed on as "unknown": it spoils no exchange. */
  private notified(octets: Uint8Array): void {
    let apdu: Apdu = { kind: "unknown", octets };
    try {
      apdu = decodeApdu(octets);
    } catch {
      // Stays unknown.
    }
    this.onNotification?.(apdu);
  }
}

function isNotification(plain: Uint8Array): boolean {
  const tags: readonly number[] = [TAG_OF.DATA_NOTIFICATION, TAG_OF.EVENT_NOTIFICATION, TAG_OF.INFORMATION_REPORT];
  return tags.includes(plain[0]!);
}

function nameOf(d: AttributeDescriptor): string {
  return `${logicalNameCanonical(d.logicalName)} attribute ${d.attribute} (class ${d.classId})`;
}
