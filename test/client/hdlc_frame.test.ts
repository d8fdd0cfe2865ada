import { describe, expect, test } from "vitest";
import { decodeApdu } from "../../host/client/apdu.ts";
import { MalformedError } from "../../host/client/errors.ts";
import {
  addressEmit,
  addressParse,
  controlOfI,
  controlOfRr,
  controlParse,
  fcs,
  fcsRegister,
  frameContent,
  frameDecode,
  frameEncode,
  FrameReader,
  frameRejectParse,
  parametersEncode,
  parametersParse,
  serverAddress,
  stuff,
  unstuff,
  type HdlcFrame,
} from "../../host/client/hdlc_frame.ts";
import { concat, fromHex, Reader, toHex, Writer } from "../../host/client/octets.ts";
import { wpduDecode, wpduEncode, WpduReader } from "../../host/client/wrapper.ts";
import { addressForm, apduForm, controlForm, frameForm, vectorsOf, withoutPlaintext, type Vector } from "./vectors.ts";

/** Frames of the vectors without flags; one vector is printed without them. */
const content = (v: Vector): Uint8Array => {
  const octets = fromHex(v.hex);
  return octets[0] === 0x7e ? octets.subarray(1, octets.length - 1) : octets;
};

const reencode = (f: HdlcFrame): Uint8Array => frameContent({ ...f, control: f.control.octet });

const SHORT_NAME_TAGS = ["05", "0C"];

describe("HDLC addresses, control and check octets", () => {
  test.each(vectorsOf("addr"))("$id $description", (v) => {
    const r = new Reader(fromHex(v.hex));
    const address = addressParse(r);
    expect([addressForm(address, fromHex(v.hex))]).toEqual(v.decoded);
    const w = new Writer();
    addressEmit(w, address);
    expect(toHex(w.octets())).toBe(v.hex);
  });

  test("server and client address of the Green Book's figure", () => {
    const [v] = vectorsOf("addr2");
    const r = new Reader(fromHex(v!.hex));
    const server = addressParse(r);
    const client = addressParse(r);
    expect([addressForm(server, fromHex("4868FEFF")), addressForm(client, fromHex("75"))]).toEqual(v!.decoded);
  });

  test("the shortest server address that holds both halves", () => {
    expect(serverAddress(1)).toEqual({ upper: 1, size: 1 });
    expect(serverAddress(1, 16)).toEqual({ upper: 1, lower: 16, size: 2 });
    expect(serverAddress(1, 146)).toEqual({ upper: 1, lower: 146, size: 4 });
    expect(serverAddress(1, 16, 4)).toEqual({ upper: 1, lower: 16, size: 4 });
  });

  test.each(vectorsOf("ctl"))("$id control octet", (v) => {
    const control = controlParse(fromHex(v.hex)[0]!);
    expect(controlForm(control)).toEqual(v.decoded);
    if (control.type === "I") expect(controlOfI(control.ns!, control.nr!, control.pf)).toBe(control.octet);
    if (control.type === "RR") expect(controlOfRr(control.nr!, control.pf)).toBe(control.octet);
  });

  test.each(vectorsOf("crc"))("$id check sequence", (v) => {
    const decoded = v.decoded as Record<string, string>;
    if (decoded["register"] !== undefined) {
      expect(fcsRegister(fromHex(v.hex))).toBe(parseInt(decoded["register"], 16));
    } else {
      expect(toHex(fcs(fromHex(v.hex)))).toBe(decoded["crc-transmitted"]);
    }
  });
});

