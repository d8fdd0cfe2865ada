/** Invoke ids and priority come back as they were sent, over both links, for every service (GB9 9.4.6, 9.5). */
import { describe, expect, it } from "vitest";
import { encodeApdu, type Data } from "../../host/client/index.ts";
import { templateRead } from "../../host/template/load.ts";
import { act, associateLls, get, hex, set } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, EVERY_SERVICE, template, TEXT } from "./rig.ts";

const { management } = templateRead().associations;
const conformances = {
  "with priority-mgmt offered": [...EVERY_SERVICE, "priority-mgmt-supported"],
  "without it": EVERY_SERVICE,
};
const value: Data = { type: "octet-string", value: new Uint8Array(0) };

describe.each(Object.entries(conformances))("%s", (_what, conformance) => {
  it.each(["wrapper", "hdlc"] as const)("over %s", (kind) => {
    const compiled = template({ associations: { management: { ...management!, conformance } } });
    const meter = RawMeter.boot({ template: compiled });
    const channel = meter[kind]();
    if ("connect" in channel) channel.connect();
    associateLls(channel, meter.identity);
    for (let octet = 0x40; octet <= 0xff; octet++) {
      if ((octet & 0x40) === 0 || (octet & 0x30) !== 0) continue;
      for (const request of [get(8, CLOCK, 9), set(1, TEXT, 2, value), act(1, TEXT, 1)]) {
        const answer = channel.exchange(request.with(2, octet))!;
        expect(hex(answer.subarray(0, 3))).toBe(hex(Uint8Array.of(request[0]! + 4, 1, octet)));
      }
    }
    const access = encodeApdu({
      kind: "access-request",
      invoke: { id: 1, confirmed: true, high: false, selfDescriptive: false, breakOnError: false },
      dateTime: new Uint8Array(0),
      specification: [{ service: "get", descriptor: { classId: 8, logicalName: CLOCK, attribute: 9 } }],
      data: [{ type: "null-data" }],
    });
    for (const long of ["40000000", "C0000001", "40ABCDEF", "C0FFFFFF"]) {
      const request = Uint8Array.from([0xd9, ...Buffer.from(long, "hex"), ...access.subarray(5)]);
      expect(hex(channel.exchange(request)!.subarray(0, 5))).toBe(`DA${long}`);
    }
  });
});
