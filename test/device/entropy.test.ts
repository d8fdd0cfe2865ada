/** Random numbers of a meter: an HMAC_DRBG (SP 800-90A 10.1.2) that the host seeds and that is silent until then. */
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OUTPUT_ENTROPY } from "../../host/core.ts";
import { aarqGmac, apduOf, hex, securityOf } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CHALLENGE, gmac, Rig, seeded } from "./rig.ts";

const REJECTED_TRANSIENT = 2;

function challengeOf(meter: RawMeter): Uint8Array {
  const aare = apduOf("aare", meter.wrapper().exchange(aarqGmac(securityOf(meter.identity, 1000))));
  expect(aare.result).toBe(0);
  return aare.authenticationValue!.octets;
}

/** HMAC_DRBG with SHA-256 by node:crypto: the first `size` octets after instantiation with `seed`. */
function drbgExpected(seed: Uint8Array, size: number): Uint8Array {
  const mac = (key: Uint8Array, ...parts: Uint8Array[]) =>
    createHmac("sha256", key).update(Buffer.concat(parts)).digest();
  let key: Uint8Array = new Uint8Array(32);
  let value: Uint8Array = new Uint8Array(32).fill(1);
  for (const separator of [0, 1]) {
    key = mac(key, value, Uint8Array.of(separator), seed);
    value = mac(key, value);
  }
  return mac(key, value).subarray(0, size);
}

describe("entropy", () => {
  it("a host that has no entropy is not asked for ever: the meter answers what needs none", async () => {
    const rig = Rig.boot({ entropy: () => new Uint8Array() });
    const client = await rig.associated(0, { clientSap: 16 });
    const time = await client.get({ classId: 8, logicalName: "0-0:1.0.0.255", attribute: 2 });
    expect(time.type).toBe("octet-string");
    await expect(rig.associated(0, gmac(rig.identity(0)))).rejects.toThrow("rejected");
  });

  it("without a seed no challenge is made: the association is refused for now, and the host is asked", () => {
    const meter = RawMeter.boot({ entropyHeld: true });
    const security = securityOf(meter.identity);
    const aare = apduOf("aare", meter.wrapper().exchange(aarqGmac(security)));
    expect(aare.result).toBe(REJECTED_TRANSIENT);
    expect(meter.bank.outputPoll(0) & OUTPUT_ENTROPY).toBe(OUTPUT_ENTROPY);
    meter.entropyHeld = false;
    meter.drain();
    expect(meter.bank.outputPoll(0) & OUTPUT_ENTROPY).toBe(0);
    expect(challengeOf(meter)).toHaveLength(16);
  });

  it("the challenge is what SP 800-90A makes of the seed", () => {
    const meter = RawMeter.boot({ seed: 5 });
    const expected = drbgExpected(seeded("5 0")(48), 16);
    expect(hex(challengeOf(meter))).toBe(hex(expected));
  });

  it("no challenge comes twice, whatever the client sends", () => {
    const meter = RawMeter.boot();
    const seen = new Set<string>([hex(CHALLENGE)]);
    for (let i = 0; i < 20; i++) {
      const aare = apduOf("aare", meter.wrapper().exchange(aarqGmac(securityOf(meter.identity, 1 + i))));
      seen.add(hex(aare.authenticationValue!.octets));
    }
    expect(seen.size).toBe(21);
  });

  it("too little for a first seed is no seed", () => {
    const meter = RawMeter.boot({ entropyHeld: true });
    expect(meter.bank.entropy(0, new Uint8Array(47).fill(1))).toBe(0);
    expect(meter.bank.outputPoll(0) & OUTPUT_ENTROPY).toBe(OUTPUT_ENTROPY);
    expect(meter.bank.entropy(0, new Uint8Array(48).fill(1))).toBe(48);
    expect(meter.bank.outputPoll(0) & OUTPUT_ENTROPY).toBe(0);
  });
});
