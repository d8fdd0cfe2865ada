/**
 * The wrapper sub-layer (IEC 62056-4-7; GB9 7.3): cuts a stream into WPDUs, or takes one from a datagram. There is no error
 * PDU: what cannot be understood is dropped, and a stream that is no longer framed is closed.
 */
import {
  WRAPPER_HEADER_SIZE,
  WRAPPER_VERSION,
  WrapperHeader,
  wrapperHeaderParse,
  wrapperVersion,
} from "../wire/wrapper";
import { Err } from "../base/err";

/** State of one stream, in the meter's block; zeroed memory is a stream just opened. */
@unmanaged
export class WrapperLine {
  /** Line time of the last octets, ms. */
  lastOctet: f64;
  /** The header as it came, and how many octets of it are there. */
  header: u64;
  headerSize: u32;
  /** Octets of the APDU that are still to come, and that stand in the buffer. */
  remaining: u32;
  stored: u32;
  reserved: u32;
}

export const WRAPPER_LINE_SIZE: u32 = 32;

if (offsetof<WrapperLine>() > WRAPPER_LINE_SIZE) ERROR("a line has WRAPPER_LINE_SIZE octets");

export const enum WrapperEventKind {
  NONE = 0,
  /** A whole APDU. */
  APDU = 1,
  /** A WPDU larger than the buffer has passed; the first octets of its APDU are there. */
  TOO_LONG = 2,
  /** Another version: nothing behind it can be trusted, the connection is to be closed. */
  CLOSE = 3,
}

/** What a call has to tell; filled for one call. */
@unmanaged
export class WrapperEvent {
  kind: u32;
  /** The APDU and its octets. */
  apdu: usize;
  size: u32;
  clientWPort: u32;
  serverWPort: u32;
}

const HEADER = changetype<WrapperHeader>(memory.data(offsetof<WrapperHeader>(), 8));

/** Takes octets of the header from [at, end); returns where it stopped. HEADER is good when all of them are there. */
function headerCollect(line: WrapperLine, at: usize, end: usize): usize {
  const header = changetype<usize>(line) + offsetof<WrapperLine>("header");
  const size = min<u32>(WRAPPER_HEADER_SIZE - line.headerSize, <u32>(end - at));
  memory.copy(header + <usize>line.headerSize, at, <usize>size);
  line.headerSize += size;
  if (line.headerSize == WRAPPER_HEADER_SIZE && wrapperHeaderParse(header, HEADER) == Err.OK) {
    line.remaining = HEADER.size;
    line.stored = 0;
    // A WPDU without an APDU says nothing.
    if (HEADER.size == 0) line.headerSize = 0;
  }
  return at + <usize>size;
}

/** Whether the version of the header at hand is there and is not ours. */
function versionWrong(line: WrapperLine): bool {
  const header = changetype<usize>(line) + offsetof<WrapperLine>("header");
  return line.headerSize >= 2 && wrapperVersion(header) != WRAPPER_VERSION;
}

/** Tells of the APDU in `inbound`, and starts again. */
function wpduTell(line: WrapperLine, inbound: usize, event: WrapperEvent): void {
  wrapperHeaderParse(changetype<usize>(line) + offsetof<WrapperLine>("header"), HEADER);
  event.kind = HEADER.size > line.stored ? WrapperEventKind.TOO_LONG : WrapperEventKind.APDU;
  event.apdu = inbound;
  event.size = line.stored;
  event.clientWPort = HEADER.source;
  event.serverWPort = HEADER.destination;
  line.headerSize = 0;
}

/**
 * Takes `size` octets of a stream that came at line time `time` (ms), at most one WPDU, whose APDU it puts into the
 * `capacity` octets at `inbound`. @returns octets consumed; offer the rest again
 */
export function wrapperReceive(
  line: WrapperLine,
  at: usize,
  size: u32,
  inbound: usize,
  capacity: u32,
  time: f64,
  event: WrapperEvent,
): u32 {
  memory.fill(changetype<usize>(event), 0, offsetof<WrapperEvent>());
  if (size != 0) line.lastOctet = time;
  const end = at + <usize>size;
  let next = at;
  while (next < end) {
    if (line.headerSize < WRAPPER_HEADER_SIZE) next = headerCollect(line, next, end);
    if (versionWrong(line)) {
      event.kind = WrapperEventKind.CLOSE;
      return size;
    }
    if (line.headerSize < WRAPPER_HEADER_SIZE) continue;
    const taken = min<u32>(line.remaining, <u32>(end - next));
    const kept = min<u32>(taken, capacity - line.stored);
    memory.copy(inbound + <usize>line.stored, next, <usize>kept);
    line.stored += kept;
    line.remaining -= taken;
    next += <usize>taken;
    if (line.remaining == 0) {
      wpduTell(line, inbound, event);
      break;
    }
  }
  return <u32>(next - at);
}

/** Takes the one WPDU of a datagram where it lies; what is not exactly one is dropped (kind NONE). */
export function wrapperDatagram(at: usize, size: u32, event: WrapperEvent): void {
  memory.fill(changetype<usize>(event), 0, offsetof<WrapperEvent>());
  if (size <= WRAPPER_HEADER_SIZE || wrapperHeaderParse(at, HEADER) != Err.OK) return;
  if (HEADER.size != size - WRAPPER_HEADER_SIZE) return;
  event.kind = WrapperEventKind.APDU;
  event.apdu = at + <usize>WRAPPER_HEADER_SIZE;
  event.size = HEADER.size;
  event.clientWPort = HEADER.source;
  event.serverWPort = HEADER.destination;
}

/**
 * Takes a datagram of a peer that came at line time `time` (ms): its APDU goes into the `capacity` octets at `inbound`, cut
 * there when it is TOO_LONG. One that is dropped counts for nothing, not for the peer's activity either.
 */
export function wrapperDatagramReceive(
  line: WrapperLine,
  at: usize,
  size: u32,
  inbound: usize,
  capacity: u32,
  time: f64,
  event: WrapperEvent,
): void {
  wrapperDatagram(at, size, event);
  if (event.kind == WrapperEventKind.NONE) return;
  line.lastOctet = time;
  if (event.size > capacity) {
    event.kind = WrapperEventKind.TOO_LONG;
    event.size = capacity;
  }
  memory.copy(inbound, event.apdu, <usize>event.size);
  event.apdu = inbound;
}

/** Empties a line: it has been opened at line time `time` (ms). */
export function wrapperOpen(line: WrapperLine, time: f64): void {
  memory.fill(changetype<usize>(line), 0, WRAPPER_LINE_SIZE);
  line.lastOctet = time;
}

/** Line time at which an idle stream is to be closed (TCP-UDP setup, inactivity_time_out); 0 = never. */
export function wrapperDeadline(line: WrapperLine, inactivityTimeoutSeconds: u32): f64 {
  return inactivityTimeoutSeconds != 0 ? line.lastOctet + <f64>inactivityTimeoutSeconds * 1000 : 0;
}
