/** Entry for the tests of `link/` and of the link formats in `wire/`; never shipped. Addresses come from the test. */
import { Crc16 } from "./base/crc16";
import {
  HDLC_LINE_SIZE,
  HDLC_LINK_SIZE,
  HdlcConnection,
  HdlcEvent,
  HdlcParameters,
  hdlcOpen,
  hdlcStateOf,
} from "./link/hdlc_state";
import { hdlcDeadline, hdlcExpire } from "./link/hdlc_expire";
import { hdlcReceive } from "./link/hdlc_receive";
import { hdlcStation } from "./link/hdlc_station";
import { hdlcStep } from "./link/hdlc_table";
import { hdlcSend, hdlcSendMore, hdlcSendUnconfirmed, hdlcTransmit } from "./link/hdlc_transmit";
import {
  MODE_E_LINE_SIZE,
  ModeELine,
  ModeEParameters,
  modeEDataHead,
  modeEDataSend,
  modeEDeadline,
  modeEEnd,
  modeEHeard,
  modeERate,
  modeEReceive,
  modeESent,
  modeETick,
  modeETransmit,
} from "./link/mode_e";
import { signOnStep } from "./link/mode_e_table";
import {
  WRAPPER_LINE_SIZE,
  WrapperEvent,
  WrapperLine,
  wrapperDatagram,
  wrapperDeadline,
  wrapperOpen,
  wrapperReceive,
} from "./link/wrapper";
import { hdlcAddressEmit, hdlcAddressLower, hdlcAddressSize, hdlcAddressUpper } from "./wire/hdlc_address";
import { hdlcControlKind, hdlcControlNr, hdlcControlNs, hdlcControlOf } from "./wire/hdlc_control";
import { HdlcFrame, hdlcFrameEmit, hdlcFrameParse, hdlcFrameSize } from "./wire/hdlc_frame";
import { HdlcFrmr, hdlcFrmrEmit, hdlcFrmrParse } from "./wire/hdlc_frmr";
import { HdlcLimits, hdlcParametersEmit, hdlcParametersParse } from "./wire/hdlc_parameters";
import {
  identificationEmit,
  isBreak,
  ModeERequest,
  modeERequestParse,
  OptionSelect,
  optionSelectEmit,
  optionSelectParse,
  parityAdd,
  parityTake,
} from "./wire/mode_e";
import { WrapperHeader, wrapperHeaderEmit, wrapperHeaderParse } from "./wire/wrapper";

export {
  hdlcAddressEmit,
  hdlcAddressLower,
  hdlcAddressSize,
  hdlcAddressUpper,
  hdlcControlKind,
  hdlcControlNr,
  hdlcControlNs,
  hdlcControlOf,
  hdlcFrmrEmit,
  hdlcStep,
  identificationEmit,
  isBreak,
  optionSelectEmit,
  parityAdd,
  parityTake,
  signOnStep,
  wrapperHeaderEmit,
};

/** First octet the module leaves free. */
export function freeFrom(): usize {
  return __heap_base;
}
export function lineSize(): u32 {
  return HDLC_LINE_SIZE;
}
export function linkSize(): u32 {
  return HDLC_LINK_SIZE;
}
export function wrapperLineSize(): u32 {
  return WRAPPER_LINE_SIZE;
}

export function crc16(at: usize, size: u32): u32 {
  return Crc16.of(at, size);
}
export function crc16Update(register: u32, at: usize, size: u32): u32 {
  return Crc16.update(register, at, size);
}
export function frameParse(at: usize, size: u32, out: usize): i32 {
  return hdlcFrameParse(at, size, changetype<HdlcFrame>(out));
}
export function frameEmit(frame: usize, at: usize): u32 {
  return hdlcFrameEmit(changetype<HdlcFrame>(frame), at);
}
export function frameSize(frame: usize): u32 {
  return hdlcFrameSize(changetype<HdlcFrame>(frame));
}
export function parametersParse(at: usize, size: u32, out: usize): i32 {
  return hdlcParametersParse(at, size, changetype<HdlcLimits>(out));
}
export function parametersEmit(at: usize, limits: usize): void {
  hdlcParametersEmit(at, changetype<HdlcLimits>(limits));
}
export function frmrParse(at: usize, out: usize): void {
  hdlcFrmrParse(at, changetype<HdlcFrmr>(out));
}
export function station(parameters: usize, calling: bool, at: usize, size: u32): i32 {
  return hdlcStation(changetype<HdlcParameters>(parameters), calling, at, size);
}

