/**
 * Sign-on in mode E (IEC 62056-21, Annex E): a line begins at 300 Bd with 7 bits and even parity, and belongs to HDLC once
 * the client has selected it. The host sets the rate that modeERate() names, behind each call; parity is made here.
 */
import { Err } from "../base/err";
import {
  BAUD_ID_MAX,
  identificationEmit,
  isBreak,
  Mark,
  MODE_E_HDLC,
  MODE_E_IDENT_MAX,
  MODE_E_MESSAGE_MAX,
  ModeERequest,
  modeERequestParse,
  OptionSelect,
  optionSelectEmit,
  optionSelectParse,
  parityAdd,
  parityTake,
} from "../wire/mode_e";
import { SignOn, SignOnAct, SignOnEvent, signOnStep } from "./mode_e_table";

/** Longest wait for the next character, ms: upper limit of both the reaction time and the gap within a message. */
const SILENCE_MS: f64 = 1500;
/** Reaction time before an answer, ms; the short one where the third letter of the manufacturer is lower case. */
const REACTION_MS: f64 = 200;
const REACTION_SHORT_MS: f64 = 20;
/** In the place of a character whose parity is wrong: no message has it. */
const BROKEN: u32 = 0xff;
const BUFFER_SIZE: u32 = 40;

/** State of one line; zeroed memory waits for a request. */
@unmanaged
export class ModeELine {
  /** Line time of the last character, and at which something is due (0 = nothing), ms. */
  lastOctet: f64;
  deadline: f64;
  /** SignOn. */
  state: u32;
  /** Baud rate identification in use, and characters of the message under way. */
  baud: u32;
  size: u32;
  reserved: u32;
}

/** ModeELine with the characters of the message behind it. */
export const MODE_E_LINE_SIZE: u32 = 72;

if (offsetof<ModeELine>() + BUFFER_SIZE > MODE_E_LINE_SIZE) ERROR("the message stands behind the line");
if (MODE_E_MESSAGE_MAX > BUFFER_SIZE) ERROR("a message must fit its buffer");

/** Who this device is. */
@unmanaged
export class ModeEParameters {
  /** Three letters of the manufacturer. */
  flag: usize;
  /** Device address, and identification, at most MODE_E_ADDRESS_MAX and MODE_E_IDENT_MAX characters. */
  address: usize;
  addressSize: u32;
  ident: usize;
  identSize: u32;
  /** Highest baud rate identification offered. */
  baudMax: u32;
}

const request = changetype<ModeERequest>(memory.data(offsetof<ModeERequest>(), 8));
const option = changetype<OptionSelect>(memory.data(offsetof<OptionSelect>(), 8));

if (MODE_E_IDENT_MAX + 9 > MODE_E_MESSAGE_MAX) ERROR("an identification is no longer than a request");

function buffer(line: ModeELine): usize {
  return changetype<usize>(line) + offsetof<ModeELine>();
}

function reaction(p: ModeEParameters): f64 {
  return load<u8>(p.flag + 2) >= 0x61 ? REACTION_SHORT_MS : REACTION_MS;
}

/** The one place where a line changes state. */
function step(line: ModeELine, p: ModeEParameters, event: SignOnEvent, time: f64): SignOnAct {
  const next = signOnStep(line.state, event);
  const act = <SignOnAct>(next & 15);
  line.state = next >> 4;
  if (act == SignOnAct.IGNORE) return act;
  line.deadline = 0;
  line.size = 0;
  if (act == SignOnAct.REACT || act == SignOnAct.SWITCH) line.deadline = time + reaction(p);
  if (act == SignOnAct.WAIT) line.deadline = time + SILENCE_MS;
  if (act == SignOnAct.SWITCH) line.baud = option.z;
  if (act == SignOnAct.RESET) line.baud = 0;
  return act;
}

/** Whether the request is for this device: leading zeros do not count, no address is for everybody. */
function isOurs(p: ModeEParameters): bool {
  if (request.size == 0) return true;
  const at = zerosSkip(request.address, request.size);
  const own = zerosSkip(p.address, p.addressSize);
  const size = request.size - <u32>(at - request.address);
  return size == p.addressSize - <u32>(own - p.address) && memory.compare(at, own, <usize>size) == 0;
}

function zerosSkip(at: usize, size: u32): usize {
  let i: u32 = 0;
  while (i < size && load<u8>(at + <usize>i) == 0x30) i++;
  return at + <usize>i;
}

