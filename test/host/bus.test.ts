/** Several meters on one line: who hears, who answers, and who may send when. */
import { describe, expect, it } from "vitest";
import { attribute, Client } from "../../host/client/session.ts";
import { frameContent, frameDecode, serverAddress } from "../../host/client/hdlc_frame.ts";
import { toText } from "../../host/client/data.ts";
import { Core, type CoreBank } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import { meterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { templateRead } from "../../host/template/load.ts";
import { addressLengthFor, lowerAddressOf, multiDropApply } from "../../host/template/multi_drop.ts";
import { Bus } from "../../host/transport/bus.ts";
import type { Line, LineListener } from "../../host/transport/line.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { counting, stepsTake } from "../work.ts";
import { LLS, Rig, transportOver } from "./rig.ts";
import { SharedLine } from "./shared_line.ts";

const METERS = 40;
const NAME = attribute(1, "0-0:42.0.0.255", 2);
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);

const text = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");

/** A line that is written down, and what a station on it heard. */
class Physical implements Line {
  readonly sent: string[] = [];
  readonly pauses: boolean[] = [];
  /** send() answers this. */
  immediate = true;
  send(octets: Uint8Array): boolean {
    this.sent.push(text(octets));
    return this.immediate;
  }
  close(): void {
    throw new Error("a station never closes the line of all");
  }
  pause(stop: boolean): void {
    this.pauses.push(stop);
  }
}

class Listener implements LineListener {
  readonly heard: string[] = [];
  received(octets: Uint8Array): void {
    this.heard.push(text(octets));
  }
  drained(): void {
    this.heard.push("drained");
  }
  closed(): void {
    this.heard.push("closed");
  }
}

/** A bus of `count` stations that are written down. */
function fakeBus(count: number) {
  const line = new Physical();
  const stations = Array.from({ length: count }, () => ({ lines: [] as Line[], listener: new Listener(), off: false }));
  const accept = Bus.of(
    stations.map((station) => (own: Line) => {
      if (station.off) return undefined;
      station.lines.push(own);
      return station.listener;
    }),
  );
  return { line, stations, bus: accept(line)! };
}

const octets = (word: string): Uint8Array => Uint8Array.from(Buffer.from(word, "latin1"));

describe("a bus", () => {
  it("lets every station hear what comes", () => {
    const { bus, stations } = fakeBus(3);
    bus.received(octets("ask"));
    for (const station of stations) expect(station.listener.heard).toEqual(["ask"]);
  });

  it("sends at once on a line that takes it, and says so by the result alone", () => {
    const { line, stations } = fakeBus(2);
    expect(stations[1]!.lines[0]!.send(octets("one"))).toBe(true);
    expect(line.sent).toEqual(["one"]);
    expect(stations[1]!.listener.heard).toEqual([]);
  });

  it("sends one item after the other, and tells each station when its last one has left", () => {
    const { bus, line, stations } = fakeBus(2);
    line.immediate = false;
    const [a, b] = stations.map((station) => station.lines[0]!) as [Line, Line];
    expect([a.send(octets("a1")), b.send(octets("b1")), a.send(octets("a2"))]).toEqual([false, false, false]);
    expect(line.sent).toEqual(["a1"]);
    bus.drained();
    expect(line.sent).toEqual(["a1", "b1"]);
    expect(stations[0]!.listener.heard).toEqual([]);
    line.immediate = true;
    bus.drained();
    expect(line.sent).toEqual(["a1", "b1", "a2"]);
    expect(stations.map((station) => station.listener.heard)).toEqual([["drained"], ["drained"]]);
    bus.drained();
    expect(stations[0]!.listener.heard).toEqual(["drained"]);
  });

  it("stops reading while any station is behind", () => {
    const { line, stations } = fakeBus(2);
    stations[0]!.lines[0]!.pause(true);
    stations[1]!.lines[0]!.pause(true);
    stations[0]!.lines[0]!.pause(false);
    stations[1]!.lines[0]!.pause(false);
    expect(line.pauses).toEqual([true, true, true, false]);
  });

  it("drops what a station that leaves still wanted to say, and keeps the line for the others", () => {
    const { bus, line, stations } = fakeBus(2);
    line.immediate = false;
    const [a, b] = stations.map((station) => station.lines[0]!) as [Line, Line];
    a.send(octets("a1"));
    a.send(octets("a2"));
    b.send(octets("b1"));
    a.close();
    expect(stations[0]!.listener.heard).toEqual(["closed"]);
    bus.drained();
    expect(line.sent).toEqual(["a1", "b1"]);
    bus.closed();
    expect(stations[1]!.listener.heard).toEqual(["closed"]);
  });

  it("has a station back that left, and one that had no connection free", async () => {
    const { bus, stations } = fakeBus(2);
    stations[0]!.lines[0]!.close();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(stations[0]!.lines.length).toBe(2);
    bus.received(octets("ask"));
    expect(stations[0]!.listener.heard).toEqual(["closed", "ask"]);
    bus.closed();
  });

  it("refuses a line that no station takes", () => {
    expect(Bus.of([() => undefined])(new Physical())).toBeUndefined();
  });
});

