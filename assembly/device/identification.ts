/** The protocol identification service on HDLC lines that offer it: an octet on its own, before anybody has connected. */
import { HdlcConnection, hdlcConnected } from "../link/hdlc_state";
import { Meter } from "../store/block";
import { PortFlag, PortRow } from "../store/template";
import { IDENTIFICATION_REQUEST, protocolIdentificationEmit } from "../wire/protocol_identification";
import { Optical } from "./optical_state";
import { IN, OUT } from "./regions";

/** Takes the request, which is no octet of HDLC; false when this is none. */
export function identificationTake(meter: Meter, port: PortRow, first: u32, c: HdlcConnection, size: u32): bool {
  if ((port.flags & PortFlag.IDENTIFY) == 0 || size != 1 || <u32>load<u8>(IN) != IDENTIFICATION_REQUEST) return false;
  if (c.line.count != 0 || hdlcConnected(c)) return false;
  Optical.of(meter, first).identifies = 1;
  return true;
}

/** The answer that is owed, in region OUT. @returns octets, 0 = none */
export function identificationTransmit(meter: Meter, first: u32): u32 {
  const o = Optical.of(meter, first);
  if (o.identifies == 0) return 0;
  o.identifies = 0;
  return protocolIdentificationEmit(OUT);
}
