/** Plain xDLMS APDUs in an open association that has negotiated every service. */
import { associateLls, initiate, type Exchange } from "../../device/apdus.ts";
import type { WrapperChannel } from "../../device/raw.ts";
import { PLAIN } from "../../device/requests.ts";
import { VECTORS } from "../../wire/vectors.ts";
import { anyRequest } from "../grammar.ts";
import { answerWord, FuzzMeter } from "../meter.ts";
import type { Input, Target } from "../target.ts";

/** A short message every now and then makes time pass: minutes in octet 1. */
const TIME = 0xff;

let scene: { meter: FuzzMeter; channel: WrapperChannel } | undefined;

function booted(): NonNullable<typeof scene> {
  if (scene !== undefined) return scene;
  const meter = new FuzzMeter();
  const channel = meter.raw.wrapper();
  associateLls(channel, meter.raw.identity, initiate({ pduSizeMax: 200 }));
  meter.mark();
  return (scene = { meter, channel });
}

/** The APDUs a sample sends before its request, without the AARQ, and the request. */
function recorded(make: (channel: Exchange, meter: FuzzMeter["raw"]) => Uint8Array): Input {
  const { meter, channel } = booted();
  meter.rewind();
  const sent: Uint8Array[] = [];
  const recording: Exchange = { exchange: (apdu) => (sent.push(apdu), channel.exchange(apdu)) };
  const request = make(recording, meter.raw);
  return [...sent.slice(1), request];
}

export const plainApdu: Target = {
  name: "apdu",
  about: "GET, SET, ACTION, ACCESS, general blocks, short names and notifications, in the clear",
  seeds: () => [
    ...PLAIN.map(({ make }) => recorded(make)),
    ...VECTORS.filter((v) => v.kind === "apdu" && /^F-/.test(v.id)).map((v) => [Buffer.from(v.hex, "hex")]),
  ],
  fresh: (dice) => (dice.roll(30) === 0 ? Uint8Array.of(TIME, dice.roll(120)) : anyRequest(dice)),
  run: (input: Input) => {
    const { meter, channel } = booted();
    meter.rewind();
    return input.map((message) => {
      if (!meter.raw.isOpen(channel.slot)) return "closed";
      if (message[0] === TIME && message.length === 2) {
        meter.raw.advance(message[1]! * 60_000);
        return "time";
      }
      const items = meter.raw.feed(channel.slot, channel.wpdu(message));
      return items.map((item) => answerWord(item.subarray(8))).join(" + ") || "silence";
    });
  },
  visit: () => booted().meter.visit(),
};
