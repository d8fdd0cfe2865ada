/** Whose address is whose, at the whole meter: device_address of the IEC HDLC setup, and address lengths (GB9 8.4.2). */
import { describe, expect, it } from "vitest";
import { frameContent, frameDecode, serverAddress } from "../../host/client/hdlc_frame.ts";
import { templateRead } from "../../host/template/load.ts";
import { associateLls, get, hex, set } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, template } from "./rig.ts";

const HDLC_SETUP = "0-0:22.0.0.255";
const SNRM = 0x93;

/** The kind of answer to an SNRM of client 1, and the address it comes from; silence when there is none. */
function snrm(meter: RawMeter, slot: number, upper: number, lower: number | undefined, size: 1 | 2 | 4): string {
  const destination = serverAddress(upper, lower, size);
  const source = { upper: 1, size: 1 as const };
  const content = frameContent({
    segmented: false,
    destination,
    source,
    control: SNRM,
    information: new Uint8Array(0),
  });
  const [answer] = meter.feed(slot, Uint8Array.of(0x7e, ...content, 0x7e));
  if (answer === undefined) return "silence";
  const frame = frameDecode(answer.subarray(1, -1));
  return `${frame.control.type} ${frame.source.upper} ${frame.source.lower ?? "-"} ${frame.source.size}`;
}

describe("device_address", () => {
  it("lets those finish who are connected under the old one, and counts from the next connection on", () => {
    const meter = RawMeter.boot();
    const channel = meter.hdlc();
    const { slot } = channel;
    channel.connect();
    associateLls(channel, meter.identity);
    expect(hex(channel.exchange(set(23, HDLC_SETUP, 9, { type: "long-unsigned", value: 77 })))).toBe("C501C100");
    expect(hex(channel.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    expect(snrm(meter, slot, 1, 77, 2)).toBe("silence");
    channel.send(0x53);
    expect(snrm(meter, slot, 1, 16, 2)).toBe("silence");
    expect(snrm(meter, slot, 1, 77, 2)).toBe("UA 1 77 2");
    meter.reboot();
    meter.open(slot);
    expect(snrm(meter, slot, 1, 77, 4)).toBe("UA 1 77 4");
  });
});

describe("the CALLING address", () => {
  it("is answered on a line that the meter opened itself, by the management logical device, until the line closes", () => {
    const meter = RawMeter.boot();
    const { slot } = meter.hdlc();
    const CALLED = 5;
    expect(snrm(meter, slot, 1, 0x7e, 2)).toBe("silence");
    expect(meter.bank.lineEvent(0, slot, CALLED, meter.lineTime, meter.meterTime)).toBe(0);
    expect(snrm(meter, slot, 1, 0x7e, 2)).toBe("UA 1 126 2");
    expect(snrm(meter, slot, 1, 0x3ffe, 4)).toBe("UA 1 16382 4");
    expect(snrm(meter, slot, 17, 0x7e, 2)).toBe("silence");
    meter.close(slot);
    meter.open(slot);
    expect(snrm(meter, slot, 1, 0x7e, 2)).toBe("silence");
  });
});

describe("address lengths", () => {
  const port = templateRead().ports["hdlc"]!;
  const boot = (addressLength: number, pointToPoint: boolean) => {
    const meter = RawMeter.boot({ template: template({ ports: { hdlc: { ...port, addressLength, pointToPoint } } }) });
    const { slot } = meter.hdlc();
    return { meter, slot };
  };
  const SILENCE = "silence";

  it.each([
    // length configured, point to point; answers to one, two and four octets
    [0, true, "UA 1 - 1", "UA 1 16 2", "UA 1 16 4"],
    [0, false, SILENCE, "UA 1 16 2", "UA 1 16 4"],
    [1, true, "UA 1 - 1", SILENCE, SILENCE],
    [2, true, SILENCE, "UA 1 16 2", SILENCE],
    [2, false, SILENCE, "UA 1 16 2", SILENCE],
    [4, false, SILENCE, "UA 1 16 2", "UA 1 16 4"],
  ])("%i octets, point to point %s", (length, pointToPoint, one, two, four) => {
    const { meter, slot } = boot(length, pointToPoint);
    const answers = [snrm(meter, slot, 1, undefined, 1), snrm(meter, slot, 1, 16, 2), snrm(meter, slot, 1, 16, 4)];
    expect(answers).toEqual([one, two, four]);
  });
});
