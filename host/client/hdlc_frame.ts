/** HDLC frames of format type 3. ISO/IEC 13239 Annex H.4, GB9 8.4. */

import { MalformedError } from "./errors.ts";
import { concat, Reader, Writer } from "./octets.ts";

export const FLAG = 0x7e;
const TYPE_3 = 0xa000;
const SEGMENTED = 0x0800;
const LENGTH_MASK = 0x07ff;

/** Upper (logical device or client) and lower (physical device) address; `size` is 1, 2 or 4 octets. */
export interface HdlcAddress {
  upper: number;
  lower?: number;
  size: 1 | 2 | 4;
}

export type FrameType = "I" | "RR" | "RNR" | "SNRM" | "DISC" | "UA" | "DM" | "FRMR" | "UI" | "undefined";

/** The control field taken apart; `octet` is kept for undefined ones. */
export interface Control {
  type: FrameType;
  /** Poll or final bit */
  pf: boolean;
  /** N(R) of I, RR and RNR */
  nr?: number;
  /** N(S) of I */
  ns?: number;
  octet: number;
}

export interface HdlcFrame {
  segmented: boolean;
  destination: HdlcAddress;
  source: HdlcAddress;
  control: Control;
  information: Uint8Array;
}

/** CRC-16/X-25 register after these octets, before the final inversion. ISO/IEC 13239; RFC 1662 C.2. */
export function fcsRegister(octets: Uint8Array): number {
  let register = 0xffff;
  for (const octet of octets) {
    register ^= octet;
    for (let bit = 0; bit < 8; bit++) register = (register & 1) !== 0 ? (register >>> 1) ^ 0x8408 : register >>> 1;
  }
  return register;
}

/** Frame check sequence in the order it is sent, low octet first. */
export function fcs(octets: Uint8Array): Uint8Array {
  const value = fcsRegister(octets) ^ 0xffff;
  return Uint8Array.of(value & 0xff, value >>> 8);
}

/** Register after a frame and its correct FCS. */
export const FCS_GOOD = 0xf0b8;

/** Parse one address: 1, 2 or 4 octets, the last one marked by bit 0. */
export function addressParse(r: Reader): HdlcAddress {
  const octets: number[] = [];
  do {
    if (octets.length === 4) throw new MalformedError("HDLC address longer than 4 octets");
    octets.push(r.u8());
  } while ((octets.at(-1)! & 1) === 0);
  const parts = octets.map((octet) => octet >>> 1);
  if (parts.length === 1) return { upper: parts[0]!, size: 1 };
  if (parts.length === 2) return { upper: parts[0]!, lower: parts[1]!, size: 2 };
  if (parts.length === 3) throw new MalformedError("HDLC address of 3 octets");
  return { upper: (parts[0]! << 7) | parts[1]!, lower: (parts[2]! << 7) | parts[3]!, size: 4 };
}

/** Emit what addressParse() reads. */
export function addressEmit(w: Writer, a: HdlcAddress): void {
  const lower = a.lower ?? 0;
  const limit = a.size === 4 ? 0x3fff : 0x7f;
  if (a.upper > limit || lower > limit) throw new MalformedError(`address does not fit ${a.size} octets`);
  if (a.size === 1) w.u8((a.upper << 1) | 1);
  else if (a.size === 2) w.u8(a.upper << 1).u8((lower << 1) | 1);
  else {
    w.u8((a.upper >>> 7) << 1).u8((a.upper & 0x7f) << 1);
    w.u8((lower >>> 7) << 1).u8(((lower & 0x7f) << 1) | 1);
  }
}

/** Server address in its shortest form that holds both halves; without lower half one octet. */
export function serverAddress(upper: number, lower?: number, size?: 1 | 2 | 4): HdlcAddress {
  if (lower === undefined || size === 1) return { upper, size: size ?? 1 };
  return { upper, lower, size: size ?? (upper > 0x7f || lower > 0x7f ? 4 : 2) };
}

/** Control octets with the poll/final bit cleared. GB9 8.4.3.5. */
const UNNUMBERED: Readonly<Record<number, FrameType>> = {
  0x83: "SNRM",
  0x43: "DISC",
  0x63: "UA",
  0x0f: "DM",
  0x87: "FRMR",
  0x03: "UI",
};

export function controlParse(octet: number): Control {
  const pf = (octet & 0x10) !== 0;
  const nr = octet >>> 5;
  if ((octet & 0x01) === 0) return { type: "I", pf, nr, ns: (octet >>> 1) & 7, octet };
  if ((octet & 0x0f) === 0x01) return { type: "RR", pf, nr, octet };
  if ((octet & 0x0f) === 0x05) return { type: "RNR", pf, nr, octet };
  return { type: UNNUMBERED[octet & 0xef] ?? "undefined", pf, octet };
}

