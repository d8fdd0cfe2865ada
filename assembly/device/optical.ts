/**
 * Lines that begin with the sign-on of IEC 62056-21: an IEC local port setup object says so (class 19, default_mode 0), says at
 * which rates, and for whom. Until a client has selected HDLC, the octets of such a line come here; when HDLC ends, or never
 * begins, the line is back at the opening rate. A new default_mode counts as soon as nobody uses the line.
 */
import { EXCHANGE_SIZE } from "../base/limits";
import { readoutLines } from "../cosem/readout";
import { HdlcConnection, hdlcConnected, HdlcEvent, HdlcEventKind, hdlcOpen } from "../link/hdlc_state";
import {
  DATA_AROUND_SIZE,
  ModeEParameters,
  modeEBegin,
  modeEDataHead,
  modeEDataSend,
  modeEDeadline,
  modeEEnd,
  modeEHeard,
  modeEItem,
  modeEOpen,
  modeEReads,
  modeEReceive,
  modeESent,
  modeETick,
  modeETransmit,
  modeEWaits,
} from "../link/mode_e";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { NONE, PortRow } from "../store/template";
import { objectFind, rowOf, valueAt, valueSize } from "../store/values";
import { DataTag } from "../wire/axdr";
import { BAUD_ID_MAX, isTextAll, MODE_E_ADDRESS_MAX, MODE_E_IDENT_MAX } from "../wire/mode_e";
import { settingNumber } from "../cosem/setting";
import { Optical } from "./optical_state";
import { IN, OUT } from "./regions";

/** default_mode of an IEC local port setup: this protocol; anything else begins with HDLC. */
const MODE_IEC_62056_21: u32 = 0;
/** Seconds without a frame after HDLC was selected, where the HDLC setup knows no inactivity (IEC 62056-21: 60 s to 120 s). */
const IDLE_SECONDS: u32 = 120;
/** Octets of data lines in one item. */
const PIECE_SIZE: u32 = 256;
/** Makes an upper case letter lower case. */
const LOWER_CASE: u32 = 0x20;

if (PIECE_SIZE + DATA_AROUND_SIZE > EXCHANGE_SIZE) ERROR("a piece of the data block must fit the exchange region");

/** 0-0:42.0.0.255, COSEM logical device name: three letters of the manufacturer, then what identifies the device. */
const LOGICAL_DEVICE_NAME: usize = memory.data<u8>([0, 0, 42, 0, 0, 255]);
/** "XXX" where there is no such name. */
const NOBODY: usize = memory.data<u8>([0x58, 0x58, 0x58]);
const FLAG_SIZE: u32 = 3;

const flag: usize = memory.data(4, 4);
const parameters: ModeEParameters = changetype<ModeEParameters>(memory.data(48, 8));

if (offsetof<ModeEParameters>() > 48) ERROR("the parameters have 48 octets");

/** Octets of an octet-string of at most 127 octets in a row's value, 0 = there is none; they stand behind tag and length. */
function textSize(meter: Meter, row: u32): u32 {
  if (row == NONE || valueSize(meter, row) < 2) return 0;
  const at = valueAt(meter, row);
  if (load<u8>(at) != DataTag.OCTET_STRING) return 0;
  const size = <u32>load<u8>(at + 1);
  return size + 2 == valueSize(meter, row) ? size : 0;
}

/** Fills in who answers: manufacturer and identification from the logical device name, the address from the port's setup. */
function identityFill(meter: Meter, local: u32, p: ModeEParameters): void {
  const object = objectFind(1, LOGICAL_DEVICE_NAME);
  const row = object < 0 ? NONE : rowOf(object, 2, 0);
  const size = textSize(meter, row);
  const name = valueAt(meter, row == NONE ? 0 : row) + 2;
  const named = size > FLAG_SIZE && size <= FLAG_SIZE + MODE_E_IDENT_MAX && isTextAll(name, size);
  memory.copy(flag, named ? name : NOBODY, <usize>FLAG_SIZE);
  p.flag = flag;
  p.ident = name + <usize>FLAG_SIZE;
  p.identSize = named ? size - FLAG_SIZE : 0;
  const address = rowOf(local, 6, 0); // device_addr
  const addressSize = textSize(meter, address);
  p.addressSize = addressSize <= MODE_E_ADDRESS_MAX ? addressSize : 0;
  p.address = valueAt(meter, address == NONE ? 0 : address) + 2;
}

