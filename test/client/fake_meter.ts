/**
 * A meter just good enough to talk to: associations, ciphering, GET, SET and ACTION with blocks, GBT.
 * It shares its codecs with the client under test; those are checked against published vectors elsewhere.
 */

import { type Aare, type Aarq } from "../../host/client/acse.ts";
import { decodeApdu, encodeApdu, type Apdu, type ApduOf } from "../../host/client/apdu.ts";
import { type AttributeDescriptorWithSelection, type GetDataResult } from "../../host/client/apdu_parts.ts";
import { decodeData, encodeData, type Data } from "../../host/client/axdr.ts";
import * as d from "../../host/client/data.ts";
import { hlsAnswer, hlsCheck, type Handshake } from "../../host/client/hls.ts";
import { concat, fromHex, Writer } from "../../host/client/octets.ts";
import { type Opened } from "../../host/client/sealing.ts";
import { isProtected, Security } from "../../host/client/security.ts";
import { type Transport } from "../../host/client/transport.ts";
import { wpduEncode, WpduReader } from "../../host/client/wrapper.ts";

export const GUEK = fromHex("000102030405060708090A0B0C0D0E0F");
export const GAK = fromHex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF");
export const METER_TITLE = fromHex("4D4D4D6700000001");
const STOC = fromHex("503677524A3231460102030405060708");

export interface FakeOptions {
  pduSizeMax?: number;
  conformance?: number;
  /** Answer longer than one block in GBT instead of datablocks */
  gbt?: boolean;
  password?: string;
}

export class FakeMeter {
  /** Values by "class/name/attribute". */
  readonly values = new Map<string, Data>();
  /** Methods by "class/name/method". */
  readonly methods = new Map<string, (parameters: Data | undefined) => { result: number; data?: Data }>();
  readonly requests: Apdu[] = [];
  readonly options: FakeOptions;
  /** Lowest client counter the meter takes. */
  counterLowest = 1;
  private clientPduSizeMax = 0;
  private security: Security | undefined;
  private handshake: Handshake | undefined;
  private long: { raw: Uint8Array; at: number; block: number } | undefined;
  private longSet: { descriptor: AttributeDescriptorWithSelection; raw: Uint8Array[] } | undefined;
  private gbtRest: Uint8Array[] = [];
  private gbtSent = 0;

  constructor(options: FakeOptions = {}) {
    this.options = options;
  }

  /** Answers to one APDU, none to several. */
  answer(octets: Uint8Array): Uint8Array[] {
    if (octets[0] === 0xe0) return this.gbtNext(octets);
    const ciphered = isProtected(octets) && this.security !== undefined;
    if (!ciphered) return this.outgoing(this.plainOctets(octets));
    const opened = this.open(octets);
    if (opened instanceof Uint8Array) return [opened];
    const answer = encodeApdu(this.plain(opened.apdu));
    return this.split(this.security!.seal(answer, this.security!.family, opened.securityControl));
  }

  private plainOctets(octets: Uint8Array): Apdu {
    try {
      return this.plain(decodeApdu(octets));
    } catch {
      return { kind: "exception-response", stateError: 1, serviceError: 2 };
    }
  }

  private open(octets: Uint8Array): Uint8Array | { apdu: Apdu; securityControl: number } {
    try {
      const opened = this.security!.open(octets);
      return { apdu: decodeApdu(opened.text), securityControl: opened.securityControl };
    } catch {
      return fromHex("D80105");
    }
  }

  private outgoing(apdu: Apdu): Uint8Array[] {
    return this.split(encodeApdu(apdu));
  }

  /** In GBT mode: first block alone, then streams as wide as the client's window. */
  private split(octets: Uint8Array): Uint8Array[] {
    const size = this.clientPduSizeMax;
    if (this.options.gbt !== true || size === 0 || octets.length <= size) return [octets];
    this.gbtRest = [];
    for (let at = 0; at < octets.length; at += size - 9) this.gbtRest.push(octets.subarray(at, at + size - 9));
    this.gbtSent = 0;
    return this.gbtStream(0, 1, 0);
  }

  private gbtNext(octets: Uint8Array): Uint8Array[] {
    const a = decodeApdu(octets) as ApduOf<"general-block-transfer">;
    if (a.blockNumberAck >= this.gbtRest.length) return [];
    return this.gbtStream(a.blockNumberAck, a.window, a.blockNumber);
  }