describe("HDLC frames", () => {
  const vectors = vectorsOf("frame");
  test("there are as many as expected", () => expect(vectors.length).toBe(41));

  test.each(vectors)("$id decodes and encodes", (v) => {
    const octets = content(v);
    const frame = frameDecode(octets);
    const decoded = v.decoded as Record<string, unknown>;
    expect(decoded).toMatchObject(frameForm(frame));
    expect(decoded["dest"]).toMatchObject({ len: frame.destination.size, upper: frame.destination.upper });
    expect(decoded["src"]).toMatchObject({ len: frame.source.size, upper: frame.source.upper });
    expect((decoded["src"] as { lower?: number }).lower).toBe(frame.source.lower);
    expect(toHex(reencode(frame))).toBe(toHex(octets));
    const info = toHex(frame.information);
    if (decoded["info"] !== undefined) expect(info).toBe(`${decoded["LLC"] ?? ""}${decoded["info"] as string}`);
    if (decoded["params"] !== undefined) checkParameters(frame, decoded["params"]);
    if (decoded["frmr"] !== undefined) checkReject(frame, decoded["frmr"]);
    if (decoded["apdu"] === undefined || SHORT_NAME_TAGS.some((tag) => info.slice(6).startsWith(tag))) return;
    expect(apduForm(decodeApdu(frame.information.subarray(3)))).toEqual(withoutPlaintext(decoded["apdu"]));
  });

  function checkParameters(frame: HdlcFrame, expected: unknown): void {
    const p = parametersParse(frame.information);
    expect({
      "max-info-TX": p.informationTransmitMax,
      "max-info-RX": p.informationReceiveMax,
      "window-TX": p.windowTransmit,
      "window-RX": p.windowReceive,
    }).toEqual(expected);
    const size = frame.information[4] === 1 ? 1 : 2;
    expect(toHex(parametersEncode(p, size))).toBe(toHex(frame.information));
  }

  function checkReject(frame: HdlcFrame, expected: unknown): void {
    const reject = frameRejectParse(frame.information);
    expect({
      "rejected-control": toHex(Uint8Array.of(reject.rejectedControl)),
      "V(S)": reject.vs,
      "C/R": Number(reject.rejectedWasResponse),
      "V(R)": reject.vr,
      reason: toHex(Uint8Array.of(reject.reason)),
    }).toEqual(expected);
  }

  test.each(vectors)("$id: every truncation and every changed octet is refused", (v) => {
    const octets = content(v);
    for (let size = 0; size < octets.length; size++) {
      expect(() => frameDecode(octets.subarray(0, size)), `${size} octets`).toThrow(MalformedError);
    }
    for (let at = 0; at < octets.length; at++) {
      const changed = octets.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(() => frameDecode(changed), `octet ${at}`).toThrow(MalformedError);
    }
  });

  test.each(vectorsOf("negframe"))("$id is no frame: $decoded.rejected", (v) => {
    expect(() => frameDecode(content(v))).toThrow(MalformedError);
    expect(new FrameReader().feed(fromHex(v.hex))).toEqual([]);
  });

  test("a wrong HCS under a right FCS is refused", () => {
    const octets = content(vectors.find((v) => v.id === "A-AARQ-2")!).slice();
    octets[5]! ^= 1;
    const repaired = concat(octets.subarray(0, -2), fcs(octets.subarray(0, -2)));
    expect(() => frameDecode(repaired)).toThrow(/HCS/);
  });

  test("a frame longer than 2047 octets cannot be made", () => {
    const address = { upper: 1, size: 1 } as const;
    const frame = { segmented: false, destination: address, source: address, control: 0x10 };
    expect(() => frameEncode({ ...frame, information: new Uint8Array(2040) })).toThrow(MalformedError);
  });
});