describe("address lengths of shared lines", () => {
  it.each([
    [1, 2],
    [110, 2],
    [111, 4],
    [16366, 4],
  ])("%i meters: %i octets", (meters, size) => expect(addressLengthFor(meters)).toBe(size));

  it("refuses more meters than there are addresses, and a length that is too short", () => {
    expect(() => addressLengthFor(16367)).toThrow("16367 meters on one HDLC line (limit 16366");
    expect(() => multiDropApply(templateRead(), "all", 111, 2)).toThrow("need server addresses of 4 octets");
  });

  it("changes the ports that are shared, and no other", () => {
    const kinds = (shared: "none" | "serial" | "all") => {
      const { ports } = multiDropApply(templateRead(), shared, 40);
      return [ports["hdlc"], ports["serial"]].map((port) => [port!.pointToPoint, port!.addressLength]);
    };
    expect(kinds("none")).toEqual([
      [true, 0],
      [true, 0],
    ]);
    expect(kinds("serial")).toEqual([
      [true, 0],
      [false, 2],
    ]);
    expect(kinds("all")).toEqual([
      [false, 2],
      [false, 2],
    ]);
  });
});

/** Meters on one line in memory, as `serve --multi-drop` has them. */
function multiDrop(core?: Core): { rig: Rig; peer: MemoryPeer } {
  const template = compileTemplate(multiDropApply(templateRead(), "all", METERS));
  const rig = new Rig({
    ...(core === undefined ? {} : { core }),
    meters: METERS,
    template,
    provision: (index) =>
      provisionRecords(meterIdentity(template.model.parts.identity, 1, index), template.model, {
        hdlcAddress: lowerAddressOf(index),
      }),
  });
  const port = portFor(portsOf(template.image), "hdlc")!;
  const peer = MemoryPeer.connect(Bus.of(rig.bank.meters.map((meter) => new MeterPort(meter, port).accept)));
  return { rig, peer: peer! };
}

/** A frame of client 16 to a server address, with its flags. */
function frame(control: number, upper: number, lower: number | undefined, size: 1 | 2 | 4): Uint8Array {
  const content = frameContent({
    segmented: false,
    destination: serverAddress(upper, lower, size),
    source: { upper: 16, size: 1 },
    control,
    information: new Uint8Array(0),
  });
  return Uint8Array.of(0x7e, ...content, 0x7e);
}

describe(`${METERS} meters on one line`, () => {
  it("are all read, interleaved, each under its own lower address", async () => {
    const { rig, peer } = multiDrop();
    const line = new SharedLine(transportOver(peer));
    const clients = rig.bank.meters.map(
      (_meter, i) => new Client(line.share(), { ...LLS, hdlc: { lower: lowerAddressOf(i) } }),
    );
    for (const client of clients) await client.connect();
    for (const client of clients) await client.associate();
    rig.pass(60_000);
    const names = new Set<string>();
    for (const client of clients) names.add(toText(await client.get(NAME)));
    expect(names.size).toBe(METERS);
    for (const client of clients) expect(await client.get(ENERGY)).toMatchObject({ value: 16 });
    for (const client of clients) await client.disconnect();
    expect(rig.reports).toEqual([]);
  });

  it("leave a frame to one of them to that one, and a frame to all or none to silence", () => {
    const { peer } = multiDrop();
    const SNRM = 0x93;
    for (const i of [0, 1, 39]) {
      peer.send(frame(SNRM, 1, lowerAddressOf(i), 2));
      const answer = frameDecode(peer.take().subarray(1, -1));
      expect([answer.control.type, answer.source.lower]).toEqual(["UA", lowerAddressOf(i)]);
    }
    const nobody: [number, number | undefined, 1 | 2 | 4][] = [
      [1, lowerAddressOf(METERS), 2],
      [1, undefined, 1],
      [1, 0x7f, 2],
      [0x7f, 0x7f, 2],
      [0x3fff, 0x3fff, 4],
      [1, 0x7e, 2],
      [1, 0, 2],
      [1, 16, 4],
    ];
    for (const [upper, lower, size] of nobody) {
      for (const control of [SNRM, 0x83, 0x53, 0x11, 0x13, 0x03]) peer.send(frame(control, upper, lower, size));
      expect(peer.take().length, `${upper} ${lower} ${size}`).toBe(0);
    }
    // Nothing of that ended the connections.
    peer.send(frame(0x11, 1, lowerAddressOf(39), 2));
    expect(frameDecode(peer.take().subarray(1, -1)).control.type).toBe("RR");
  });

  it("each cost little while another one is spoken to", () => {
    const { rig, peer } = multiDrop(new Core(counting(coreOctets())));
    const bank = rig.bank.meters[0]!["parts"].core as CoreBank;
    const other = frame(0x93, 1, lowerAddressOf(METERS), 2);
    peer.send(other);
    stepsTake(bank);
    for (let i = 0; i < 20; i++) peer.send(other);
    const steps = stepsTake(bank) / (20 * METERS);
    // Each hears it, checks it and is polled; nothing beside that, for it is for nobody.
    expect(steps).toBeGreaterThan(100);
    expect(steps).toBeLessThan(2500);
  });
});
