/**
 * From octets of a line to whole frames (GB9 8.4.1; ISO/IEC 13239, 4.3). A frame that arrives in one piece is judged where it
 * lies; pieces gather in the line's frame buffer, without the opening flag. What turns out broken is dropped in silence and
 * the search goes on behind the flag where it began, so a good frame inside broken octets is found.
 */
import { CRC16_GOOD, CRC16_INITIAL, Crc16 } from "../base/crc16";
import { Err } from "../base/err";
import {
  HDLC_FLAG,
  HdlcFrame,
  hdlcFormatBegins,
  hdlcFormatLength,
  hdlcFrameParse,
  hdlcHeaderParse,
} from "../wire/hdlc_frame";
import { HDLC_FRAME_BUFFER_MIN, HdlcConnection, HdlcFlag, HdlcLine } from "./hdlc_state";

/** Stuffed lines: the next octet is XORed with 20 (RFC 1662, 4.2). */
const ESCAPE: u32 = 0x7d;
const ESCAPE_BIT: u32 = 0x20;

/** What hdlcCollect() found. */
@unmanaged
export class Collected {
  /** 1 = COLLECTED_FRAME is a good frame. */
  found: u32;
  /** 1 = the frame was longer than the frame buffer: its information is not there. */
  truncated: u32;
}

export const COLLECTED = changetype<Collected>(memory.data(offsetof<Collected>(), 8));
export const COLLECTED_FRAME = changetype<HdlcFrame>(memory.data(offsetof<HdlcFrame>(), 8));

/**
 * Takes octets from [at, end) until one good frame is there or they end; COLLECTED tells which.
 * @returns where it stopped. The frame stays valid until the next call.
 */
export function hdlcCollect(c: HdlcConnection, at: usize, end: usize): usize {
  assert(c.frameCapacity >= HDLC_FRAME_BUFFER_MIN);
  COLLECTED.found = 0;
  COLLECTED.truncated = 0;
  if (c.flag(HdlcFlag.STUFFED)) return stuffedCollect(c, at, end);
  if (c.line.skip != 0) judgedDrop(c);
  if (c.line.count != 0) at = bufferCollect(c, at, end);
  return COLLECTED.found != 0 || c.line.count != 0 ? at : inputCollect(c, at, end);
}

/** Where the next flag in [at, end) stands, or `end`. */
function flagFind(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) != HDLC_FLAG) at++;
  return at;
}

/** Skips repeated flags. */
function flagsSkip(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) == HDLC_FLAG) at++;
  return at;
}

/** Judges frames where they lie in [at, end); puts a beginning without end into the frame buffer. */
function inputCollect(c: HdlcConnection, at: usize, end: usize): usize {
  const line = c.line;
  while (at < end) {
    if (line.open == 0) {
      at = flagFind(at, end);
      if (at == end) return end;
      line.open = 1;
    }
    at = flagsSkip(at, end);
    if (at == end) return end;
    const available = <u32>(end - at);
    const begins = hdlcFormatBegins(load<u8>(at));
    const length = begins && available >= 2 ? hdlcFormatLength(at) : 0;
    if (begins && (available < 2 || (length != 0 && available <= length))) return bufferCollect(c, at, end);
    const closed = length != 0 && <u32>load<u8>(at + <usize>length) == HDLC_FLAG;
    if (closed && hdlcFrameParse(at, length, COLLECTED_FRAME) == Err.OK) {
      COLLECTED.found = 1;
      return at + <usize>(length + 1);
    }
    line.open = 0;
  }
  return at;
}

/** Octets that must stand in the buffer before its frame can be judged further; 0 = it is no frame. */
function wanted(line: HdlcLine, frame: usize): u32 {
  if (line.count == 0) return 2;
  if (!hdlcFormatBegins(load<u8>(frame))) return 0;
  if (line.count == 1) return 2;
  const length = hdlcFormatLength(frame);
  return length != 0 ? length + 1 : 0;
}

/** Octets that hold the longest header with its HCS. */
const HEADER_SIZE: u32 = 16;

/** Whether a header is there and wrong: so what only looks like a long frame does not swallow the frames behind it. */
function headerBroken(line: HdlcLine, frame: usize, want: u32): bool {
  return line.count >= HEADER_SIZE && hdlcHeaderParse(frame, want - 1, COLLECTED_FRAME) != Err.OK;
}

/** Appends to the buffer what it lacks of `want` octets, as far as the input goes. */
function bufferFill(c: HdlcConnection, at: usize, end: usize, want: u32): usize {
  const line = c.line;
  if (line.count >= want) return at;
  const size = min<u32>(want - line.count, <u32>(end - at));
  memory.copy(c.frame + <usize>line.count, at, <usize>size);
  line.count += size;
  return at + <usize>size;
}

