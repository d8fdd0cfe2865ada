/**
 * A connection: the slots it owns, its link parameters, and the scratch overlays the link room wants. Parameters come from the
 * port's setup object, so that a SET of them counts from the next connection or SNRM on.
 */
import { ASSOCIATIONS_MAX, LLC_SIZE } from "../base/limits";
import { settingNumber } from "../cosem/setting";
import {
  HdlcConnection,
  hdlcConnected,
  HdlcEvent,
  HdlcFlag,
  HdlcLine,
  HdlcParameters,
  HDLC_LINE_SIZE,
  HDLC_LINK_SIZE,
} from "../link/hdlc_state";
import { WrapperEvent, WrapperLine, WRAPPER_LINE_SIZE } from "../link/wrapper";
import { SLOT_LINK_AT, SLOT_LINK_SIZE } from "../session/slot";
import { Meter } from "../store/block";
import { Layout } from "../store/layout";
import { PortFlag, PortRow, Template } from "../store/template";
import { Optical } from "./optical_state";

/** The line's state stands in the head slot, the link's in each slot behind it. */
const LINK_OFFSET: u32 = HDLC_LINE_SIZE;

if (HDLC_LINE_SIZE + HDLC_LINK_SIZE > SLOT_LINK_SIZE) ERROR("line and link state share SLOT_LINK_SIZE octets");
if (WRAPPER_LINE_SIZE > SLOT_LINK_SIZE) ERROR("the wrapper's state has SLOT_LINK_SIZE octets");

/** Lower address where the setup object has none: the first that may be given to a device (GB9 8.4.2.3). */
const LOWER_ADDRESS: u32 = 16;

/** Server SAP of the management logical device, which every meter has. */
const MANAGEMENT: u32 = 1;

/** Room for the server SAPs of all associations. */
const devices: usize = memory.data(16, 8);

if (ASSOCIATIONS_MAX * 2 > 16) ERROR("scratch holds a server SAP for each association");

const parameters: HdlcParameters = changetype<HdlcParameters>(memory.data(64, 8));
const connection: HdlcConnection = changetype<HdlcConnection>(memory.data(128, 8));

/** Events of the link room. */
export const hdlcEvent: HdlcEvent = changetype<HdlcEvent>(memory.data(128, 8));
export const wrapperEvent: WrapperEvent = changetype<WrapperEvent>(memory.data(128, 8));

if (offsetof<HdlcParameters>() > 64 || offsetof<HdlcConnection>() > 128) ERROR("scratch overlays are too small");
if (offsetof<HdlcEvent>() > 128 || offsetof<WrapperEvent>() > 128) ERROR("scratch overlays are too small");

function smaller(a: u32, b: u32): u32 {
  return a < b ? a : b;
}

/** IEC HDLC setup, class 23: windows 3 and 4, information fields 5 and 6, time-outs 7 and 8. */
function parametersFill(meter: Meter, port: PortRow): void {
  const p = parameters;
  const setup = <u32>port.setupObject;
  p.windowTransmitMax = <u8>smaller(settingNumber(meter, setup, 3, 1), port.windowMax);
  p.windowReceiveMax = <u8>smaller(settingNumber(meter, setup, 4, 1), port.windowMax);
  p.infoSizeTransmitMax = <u16>smaller(settingNumber(meter, setup, 5, 128), port.infoSizeMax);
  p.infoSizeReceiveMax = <u16>smaller(settingNumber(meter, setup, 6, 128), port.infoSizeMax);
  const serial = (port.flags & PortFlag.SERIAL) != 0;
  // HDLC over TCP has no inter-octet gap of its own; a second tells a broken frame (decision 3).
  p.interOctetTimeoutMs = serial ? settingNumber(meter, setup, 7, 30) : 1000;
  p.inactivityTimeoutSeconds = settingNumber(meter, setup, 8, 120);
  p.addressLength = port.addressLength;
  p.flags = <u8>(
    (((port.flags & PortFlag.STUFFED) != 0 ? HdlcFlag.STUFFED : 0) |
      ((port.flags & PortFlag.POINT_TO_POINT) != 0 ? HdlcFlag.POINT_TO_POINT : 0) |
      (port.addressLength != 0 ? HdlcFlag.STRICT : 0))
  );
  p.upperAddress = <u16>MANAGEMENT;
  p.devices = devices;
  p.deviceCount = devicesFill();
}

/** The server SAPs of the associations, which are the upper addresses of the logical devices, without the management one's. */
function devicesFill(): u32 {
  const t = Template.of();
  let count: u32 = 0;
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    const serverSap = t.association(i).serverSap;
    let known = <u32>serverSap == MANAGEMENT;
    for (let j: u32 = 0; j < count; j++) known = known || load<u16>(devices + ((<usize>j) << 1)) == serverSap;
    if (known) continue;
    store<u16>(devices + ((<usize>count) << 1), serverSap);
    count++;
  }
  return count;
}

/** IEC HDLC setup, attribute 9, device_address: a change lets those finish who are connected under the old one. */
function lowerAddress(meter: Meter, port: PortRow, c: HdlcConnection): u16 {
  const wanted = settingNumber(meter, port.setupObject, 9, LOWER_ADDRESS);
  if (c.line.lowerAddress != wanted && !hdlcConnected(c)) c.line.lowerAddress = wanted;
  return <u16>c.line.lowerAddress;
}

/** Rate that the inter-octet time-out is meant for, Bd (decision 3); it grows on slower lines. */
const RATE_USUAL: u32 = 9600;

/** The HDLC connection that begins with slot `first`, in scratch. */
export function hdlcConnection(meter: Meter, port: PortRow, first: u32): HdlcConnection {
  const l = Layout.of();
  const c = connection;
  const head = meter.slot(first);
  parametersFill(meter, port);
  const rate = Optical.of(meter, first).rate;
  if (rate != 0 && rate < RATE_USUAL) parameters.interOctetTimeoutMs *= RATE_USUAL / rate;
  c.parameters = parameters;
  c.line = changetype<HdlcLine>(head + <usize>SLOT_LINK_AT);
  c.frame = head + <usize>l.frameAt;
  c.frameCapacity = <u32>Template.of().frameSizeMax + 2;
  c.slots = head;
  c.stride = l.slotSize;
  c.links = port.links;
  c.linkAt = SLOT_LINK_AT + LINK_OFFSET;
  parameters.lowerAddress = lowerAddress(meter, port, c);
  c.inboundAt = l.inboundAt;
  c.inboundCapacity = <u32>Template.of().apduSizeMax + LLC_SIZE;
  return c;
}

/** The wrapper's state of the connection that begins with slot `first`. */
export function wrapperLine(meter: Meter, first: u32): WrapperLine {
  return changetype<WrapperLine>(meter.slot(first) + <usize>SLOT_LINK_AT);
}

/** TCP-UDP setup, class 41, attribute 6: seconds, 0 = never. */
export function wrapperInactivity(meter: Meter, port: PortRow): u32 {
  return settingNumber(meter, port.setupObject, 6, 180);
}
