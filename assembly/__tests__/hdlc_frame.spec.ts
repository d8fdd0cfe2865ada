import { Err } from "../base/err";
import { hdlcAddressEmit, hdlcAddressLower, hdlcAddressSize, hdlcAddressUpper } from "../wire/hdlc_address";
import { HdlcControl, hdlcControlKind, hdlcControlOf } from "../wire/hdlc_control";
import { HdlcFrame, hdlcFormatLength, hdlcFrameEmit, hdlcFrameParse, hdlcFrameSize } from "../wire/hdlc_frame";

const FRAME = changetype<HdlcFrame>(memory.data(offsetof<HdlcFrame>(), 8));
const DESTINATION: usize = memory.data(8, 8);
const SOURCE: usize = memory.data(8, 8);
const INFO: usize = memory.data(2048, 8);
const AT: usize = memory.data(2064, 8);

/** A frame from client 16 to (1, 17) in an address of `addressSize` octets, with `infoSize` octets of information. */
function emit(addressSize: u32, infoSize: u32): u32 {
  hdlcAddressEmit(DESTINATION, addressSize, 1, 17);
  hdlcAddressEmit(SOURCE, 1, 16, 0);
  for (let i: u32 = 0; i < infoSize; i++) store<u8>(INFO + i, <u8>(i * 31));
  FRAME.destination = DESTINATION;
  FRAME.destinationSize = addressSize;
  FRAME.source = SOURCE;
  FRAME.sourceSize = 1;
  FRAME.control = hdlcControlOf(HdlcControl.I, true, 3, 5);
  FRAME.segmented = 1;
  FRAME.info = INFO;
  FRAME.infoSize = infoSize;
  return hdlcFrameEmit(FRAME, AT);
}

describe("HDLC frames", () => {
  test("every address length and information field up to the longest returns", () => {
    for (let infoSize: u32 = 0; infoSize <= 2030; infoSize += infoSize < 40 ? 1 : 199) {
      for (let addressSize: u32 = 1; addressSize <= 4; addressSize <<= 1) {
        const size = emit(addressSize, infoSize);
        expect(hdlcFormatLength(AT)).toBe(size);
        expect(hdlcFrameParse(AT, size, FRAME)).toBe(Err.OK);
        expect(hdlcFrameSize(FRAME)).toBe(size);
        expect(FRAME.infoSize).toBe(infoSize);
        expect(FRAME.destinationSize).toBe(addressSize);
        expect(hdlcAddressUpper(FRAME.destination, addressSize)).toBe(1);
        expect(hdlcAddressLower(FRAME.destination, addressSize)).toBe(addressSize == 1 ? 0 : 17);
        expect(memory.compare(FRAME.info, INFO, infoSize)).toBe(0);
        expect(FRAME.control).toBe(0x7a);
        expect(FRAME.segmented != 0).toBe(true);
      }
    }
  });

  test("a wrong length is malformed, a wrong octet fails a check sequence", () => {
    const size = emit(4, 10);
    expect(hdlcFrameParse(AT, size - 1, FRAME)).toBe(Err.MALFORMED);
    store<u8>(AT, load<u8>(AT, 14) ^ 1, 14);
    expect(hdlcFrameParse(AT, size, FRAME)).toBe(Err.AUTHENTICATION);
  });

  test("addresses of three octets and without an end are none", () => {
    store<u32>(AT, 0x01000000);
    expect(hdlcAddressSize(AT, 4)).toBe(4);
    store<u32>(AT, 0x00010000);
    expect(hdlcAddressSize(AT, 4)).toBe(0);
    store<u32>(AT, 0);
    expect(hdlcAddressSize(AT, 4)).toBe(0);
    expect(hdlcAddressSize(AT, 0)).toBe(0);
  });

  test("a control octet names what it was made of", () => {
    expect(hdlcControlKind(hdlcControlOf(HdlcControl.FRMR, true, 0, 0))).toBe(HdlcControl.FRMR);
    expect(hdlcControlKind(hdlcControlOf(HdlcControl.RNR, false, 7, 0))).toBe(HdlcControl.RNR);
    expect(hdlcControlKind(0xff)).toBe(HdlcControl.UNDEFINED);
  });
});
