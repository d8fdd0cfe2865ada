/** The wrapper's lines: a stream over TCP, datagrams over UDP. */
import { wpduDecode } from "../../../host/client/index.ts";
import { aarq, aarqLls, get, initiate } from "../../device/apdus.ts";
import { CURRENT_ASSOCIATION, ENERGY } from "../../device/rig.ts";
import { anyRequest } from "../grammar.ts";
import { answerWord, FuzzMeter } from "../meter.ts";
import type { Input, Target } from "../target.ts";

/** First octet of a message: octets as they are, or client SAP, server SAP and APDU in a WPDU that fits. */
const RAW = 0;
const FITTED = 1;

function wireOf(message: Uint8Array): Uint8Array {
  if (message[0] !== FITTED) return message.subarray(1);
  const [, client = 0, server = 0, ...apdu] = message;
  return Uint8Array.of(0, 1, 0, client, 0, server, apdu.length >> 8, apdu.length & 0xff, ...apdu);
}

const fitted = (apdu: Uint8Array, client = 1, server = 1): Uint8Array => Uint8Array.of(FITTED, client, server, ...apdu);

function wrapperTarget(name: string, about: string, use: "wrapper" | "udp"): Target {
  let meter: FuzzMeter | undefined;
  const booted = (): FuzzMeter => {
    if (meter !== undefined) return meter;
    meter = new FuzzMeter();
    meter.raw.open(meter.raw.slotOf(use, 0));
    meter.mark();
    return meter;
  };
  return {
    name,
    about,
    seeds: () => {
      const { lls } = booted().raw.identity.keys;
      const open = fitted(aarqLls(lls, { userInformation: initiate({ pduSizeMax: 200 }) }));
      const list = fitted(get(15, CURRENT_ASSOCIATION, 2));
      return [
        [fitted(aarq(), 16), fitted(get(8, "0-0:1.0.0.255", 2), 16)],
        [open, fitted(get(3, ENERGY, 2)), list],
        [open, fitted(get(3, ENERGY, 2), 16), fitted(aarq(), 16), fitted(get(3, ENERGY, 2), 1, 2)],
        [open, Uint8Array.of(RAW, ...wireOf(list).subarray(0, 5)), Uint8Array.of(RAW, ...wireOf(list).subarray(5))],
        [open, Uint8Array.of(RAW, 0, 1, 0, 1, 0, 1, 0xff, 0xff)],
      ];
    },
    fresh: (dice) => fitted(anyRequest(dice), [1, 16, 102][dice.roll(3)]!),
    run: (input: Input) => {
      const { raw } = booted();
      booted().rewind();
      const slot = raw.slotOf(use, 0);
      return input.map((message) => {
        if (!raw.isOpen(slot)) return "closed";
        const items = raw.feed(slot, wireOf(message));
        return items.map((item) => answerWord(wpduDecode(item).apdu)).join(" + ") || "silence";
      });
    },
    visit: () => booted().visit(),
  };
}

export const wrapperTcp = wrapperTarget("wrapper-tcp", "octets of a TCP connection", "wrapper");
export const wrapperUdp = wrapperTarget("wrapper-udp", "datagrams of a UDP peer", "udp");
