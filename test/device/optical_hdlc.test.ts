/** A meter at an optical head once HDLC is selected: the hand-over, the way back, default_mode, protocol identification. */
import { describe, expect, test } from "vitest";
import { templateLoad, templateRead, templatesJoin } from "../../host/template/load.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { aarqLls } from "./apdus.ts";
import { DISC, IDENTIFICATION, LOCAL_PORT, OpticalLine, REACHED, SNRM, templateWith } from "./optical_line.ts";

describe("HDLC behind the sign-on", () => {
  test("DISC leads back to 300 Bd when its answer has left", () => {
    const line = OpticalLine.open().signOn();
    expect(line.frame(SNRM)[0]!.control.type).toBe("UA");
    line.sent();
    expect(line.due).toBe(120_000);
    expect(line.frame(DISC)[0]!.control.type).toBe("UA");
    expect(line.rate).toBe(9600);
    line.sent();
    expect(line.rate).toBe(300);
    expect(line.identify()).toBe(IDENTIFICATION);
  });

  test("so does a DISC that wants no answer, at once", () => {
    const line = OpticalLine.open().signOn();
    line.frame(SNRM);
    line.sent();
    expect(line.frame(0x43)).toEqual([]);
    expect(line.rate).toBe(300);
  });

  test("so does silence, of a link that was connected and of a client that never connected one", () => {
    const line = OpticalLine.open().signOn("3");
    expect([line.rate, line.due]).toEqual([2400, 120_000]);
    line.wait(119_999);
    expect(line.rate).toBe(2400);
    line.wait(1);
    expect(line.rate).toBe(300);
    line.signOn();
    line.wait(100_000);
    line.frame(SNRM);
    line.sent();
    line.wait(119_999);
    expect(line.rate).toBe(9600);
    line.wait(1);
    expect([line.rate, line.due]).toEqual([300, undefined]);
  });

  test("a link that is left open by a client that begins anew ends with its inactivity", () => {
    const line = OpticalLine.open().signOn();
    line.frame(SNRM);
    line.sent();
    expect(line.identify()).toBe("");
    line.wait(120_000);
    expect(line.identify()).toBe(IDENTIFICATION);
  });

  test("an association of the line is gone when it signs on again", () => {
    const line = OpticalLine.open().signOn();
    line.frame(SNRM);
    const lpdu = Uint8Array.from([0xe6, 0xe6, 0, ...aarqLls(line.raw.identity.keys.lls)]);
    expect(line.frame(0x10, lpdu)[0]!.information.subarray(0, 4)).toEqual(Uint8Array.of(0xe6, 0xe7, 0, 0x61));
    line.sent();
    line.wait(120_000);
    line.signOn();
    line.frame(SNRM);
    const get = Uint8Array.from([0xe6, 0xe6, 0, 0xc0, 1, 0xc1, 0, 3, 1, 0, 1, 8, 0, 255, 2, 0]);
    // Exception: service not allowed outside an association.
    expect(line.frame(0x10, get)[0]!.information.subarray(3, 4)).toEqual(Uint8Array.of(0xd8));
  });

  test("the inter-octet time-out of 30 ms is meant for 9600 Bd: at 300 Bd it grows with the characters", () => {
    const answered = ["0", "5"].map((z) => {
      const line = OpticalLine.open().signOn(z);
      const octets = line.frameOctets(SNRM);
      return octets.reduce((size, octet) => {
        line.wait(100);
        return size + line.octets(Uint8Array.of(octet)).length;
      }, 0);
    });
    expect(answered[0]).toBeGreaterThan(20);
    expect(answered[1]).toBe(0);
  });

  test("the line is closed and opened at any point: it waits at 300 Bd", () => {
    for (const reached of Object.values(REACHED)) {
      const line = OpticalLine.open();
      reached(line);
      line.raw.close(line.slot);
      line.raw.open(line.slot);
      expect(line.due).toBeUndefined();
      expect(line.identify()).toBe(IDENTIFICATION);
      expect(line.rate).toBe(300);
    }
  });
});

