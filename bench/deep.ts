/**
 * A profile of 100,000 rows through APDUs of 512 octets: what a block costs, first to last, over the wrapper and HDLC, in
 * datablocks and general block transfer, in the clear and ciphered; and what the forms of a buffer save.
 */
import { elementsOf } from "../host/client/data.ts";
import { Client, type ClientOptions } from "../host/client/session.ts";
import { entrySelection } from "../host/client/profile.ts";
import { packageFile } from "../host/files.ts";
import { compileTemplate } from "../host/template/compile.ts";
import type { ProfileDocument } from "../host/template/document.ts";
import { templateRead, templatesJoin } from "../host/template/load.ts";
import { reference, type Effort, type Figure, type Group } from "./figure.ts";
import { isQuiet } from "./quiet.ts";
import { associated, CIPHERED, getRequest, onWrapper, PLAIN, PROFILE } from "./requests.ts";
import { BATCH, sameWork, Seat } from "./seat.ts";
import { median, time, type Work } from "./timing.ts";
import { stepTimes, Transfer } from "./transfer.ts";

const ROWS = 100_000;
/** Enough to see that everything works. */
const ROWS_QUICK = 5000;
const QUARTER_MS = 900_000;
const PDU_SIZE = 512;
/** The template that keeps so many rows. */
const TEMPLATE = "bench/deepest_profile.json";
/** Blocks of a stretch whose median is a figure, at most: what a block costs is little beside what disturbs it. */
const STRETCH_MAX = 400;
/** Places in the buffer that the plot of costs shows, besides the beginning. */
const PLACES = 20;
/** How often a transfer is played over the wrapper, and read over HDLC. */
const TRANSFERS = 15;
const READINGS = 5;
/** Undisturbed blocks that each of PLACES parts of the readings should have. */
const QUIET_MIN = 10;
/** Goal: what a late block, or the first one of many rows, costs at most to an early one, or to the first one of few. */
const GROWTH_MAX = 1.3;
/** What a reading in a given form of the buffer begins with: counters that no reading before it used. */
const COUNTERS = 10_000_000;

function rowsOf(effort: Effort): number {
  return effort.quick ? ROWS_QUICK : ROWS;
}

const FORMS = ["plain", "null-data", "compact-array"] as const;
type Form = NonNullable<ProfileDocument["form"]>;

interface Way {
  readonly form: Form;
  readonly use: "wrapper" | "hdlc";
  readonly blocks: "datablocks" | "general blocks";
  readonly level: "in the clear" | "ciphered";
}

const WAYS: readonly Way[] = (["wrapper", "hdlc"] as const).flatMap((use) =>
  (["datablocks", "general blocks"] as const).flatMap((blocks) =>
    (["in the clear", "ciphered"] as const).map((level): Way => ({ form: "plain", use, blocks, level })),
  ),
);

function templateOf(form: Form): ReturnType<typeof compileTemplate> {
  const deep = templateRead(packageFile(TEMPLATE));
  const over = { name: deep.name, objects: [{ logicalName: "1-0:99.1.0.255", profile: { form } }] };
  return compileTemplate(templatesJoin(deep, over as typeof deep));
}

/** An APDU that a client received. */
interface Block {
  /** Core time, µs. */
  readonly time: number;
  /** The processor was quiet before it and behind it. */
  readonly quiet: boolean;
}

/** A client over HDLC whose octets are counted and whose meter is timed, the client's own work aside. */
class Reading {
  readonly blocks: Block[] = [];
  /** Octets on the line, both ways. */
  octets = 0;
  private readonly seat: Seat;
  private readonly client: Client;
  private spent = 0;
  private quiet = false;

  constructor(seat: Seat, way: Way, options: ClientOptions) {
    this.seat = seat;
    const slot = seat.slotOf(way.use);
    const under = seat.open(slot);
    let listener: (octets: Uint8Array) => void = () => undefined;
    const transport = {
      ...under,
      onData: (taken: typeof listener) => void (listener = taken),
      write: (octets: Uint8Array) => {
        const begin = performance.now();
        const items = this.seat.exchange(slot, octets);
        this.spent += performance.now() - begin;
        this.octets += octets.length + items.reduce((sum, item) => sum + item.length, 0);
        items.forEach((item) => listener(item));
      },
    };
    this.client = new Client(transport, options);
    this.client.hooks.received = () => {
      const before = this.quiet;
      this.quiet = isQuiet();
      this.blocks.push({ time: this.spent * 1000, quiet: before && this.quiet });
      this.spent = 0;
    };
  }

