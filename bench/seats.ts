/**
 * A process of its own for the benchmarks: how much memory meters take. Arguments: how many, and `bank` (with the host's
 * loop, flash twin and load) or `core` (blocks of the core alone). Prints JSON: resident octets for each meter when it
 * runs, and when a client is connected and has read the clock.
 */
import { Bank } from "../host/bank.ts";
import { ManualClock } from "../host/clock.ts";
import { LineEvent, type CoreBank } from "../host/core.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { metrologyMaker } from "../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../host/ports.ts";
import { templateLoad } from "../host/template/load.ts";
import { MemoryPeer } from "../host/transport/memory.ts";
import { associated, CLOCK, getRequest, onWrapper, PUBLIC } from "./requests.ts";
import { core, provisionOf, Seat, START } from "./seat.ts";

const LINE_TIME = 1000;

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

/** What makes `count` meters run, and what connects a client to each of them. */
interface Stages {
  seat(): void;
  connect(octets: readonly Uint8Array[]): void;
}

function ofBank(count: number): Stages {
  const template = templateLoad();
  const make = metrologyMaker("household", 1, START);
  let bank: Bank | undefined;
  const peers: MemoryPeer[] = [];
  return {
    seat() {
      bank = new Bank(core(), template.image, count, {
        clock: new ManualClock(START),
        setup: (index, plan) => ({
          provision: provisionOf(template, index),
          flash: new MemoryFlash(plan.flashSize),
          metrology: make(index),
        }),
      });
      for (const meter of bank.meters) meter.boot();
    },
    connect(octets) {
      const port = portFor(portsOf(template.image), "wrapper")!;
      for (const meter of bank!.meters) {
        const peer = MemoryPeer.connect(new MeterPort(meter, port).accept)!;
        for (const request of octets) peer.send(request);
        if (peer.take().length === 0) throw new Error("a meter does not answer");
        peers.push(peer);
      }
    },
  };
}

/** Without a flash: a core that has none keeps no journal. */
function ofCore(count: number): Stages {
  const template = templateLoad();
  const slot = portFor(portsOf(template.image), "wrapper")!.firstSlot;
  let bank: CoreBank | undefined;
  return {
    seat() {
      bank = core().bank(template.image, count);
      for (let seat = 0; seat < count; seat++) bank.boot(seat, provisionOf(template, seat), 0, LINE_TIME, START);
    },
    connect(octets) {
      for (let seat = 0; seat < count; seat++) {
        bank!.lineEvent(seat, slot, LineEvent.OPENED, LINE_TIME, START);
        for (const request of octets) {
          bank!.receive(seat, slot, request, LINE_TIME, START);
          if (bank!.transmitPoll(seat, slot, LINE_TIME) <= 0) throw new Error("a meter does not answer");
        }
      }
    },
  };
}

async function main(): Promise<void> {
  const count = Number(process.argv[2]);
  const octets = await octetsOfClient();
  const stages = process.argv[3] === "core" ? ofCore(count) : ofBank(count);
  const before = resident();
  stages.seat();
  const seated = resident();
  stages.connect(octets);
  const connected = resident();
  const each = (octets: number): number => (octets - before) / count;
  console.log(JSON.stringify({ seated: each(seated), connected: each(connected) }));
}

await main();
