/**
 * Sign-on in modes C and E (IEC 62056-21, 6.4.3 and Annex E): a line begins at 300 Bd with 7 bits and even parity, and gives
 * the data readout or belongs to HDLC once the client has selected it. The host sets the rate that modeERate() names, behind
 * each call; parity is made here.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import {
  BAUD_ID_MAX,
  blockCheck,
  breakEmit,
  DATA_END_SIZE,
  dataEndEmit,
  identificationEmit,
  isBreak,
  Mark,
  MODE_C_PROGRAMMING,
  MODE_C_READOUT,
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

/** State of one line; modeEBegin() begins it. */
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
  /** Data block: block check so far, what comes next (the caller's number), and whether the last piece is leaving. */
  bcc: u32;
  item: u32;
  last: u32;
}

/** ModeELine with the characters of the message behind it. */
export const MODE_E_LINE_SIZE: u32 = 80;

if (offsetof<ModeELine>() + BUFFER_SIZE > MODE_E_LINE_SIZE) ERROR("the message stands behind the line");
if (MODE_E_MESSAGE_MAX > BUFFER_SIZE) ERROR("a message must fit its buffer");

/** Who this device is, and what it offers. */
@unmanaged
export class ModeEParameters {
  /** Three letters of the manufacturer. */
  flag: usize;
  /** Device address, and identification, at most MODE_E_ADDRESS_MAX and MODE_E_IDENT_MAX characters. */
  address: usize;
  addressSize: u32;
  ident: usize;
  identSize: u32;
  /** Highest baud rate identification offered, and that of the opening: 0 = 300 Bd. */
  baudMax: u32;
  baudStart: u32;
  /** 1 = there is a data readout; else a client that does not select HDLC gets nothing. */
  readout: u32;
  /** Longest wait for a frame once HDLC is selected, ms. */
  idleMs: u32;
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
  if (act == SignOnAct.WAIT) line.deadline = time + SILENCE_MS;
  if (act == SignOnAct.OPEN) line.deadline = time + p.idleMs;
  if (act == SignOnAct.SWITCH) line.baud = option.z;
  if (act == SignOnAct.RESET) line.baud = p.baudStart;
  if (act == SignOnAct.REACT || act == SignOnAct.SWITCH) {
    line.deadline = time + reaction(p);
    line.bcc = 0;
    line.item = 0;
    line.last = 0;
  }
  return act;
}

/** A line that has just been opened, or is to wait for a request again whatever it did. */
export function modeEBegin(line: ModeELine, p: ModeEParameters): void {
  memory.fill(changetype<usize>(line), 0, <usize>MODE_E_LINE_SIZE);
  line.baud = p.baudStart;
}

/** Whether the request is for this device: leading zeros do not count, no address is for everybody. */
function isOurs(p: ModeEParameters): bool {
  if (request.size == 0) return true;
  const at = zerosSkip(request.address, request.size);
  const own = zerosSkip(p.address, p.addressSize);
  const size = request.size - <u32>(at - request.address);
  return size == p.addressSize - <u32>(own - p.address) && octetsSame(at, own, size);
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
      if (modeERequestParse(at, size, request) != Err.OK) return read(p, SignOnEvent.MALFORMED);
      return isOurs(p) ? SignOnEvent.REQUEST : SignOnEvent.FOREIGN;
    case Mark.ACK: {
      return optionSelectParse(at, size, option) == Err.OK ? selected(p) : read(p, SignOnEvent.MALFORMED);
    }
    default:
      return isBreak(at, size) ? SignOnEvent.BREAK : read(p, SignOnEvent.MALFORMED);
  }
}

/** What would lead to the data readout, on a port that may have none. */
function read(p: ModeEParameters, event: SignOnEvent): SignOnEvent {
  return p.readout != 0 ? event : SignOnEvent.NO_READOUT;
}