  static async open(seat: Seat, way: Way, counter: number): Promise<Reading> {
    const reading = new Reading(seat, way, { ...optionsOf(way, counter), hdlc: {} });
    await reading.client.connect();
    await reading.client.associate();
    if (way.blocks === "general blocks") reading.client.options.gbt = "always";
    return reading;
  }

  /** Reads the profile; the rows that came. */
  async rows(selection?: Parameters<Client["get"]>[1]): Promise<number> {
    this.blocks.length = 0;
    this.octets = 0;
    this.spent = 0;
    return elementsOf(await this.client.get(PROFILE, selection), "buffer").length;
  }

  close(): Promise<void> {
    return this.client.disconnect();
  }
}

const timesOf = (blocks: readonly Block[]): number[] => blocks.map(({ time }) => time);

/**
 * µs of each block, in the readings in which nothing disturbed it, or of its undisturbed neighbours; of all readings if some part was disturbed in each,
 * for times of a quiet and of a shared processor are not compared with each other.
 */
function costsOf(rounds: readonly (readonly Block[])[]): number[] {
  const part = Math.ceil(rounds[0]!.length / PLACES);
  const quiet = Array.from({ length: PLACES }, (_, i) =>
    timesOf(rounds.flatMap((blocks) => blocks.slice(i * part, (i + 1) * part)).filter((block) => block.quiet)),
  );
  const enough = quiet.every(({ length }) => length >= QUIET_MIN);
  return rounds[0]!.map((_, at) => {
    const own = rounds.map((blocks) => blocks[at]!);
    if (!enough) return median(timesOf(own));
    const undisturbed = timesOf(own.filter((block) => block.quiet));
    return median(undisturbed.length > 0 ? undisturbed : quiet[Math.floor(at / part)]!);
  });
}

function optionsOf(way: Way, counter: number): ClientOptions {
  const level = way.level === "ciphered" ? { ...CIPHERED, counter } : PLAIN;
  return { ...level, pduSizeMax: PDU_SIZE, gbtWindow: 1 };
}

/** µs of each block over the wrapper: the client reads once, then what it sent is played again. */
async function wrapperCosts(effort: Effort, seat: Seat, way: Way, counter: number): Promise<number[]> {
  const gbt = way.blocks === "general blocks" ? "always" : "never";
  const transfer = await Transfer.record(seat, { ...optionsOf(way, counter), gbt }, rowsOf(effort));
  transfer.check();
  const { steps } = stepTimes(effort.quick ? 1 : TRANSFERS, transfer);
  await transfer.close();
  return steps.map((ns) => ns / 1000);
}

/** µs of each block over HDLC, whose frames are numbered, so that the client reads every time. */
async function hdlcCosts(effort: Effort, seat: Seat, way: Way, counter: number): Promise<number[]> {
  const reading = await Reading.open(seat, way, counter);
  const rounds: Block[][] = [];
  for (let i = 0; i < (effort.quick ? 1 : READINGS); i++) {
    const rows = await reading.rows();
    if (rows !== rowsOf(effort)) throw new Error(`the profile gives ${rows} rows, ${rowsOf(effort)} were captured`);
    rounds.push([...reading.blocks]);
  }
  await reading.close();
  return costsOf(rounds);
}

/** Medians of blocks near the start, in the middle and at the end; the first one, which selects, and the last, a rest, aside. */
function stretches(costs: readonly number[]): { early: number; middle: number; late: number } {
  const stretch = Math.min(STRETCH_MAX, costs.length >> 2);
  const over = (from: number): number => median(costs.slice(from, from + stretch));
  return { early: over(1), middle: over((costs.length - stretch) >> 1), late: over(costs.length - 1 - stretch) };
}

/** What a block costs by the rows that lie before it. */
function pointsOf(costs: readonly number[], rows: number): [number, number][] {
  const length = Math.floor(costs.length / PLACES);
  return Array.from({ length: PLACES }, (_, i) => {
    const begin = Math.max(1, i * length);
    return [Math.round((i * rows) / PLACES), median(costs.slice(begin, begin + length))];
  });
}

async function wayFigures(effort: Effort, seat: Seat, way: Way, index: number): Promise<Figure[]> {
  const costsMeasure = way.use === "hdlc" ? hdlcCosts : wrapperCosts;
  const costs = await costsMeasure(effort, seat, way, 1 + index * COUNTERS);
  const { early, middle, late } = stretches(costs);
  const id = `deep-${way.form}-${way.use}-${way.blocks}-${way.level}`.replaceAll(" ", "-");
  const what = `${way.form}, ${way.use}, ${way.blocks}, ${way.level}`;
  const first = reference("the first block, which looks at every row", costs[0]!, late);
  const block: Figure = {
    id,
    what: `${what}: one of the last of ${costs.length} blocks`,
    value: late,
    unit: "µs",
    references: [
      reference("an early block", early, late),
      reference("a block in the middle", middle, late),
      ...(way.form === "null-data" ? [first] : []),
    ],
    points: pointsOf(costs, rowsOf(effort)),
  };
  const rate: Figure = {
    ...{ id: `${id}-rows`, what: `${what}: rows in a second`, unit: "1/s" },
    value: (rowsOf(effort) * 1e6) / costs.reduce((sum, cost) => sum + cost),
    references: [],
  };
  return way === WAYS[0] ? [block, growthFigure(early, late), rate] : [block, rate];
}

