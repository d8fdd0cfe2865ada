/** Hostile octets: nothing traps, nothing beside a buffer is written, and an honest client is still served. */
import { describe, expect, test } from "vitest";
import { Client } from "./client.ts";
import { Dice, toHex } from "./core.ts";
import { control } from "./frames.ts";
import { POINT_TO_POINT, STRICT, STUFFED, Station, concat, from, proposal, request } from "./station.ts";

const DESTINATIONS = ["03", "0223", "00020023", "FF", "02FF", "FEFEFEFF", "0002FEFD", "05"].map((hex) =>
  Uint8Array.from(Buffer.from(hex, "hex")),
);

/** A frame that is right as a frame, and anything as a command. */
function anyFrame(station: Station, dice: Dice): Uint8Array {
  const octet = dice.roll(3) === 0 ? [control.SNRM, control.DISC, 0x03, 0x13][dice.roll(4)]! : dice.roll(256);
  const infos = [
    () => new Uint8Array(),
    () => dice.octets(dice.roll(40)),
    () => request(...dice.octets(dice.roll(200))),
    () => dice.octets(dice.roll(1500)),
    () => proposal(dice.roll(0x10000), dice.roll(0x10000), dice.roll(256), dice.roll(256)),
    () => concat(Uint8Array.of(0x81, 0x80), dice.octets(dice.roll(30))),
  ];
  const info = infos[dice.roll(infos.length)]!();
  const destination = DESTINATIONS[dice.roll(dice.roll(4) === 0 ? DESTINATIONS.length : 3)]!;
  const client = [16, 16, 16, 1, 102, 103, 5, 0x7f][dice.roll(8)]!;
  return station.wire(from(octet, info, { destination, client, segmented: dice.roll(4) === 0 }));
}

/** A frame, perhaps broken, or anything at all. */
function anyOctets(station: Station, dice: Dice): Uint8Array {
  const choice = dice.roll(8);
  if (choice === 0) return dice.octets(1 + dice.roll(100));
  const frame = anyFrame(station, dice);
  if (choice === 1) frame[dice.roll(frame.length)] = dice.roll(256);
  if (choice === 2) return frame.slice(0, dice.roll(frame.length));
  if (choice === 3) return concat(frame, anyFrame(station, dice).slice(1));
  return frame;
}

const ports = [
  ["point-to-point", { flags: POINT_TO_POINT }],
  ["small buffers", { flags: POINT_TO_POINT, frameCapacity: 64, inboundCapacity: 67, links: 1 }],
  ["strict, multi-drop", { flags: STRICT, addressLength: 4, links: 2 }],
  ["stuffed", { flags: POINT_TO_POINT | STUFFED, frameCapacity: 300 }],
] as const;

describe.each(ports)("%s", (_, settings) => {
  test.each([1, 2, 3, 4])("seed %i: 3000 offers, then an honest client", (seed) => {
    const dice = new Dice(seed * 7919);
    const station = new Station(settings);
    station.calling(true);
    station.answer = (event) => (dice.roll(3) === 0 ? null : dice.roll(9) === 0 ? "later" : event.apdu);
    for (let round = 0; round < 3000; round++) {
      station.time += dice.roll(20) === 0 ? dice.roll(200_000) : dice.roll(50);
      const octets = anyOctets(station, dice);
      const cut = dice.roll(3) === 0 ? dice.roll(octets.length + 1) : 0;
      station.offer(octets.slice(0, cut));
      station.offer(octets.slice(cut));
      if (dice.roll(10) === 0)
        station.sendUnconfirmed(dice.roll(settings.flags === POINT_TO_POINT ? 1 : 2), dice.octets(20));
      if (dice.roll(50) === 0) station.expire();
    }
    station.core.guardsCheck();
    station.time += 1e9;
    while (station.expire() !== null);
    station.answer = (event) => event.apdu;
    if (settings.flags === STRICT) {
      const destination = DESTINATIONS[2]!;
      const { frames } = station.exchange(from(control.SNRM, undefined, { destination }));
      expect(frames.map((f) => f.control)).toEqual([control.UA]);
      return;
    }
    const client = new Client(station, { infoTransmit: 32, infoReceive: 32, windowTransmit: 2, windowReceive: 2 });
    client.connect();
    const apdu = dice.octets(60);
    expect(toHex(client.request(apdu)!)).toBe(toHex(apdu));
  });
});
