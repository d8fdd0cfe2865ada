/** Encrypted-only APDUs: no tag proves their counter, so they move none but that of their own association. */
import { beforeEach, describe, expect, it } from "vitest";
import { Dice } from "../testing.ts";
import { aarq, apduOf, associateGmac, get, hex, type Ciphered } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { ENERGY } from "./rig.ts";

const READ = get(3, ENERGY, 2);
const READ_ZERO = "C401C1000600000000";
const ENCRYPTED_ONLY = 0x20;

let meter: RawMeter;
let channel: WrapperChannel;
let secret: Ciphered;

beforeEach(() => {
  meter = RawMeter.boot();
  channel = meter.wrapper();
  secret = associateGmac(channel, meter.identity);
});

/** The lowest counter the meter takes, as everybody may read it. */
function counterRead(): number {
  const open = meter.wrapper({ clientSap: 16, index: 3 });
  open.exchange(aarq());
  const { data } = apduOf("get-response-normal", open.exchange(get(1, "0-0:43.1.0.255", 2))).result;
  return (data as { value: number }).value;
}

describe("encrypted-only", () => {
  it("moves the floor of its association, and no counter", () => {
    const { security } = secret;
    const lowest = counterRead();
    security.counter = 0x1000000;
    const sealed = security.seal(READ, "glo", ENCRYPTED_ONLY);
    expect(channel.exchange(sealed)![0]).toBe(0xcc);
    expect(hex(channel.exchange(sealed))).toBe("D8010601000001");
    expect(counterRead()).toBe(lowest);
    security.counter = lowest;
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
  });

  it("octets of somebody without the key push no counter, however many there are", () => {
    const lowest = counterRead();
    const dice = new Dice(7);
    for (let i = 0; i < 4000; i++) {
      const body = [ENCRYPTED_ONLY, ...dice.octets(4), ...dice.octets(13)];
      channel.exchange(Uint8Array.of(0xdb, 0, body.length, ...body));
    }
    expect(counterRead()).toBe(lowest);
    secret.security.counter = lowest;
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
  });
});
