/** What it costs that nothing acknowledged is lost: syncs of the disk for one meter and for many, restarts, room on the disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bank } from "../host/bank.ts";
import { Client } from "../host/client/session.ts";
import { attribute } from "../host/client/session.ts";
import { ManualClock } from "../host/clock.ts";
import type { Durability } from "../host/flash/durability.ts";
import type { Flash } from "../host/flash/flash.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { StateDir } from "../host/state/state_dir.ts";
import { metrologyMaker } from "../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../host/ports.ts";
import { templateLoad } from "../host/template/load.ts";
import { MemoryPeer } from "../host/transport/memory.ts";
import { type Effort, type Figure, type Group, reference } from "./figure.ts";
import { PLAIN } from "./requests.ts";
import { core, provisionOf, START } from "./seat.ts";
import { median } from "./timing.ts";

const TEXT = attribute(1, "0-0:96.1.1.255", 2);
const DAY_MS = 86_400_000;
const PERIODS = 96;
const PERIOD_MS = 900_000;

/** Meters on a folder, switched on, with a client each where it is wanted. */
class Meters {
  readonly bank: Bank;
  readonly clients: Client[] = [];

  constructor(count: number, flash: (index: number, size: number) => Flash) {
    const template = templateLoad();
    const make = metrologyMaker("constant", 1, START);
    this.bank = new Bank(core(), template.image, count, {
      clock: new ManualClock(START, 1000),
      setup: (index, plan) => ({
        provision: provisionOf(template, index),
        flash: flash(index, plan.flashSize),
        metrology: make(index),
      }),
    });
  }

  async boot(): Promise<void> {
    for (const meter of this.bank.meters) meter.boot();
    await this.settled();
  }

  async settled(): Promise<void> {
    for (const meter of this.bank.meters) while (meter.settling !== undefined) await meter.settling;
  }

  async connect(): Promise<void> {
    const port = portFor(portsOf(templateLoad().image), "wrapper")!;
    for (const meter of this.bank.meters) {
      const peer = MemoryPeer.connect(new MeterPort(meter, port).accept)!;
      const client = new Client(
        {
          write: (octets) => peer.send(octets),
          onData: (listener) => void (peer.onReceived = listener),
          onClose: () => undefined,
          close: async () => peer.close(),
        },
        { ...PLAIN, timeOut: 60_000 },
      );
      await client.connect();
      await client.associate();
      this.clients.push(client);
    }
  }

  /** A SET of every client, all at once; milliseconds until the last is acknowledged. */
  async sets(round: number): Promise<number> {
    const begin = performance.now();
    const value = Buffer.from(String(round));
    await Promise.all(this.clients.map((client) => client.set(TEXT, { type: "octet-string", value })));
    return performance.now() - begin;
  }
}

/** Runs `work` with a folder for a state that is gone afterwards. */
async function onFolder<T>(durability: Durability, work: (state: StateDir, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const state = new StateDir(folder);
  const { image } = templateLoad();
  state.open({ flashSize: core().plan(image).flashSize, image, durability, say: () => undefined });
  try {
    return await work(state, folder);
  } finally {
    state.close();
    state.release();
    rmSync(folder, { recursive: true });
  }
}

interface Sets {
  /** For a round of SETs, one of each meter. */
  readonly ms: number;
  readonly syncs: number;
}

function setsOf(count: number, rounds: number, durability: Durability): Promise<Sets> {
  return onFolder(durability, async (state) => {
    const meters = new Meters(count, (index) => state.flash(index));
    await meters.boot();
    await meters.connect();
    await meters.sets(0);
    const before = state.rounds;
    const times: number[] = [];
    for (let round = 1; round <= rounds; round++) times.push(await meters.sets(round));
    await meters.settled();
    return { ms: median(times), syncs: (state.rounds - before) / rounds };
  });
}

async function setFigures(effort: Effort): Promise<Figure[]> {
  const rounds = effort.quick ? 5 : 40;
  const [strict, none] = [await setsOf(1, rounds, "strict"), await setsOf(1, rounds, "none")];
  const count = effort.quick ? 100 : 1000;
  const [group, each] = [await setsOf(count, 5, "group"), await setsOf(count, effort.quick ? 1 : 2, "strict")];
  return [
    {
      id: "set-strict",
      what: "a SET, acknowledged when it is on the disk (strict)",
      value: strict.ms,
      unit: "ms",
      references: [reference("the same, acknowledged at once (none)", none.ms, strict.ms)],
    },
    {
      id: `set-group-${count}`,
      what: `a SET to each of ${count} meters at once, group commit`,
      value: group.ms,
      unit: "ms",
      references: [reference("the same, each with its own sync (strict)", each.ms, group.ms)],
    },
    {
      id: `syncs-group-${count}`,
      what: `syncs of the disk for those ${count} SETs`,
      value: group.syncs,
      unit: "syncs",
      references: [reference("strict", each.syncs, group.syncs)],
    },
  ];
}

/** Boots meters whose journals have grown for some days. */
async function restartFigure(days: number, rounds: number): Promise<Figure> {
  const flashes: MemoryFlash[] = [];
  const make = (index: number, size: number): MemoryFlash => (flashes[index] ??= new MemoryFlash(size));
  const past = new Meters(1, make);
  await past.boot();
  await past.bank.advance(past.bank.meters[0]!, START + days * DAY_MS);
  const times: number[] = [];
  const seats = new Meters(1, make);
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    await seats.boot();
    times.push(performance.now() - begin);
    seats.bank.meters[0]!.powerCut();
  }
  const ms = median(times);
  return {
    id: `restart-${days}`,
    what: `a restart after ${days} ${days === 1 ? "day" : "days"} of captures`,
    value: ms,
    unit: "ms",
    references: [],
  };
}

/** Room on the disk for a day of a meter, in a shard of several. */
function dayFigures(count: number): Promise<Figure[]> {
  return onFolder("none", async (state) => {
    const meters = new Meters(count, (index) => state.flash(index));
    await meters.boot();
    const before = state.octetsStored;
    for (const meter of meters.bank.meters) {
      for (let period = 1; period <= PERIODS; period++) await meters.bank.advance(meter, START + period * PERIOD_MS);
    }
    const each = (state.octetsStored - before) / count;
    const room: Figure = {
      id: "file-day",
      what: "room on the disk that a day of a meter takes, until a checkpoint",
      value: each / 1024,
      unit: "KiB",
      references: [reference("what a meter takes that has just been made", before / count / 1024, each / 1024)],
    };
    return [room];
  });
}

export const durabilityGroup: Group = {
  title: "Durability",
  async measure(effort) {
    const restarts: Figure[] = [];
    for (const days of effort.quick ? [1] : [1, 5, 9]) restarts.push(await restartFigure(days, effort.rounds));
    return [...(await setFigures(effort)), ...restarts, ...(await dayFigures(effort.quick ? 5 : 50))];
  },
};