const poll = (pf: boolean): number => (pf ? 0x10 : 0);

/** Control octet of an I frame. */
export function controlOfI(ns: number, nr: number, pf: boolean): number {
  return ((nr & 7) << 5) | poll(pf) | ((ns & 7) << 1);
}

/** Control octet of RR. */
export function controlOfRr(nr: number, pf: boolean): number {
  return ((nr & 7) << 5) | poll(pf) | 0x01;
}

export const CONTROL = { SNRM: 0x93, DISC: 0x53, UI: 0x03, UA: 0x73, DM: 0x1f, FRMR: 0x97, UI_POLL: 0x13 } as const;

/** Encode one frame without its flags. The HCS is there only if there is information. */
export function frameContent(frame: Omit<HdlcFrame, "control"> & { control: number }): Uint8Array {
  const header = new Writer();
  addressEmit(header, frame.destination);
  addressEmit(header, frame.source);
  header.u8(frame.control);
  const checks = frame.information.length > 0 ? 4 : 2;
  const length = 2 + header.size + checks + frame.information.length;
  if (length > LENGTH_MASK) throw new MalformedError(`a frame has at most ${LENGTH_MASK} octets, not ${length}`);
  const format = TYPE_3 | (frame.segmented ? SEGMENTED : 0) | length;
  const head = new Writer().u16(format).put(header.octets()).octets();
  const body = frame.information.length > 0 ? concat(head, fcs(head), frame.information) : head;
  return concat(body, fcs(body));
}

/** Encode one frame between flags. */
export function frameEncode(frame: Parameters<typeof frameContent>[0]): Uint8Array {
  return concat(Uint8Array.of(FLAG), frameContent(frame), Uint8Array.of(FLAG));
}

/** Decode one frame without its flags; every check of the format, HCS and FCS included. */
export function frameDecode(content: Uint8Array): HdlcFrame {
  const r = new Reader(content);
  const format = r.u16();
  if ((format & 0xf000) !== TYPE_3) throw new MalformedError("frame format is not type 3");
  const length = format & LENGTH_MASK;
  if (length !== content.length) throw new MalformedError(`length field ${length}, frame has ${content.length}`);
  if (fcsRegister(content) !== FCS_GOOD) throw new MalformedError("FCS does not fit");
  const destination = addressParse(r);
  const source = addressParse(r);
  if (destination.size > 1 && source.size > 1) throw new MalformedError("neither address is a client's, of one octet");
  const control = controlParse(r.u8());
  if (r.left > 2) {
    const head = content.subarray(0, r.at + 2);
    if (fcsRegister(head) !== FCS_GOOD) throw new MalformedError("HCS does not fit");
    r.at += 2;
    if (r.left <= 2) throw new MalformedError("HCS without information");
  }
  const information = r.take(r.left - 2);
  return { segmented: (format & SEGMENTED) !== 0, destination, source, control, information };
}

/** Octets between flags: as they are (type 3), or with escapes (RFC 1662 4.2). */
export type Framing = "type3" | "rfc1662";

const ESCAPE = 0x7d;

/** Escape flags and escapes, and put flags around. RFC 1662 4.2. */
export function stuff(content: Uint8Array): Uint8Array {
  const w = new Writer().u8(FLAG);
  for (const octet of content) {
    if (octet === FLAG || octet === ESCAPE) w.u8(ESCAPE).u8(octet ^ 0x20);
    else w.u8(octet);
  }
  return w.u8(FLAG).octets();
}

/** Undo stuff() for the octets between two flags. */
export function unstuff(stuffed: Uint8Array): Uint8Array {
  const w = new Writer();
  for (let i = 0; i < stuffed.length; i++) {
    const octet = stuffed[i]!;
    if (octet !== ESCAPE) w.u8(octet);
    else if (i + 1 < stuffed.length) w.u8(stuffed[++i]! ^ 0x20);
    else throw new MalformedError("frame ends in an escape");
  }
  return w.octets();
}

/** Cuts a stream of octets into frames; what is not a good frame is skipped and counted. */
export class FrameReader {
  readonly framing: Framing;
  /** Runs of octets that began like a frame and were none. */
  bad = 0;
  private rest = new Uint8Array(0);

  constructor(framing: Framing = "type3") {
    this.framing = framing;
  }

  /** Forget a partial frame, as after an inter-octet time-out. */
  reset(): void {
    this.rest = new Uint8Array(0);
  }

  feed(octets: Uint8Array): HdlcFrame[] {
    this.rest = Uint8Array.from(concat(this.rest, octets));
    const frames: HdlcFrame[] = [];
    let frame = this.next();
    while (frame !== "incomplete") {
      if (frame !== "skipped") frames.push(frame);
      frame = this.next();
    }
    return frames;
  }