/** What the setup objects of the port say; baud rates above 19,200 cannot be named in the identification. */
function parametersOf(meter: Meter, port: PortRow): ModeEParameters {
  const p = parameters;
  const local = <u32>port.localObject;
  identityFill(meter, local, p);
  p.baudStart = min<u32>(settingNumber(meter, local, 3, 0), BAUD_ID_MAX); // default_baud
  p.baudMax = max<u32>(p.baudStart, min<u32>(settingNumber(meter, local, 4, 5), BAUD_ID_MAX)); // prop_baud
  // response_time 0: the third letter in lower case announces the reaction time of 20 ms (6.3.2).
  if (settingNumber(meter, local, 5, 1) == 0) store<u8>(flag + 2, <u8>((<u32>load<u8>(flag + 2)) | LOWER_CASE));
  p.readout = port.readout != NONE ? 1 : 0;
  const seconds = settingNumber(meter, port.setupObject, 8, IDLE_SECONDS); // inactivity_time_out
  p.idleMs = (seconds == 0 ? IDLE_SECONDS : seconds) * 1000;
  return p;
}

/** Takes default_mode over when nobody uses the line. */
function modeTake(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): void {
  const o = Optical.of(meter, first);
  const wanted = settingNumber(meter, port.localObject, 2, 1) == MODE_IEC_62056_21;
  if ((o.signsOn != 0) == wanted) return;
  if (o.signsOn != 0 ? !modeEWaits(o.line) : hdlcConnected(c) || c.line.turn != 0) return;
  o.signsOn = wanted ? 1 : 0;
  o.used = 0;
  hdlcOpen(c);
  modeEBegin(o.line, parametersOf(meter, port));
}

/** Whether the sign-on has the line, not HDLC. */
export function opticalOwns(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): bool {
  if (port.localObject == NONE) return false;
  modeTake(meter, port, first, c);
  const o = Optical.of(meter, first);
  return o.signsOn != 0 && !modeEOpen(o.line);
}

/** Takes octets of a line that opticalOwns(). @returns octets consumed */
export function opticalReceive(meter: Meter, port: PortRow, first: u32, size: u32): u32 {
  return modeEReceive(Optical.of(meter, first).line, parametersOf(meter, port), IN, size, meter.lineTime);
}

/** The next item of a line that opticalOwns(), in region OUT. @returns octets, 0 = none */
export function opticalTransmit(meter: Meter, port: PortRow, first: u32, lineTime: f64): u32 {
  const line = Optical.of(meter, first).line;
  const p = parametersOf(meter, port);
  if (!modeEReads(line, lineTime)) return modeETransmit(line, p, OUT, EXCHANGE_SIZE, lineTime);
  const lines = OUT + <usize>modeEDataHead(line);
  const next = readoutLines(meter, port.readout, modeEItem(line), lines, PIECE_SIZE);
  return modeEDataSend(line, p, OUT, next.size, next.item, lineTime);
}

/** What was sent on the line has left it. */
export function opticalSent(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): void {
  if (opticalOwns(meter, port, first, c))
    modeESent(Optical.of(meter, first).line, parametersOf(meter, port), meter.lineTime);
  else opticalFollow(meter, port, first, c, null);
}

/** HDLC is over: whatever was associated on the line has ended, and it waits for a request. */
function end(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): void {
  for (let i: u32 = 0; i < <u32>port.links; i++) Slot.of(meter, first + i).disassociate();
  hdlcOpen(c);
  const o = Optical.of(meter, first);
  o.used = 0;
  modeTake(meter, port, first, c);
}

/** Follows HDLC on a line that was signed on: ends it behind the last link's answer to DISC, or its inactivity. */
export function opticalFollow(
  meter: Meter,
  port: PortRow,
  first: u32,
  c: HdlcConnection,
  event: HdlcEvent | null,
): void {
  if (port.localObject == NONE) return;
  const o = Optical.of(meter, first);
  if (o.signsOn == 0 || !modeEOpen(o.line)) return;
  const connected = hdlcConnected(c);
  if (connected) o.used = 1;
  const p = parametersOf(meter, port);
  if (event != null && event.kind != HdlcEventKind.NONE) modeEHeard(o.line, p, connected, meter.lineTime);
  if (connected || o.used == 0 || c.line.turn != 0) return;
  modeEEnd(o.line, p, meter.lineTime);
  end(meter, port, first, c);
}

/** Does what is due on the line. */
export function opticalExpire(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): void {
  if (port.localObject == NONE) return;
  const o = Optical.of(meter, first);
  if (o.signsOn == 0) return;
  const open = modeEOpen(o.line);
  modeETick(o.line, parametersOf(meter, port), meter.lineTime);
  if (open && !modeEOpen(o.line)) end(meter, port, first, c);
  else opticalFollow(meter, port, first, c, null);
}

/** Line time at which something is due, 0 = nothing. */
export function opticalDeadline(meter: Meter, port: PortRow, first: u32): f64 {
  if (port.localObject == NONE) return 0;
  const o = Optical.of(meter, first);
  return o.signsOn != 0 ? modeEDeadline(o.line) : 0;
}

/** Whether the line has a rate that the host has not been told: it is told with this call. */
export function opticalRateTell(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): bool {
  opticalOwns(meter, port, first, c);
  const o = Optical.of(meter, first);
  if (o.told == o.rate) return false;
  o.told = o.rate;
  return true;
}