/** Gathers a frame in the buffer until it is judged good, the buffer is empty, or the input ends. */
function bufferCollect(c: HdlcConnection, at: usize, end: usize): usize {
  const line = c.line;
  do {
    const want = wanted(line, c.frame);
    if (want == 0) {
      bufferShift(c);
      continue;
    }
    if (want > c.frameCapacity) {
      at = oversizeCollect(c, at, end, want);
      if (line.count != 0) return at;
      continue;
    }
    at = bufferFill(c, at, end, want);
    if (line.count < want) {
      if (!headerBroken(line, c.frame, want)) return at;
      bufferShift(c);
    } else if (want > 2) {
      bufferJudge(c, want);
    }
  } while (line.count != 0 && COLLECTED.found == 0);
  return at;
}

/** Judges the `want` octets at the head of the buffer: a frame and its closing flag. */
function bufferJudge(c: HdlcConnection, want: u32): void {
  const line = c.line;
  const closed = <u32>load<u8>(c.frame + <usize>(want - 1)) == HDLC_FLAG;
  if (!closed || hdlcFrameParse(c.frame, want - 1, COLLECTED_FRAME) != Err.OK) {
    bufferShift(c);
    return;
  }
  COLLECTED.found = 1;
  // Octets behind it were taken for a longer frame that proved broken. They wait until this one has been dealt with.
  line.open = 1;
  line.count -= want;
  line.skip = line.count != 0 ? want : 0;
}

/** Moves what waits behind a judged frame to the head of the buffer. */
function judgedDrop(c: HdlcConnection): void {
  const line = c.line;
  memory.copy(c.frame, c.frame + <usize>line.skip, <usize>line.count);
  line.skip = 0;
}

/** Drops the head of the buffer up to the next flag in it. */
function bufferShift(c: HdlcConnection): void {
  const line = c.line;
  const end = c.frame + <usize>line.count;
  const flag = flagFind(c.frame, end);
  line.open = flag < end ? 1 : 0;
  const rest = flagsSkip(flag, end);
  line.count = <u32>(end - rest);
  memory.copy(c.frame, rest, <usize>line.count);
}

/** Follows a frame that is longer than the buffer: its header is kept, the rest only checked, so that it can be refused. */
function oversizeCollect(c: HdlcConnection, at: usize, end: usize, want: u32): usize {
  const line = c.line;
  if (line.oversize == 0) {
    line.oversize = 1;
    line.register = Crc16.update(CRC16_INITIAL, c.frame, line.count);
  }
  const size = min<u32>(want - line.count, <u32>(end - at));
  if (line.count < c.frameCapacity) {
    memory.copy(c.frame + <usize>line.count, at, <usize>min<u32>(size, c.frameCapacity - line.count));
  }
  line.register = Crc16.update(line.register, at, min<u32>(size, want - 1 - line.count));
  line.count += size;
  at += <usize>size;
  if (line.count < want) return at;
  line.hunt();
  if (<u32>load<u8>(at - 1) != HDLC_FLAG) return at;
  line.open = 1;
  if (line.register == CRC16_GOOD && hdlcHeaderParse(c.frame, want - 1, COLLECTED_FRAME) == Err.OK) {
    COLLECTED.found = 1;
    COLLECTED.truncated = 1;
  }
  return at;
}

/** Octet-stuffed lines: a frame is what stands between two flags, the escapes undone. */
function stuffedCollect(c: HdlcConnection, at: usize, end: usize): usize {
  const line = c.line;
  while (at < end) {
    let octet = <u32>load<u8>(at++);
    if (octet == HDLC_FLAG) {
      const size = line.count;
      // RFC 1662, 4.3: an escape just before the flag aborts the frame.
      const whole = line.open != 0 && line.escape == 0 && size != 0 && size <= c.frameCapacity;
      line.hunt();
      line.open = 1;
      if (whole && hdlcFrameParse(c.frame, size, COLLECTED_FRAME) == Err.OK) {
        COLLECTED.found = 1;
        return at;
      }
    } else if (octet == ESCAPE) {
      line.escape = 1;
    } else if (line.open != 0) {
      if (line.escape != 0) octet ^= ESCAPE_BIT;
      line.escape = 0;
      if (line.count < c.frameCapacity) store<u8>(c.frame + <usize>line.count, <u8>octet);
      if (line.count <= c.frameCapacity) line.count++;
    }
  }
  return at;
}