  /** One step: drop octets up to a flag, then try a frame. The closing flag may open the next frame. */
  private next(): HdlcFrame | "skipped" | "incomplete" {
    const flag = this.rest.indexOf(FLAG);
    if (flag < 0) {
      this.reset();
      return "incomplete";
    }
    let start = flag;
    while (this.rest[start + 1] === FLAG) start += 1;
    this.rest = this.rest.slice(start);
    const end = this.framing === "type3" ? this.endByLength() : this.rest.indexOf(FLAG, 1);
    if (end === undefined || end < 0) return "incomplete";
    return this.cut(end);
  }

  /** Index of the closing flag as the length field has it; 0 when this cannot be a frame. */
  private endByLength(): number | undefined {
    if (this.rest.length < 3) return undefined;
    const format = (this.rest[1]! << 8) | this.rest[2]!;
    if ((format & 0xf000) !== TYPE_3) return 0;
    const end = 1 + (format & LENGTH_MASK);
    return this.rest.length > end ? end : undefined;
  }

  private cut(end: number): HdlcFrame | "skipped" {
    try {
      if (end < 3 || this.rest[end] !== FLAG) throw new MalformedError("no closing flag where the length says");
      const content = this.rest.subarray(1, end);
      const frame = frameDecode(this.framing === "type3" ? content : unstuff(content));
      this.rest = this.rest.slice(end);
      return frame;
    } catch {
      this.bad += 1;
      this.rest = this.rest.slice(1);
      return "skipped";
    }
  }
}

/** Parameters of SNRM and UA, seen by their sender. GB9 8.4.5.3.2. */
export interface HdlcParameters {
  /** 32..2030 octets */
  informationTransmitMax: number;
  informationReceiveMax: number;
  /** 1..7 frames */
  windowTransmit: number;
  windowReceive: number;
}

export const PARAMETERS_DEFAULT: HdlcParameters = {
  informationTransmitMax: 128,
  informationReceiveMax: 128,
  windowTransmit: 1,
  windowReceive: 1,
};

/** Information field 81 80 LL; parameters that are absent have their default. */
export function parametersParse(information: Uint8Array): HdlcParameters {
  const parameters = { ...PARAMETERS_DEFAULT };
  if (information.length === 0) return parameters;
  const r = new Reader(information);
  if (r.u8() !== 0x81 || r.u8() !== 0x80) throw new MalformedError("parameter negotiation field does not begin 81 80");
  const group = new Reader(r.take(r.u8()));
  while (group.left > 0) {
    const id = group.u8();
    const value = [...group.take(group.u8())].reduce((sum, octet) => sum * 256 + octet, 0);
    if (id === 0x05) parameters.informationTransmitMax = value;
    else if (id === 0x06) parameters.informationReceiveMax = value;
    else if (id === 0x07) parameters.windowTransmit = value;
    else if (id === 0x08) parameters.windowReceive = value;
  }
  return parameters;
}

/** Emit what parametersParse() reads: sizes in 2 octets (or `sizeOctets`), windows in 4. */
export function parametersEncode(p: HdlcParameters, sizeOctets: 1 | 2 = 2): Uint8Array {
  const group = new Writer();
  const size = (id: number, value: number): void => {
    group.u8(id).u8(sizeOctets);
    if (sizeOctets === 1) group.u8(value);
    else group.u16(value);
  };
  size(0x05, p.informationTransmitMax);
  size(0x06, p.informationReceiveMax);
  group.u8(0x07).u8(4).u32(p.windowTransmit).u8(0x08).u8(4).u32(p.windowReceive);
  return new Writer().u8(0x81).u8(0x80).u8(group.size).put(group.octets()).octets();
}

/** Information field of FRMR. GB9 8.4.3.5; ISO/IEC 13239 5.5.3.4.2. */
export interface FrameReject {
  rejectedControl: number;
  vs: number;
  vr: number;
  rejectedWasResponse: boolean;
  /** w undefined control 01, x information not permitted 02, y too long 04, z invalid N(R) 08 */
  reason: number;
}

export function frameRejectParse(information: Uint8Array): FrameReject {
  const r = new Reader(information);
  const rejectedControl = r.u8();
  const counts = r.u8();
  const reason = r.u8();
  return {
    rejectedControl,
    vs: (counts >>> 1) & 7,
    vr: counts >>> 5,
    rejectedWasResponse: (counts & 0x10) !== 0,
    reason,
  };
}

const REASONS = [
  "undefined or not implemented control",
  "information not permitted",
  "information too long",
  "invalid N(R)",
];

export function frameRejectText(reject: FrameReject): string {
  const reasons = REASONS.filter((_, bit) => (reject.reason & (1 << bit)) !== 0);
  const control = reject.rejectedControl.toString(16).toUpperCase().padStart(2, "0");
  return `FRMR for control ${control}: ${reasons.join(", ") || "no reason given"}`;
}