  private gbtStream(from: number, window: number, acknowledged: number): Uint8Array[] {
    const blocks = this.gbtRest.slice(from, from + window);
    this.gbtSent = Math.max(this.gbtSent, from + blocks.length);
    return blocks.map((data, i) =>
      encodeApdu({
        kind: "general-block-transfer",
        lastBlock: from + i + 1 === this.gbtRest.length,
        streaming: i + 1 < blocks.length,
        window: 4,
        blockNumber: from + i + 1,
        blockNumberAck: acknowledged,
        data,
      }),
    );
  }

  private plain(apdu: Apdu): Apdu {
    this.requests.push(apdu);
    switch (apdu.kind) {
      case "aarq":
        return this.aarq(apdu);
      case "rlrq":
        this.security = undefined;
        return { kind: "rlre", reason: 0 };
      case "get-request-normal":
        return this.get(apdu);
      case "get-request-next":
        return this.block(apdu.invoke);
      case "get-request-with-list":
        return { kind: "get-response-with-list", invoke: apdu.invoke, list: apdu.list.map((a) => this.value(a)) };
      case "set-request-normal":
        return { kind: "set-response-normal", invoke: apdu.invoke, result: this.set(apdu.descriptor, apdu.value) };
      case "set-request-with-first-datablock":
        this.longSet = { descriptor: apdu.descriptor, raw: [] };
        return this.setBlock(apdu.invoke, apdu.block);
      case "set-request-with-datablock":
        return this.setBlock(apdu.invoke, apdu.block);
      case "action-request-normal":
        return this.action(apdu);
      default:
        return { kind: "exception-response", stateError: 1, serviceError: 2 };
    }
  }

  private aarq(aarq: Aarq): Apdu {
    const aare: Aare = {
      kind: "aare",
      applicationContextName: aarq.applicationContextName,
      result: 0,
      diagnosticSource: 1,
      diagnostic: 0,
    };
    const ciphered = aarq.applicationContextName.endsWith(".3");
    this.security = undefined;
    let information = aarq.userInformation!;
    if (ciphered || aarq.mechanismName?.endsWith(".5") === true) {
      aare.respondingApTitle = METER_TITLE;
      this.security = new Security({
        guek: GUEK,
        gak: GAK,
        authenticated: true,
        encrypted: true,
        clientTitle: METER_TITLE,
        counter: 700,
      });
      this.security.serverTitle = aarq.callingApTitle;
      this.security.lowestAcceptable.global = this.counterLowest;
    }
    let securityControl = 0;
    if (isProtected(information)) {
      const opened = this.openInitiate(information);
      if (opened === undefined) return { kind: "exception-response", stateError: 1, serviceError: 5 };
      information = opened.text;
      securityControl = opened.securityControl;
    }
    const initiate = decodeApdu(information) as ApduOf<"initiate-request">;
    this.clientPduSizeMax = initiate.pduSizeMax;
    if (initiate.dedicatedKey !== undefined) {
      this.security!.dedicatedKey = initiate.dedicatedKey;
      this.security!.family = "ded";
    }
    const refusal = this.authenticate(aarq, aare);
    if (refusal !== undefined) return { ...aare, result: 1, diagnostic: refusal };
    const response = encodeApdu({
      kind: "initiate-response",
      version: 6,
      conformance: initiate.conformance & (this.options.conformance ?? 0x601add),
      pduSizeMax: this.options.pduSizeMax ?? 1224,
      vaaName: 7,
    });
    aare.userInformation = ciphered ? this.security!.seal(response, "glo", securityControl) : response;
    return aare;
  }

  private openInitiate(octets: Uint8Array): Opened | undefined {
    try {
      return this.security!.open(octets);
    } catch {
      return undefined;
    }
  }

  /** Diagnostic of a refusal. */
  private authenticate(aarq: Aarq, aare: Aare): number | undefined {
    this.handshake = undefined;
    if (aarq.mechanismName === undefined) return this.options.password === undefined ? undefined : 14;
    const value = aarq.authenticationValue!.octets;
    if (aarq.mechanismName.endsWith(".1")) {
      return Buffer.from(value).toString() === this.options.password ? undefined : 13;
    }
    aare.diagnostic = 14;
    aare.acseRequirements = fromHex("0780");
    aare.mechanismName = aarq.mechanismName;
    aare.authenticationValue = { tag: 0x80, octets: STOC };
    this.handshake = {
      mechanism: Number(aarq.mechanismName.at(-1)),
      ownTitle: METER_TITLE,
      partnerTitle: aarq.callingApTitle ?? new Uint8Array(0),
      ownChallenge: STOC,
      partnerChallenge: value,
      guek: GUEK,
      gak: GAK,
      secret: Buffer.from(this.options.password ?? ""),
    };
    aare.respondingApTitle = METER_TITLE;
    return undefined;
  }

