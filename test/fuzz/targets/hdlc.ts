/** An HDLC line with a connected client: octets, frames whose checks fit, LPDUs in sequence, silence. */
import { fcs } from "../../../host/client/hdlc_frame.ts";
import { fromHex } from "../../../host/client/index.ts";
import { associateLls, get, initiate } from "../../device/apdus.ts";
import { framesOf, type HdlcChannel } from "../../device/raw.ts";
import { CURRENT_ASSOCIATION, ENERGY } from "../../device/rig.ts";
import { anyRequest } from "../grammar.ts";
import { FuzzMeter } from "../meter.ts";
import type { Input, Target } from "../target.ts";

/** First octet of a message. */
const RAW = 0;
/** 1 = segmented in octet 1, then addresses, control and information: length and checks are made to fit. */
const FITTED = 1;
/** 1 = segmented in octet 1, then the information of the client's next I frame. */
const NEXT = 2;
/** Units of 10 ms in octet 1. */
const WAIT = 3;

/** Where the control octet stands behind two addresses. */
function controlAt(body: Uint8Array): number {
  let at = 0;
  for (let address = 0; address < 2; address++) {
    const end = body.findIndex((octet, i) => i >= at && (octet & 1) !== 0);
    at = end < 0 ? body.length : end + 1;
  }
  return Math.min(at, body.length);
}

/** A frame around addresses, control and information. */
export function frameFitted(body: Uint8Array, segmented: boolean): Uint8Array {
  const head = controlAt(body) + 1;
  const information = body.subarray(head);
  const size = 2 + Math.min(head, body.length) + (information.length > 0 ? 2 + information.length : 0) + 2;
  const format = 0xa000 | (segmented ? 0x0800 : 0) | (size & 0x7ff);
  const front = Uint8Array.of(format >> 8, format & 0xff, ...body.subarray(0, head));
  const content = information.length > 0 ? Uint8Array.of(...front, ...fcs(front), ...information) : front;
  return Uint8Array.of(0x7e, ...content, ...fcs(content), 0x7e);
}

let scene: { meter: FuzzMeter; channel: HdlcChannel; vs: number; vr: number } | undefined;

function booted(): NonNullable<typeof scene> {
  if (scene !== undefined) return scene;
  const meter = new FuzzMeter();
  const channel = meter.raw.hdlc();
  channel.connect();
  associateLls(channel, meter.raw.identity, initiate({ pduSizeMax: 300 }));
  meter.mark();
  const { vs, vr } = channel;
  return (scene = { meter, channel, vs, vr });
}

function octetsOf(message: Uint8Array, channel: HdlcChannel): Uint8Array {
  const [way = RAW, more = 0] = message;
  if (way === FITTED) return frameFitted(message.subarray(2), (more & 1) !== 0);
  if (way === NEXT) return channel.frame(channel.controlNext(), message.subarray(2, 2 + 1000), (more & 1) !== 0);
  return message.subarray(1);
}

function step(message: Uint8Array): string {
  const { meter, channel } = booted();
  if (!meter.raw.isOpen(channel.slot)) return "closed";
  if (message[0] === WAIT) {
    meter.raw.advance(0, (message[1] ?? 0) * 10);
    return `waited ${meter.raw.take(channel.slot).length}`;
  }
  const frames = framesOf(meter.raw.feed(channel.slot, octetsOf(message, channel)));
  for (const { control } of frames) if (control.type === "I") channel.vr = (control.ns! + 1) & 7;
  const words = frames.map(({ control, segmented, information }) => {
    const size = control.type === "I" ? ` ${information[3]?.toString(16)}` : "";
    return `${control.type}${segmented ? " segmented" : ""}${control.pf ? " F" : ""}${size}`;
  });
  return words.join(" + ") || "silence";
}

const CLIENT = fromHex("022103");
const next = (apdu: Uint8Array): Uint8Array => Uint8Array.of(NEXT, 0, 0xe6, 0xe6, 0, ...apdu);
const command = (control: number, information = ""): Uint8Array =>
  Uint8Array.of(FITTED, 0, ...CLIENT, control, ...fromHex(information));

export const hdlc: Target = {
  name: "hdlc",
  about: "octets and frames of an HDLC line, one client connected",
  seeds: () => {
    const list = next(get(15, CURRENT_ASSOCIATION, 2));
    const snrm = command(0x93, "8180140502008006020080070400000001080400000001");
    return [
      [next(get(3, ENERGY, 2)), command(0x31)],
      [list, command(0x51), command(0x51), command(0x71), command(0x55)],
      [snrm, next(get(3, ENERGY, 2)), command(0x53), command(0x53)],
      [command(0x13, "E6E600C001C100010000600100FF0200"), command(0x11), command(0x15)],
      [Uint8Array.of(NEXT, 1, 0xe6, 0xe6, 0, 0xc0, 1), next(fromHex("C1000301010801 00FF0200".replaceAll(" ", "")))],
      [command(0x99), command(0x87), command(0x0f), command(0xff)],
      [Uint8Array.of(FITTED, 0, 0xfe, 0xff, 0x03, 0x93), Uint8Array.of(FITTED, 0, 0x03, 0x21, 0x93)],
      [list, Uint8Array.of(WAIT, 255), command(0x51), Uint8Array.of(WAIT, 255), Uint8Array.of(WAIT, 255)],
      [Uint8Array.of(RAW, 0x7e, 0xa0), Uint8Array.of(WAIT, 200), Uint8Array.of(RAW, 0x07, 0x7e, 0x7e)],
    ];
  },
  fresh: (dice) => {
    if (dice.roll(3) === 0) return command(dice.roll(256), Buffer.from(dice.octets(dice.roll(30))).toString("hex"));
    return next(anyRequest(dice));
  },
  run: (input: Input) => {
    const { meter, channel, vs, vr } = booted();
    meter.rewind();
    Object.assign(channel, { vs, vr });
    return input.map(step);
  },
  visit: () => booted().meter.visit(),
};
