/** HLS mechanism 2, checked with node:crypto: AES-128-ECB of the challenge under the HLS secret. */
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { templateRead } from "../../host/template/load.ts";
import { aarq, apduOf, authentication, get, hex, hlsReply } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CHALLENGE, CLOCK, template } from "./rig.ts";

const MECHANISM = 2;
const { management } = templateRead().associations;
const offered = () =>
  template({ associations: { management: { ...management!, mechanisms: ["lls", "hls-manufacturer"] } } });

/** f(challenge): whole blocks, padded with zeros. */
function answerTo(challenge: Uint8Array, secret: Uint8Array): Uint8Array {
  const padded = Buffer.alloc(Math.ceil(challenge.length / 16) * 16);
  padded.set(challenge);
  const key = Buffer.alloc(16);
  key.set(secret.subarray(0, 16));
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return Uint8Array.from(Buffer.concat([cipher.update(padded), cipher.final()]));
}

/** Opens with `challenge`; the channel, and what answers the meter's challenge. */
function pending(challenge: Uint8Array) {
  const meter = RawMeter.boot({ template: offered() });
  const channel = meter.wrapper();
  const aare = apduOf("aare", channel.exchange(aarq(authentication(MECHANISM, challenge))));
  expect([aare.result, aare.diagnostic]).toEqual([0, 14]);
  const { hls } = meter.identity.keys;
  return { channel, hls, right: answerTo(aare.authenticationValue!.octets, hls) };
}

describe("HLS mechanism 2", () => {
  it.each([8, 15, 16, 17, 32, 63, 64])(
    "a client with a challenge of %i octets: both sides are authenticated",
    (size) => {
      const challenge = Uint8Array.from({ length: size }, (_, i) => i * 7);
      const { channel, hls, right } = pending(challenge);
      const { returned } = apduOf("action-response-normal", channel.exchange(hlsReply(right)));
      expect(returned?.data).toEqual({ type: "octet-string", value: answerTo(challenge, hls) });
      expect(hex(channel.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    },
  );

  it.each([
    ["one bit changed", (right: Uint8Array) => right.with(15, right[15]! ^ 1)],
    ["cut short", (right: Uint8Array) => right.subarray(1)],
    ["longer", (right: Uint8Array) => Uint8Array.from([...right, 0])],
    ["empty", () => new Uint8Array(0)],
  ])("%s: read-write-denied, and the association is over", (_what, change) => {
    const { channel, right } = pending(CHALLENGE);
    expect(hex(channel.exchange(hlsReply(change(right))))).toBe("C701C10300");
    expect(hex(channel.exchange(hlsReply(right)))).toBe("D80102");
  });

  it("is not there unless a template offers it", () => {
    const channel = RawMeter.boot().wrapper();
    expect(apduOf("aare", channel.exchange(aarq(authentication(MECHANISM, CHALLENGE)))).diagnostic).toBe(11);
  });
});