export function open(c: usize): void {
  hdlcOpen(changetype<HdlcConnection>(c));
}
export function receive(c: usize, at: usize, size: u32, time: f64, event: usize): u32 {
  return hdlcReceive(changetype<HdlcConnection>(c), at, size, time, changetype<HdlcEvent>(event));
}
export function transmit(c: usize, out: usize, capacity: u32): i32 {
  return hdlcTransmit(changetype<HdlcConnection>(c), out, capacity);
}
export function send(c: usize, k: u32, at: u32, size: u32): i32 {
  return hdlcSend(changetype<HdlcConnection>(c), k, at, size);
}
export function sendMore(c: usize, k: u32, at: u32, size: u32): i32 {
  return hdlcSendMore(changetype<HdlcConnection>(c), k, at, size);
}
export function sendUnconfirmed(c: usize, k: u32, at: u32, size: u32): i32 {
  return hdlcSendUnconfirmed(changetype<HdlcConnection>(c), k, at, size);
}
export function expire(c: usize, time: f64, event: usize): i32 {
  return hdlcExpire(changetype<HdlcConnection>(c), time, changetype<HdlcEvent>(event)) ? 1 : 0;
}
export function deadline(c: usize): f64 {
  return hdlcDeadline(changetype<HdlcConnection>(c));
}
export function stateOf(c: usize, k: u32): u32 {
  return hdlcStateOf(changetype<HdlcConnection>(c), k);
}
export function callingSet(c: usize, calling: u32): void {
  changetype<HdlcConnection>(c).line.calling = <u8>calling;
}

export function wrapperParse(at: usize, out: usize): i32 {
  return wrapperHeaderParse(at, changetype<WrapperHeader>(out));
}
export function streamOpen(line: usize, time: f64): void {
  wrapperOpen(changetype<WrapperLine>(line), time);
}
export function streamReceive(
  line: usize,
  at: usize,
  size: u32,
  inbound: usize,
  capacity: u32,
  time: f64,
  event: usize,
): u32 {
  return wrapperReceive(
    changetype<WrapperLine>(line),
    at,
    size,
    inbound,
    capacity,
    time,
    changetype<WrapperEvent>(event),
  );
}
export function datagram(at: usize, size: u32, event: usize): void {
  wrapperDatagram(at, size, changetype<WrapperEvent>(event));
}
export function streamDeadline(line: usize, seconds: u32): f64 {
  return wrapperDeadline(changetype<WrapperLine>(line), seconds);
}

// Mode E: line and parameters are addresses.
export function signOnLineSize(): u32 {
  return MODE_E_LINE_SIZE;
}
export function requestParse(at: usize, size: u32, out: usize): i32 {
  return modeERequestParse(at, size, changetype<ModeERequest>(out));
}
export function selectParse(at: usize, size: u32, out: usize): i32 {
  return optionSelectParse(at, size, changetype<OptionSelect>(out));
}
export function signOnReceive(line: usize, p: usize, at: usize, size: u32, time: f64): u32 {
  return modeEReceive(changetype<ModeELine>(line), changetype<ModeEParameters>(p), at, size, time);
}
export function signOnTransmit(line: usize, p: usize, out: usize, capacity: u32, time: f64): u32 {
  return modeETransmit(changetype<ModeELine>(line), changetype<ModeEParameters>(p), out, capacity, time);
}
export function signOnSent(line: usize, p: usize, time: f64): void {
  modeESent(changetype<ModeELine>(line), changetype<ModeEParameters>(p), time);
}
export function signOnDataHead(line: usize): u32 {
  return modeEDataHead(changetype<ModeELine>(line));
}
export function signOnDataSend(line: usize, p: usize, out: usize, size: u32, next: u32, time: f64): u32 {
  return modeEDataSend(changetype<ModeELine>(line), changetype<ModeEParameters>(p), out, size, next, time);
}
export function signOnHeard(line: usize, p: usize, connected: bool, time: f64): void {
  modeEHeard(changetype<ModeELine>(line), changetype<ModeEParameters>(p), connected, time);
}
export function signOnTick(line: usize, p: usize, time: f64): void {
  modeETick(changetype<ModeELine>(line), changetype<ModeEParameters>(p), time);
}
export function signOnEnd(line: usize, p: usize, time: f64): void {
  modeEEnd(changetype<ModeELine>(line), changetype<ModeEParameters>(p), time);
}
export function signOnDeadline(line: usize): f64 {
  return modeEDeadline(changetype<ModeELine>(line));
}
export function signOnState(line: usize): u32 {
  return changetype<ModeELine>(line).state;
}
export function signOnRate(line: usize): u32 {
  return modeERate(changetype<ModeELine>(line));
}