describe("streams of frames", () => {
  const stream = concat(...vectorsOf("frame").map((v) => concat(fromHex("7E"), content(v), fromHex("7E"))));
  const expected = vectorsOf("frame").map((v) => toHex(content(v)));

  test.each([1, 2, 3, 7, 64, 10_000])("pieces of %d octets", (size) => {
    const reader = new FrameReader();
    const frames: HdlcFrame[] = [];
    for (let at = 0; at < stream.length; at += size) frames.push(...reader.feed(stream.subarray(at, at + size)));
    expect(frames.map((f) => toHex(reencode(f)))).toEqual(expected);
    expect(reader.bad).toBe(0);
  });

  test("one flag between two frames serves both", () => {
    const [v] = vectorsOf("frames");
    const frames = new FrameReader().feed(fromHex(v!.hex));
    expect(frames.map(frameForm)).toMatchObject((v!.decoded as object[]).map(() => ({})));
    expect(frames.map((f) => frameForm(f).control)).toEqual(
      (v!.decoded as { control: string }[]).map((f) => f.control),
    );
  });

  test("a good frame after noise, a bad frame and a cut-off frame is found", () => {
    const good = frameDecode(content(vectorsOf("frame").find((v) => v.id === "A-7E-1")!));
    for (const noise of ["00FF7E", "7EA0", "7EA007032193 0F027E", "7E7E7E", "7EA0080321930F017E"]) {
      const reader = new FrameReader();
      const frames = reader.feed(concat(fromHex(noise), frameEncode({ ...good, control: good.control.octet })));
      const found = frames.length > 0 ? frames : reader.feed(new Uint8Array(200));
      expect(
        found.map((f) => toHex(f.information)),
        noise,
      ).toContain(toHex(good.information));
    }
  });

  test("RFC 1662: the example of the sheet, and every octet value, survive stuffing", () => {
    expect(toHex(stuff(fromHex("127E7D")))).toBe("7E127D5E7D5D7E");
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    const stuffed = stuff(every);
    expect(stuffed.subarray(1, -1)).not.toContain(0x7e);
    expect(unstuff(stuffed.subarray(1, -1))).toEqual(every);
    const frame = content(vectorsOf("frame").find((v) => v.id === "A-7E-1")!);
    for (const size of [1, 5, 100]) {
      const octets = concat(stuff(frame), stuff(frame));
      const reader = new FrameReader("rfc1662");
      const frames: HdlcFrame[] = [];
      for (let at = 0; at < octets.length; at += size) frames.push(...reader.feed(octets.subarray(at, at + size)));
      expect(frames.map((f) => toHex(reencode(f)))).toEqual([toHex(frame), toHex(frame)]);
    }
  });

  test("parameters: absent field and absent parameters have their defaults, unknown ones are skipped", () => {
    const defaults = { informationTransmitMax: 128, informationReceiveMax: 128, windowTransmit: 1, windowReceive: 1 };
    expect(parametersParse(new Uint8Array(0))).toEqual(defaults);
    expect(parametersParse(fromHex("818003060140"))).toEqual({ ...defaults, informationReceiveMax: 64 });
    expect(parametersParse(fromHex("8180060901FF050140"))).toEqual({ ...defaults, informationTransmitMax: 64 });
    expect(() => parametersParse(fromHex("818009060140"))).toThrow(MalformedError);
  });
});

describe("wrapper", () => {
  const SINGLE = vectorsOf("wrapper").filter((v) => !Array.isArray(v.decoded));

  test.each(SINGLE)("$id decodes and encodes", (v) => {
    const p = wpduDecode(fromHex(v.hex));
    const form = { version: 1, "source-wPort": p.source, "dest-wPort": p.destination, length: p.apdu.length };
    expect({ ...form, apdu: apduForm(decodeApdu(p.apdu)) }).toEqual(withoutPlaintext(v.decoded));
    expect(toHex(wpduEncode(p))).toBe(v.hex);
  });

  test("several WPDUs in one stream, in any pieces", () => {
    const wpdus = vectorsOf("wrapper");
    const stream = fromHex(wpdus.map((v) => v.hex).join(""));
    for (const size of [1, 3, 8, 1000]) {
      const reader = new WpduReader();
      const found = [];
      for (let at = 0; at < stream.length; at += size) found.push(...reader.feed(stream.subarray(at, at + size)));
      expect(found.length).toBe(wpdus.reduce((sum, v) => sum + (Array.isArray(v.decoded) ? v.decoded.length : 1), 0));
      expect(found.map((p) => toHex(wpduEncode(p))).join("")).toBe(toHex(stream));
    }
  });

  test.each(vectorsOf("negwrapper"))("$id is refused", (v) => {
    expect(() => wpduDecode(fromHex(v.hex))).toThrow(MalformedError);
  });
});
