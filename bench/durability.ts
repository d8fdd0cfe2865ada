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
import { stateRead, type Stored } from "../host/state/journal.ts";
import { type Effort, type Figure, type Group, reference } from "./figure.ts";
import { PLAIN } from "./requests.ts";
import { core, provisionOf, START } from "./seat.ts";
import { median } from "./timing.ts";

const TEXT = attribute(1, "0-0:96.1.1.255", 2);
const DAY_MS = 86_400_000;
/** Days until a second checkpoint at the latest. */
const DAYS_MAX = 200;
/** Meters whose room on the disk is taken together. */
const DAY_METERS = 8;

type Load = "constant" | "household";

/** Counts what it is asked to do. */
class CountedFlash extends MemoryFlash {
  programmed = 0;
  erases = 0;

  override program(address: number, octets: Uint8Array): void {
    super.program(address, octets);
    this.programmed += octets.length;
  }

  override erase(address: number, size: number): void {
    super.erase(address, size);
    this.erases++;
  }
}

/** Meters on a folder, switched on, with a client each where it is wanted. */
class Meters {
  readonly bank: Bank;
  readonly clients: Client[] = [];

  constructor(count: number, flash: (index: number, size: number) => Flash, load: Load = "constant") {
    const template = templateLoad();
    const make = metrologyMaker(load, 1, START);
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
async function onFolder<T>(durability: Durability, work: (state: StateDir) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const state = new StateDir(folder);
  const { image } = templateLoad();
  state.open({ flashSize: core().plan(image).flashSize, image, durability, say: () => undefined });
  try {
    return await work(state);
  } finally {
    state.close();
    state.release();
    rmSync(folder, { recursive: true });
  }
}

/** Meters with a client each on a folder of their own. */
async function setsOf<T>(
  count: number,
  durability: Durability,
  work: (round: () => Promise<Round>) => Promise<T>,
): Promise<T> {
  return onFolder(durability, async (state) => {
    const meters = new Meters(count, (index) => state.flash(index));
    await meters.boot();
    await meters.connect();
    await meters.sets(0);
    let rounds = 0;
    return work(async () => {
      const before = state.shards.rounds;
      const ms = await meters.sets(++rounds);
      await meters.settled();
      return { ms, syncs: state.shards.rounds - before };
    });
  });
}

/** SETs, one of each meter, all at once. */
interface Round {
  readonly ms: number;
  readonly syncs: number;
}

interface Pair {
  readonly value: Round;
  readonly other: Round;
  /** Median of the pairs. */
  readonly ratio: number;
}

const medianRound = (rounds: readonly Round[]): Round => ({
  ms: median(rounds.map(({ ms }) => ms)),
  syncs: median(rounds.map(({ syncs }) => syncs)),
});

/** Rounds of two kinds of durability in turns. */
function inTurns(count: number, rounds: number, kinds: readonly [Durability, Durability]): Promise<Pair> {
  return setsOf(count, kinds[0], (one) =>
    setsOf(count, kinds[1], async (two) => {
      const values: Round[] = [];
      const others: Round[] = [];
      for (let i = 0; i < rounds; i++) {
        values.push(await one());
        others.push(await two());
      }
      const ratio = median(values.map(({ ms }, i) => ms / others[i]!.ms));
      return { value: medianRound(values), other: medianRound(others), ratio };
    }),
  );
}

async function setFigures(effort: Effort): Promise<Figure[]> {
  const single = await inTurns(1, effort.quick ? 9 : 101, ["strict", "none"]);
  const count = effort.quick ? 100 : 1000;
  const many = await inTurns(count, effort.quick ? 1 : 3, ["group", "strict"]);
  return [
    {
      id: "set-strict",
      what: "a SET, acknowledged when it is on the disk (strict)",
      value: single.value.ms,
      unit: "ms",
      references: [{ what: "the same, nothing waited for (none)", value: single.other.ms, ratio: single.ratio }],
    },
    {
      id: "set-group",
      what: `a SET to each of ${count} meters at once, group commit`,
      value: many.value.ms,
      unit: "ms",
      references: [{ what: "the same, each with its own sync (strict)", value: many.other.ms, ratio: many.ratio }],
    },
    {
      id: "syncs-group",
      what: `syncs of the disk for those ${count} SETs`,
      value: many.value.syncs,
      unit: "syncs",
      references: [reference("strict", many.other.syncs, many.value.syncs)],
    },
  ];
}

interface Past {
  readonly flash: MemoryFlash;
  /** Octets of the journal, from its head on. */
  readonly size: number;
  readonly time: number;
}

/** A meter's flash day by day until its second checkpoint is over. */
async function pastOf(days: number): Promise<{ pasts: Past[]; flash: CountedFlash; lived: number }> {
  let flash: CountedFlash | undefined;
  const meters = new Meters(1, (_, size) => (flash ??= new CountedFlash(size)));
  await meters.boot();
  const pasts: Past[] = [];
  let day = 1;
  for (; day <= days; day++) {
    const time = START + day * DAY_MS;
    const { erases } = flash!;
    await meters.bank.advance(meters.bank.meters[0]!, time);
    pasts.push(past(flash!, time));
    if (flash!.erases > erases) break;
  }
  return { pasts, flash: flash!, lived: Math.min(day, days) };
}

function past(flash: MemoryFlash, time: number): Past {
  const octets = new Uint8Array(flash.size);
  flash.read(0, octets);
  return { flash: flash.clone(), size: (stateRead(octets) as Stored).size, time };
}

/** Boots of meters from those flashes until they run, in turns; ms of each. */
async function restartMs(pasts: readonly Past[], rounds: number): Promise<number[]> {
  const seats = pasts.map(({ flash, time }) => {
    const seat = new Meters(1, () => flash.clone());
    seat.bank.clock = new ManualClock(time, 1000);
    return { seat, times: [] as number[] };
  });
  // The first round makes everything warm.
  for (let round = 0; round <= rounds; round++) {
    for (const { seat, times } of seats) {
      const begin = performance.now();
      await seat.boot();
      if (round > 0) times.push(performance.now() - begin);
      seat.bank.meters[0]!.powerCut();
    }
  }
  return seats.map(({ times }) => median(times));
}

/** Restarts with journals of several lengths, up to the longest before a checkpoint, and right behind that. */
async function restartFigures(effort: Effort): Promise<Figure[]> {
  const { pasts, flash, lived } = await pastOf(effort.quick ? 4 : DAYS_MAX);
  const behind = flash.erases > 1 ? pasts.pop() : undefined;
  const last = pasts.length - 1;
  const chosen = [0, 1 / 3, 2 / 3, 1].map((part) => pasts[Math.round(part * last)]!);
  if (behind !== undefined) chosen.push(behind);
  const times = await restartMs(chosen, effort.rounds);
  const figures = chosen.map((one, i): Figure => {
    const where = one === behind ? "behind a checkpoint" : `after ${(one.time - START) / DAY_MS} days`;
    return {
      id: one === behind ? "restart-checkpoint" : `restart-${i}`,
      what: `a restart ${where}, the journal has ${Math.round(one.size / 1024)} KiB`,
      value: times[i]!,
      unit: "ms",
      references: i === 0 ? [] : [reference("with the shortest journal", times[0]!, times[i]!)],
    };
  });
  const each = flash.programmed / lived / 1024;
  figures.push({
    id: "wear-day",
    what: `programmed in a day of a meter without clients, checkpoints of ${lived} days among it`,
    value: each,
    unit: "KiB",
    references: [],
  });
  return figures;
}

/** Room on the disk that a day of a meter takes, in a shard of several. */
function dayFigure(load: Load, what: string): Promise<Figure> {
  return onFolder("none", async (state) => {
    const meters = new Meters(DAY_METERS, (index) => state.flash(index), load);
    await meters.boot();
    const before = state.shards.octetsStored;
    for (const meter of meters.bank.meters) await meters.bank.advance(meter, START + DAY_MS);
    const each = (state.shards.octetsStored - before) / DAY_METERS / 1024;
    if (each <= 0) throw new Error("a day leaves nothing on the disk");
    return {
      id: `file-day-${load}`,
      what: `room on the disk for a day of a meter, ${what}`,
      value: each,
      unit: "KiB",
      references: [reference("what a meter takes that has just been made", before / DAY_METERS / 1024, each)],
    };
  });
}

export const durabilityGroup: Group = {
  title: "Durability",
  async measure(effort) {
    return [
      ...(await setFigures(effort)),
      ...(await restartFigures(effort)),
      await dayFigure("constant", "constant load"),
      await dayFigure("household", "household load"),
    ];
  },
};