function growthFigure(early: number, late: number): Figure {
  return {
    id: "deep-growth",
    what: "one of the last blocks of these to an early one",
    value: late / early,
    unit: "×",
    goal: { limit: GROWTH_MAX, kind: "at most" },
    references: [],
  };
}

/** Asks for a whole buffer again and again, of which one block comes each time. */
async function firstWork(seat: Seat): Promise<Work> {
  const client = await associated(seat, optionsOf(WAYS[0]!, 0));
  const request = onWrapper(client, getRequest(PROFILE));
  const [block] = seat.exchange(seat.slotOf("wrapper"), request);
  if (block!.length <= PDU_SIZE >> 1) throw new Error("the profile does not come in blocks");
  return sameWork(seat, seat.slotOf("wrapper"), Array<Uint8Array>(BATCH).fill(request));
}

/** The first block, which selects, of a profile with all rows beside one with a hundredth of them. */
async function firstFigures(effort: Effort, deep: Seat): Promise<Figure[]> {
  const shallow = seatOf(rowsOf(effort) / 100);
  const timed = time(effort, await firstWork(deep), await firstWork(shallow));
  const [few] = timed.references;
  const what = "a hundredth of the rows";
  return [
    {
      id: "deep-first",
      what: "plain, wrapper, datablocks, in the clear: the first block, which selects",
      value: timed.ns / 1000,
      unit: "µs",
      references: [{ what: `the first block of ${what}`, value: few!.ns / 1000, ratio: few!.ratio }],
    },
    {
      id: "deep-first-growth",
      what: `the first block to that of ${what}`,
      value: few!.ratio,
      unit: "×",
      goal: { limit: GROWTH_MAX, kind: "at most" },
      references: [],
    },
  ];
}

/** What octets take at 9,600 Bd, ten bits each. */
function secondsOf(octets: number): number {
  return (octets * 10) / 9600;
}

/** Octets and time of a day's rows at 9,600 Bd: 10 bits for each octet, HDLC as the client proposes it, both ways. */
async function dayFigures(effort: Effort, seats: ReadonlyMap<Form, Seat>): Promise<Figure[]> {
  const figures: Figure[] = [];
  const selection = entrySelection(rowsOf(effort) - 95, 0);
  for (const form of FORMS) {
    const way: Way = { form, use: "hdlc", blocks: "datablocks", level: "in the clear" };
    const reading = await Reading.open(seats.get(form)!, way, 0);
    if ((await reading.rows(selection)) !== 96) throw new Error("a day has 96 rows");
    const { octets } = reading;
    const plain = figures[0]?.value ?? octets;
    const what = `a day of a load profile, ${form}`;
    const seconds = secondsOf(octets);
    figures.push(
      { id: `day-${form}-octets`, what: `${what}: on the line`, value: octets, unit: "octets", references: [] },
      {
        ...{ id: `day-${form}`, what: `${what}: at 9,600 Bd`, value: seconds, unit: "s" },
        references: form === "plain" ? [] : [reference("plain", secondsOf(plain), seconds)],
      },
    );
    await reading.close();
  }
  return figures;
}

/** A seat that has captured so many rows. */
function seatOf(rows: number): Seat {
  const seat = new Seat(templateOf("plain"));
  const end = seat.meterTime + rows * QUARTER_MS;
  while (seat.step(end));
  return seat;
}

export const deepGroup: Group = {
  title: "Profile of 100,000 rows in APDUs of 512 octets, in process",
  async measure(effort) {
    const plain = seatOf(rowsOf(effort));
    const seats = new Map<Form, Seat>([["plain", plain]]);
    for (const form of FORMS.slice(1)) seats.set(form, new Seat(templateOf(form), plain));
    const others = FORMS.slice(1).map((form): Way => ({ ...WAYS[0]!, form }));
    const figures: Figure[] = [];
    for (const [index, way] of [...WAYS, ...others].entries())
      figures.push(...(await wayFigures(effort, seats.get(way.form)!, way, index)));
    return [...figures, ...(await firstFigures(effort, plain)), ...(await dayFigures(effort, seats))];
  },
};