/** What the message in the buffer is. */
function judge(line: ModeELine, p: ModeEParameters): SignOnEvent {
  const at = buffer(line);
  const size = line.size;
  switch (<u32>load<u8>(at)) {
    case Mark.START:
      if (modeERequestParse(at, size, request) != Err.OK) return SignOnEvent.MALFORMED;
      return isOurs(p) ? SignOnEvent.REQUEST : SignOnEvent.FOREIGN;
    case Mark.ACK: {
      if (optionSelectParse(at, size, option) != Err.OK) return SignOnEvent.MALFORMED;
      const offered = option.v == MODE_E_HDLC && option.y == MODE_E_HDLC && option.z <= p.baudMax;
      return offered ? SignOnEvent.SELECT_HDLC : SignOnEvent.SELECT_OTHER;
    }
    default:
      return isBreak(at, size) ? SignOnEvent.BREAK : SignOnEvent.MALFORMED;
  }
}

/** Puts a character behind the message; true when that is now whole, or can become none. */
function collect(line: ModeELine, character: u32): bool {
  const starts = character == Mark.START || character == Mark.ACK || character == Mark.SOH;
  if (starts) line.size = 0;
  else if (line.size == 0) return false;
  const at = buffer(line);
  store<u8>(at + <usize>line.size, <u8>character);
  line.size++;
  if (line.size == BUFFER_SIZE) return true;
  if (load<u8>(at) != Mark.SOH) return character == Mark.LF;
  return line.size > 2 && load<u8>(at + <usize>line.size - 2) == Mark.ETX;
}

/** Takes `size` octets that came at line time `time` (ms). @returns octets consumed: all, or none once HDLC has the line */
export function modeEReceive(line: ModeELine, p: ModeEParameters, at: usize, size: u32, time: f64): u32 {
  assert(p.baudMax <= BAUD_ID_MAX);
  if (line.state == SignOn.HDLC || size == 0) return 0;
  if (time - line.lastOctet > SILENCE_MS) line.size = 0;
  line.lastOctet = time;
  if (line.state == SignOn.SELECT) line.deadline = time + SILENCE_MS;
  for (let i: u32 = 0; i < size; i++) {
    const character = parityTake(load<u8>(at + <usize>i));
    if (!collect(line, character < 0 ? BROKEN : <u32>character)) continue;
    step(line, p, judge(line, p), time);
    line.size = 0;
  }
  return size;
}

/** The message that is to leave now, at `out`, with parity; modeESent() is to follow. @returns its octets, 0 = none */
export function modeETransmit(line: ModeELine, p: ModeEParameters, out: usize, capacity: u32, time: f64): u32 {
  assert(capacity >= MODE_E_MESSAGE_MAX);
  const reacts = line.state == SignOn.IDENTIFY || line.state == SignOn.CONFIRM;
  if (!reacts || line.deadline > time || step(line, p, SignOnEvent.DUE, time) != SignOnAct.SEND) return 0;
  const size =
    line.state == SignOn.IDENTIFYING
      ? identificationEmit(out, p.flag, p.baudMax, p.ident, p.identSize)
      : optionSelectEmit(out, MODE_E_HDLC, line.baud, MODE_E_HDLC);
  for (let i: u32 = 0; i < size; i++) store<u8>(out + <usize>i, <u8>parityAdd(load<u8>(out + <usize>i)));
  return size;
}

/** What modeETransmit() gave has left the line. */
export function modeESent(line: ModeELine, p: ModeEParameters, time: f64): void {
  step(line, p, SignOnEvent.SENT, time);
}

/** Lets go of a client that does not answer; modeETransmit() serves the other deadlines. */
export function modeETick(line: ModeELine, p: ModeEParameters, time: f64): void {
  if (line.state == SignOn.SELECT && line.deadline <= time) step(line, p, SignOnEvent.SILENT, time);
}

/** HDLC has disconnected and its answer has left, or it was inactive: the line waits for a request again. */
export function modeEEnd(line: ModeELine, p: ModeEParameters, time: f64): void {
  step(line, p, SignOnEvent.END, time);
}

/** Line time at which something is due, 0 = nothing. */
export function modeEDeadline(line: ModeELine): f64 {
  return line.deadline;
}

/** Whether octets belong to HDLC. */
export function modeEOpen(line: ModeELine): bool {
  return line.state == SignOn.HDLC;
}

/** Rate of the line, Bd. */
export function modeERate(line: ModeELine): u32 {
  return (<u32>300) << line.baud;
}