describe("default_mode", () => {
  /** SETs default_mode as the management client over the wrapper. */
  function modeSet(line: OpticalLine, mode: number): void {
    const channel = line.raw.wrapper();
    line.raw.sentHeld = false;
    const aare = channel.exchange(aarqLls(line.raw.identity.keys.lls))!;
    expect(aare[0]).toBe(0x61);
    const name = [0, 19, 0, 0, 20, 0, 0, 255, 2, 0];
    expect(channel.exchange(Uint8Array.of(0xc1, 1, 0xc1, ...name, 0x16, mode))).toEqual(
      Uint8Array.of(0xc5, 1, 0xc1, 0),
    );
    line.raw.close(channel.slot);
    line.raw.sentHeld = true;
  }

  test("1 begins with HDLC at the line's own rate", () => {
    const line = OpticalLine.open(templateLoad());
    expect([line.rate, line.due]).toEqual([0, undefined]);
    expect(line.identify()).toBe("");
    expect(line.frame(SNRM)[0]!.control.type).toBe("UA");
    line.sent();
    line.frame(DISC);
    line.sent();
    expect(line.rate).toBe(0);
  });

  test("a SET counts at once when nobody uses the line, and survives a restart", () => {
    const line = OpticalLine.open(templateLoad());
    modeSet(line, 0);
    expect(line.rate).toBe(300);
    expect(line.identify()).toBe(IDENTIFICATION);
    line.wait(1500);
    line.readout(line.wait());
    modeSet(line, 1);
    expect(line.rate).toBe(0);
    modeSet(line, 0);
    line.raw.reboot();
    line.raw.open(line.slot);
    expect(line.identify()).toBe(IDENTIFICATION);
  });

  test("a SET waits for the end of what is going on", () => {
    const line = OpticalLine.open(templateLoad());
    line.frame(SNRM);
    line.sent();
    modeSet(line, 0);
    expect([line.rate, line.frame(SNRM)[0]!.control.type]).toEqual([0, "UA"]);
    line.sent();
    line.frame(DISC);
    line.sent();
    expect(line.rate).toBe(300);
    line.signOn();
    modeSet(line, 1);
    expect([line.rate, line.frame(SNRM)[0]!.control.type]).toEqual([9600, "UA"]);
    line.sent();
    line.frame(DISC);
    line.sent();
    expect([line.rate, line.frame(SNRM)[0]!.control.type]).toEqual([0, "UA"]);
  });
});

describe("protocol identification", () => {
  const ASK = Uint8Array.of(0x49);
  const identifying = (mode: number): OpticalLine => {
    const document = templateRead();
    const serial = { ...document.ports["serial"]!, identify: true };
    const whole = templateWith(document, serial);
    return OpticalLine.open(
      compileTemplate(templatesJoin(whole, { objects: [modeOf(mode)] } as unknown as TemplateDocument)),
    );
  };
  const modeOf = (mode: number): unknown => ({
    logicalName: LOCAL_PORT,
    attributes: { "2": { value: { enum: mode } } },
  });

  test("answers on a line that offers it, until a client has connected", () => {
    const line = identifying(1);
    expect(line.octets(ASK)).toEqual(Uint8Array.of(0, 4, 1, 0));
    line.sent();
    expect(line.octets(Uint8Array.of(0x4a))).toHaveLength(0);
    expect(line.octets(Uint8Array.of(0x7e, 0xa0))).toHaveLength(0);
    expect(line.octets(ASK)).toHaveLength(0);
    line.wait(100);
    expect(line.frame(SNRM)[0]!.control.type).toBe("UA");
    line.sent();
    expect(line.octets(ASK)).toHaveLength(0);
    line.frame(DISC);
    line.sent();
    expect(line.octets(ASK)).toHaveLength(4);
  });

  test("is HDLC's alone: not before a sign-on, nor where the port does not offer it", () => {
    expect(OpticalLine.open(templateLoad()).octets(ASK)).toHaveLength(0);
    const line = identifying(0);
    expect(line.octets(ASK)).toHaveLength(0);
    expect(line.signOn().octets(ASK)).toEqual(Uint8Array.of(0, 4, 1, 0));
  });
});
