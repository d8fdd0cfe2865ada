/** HDLC frames the slow and plain way: what the core is compared with. Nothing here is shared with it. */

/** CRC-16/X-25 bit by bit. */
export function crc16(octets: Uint8Array): number {
  let register = 0xffff;
  for (const octet of octets) {
    register ^= octet;
    for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >> 1) ^ 0x8408 : register >> 1;
  }
  return register ^ 0xffff;
}

export interface Frame {
  destination: Uint8Array;
  source: Uint8Array;
  control: number;
  info: Uint8Array;
  segmented: boolean;
}

const check = (octets: number[]): number[] => {
  const value = crc16(Uint8Array.from(octets));
  return [value & 0xff, value >> 8];
};

/** The octets of a frame between its flags. */
export function frameBody(f: Frame): Uint8Array {
  const addresses = [...f.destination, ...f.source];
  const size = 2 + addresses.length + 1 + 2 + (f.info.length > 0 ? 2 + f.info.length : 0);
  const octets = [0xa0 | (f.segmented ? 8 : 0) | (size >> 8), size & 0xff, ...addresses, f.control];
  if (f.info.length > 0) octets.push(...check(octets), ...f.info);
  octets.push(...check(octets));
  return Uint8Array.from(octets);
}

/** A frame with its flags. */
export const frameOctets = (f: Frame): Uint8Array => Uint8Array.from([0x7e, ...frameBody(f), 0x7e]);

/** Escapes flags and escapes (RFC 1662). */
export const stuffed = (body: Uint8Array): number[] =>
  [...body].flatMap((octet) => (octet === 0x7e || octet === 0x7d ? [0x7d, octet ^ 0x20] : [octet]));

export function unstuffed(octets: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < octets.length; i++) out.push(octets[i] === 0x7d ? octets[++i]! ^ 0x20 : octets[i]!);
  return Uint8Array.from(out);
}

function addressAt(body: Uint8Array, at: number): Uint8Array {
  let end = at;
  while ((body[end]! & 1) === 0) end++;
  return body.slice(at, end + 1);
}

/** Reads a frame without its flags and throws when anything about it is wrong. */
export function frameRead(body: Uint8Array): Frame {
  const size = ((body[0]! & 7) << 8) | body[1]!;
  if (body[0]! >> 4 !== 0xa || size !== body.length) throw new Error("format field");
  const destination = addressAt(body, 2);
  const source = addressAt(body, 2 + destination.length);
  const header = 2 + destination.length + source.length + 1;
  const rest = body.length - header - 2;
  const valid = (end: number) => crc16(body.slice(0, end)) === (body[end]! | (body[end + 1]! << 8));
  if (rest !== 0 && (rest < 3 || !valid(header))) throw new Error("HCS");
  if (!valid(body.length - 2)) throw new Error("FCS");
  const info = rest === 0 ? new Uint8Array() : body.slice(header + 2, body.length - 2);
  return { destination, source, control: body[header - 1]!, info, segmented: (body[0]! & 8) !== 0 };
}

/** Reads what a station sent: one frame between two flags. */
export function frameReadWhole(octets: Uint8Array, isStuffed = false): Frame {
  if (octets[0] !== 0x7e || octets[octets.length - 1] !== 0x7e) throw new Error("flags");
  const body = octets.slice(1, -1);
  return frameRead(isStuffed ? unstuffed(body) : body);
}

/** Control octets by name. */
export const control = {
  i: (ns: number, nr: number, poll = true) => (nr << 5) | (ns << 1) | (poll ? 0x10 : 0),
  rr: (nr: number, poll = true) => (nr << 5) | 1 | (poll ? 0x10 : 0),
  rnr: (nr: number, poll = true) => (nr << 5) | 5 | (poll ? 0x10 : 0),
  ui: (poll = false) => 0x03 | (poll ? 0x10 : 0),
  SNRM: 0x93,
  DISC: 0x53,
  UA: 0x73,
  DM: 0x1f,
  FRMR: 0x97,
};

/** A frame's control field in words, for expectations that can be read. */
export function controlName(octet: number): string {
  const pf = octet & 0x10 ? "*" : "";
  if ((octet & 1) === 0) return `I${(octet >> 1) & 7},${octet >> 5}${pf}`;
  if ((octet & 0xf) === 1) return `RR${octet >> 5}${pf}`;
  if ((octet & 0xf) === 5) return `RNR${octet >> 5}${pf}`;
  const names: Record<number, string> = { 0x83: "SNRM", 0x43: "DISC", 0x63: "UA", 0x0f: "DM", 0x87: "FRMR", 3: "UI" };
  return `${names[octet & ~0x10] ?? octet.toString(16)}${pf}`;
}
