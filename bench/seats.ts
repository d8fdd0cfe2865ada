/**
 * A process of its own for the benchmarks: how much memory meters take. Argument: how many. Prints JSON: resident octets
 * for each meter when it runs, and when a client is connected and has read the clock.
 */
import { Bank } from "../host/bank.ts";
import { ManualClock } from "../host/clock.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { metrologyMaker } from "../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../host/ports.ts";
import { templateLoad } from "../host/template/load.ts";
import { MemoryPeer } from "../host/transport/memory.ts";
import { associated, CLOCK, getRequest, onWrapper, PUBLIC } from "./requests.ts";
import { core, provisionOf, Seat, START } from "./seat.ts";

/** Octets that open the association of the public client, and those of a GET, as a client of one meter sent them. */
async function octetsOfClient(): Promise<Uint8Array[]> {
  const seat = new Seat(templateLoad());
  const sent: Uint8Array[] = [];
  const open = seat.open.bind(seat);
  seat.open = (slot) => {
    const transport = open(slot);
    return { ...transport, write: (octets) => (sent.push(octets.slice()), transport.write(octets)) };
  };
  const client = await associated(seat, PUBLIC);
  sent.push(onWrapper(client, getRequest(CLOCK)));
  return sent;
}

function resident(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

async function main(): Promise<void> {
  const count = Number(process.argv[2]);
  const octets = await octetsOfClient();
  const template = templateLoad();
  const make = metrologyMaker("household", 1, START);
  const before = resident();
  const bank = new Bank(core(), template.image, count, {
    clock: new ManualClock(START),
    setup: (index, plan) => ({
      provision: provisionOf(template, index),
      flash: new MemoryFlash(plan.flashSize),
      metrology: make(index),
    }),
  });
  for (const meter of bank.meters) meter.boot();
  const seated = resident();
  const port = portFor(portsOf(template.image), "wrapper")!;
  const peers = bank.meters.map((meter) => {
    const peer = MemoryPeer.connect(new MeterPort(meter, port).accept)!;
    for (const request of octets) {
      peer.send(request);
      if (peer.take().length === 0) throw new Error("a meter does not answer");
    }
    return peer;
  });
  const connected = resident();
  const each = (octets: number): number => (octets - before) / count;
  console.log(JSON.stringify({ seated: each(seated), connected: each(connected), lines: peers.length }));
}

await main();
