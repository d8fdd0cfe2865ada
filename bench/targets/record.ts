/**
 * Records a scripted session for meters on other targets: a meter of microcontroller.json is read over HDLC by the client, in the
 * clear and ciphered, and captures rows; what the core was given and what it gave goes into a C header. A target that runs the same
 * core has to give the same octets. The session runs often, and what its figures take here, compiled by V8, goes into JSON: in
 * nanoseconds, for interpreters to stand beside. Arguments: where the header goes, and the times.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Client, type ClientOptions } from "../../host/client/session.ts";
import { Core } from "../../host/core.ts";
import { SAMPLE_SIZE, sampleWrite } from "../../host/sample.ts";
import { packageFile } from "../../host/files.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { templateLoad } from "../../host/template/load.ts";
import { CIPHERED, CLOCK, PLAIN, PROFILE, REGISTER } from "../requests.ts";
import { provisionOf, Seat, START } from "../seat.ts";
import { median } from "../timing.ts";

/** The seed of the generator: any octets, but the same on the target. */
const ENTROPY = Uint8Array.from({ length: 64 }, (_, i) => 7 * i + 1);
const ROWS = 4;
/** Sessions of which times are taken, after as many that the engine compiles in. */
const SESSIONS = 300;
/** The one port, its one connection, its one link. */
const SLOT = 0;

/** What a target does in a step, as main.c knows it. */
const Kind = {
  OPEN: 1,
  EXCHANGE: 2,
  /** Takes a sample that ends at `time`, and ticks until nothing is due. */
  TICK: 3,
} as const;

interface Step {
  kind: number;
  /** Figure that the step belongs to; empty = none. */
  figure: string;
  time: number;
  given: Uint8Array;
  expected: Uint8Array;
}

/** A seat that remembers what goes in and out. */
class RecordedSeat extends Seat {
  readonly steps: Step[] = [];
  /** Nanoseconds in the core by figure; of one that comes again, the last time. */
  readonly spent = new Map<string, number>();
  figure = "";

  constructor(template: Compiled, core: Core) {
    super(template, undefined, ENTROPY, core);
  }

  private timed<T>(run: () => T): T {
    const begin = performance.now();
    const result = run();
    const before = this.spent.get(this.figure) ?? 0;
    this.spent.set(this.figure, before + (performance.now() - begin) * 1e6);
    return result;
  }

  private record(kind: number, given: Uint8Array, expected: Uint8Array): void {
    this.steps.push({ kind, figure: this.figure, time: this.meterTime, given, expected });
  }

  override open(slot: number): ReturnType<Seat["open"]> {
    this.record(Kind.OPEN, new Uint8Array(), new Uint8Array());
    return super.open(slot);
  }

  override exchange(slot: number, octets: Uint8Array): Uint8Array[] {
    const items = this.timed(() => super.exchange(slot, octets));
    this.record(Kind.EXCHANGE, octets.slice(), Buffer.concat(items));
    return items;
  }

  /** Goes on for a capture period, with the sample of it. */
  captureRow(): void {
    this.bank.deadlinePoll(0);
    this.meterTime = this.bank.meterDeadline;
    const sample = new Uint8Array(SAMPLE_SIZE);
    const taken = this.metrology.sample(this.meterTime - 900_000, this.meterTime);
    sampleWrite(new DataView(sample.buffer), taken);
    this.timed(() => {
      this.bank.sample(0, taken, this.meterTime);
      while (this.bank.tick(0, this.lineTime, this.meterTime) > 0) this.settle();
      this.settle();
    });
    this.record(Kind.TICK, sample, new Uint8Array());
  }
}

/** What `run` does belongs to a figure. */
async function measured(seat: RecordedSeat, figure: string, run: () => Promise<unknown> | void): Promise<void> {
  seat.figure = figure;
  seat.spent.delete(figure);
  await run();
  seat.figure = "";
}

/** A client that reads over HDLC, from the link to its end. */
async function session(seat: RecordedSeat, options: ClientOptions, name: string): Promise<void> {
  const client = new Client(seat.open(SLOT), { ...options, hdlc: {} });
  await measured(seat, `SNRM and UA`, () => client.connect());
  await measured(seat, `association, ${name}`, () => client.associate());
  await client.get(CLOCK);
  await measured(seat, `GET of a register, ${name}`, () => client.get(REGISTER));
  await measured(seat, `GET of ${ROWS} rows, ${name}`, () => client.get(PROFILE));
  await client.release();
  await client.disconnect();
}

function octetsText(octets: Uint8Array): string {
  const lines: string[] = [];
  for (let i = 0; i < octets.length; i += 24) lines.push([...octets.subarray(i, i + 24)].join(","));
  return lines.join(",\n");
}

function headerText(template: Compiled, seat: RecordedSeat): string {
  const arrays: string[] = [];
  const array = (name: string, octets: Uint8Array): void => {
    arrays.push(`static const u8 ${name}[] = {${octets.length === 0 ? "0" : octetsText(octets)}};`);
  };
  array("template_image", template.image);
  array("provision", provisionOf(template, 0));
  array("entropy", ENTROPY);
  const rows = seat.steps.map((step, i) => {
    array(`given_${i}`, step.given);
    array(`expected_${i}`, step.expected);
    const sizes = `${step.given.length}, ${step.expected.length}`;
    return `{${step.kind}, ${JSON.stringify(step.figure)}, ${step.time}.0, given_${i}, expected_${i}, ${sizes}},`;
  });
  return [
    "/* Made by bench/targets/record.ts. */",
    ...arrays,
    `enum { SLOT = ${SLOT}, TEMPLATE_SIZE = ${template.image.length}, PROVISION_SIZE = ${provisionOf(template, 0).length} };`,
    `static const f64 START = ${START}.0;`,
    "static const struct step steps[] = {",
    ...rows,
    "};",
    "",
  ].join("\n");
}

/** Switches a meter on, lets it capture rows, and reads it twice. */
async function whole(template: Compiled, core: Core): Promise<RecordedSeat> {
  const seat = new RecordedSeat(template, core);
  for (let i = 0; i < ROWS; i++) await measured(seat, "captured row", () => seat.captureRow());
  await session(seat, PLAIN, "plain");
  await session(seat, CIPHERED, "ciphered");
  return seat;
}

const [header, times] = process.argv.slice(2);
if (header === undefined || times === undefined) throw new Error("usage: record.js HEADER TIMES");
const template = templateLoad(packageFile("host/template/examples/microcontroller.json"));
const core = new Core(readFileSync(packageFile("build/core.suite0.wasm")));
const seat = await whole(template, core);
writeFileSync(header, headerText(template, seat));
const spent: ReadonlyMap<string, number>[] = [];
for (let i = 0; i < 2 * SESSIONS; i++) spent.push((await whole(template, core)).spent);
const figures = [...seat.spent.keys()].filter((figure) => figure !== "");
const medians = figures.map((figure) => [figure, median(spent.slice(SESSIONS).map((one) => one.get(figure)!))]);
writeFileSync(times, JSON.stringify(Object.fromEntries(medians)));
