/** Requests under the global broadcast encryption key: many meters hear them, all serve them, none answers (GB9 9.4.6). */
import { describe, expect, it } from "vitest";
import { encodeApdu, fromHex, protect, Security, type Data } from "../../host/client/index.ts";
import { headerOctetsOf } from "../../host/client/general.ts";
import { apduOf, associateGmac, get, hex, set } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, TEXT } from "./rig.ts";

const BROADCAST = 0x70;
const octets = (letters: string): Data => ({ type: "octet-string", value: Uint8Array.from(Buffer.from(letters)) });
const write = (letters: string): Uint8Array => set(1, TEXT, 2, octets(letters));

function booted() {
  const meter = RawMeter.boot();
  const channel = meter.wrapper();
  const { security, exchange } = associateGmac(channel, meter.identity);
  security.gbek = meter.identity.keys.gbek;
  const textOf = (): string => {
    const { data } = apduOf("get-response-normal", exchange(get(1, TEXT, 2))).result;
    return Buffer.from((data as { value: Uint8Array }).value).toString();
  };
  return { meter, channel, security, textOf };
}

/** general-ciphering with the broadcast key identified. */
function identified(meter: RawMeter, security: Security, plain: Uint8Array, counter: number): Uint8Array {
  const header = { ...security.general.header(), transactionId: fromHex("01") };
  const headerOctets = headerOctetsOf(header);
  const { gbek, gak } = meter.identity.keys;
  const text = {
    securityControl: 0x30,
    invocationCounter: counter,
    systemTitle: header.originator,
    header: headerOctets,
  };
  const body = protect({ ...text, encryptionKey: gbek, authenticationKey: gak }, plain);
  return encodeApdu({
    kind: "general-ciphering",
    header,
    headerOctets,
    keyInfo: { choice: "identified", keyId: 1 },
    body,
  });
}

describe("a request under the broadcast key", () => {
  it.each(["glo", "general-glo"] as const)("of class confirmed takes effect and is not answered, %s", (family) => {
    const { channel, security, textOf } = booted();
    const sealed = security.seal(write("all"), family, BROADCAST);
    expect(channel.exchange(sealed)).toBeUndefined();
    expect(textOf()).toBe("all");
    expect(channel.exchange(security.seal(get(8, CLOCK, 2), family, BROADCAST))).toBeUndefined();
  });

  it("in general-ciphering likewise", () => {
    const { meter, channel, security, textOf } = booted();
    const sealed = identified(meter, security, write("named"), 1);
    expect(channel.exchange(sealed)).toBeUndefined();
    expect(textOf()).toBe("named");
    expect(channel.exchange(sealed)).toBeUndefined();
  });

  it("that cannot be served, was there before or does not open: no effect and silence", () => {
    const { channel, security, textOf } = booted();
    const first = security.seal(write("first"), "glo", BROADCAST);
    expect(channel.exchange(first)).toBeUndefined();
    expect(channel.exchange(security.seal(write("second"), "glo", BROADCAST))).toBeUndefined();
    expect(channel.exchange(first)).toBeUndefined();
    const third = security.seal(write("third"), "glo", BROADCAST);
    expect(channel.exchange(third.with(third.length - 1, third.at(-1)! ^ 1))).toBeUndefined();
    expect(channel.exchange(third.with(2, 0x71))).toBeUndefined();
    expect(channel.exchange(security.seal(get(99, CLOCK, 99), "glo", BROADCAST))).toBeUndefined();
    expect(textOf()).toBe("second");
  });

  it("one that was protected for this meter alone and says otherwise is lost in silence, with its counter unused", () => {
    const { channel, security, textOf } = booted();
    const sealed = security.seal(write("mine"));
    expect(channel.exchange(sealed.with(2, BROADCAST))).toBeUndefined();
    expect(hex(security.open(channel.exchange(sealed)!).text)).toBe("C501C100");
    expect(textOf()).toBe("mine");
  });
});