  private get(apdu: ApduOf<"get-request-normal">): Apdu {
    const result = this.value(apdu.descriptor);
    const response: Apdu = { kind: "get-response-normal", invoke: apdu.invoke, result };
    const size = encodeApdu(response).length + (this.security === undefined ? 0 : 21);
    const fits = this.clientPduSizeMax === 0 || size <= this.clientPduSizeMax;
    if (fits || result.data === undefined || this.options.gbt === true) return response;
    this.long = { raw: encodeData(result.data), at: 0, block: 0 };
    return this.block(apdu.invoke);
  }

  private block(invoke: ApduOf<"get-request-next">["invoke"]): Apdu {
    const long = this.long;
    const head = { kind: "get-response-with-datablock", invoke } as const;
    if (long === undefined) return { ...head, last: true, block: 1, error: 16 };
    const raw = long.raw.subarray(long.at, long.at + this.clientPduSizeMax - 35);
    long.at += raw.length;
    long.block += 1;
    const last = long.at >= long.raw.length;
    if (last) this.long = undefined;
    return { ...head, last, block: long.block, raw };
  }

  private value(a: AttributeDescriptorWithSelection): GetDataResult {
    const data = this.values.get(`${a.classId}/${a.logicalName}/${a.attribute}`);
    if (data === undefined) return { code: 4 };
    return { code: 0, data: a.selection === undefined ? data : selected(data, a.selection) };
  }

  private set(a: AttributeDescriptorWithSelection, value: Data): number {
    const key = `${a.classId}/${a.logicalName}/${a.attribute}`;
    const now = this.values.get(key);
    if (now === undefined) return 4;
    if (now.type !== value.type) return 12;
    this.values.set(key, value);
    return 0;
  }

  private setBlock(
    invoke: ApduOf<"set-request-with-datablock">["invoke"],
    block: ApduOf<"set-request-with-datablock">["block"],
  ): Apdu {
    this.longSet!.raw.push(block.raw);
    if (!block.last) return { kind: "set-response-datablock", invoke, block: block.block };
    const result = this.set(this.longSet!.descriptor, decodeData(concat(...this.longSet!.raw)));
    return { kind: "set-response-last-datablock", invoke, result, block: block.block };
  }

  private action(apdu: ApduOf<"action-request-normal">): Apdu {
    const { classId, logicalName, method } = apdu.method;
    const head = { kind: "action-response-normal", invoke: apdu.invoke } as const;
    if (classId === 15 && method === 1) {
      try {
        hlsCheck(this.handshake!, d.octetsOf(apdu.parameters!, "f(StoC)"));
      } catch {
        return { ...head, result: 3 };
      }
      const data = d.octetString(hlsAnswer(this.handshake!, this.security?.counterTake() ?? 0));
      return { ...head, result: 0, returned: { code: 0, data } };
    }
    const run = this.methods.get(`${classId}/${logicalName}/${method}`);
    if (run === undefined) return { ...head, result: 4 };
    const { result, data } = run(apdu.parameters);
    return data === undefined ? { ...head, result } : { ...head, result, returned: { code: 0, data } };
  }
}

/** Entries of a profile by selector 2; selector 1 by comparing the octets of the first column. */
function selected(data: Data, selection: { selector: number; parameters: Data }): Data {
  const rows = d.elementsOf(data, "rows");
  const parameters = d.elementsOf(selection.parameters, "parameters");
  if (selection.selector === 2) {
    const [from, to] = parameters.map((p) => d.numberOf(p, "entry")) as [number, number];
    return d.array(...rows.slice(from - 1, to === 0 ? undefined : to));
  }
  const [, from, to] = parameters.map((p) => (p.type === "octet-string" ? Buffer.from(p.value) : Buffer.alloc(0)));
  const date = (octets: Uint8Array): Buffer => Buffer.concat([octets.subarray(0, 4), octets.subarray(5, 8)]);
  return d.array(
    ...rows.filter((row) => {
      const time = date(d.octetsOf(d.elementsOf(row, "row")[0]!, "time"));
      return Buffer.compare(time, date(from!)) >= 0 && Buffer.compare(time, date(to!)) <= 0;
    }),
  );
}

