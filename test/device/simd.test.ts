/**
 * The cores with and without SIMD are one meter: a recorded session, replayed on either or on both in turns, has the same octets and
 * leaves the same block. That also says that snapshots go from one to the other at any place, amid a ciphered answer in blocks too.
 */
import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { attribute, Client, type ClientOptions, type Transport } from "../../host/client/index.ts";
import { Core } from "../../host/core.ts";
import { type CoreKind, simdSupported } from "../../host/core_kind.ts";
import { coreOctets } from "../../host/files.ts";
import { ROOT } from "../testing.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, fullTemplate, gmac, LOAD_PROFILE, TEXT } from "./rig.ts";

const BUILD_MS = 300_000;
const HALF_DAY_MS = 12 * 3_600_000;

/** What a line was given and what it gave; no line: time passed. */
interface Step {
  readonly slot?: number;
  readonly given?: Uint8Array;
  readonly answers: readonly string[];
}

const cores = {} as Record<CoreKind, Core>;
const textOf = (items: readonly Uint8Array[]): string[] => items.map((item) => Buffer.from(item).toString("hex"));

function boot(kind: CoreKind): RawMeter {
  return RawMeter.boot({ core: cores[kind], template: fullTemplate() });
}

/** A line of the meter whose octets are remembered in `steps`. */
function recorded(meter: RawMeter, slot: number, steps: Step[]): Transport {
  let listener: (octets: Uint8Array) => void = () => undefined;
  meter.open(slot);
  steps.push({ slot, answers: textOf(meter.take(slot)) });
  return {
    write(octets) {
      const items = meter.feed(slot, octets);
      steps.push({ slot, given: octets.slice(), answers: textOf(items) });
      for (const item of items) listener(item);
    },
    onData: (hear) => void (listener = hear),
    onClose: () => undefined,
    close: async () => undefined,
  };
}

/** A load profile, the clock and a text, ciphered: over the wrapper in general blocks, then over HDLC. */
async function record(meter: RawMeter): Promise<Step[]> {
  const steps: Step[] = [];
  meter.advance(HALF_DAY_MS);
  steps.push({ answers: [] });
  const uses: [use: "wrapper" | "hdlc", options: ClientOptions][] = [
    ["wrapper", { ...gmac(meter.identity, 1), pduSizeMax: 400, gbtWindow: 2 }],
    ["hdlc", { ...gmac(meter.identity, 1000), hdlc: {} }],
  ];
  for (const [use, options] of uses) {
    const client = new Client(recorded(meter, meter.slotOf(use, 0), steps), options);
    await client.connect();
    await client.associate();
    if (use === "wrapper") client.options.gbt = "always";
    const rows = await client.get(attribute(7, LOAD_PROFILE, 2));
    expect(rows).toMatchObject({ type: "array", value: { length: 48 } });
    await client.get(attribute(8, CLOCK, 2));
    await client.set(attribute(1, TEXT, 2), { type: "octet-string", value: Buffer.alloc(48, use) });
    await client.release();
  }
  return steps;
}

/** Gives each step to the meter that `next` hands out, and expects the answers of the record. */
function replay(steps: readonly Step[], next: () => RawMeter): void {
  for (const { slot, given, answers } of steps) {
    const meter = next();
    if (slot === undefined) meter.advance(HALF_DAY_MS);
    else if (given === undefined) meter.open(slot);
    if (slot !== undefined) expect(textOf(given ? meter.feed(slot, given) : meter.take(slot))).toEqual(answers);
  }
}

const blockOf = (meter: RawMeter): Buffer => Buffer.from(meter.bank.snapshot(0));

describe.skipIf(!simdSupported())("the cores with and without SIMD", () => {
  let steps: Step[];
  let block: Buffer;

  beforeAll(async () => {
    execFileSync(process.execPath, ["scripts/build.mjs", "--quiet", "--simd"], { cwd: ROOT, stdio: "ignore" });
    for (const kind of ["scalar", "simd"] as const) cores[kind] = new Core(coreOctets(kind));
    const meter = boot("scalar");
    steps = await record(meter);
    block = blockOf(meter);
  }, BUILD_MS);

  it("plan the same layout", () => {
    const [scalar, simd] = (["scalar", "simd"] as const).map((kind) => cores[kind].plan(fullTemplate().image));
    expect({ ...simd, seatsAt: 0 }).toEqual({ ...scalar, seatsAt: 0 });
  });

  it("give the same octets in the same session, and leave the same block", () => {
    const meter = boot("simd");
    replay(steps, () => meter);
    expect(blockOf(meter).equals(block)).toBe(true);
  });

  it("go on from each other's snapshots after every step", () => {
    let [meter, other] = [boot("scalar"), boot("simd")];
    replay(steps, () => {
      other.restore(meter.snapshot());
      [meter, other] = [other, meter];
      return meter;
    });
    expect(steps.length).toBeGreaterThan(20);
    expect(blockOf(meter).equals(block)).toBe(true);
  });
});