/** What an option select message asks for. A protocol V that is not known means what Y says in mode C. */
function selected(p: ModeEParameters): SignOnEvent {
  if (option.z > p.baudMax) return read(p, SignOnEvent.SELECT_OTHER);
  if (option.v == MODE_E_HDLC && option.y == MODE_E_HDLC) return SignOnEvent.SELECT_HDLC;
  if (option.y == MODE_C_READOUT) return read(p, SignOnEvent.SELECT_READOUT);
  return option.y == MODE_C_PROGRAMMING ? SignOnEvent.SELECT_PROGRAMMING : read(p, SignOnEvent.SELECT_OTHER);
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

/** Whether the state is one that sends as soon as its deadline has passed. */
function reacts(state: u32): bool {
  return state == SignOn.IDENTIFY || state == SignOn.CONFIRM || state == SignOn.READOUT || state == SignOn.REFUSE;
}

function parityMake(at: usize, size: u32): u32 {
  for (let i: u32 = 0; i < size; i++) store<u8>(at + <usize>i, <u8>parityAdd(load<u8>(at + <usize>i)));
  return size;
}

/** The message that is to leave now, at `out`, with parity; modeESent() is to follow. @returns its octets, 0 = none */
export function modeETransmit(line: ModeELine, p: ModeEParameters, out: usize, capacity: u32, time: f64): u32 {
  assert(capacity >= MODE_E_MESSAGE_MAX);
  if (!reacts(line.state) || line.state == SignOn.READOUT || line.deadline > time) return 0;
  step(line, p, SignOnEvent.DUE, time);
  switch (line.state) {
    case SignOn.IDENTIFYING:
      return parityMake(out, identificationEmit(out, p.flag, p.baudMax, p.ident, p.identSize));
    case SignOn.CONFIRMING:
      return parityMake(out, optionSelectEmit(out, MODE_E_HDLC, line.baud, MODE_E_HDLC));
    default:
      return parityMake(out, breakEmit(out));
  }
}

/** Whether a piece of the data block is to leave now: modeEDataSend() is to follow. */
export function modeEReads(line: ModeELine, time: f64): bool {
  return line.state == SignOn.READOUT && line.deadline <= time;
}

/** Octets in front of the data lines of the next piece: 1 for STX before the first. */
export function modeEDataHead(line: ModeELine): u32 {
  return line.item == 0 ? 1 : 0;
}

/** Octets that modeEDataSend() may put around the lines. */
export const DATA_AROUND_SIZE: u32 = 1 + DATA_END_SIZE;

/**
 * Sends a piece of the data block: `size` characters of its lines stand at `out`, behind modeEDataHead(). `next` is what the
 * piece after it begins with, which modeEItem() tells then; 0 = this was the last. @returns octets at `out`, with parity
 */
export function modeEDataSend(line: ModeELine, p: ModeEParameters, out: usize, size: u32, next: u32, time: f64): u32 {
  const head = modeEDataHead(line);
  step(line, p, SignOnEvent.DUE, time);
  if (head != 0) store<u8>(out, Mark.STX);
  const lines = out + <usize>head;
  line.bcc = blockCheck(line.bcc, lines, size);
  line.item = next;
  line.last = next == 0 ? 1 : 0;
  let whole = head + size;
  if (next == 0) whole += dataEndEmit(lines + <usize>size, line.bcc);
  return parityMake(out, whole);
}

/** What the next piece of the data block begins with. */
export function modeEItem(line: ModeELine): u32 {
  return line.item;
}

/** What modeETransmit() or modeEDataSend() gave has left the line. */
export function modeESent(line: ModeELine, p: ModeEParameters, time: f64): void {
  step(line, p, line.state == SignOn.READING && line.last != 0 ? SignOnEvent.DONE : SignOnEvent.SENT, time);
}

/** Does what is due: lets go of a client that does not answer; what is to leave is left to modeETransmit(). */
export function modeETick(line: ModeELine, p: ModeEParameters, time: f64): void {
  if (line.deadline == 0 || line.deadline > time) return;
  if (reacts(line.state)) line.deadline = 0;
  else step(line, p, line.state == SignOn.HDLC ? SignOnEvent.SILENT : read(p, SignOnEvent.SILENT), time);
}

/** A frame has come since HDLC was selected: `connected` links have their own time-out, a client before SNRM has this one. */
export function modeEHeard(line: ModeELine, p: ModeEParameters, connected: bool, time: f64): void {
  if (line.state == SignOn.HDLC) line.deadline = connected ? 0 : time + p.idleMs;
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

/** Whether nobody has begun to sign on. */
export function modeEWaits(line: ModeELine): bool {
  return line.state == SignOn.REQUEST && line.size == 0;
}

/** Rate of the line, Bd. */
export function modeERate(line: ModeELine): u32 {
  return (<u32>300) << line.baud;
}