/** Put a meter behind the wrapper on one end of a transport. */
export function serveWrapper(meter: FakeMeter, transport: Transport): void {
  const reader = new WpduReader();
  transport.onData((octets) => {
    for (const wpdu of reader.feed(octets)) {
      for (const apdu of meter.answer(wpdu.apdu)) {
        transport.write(wpduEncode({ source: wpdu.destination, destination: wpdu.source, apdu }));
      }
    }
  });
}

/** A meter with a few objects of every kind the client shows. */
export function furnish(meter: FakeMeter): FakeMeter {
  const set = (key: string, data: Data): void => void meter.values.set(key, data);
  set("1/0-0:42.0.0.255/2", d.octetString(Buffer.from("MMM1030700000001")));
  set("1/0-0:43.1.0.255/2", d.doubleLongUnsigned(41));
  set("8/0-0:1.0.0.255/2", d.octetString("07E8010A03081E0500FFC400"));
  set("8/0-0:1.0.0.255/3", d.long(-60));
  set("3/1-0:1.8.0.255/2", d.doubleLongUnsigned(1234567));
  set("3/1-0:1.8.0.255/3", d.structure(d.integer(-2), d.enumerated(30)));
  set("3/1-0:32.7.0.255/2", d.longUnsigned(2301));
  set("3/1-0:32.7.0.255/3", d.structure(d.integer(-1), d.enumerated(35)));
  profile(meter, "1-0:99.1.0.255", 100);
  const classes: [number, string][] = [
    [1, "0-0:42.0.0.255"],
    [8, "0-0:1.0.0.255"],
    [3, "1-0:1.8.0.255"],
    [3, "1-0:32.7.0.255"],
    [7, "1-0:99.1.0.255"],
    [70, "0-0:96.3.10.255"],
    [1, "0-0:96.1.1.255"],
  ];
  set("15/0-0:40.0.0.255/2", d.array(...classes.map(([id, name]) => objectEntry(id, name))));
  set("1/0-0:96.1.1.255/2", d.octetString(Buffer.from("customer")));
  meter.methods.set("70/0-0:96.3.10.255/1", (p) => ({ result: p?.type === "integer" ? 0 : 12 }));
  return meter;
}

function objectEntry(classId: number, name: string): Data {
  const access = (id: number, mode: number): Data => d.structure(d.integer(id), d.enumerated(mode), d.NULL_DATA);
  const method = d.structure(d.integer(1), d.enumerated(1));
  return d.structure(
    d.longUnsigned(classId),
    d.unsigned(0),
    d.octetString(Uint8Array.from(name.split(/[-:.]/).map(Number))),
    d.structure(d.array(access(1, 1), access(2, 3), access(3, 0x25)), d.array(method)),
  );
}

/** Quarter-hours from 2024-01-10 00:00 on: clock, status, energy in Wh with scaler -2. Times after the first are null-data. */
export function profile(meter: FakeMeter, name: string, rows: number, compressed = true): void {
  const capture = (classId: number, octets: string, attribute: number): Data =>
    d.structure(d.longUnsigned(classId), d.octetString(octets), d.integer(attribute), d.longUnsigned(0));
  const columns = [capture(8, "0000010000FF", 2), capture(1, "0000600A01FF", 2), capture(3, "0100010800FF", 2)];
  const buffer = Array.from({ length: rows }, (_, i) => {
    const minutes = i * 15;
    const w = new Writer()
      .u16(2024)
      .u8(1)
      .u8(10 + Math.trunc(minutes / 1440));
    w.u8(3)
      .u8(Math.trunc(minutes / 60) % 24)
      .u8(minutes % 60)
      .u8(0)
      .u8(0xff)
      .u16(0xffc4)
      .u8(0);
    const time = compressed && i > 0 ? d.NULL_DATA : d.octetString(w.octets());
    return d.structure(time, d.unsigned(8), d.doubleLongUnsigned(100_000 + i * 25));
  });
  meter.values.set(`7/${name}/2`, d.array(...buffer));
  meter.values.set(`7/${name}/3`, d.array(...columns));
  meter.values.set(`7/${name}/4`, d.doubleLongUnsigned(900));
  meter.values.set(`7/${name}/7`, d.doubleLongUnsigned(rows));
}
