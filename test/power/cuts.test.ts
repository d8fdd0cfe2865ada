/**
 * The power is cut after every flash operation of a long life, within operations, and before a sync has made them durable; then the meter
 * boots and must be what its clients know (docs/FLASH.md, "Promises"). POWER_CUTS=all tries every kind of cut at every operation.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { ImageView } from "../../host/state/image.ts";
import { Dice } from "../testing.ts";
import { Image } from "./cut_flash.ts";
import { ROTS, Sound } from "./rot.ts";
import { Life, shortTemplate } from "./scenario.ts";
import { type Look, Witness } from "./witness.ts";

const SEED = 20260105;
const STEPS = 170;
const ALL = process.env["POWER_CUTS"] === "all";
/** From here on the first checkpoint stands. */
const FIRST_CUT = 40;
/** Every n-th cut is looked at thoroughly. */
const THOROUGH = 16;

let life: Life;
let witness: Witness;

beforeAll(async () => {
  life = new Life(SEED, shortTemplate());
  await life.run(STEPS);
  witness = new Witness(life);
}, 120_000);

/** Images of the flash after each operation, in turn. */
function* images(): Generator<{ image: Image; cut: number; synced: Image; since: number }> {
  const image = new Image(life.flash.size);
  let synced = image.copy();
  let since = 0;
  for (let cut = 0; cut <= life.now; cut++) {
    if (cut > 0) {
      const operation = life.flash.operations[cut - 1]!;
      image.apply(operation);
      if (operation.kind === "sync") {
        synced = image.copy();
        since = cut;
      }
    }
    yield { image, cut, synced, since };
  }
}

/** Whether a cut at this operation is one of those tried: all in checkpoints, of others every fifth. */
function chosen(cut: number, phase: number): boolean {
  const operation = life.flash.operations[cut];
  const checkpoint = operation?.kind === "erase" || (operation?.kind === "program" && operation.octets.length > 1500);
  return ALL || checkpoint || cut % 5 === phase;
}

async function seen(image: Image, look: Look, what: string): Promise<void> {
  try {
    await witness.look(image, look);
  } catch (error) {
    throw new Error(`${what}, operation ${look.cut} of ${life.now}: ${(error as Error).message}`, { cause: error });
  }
}

describe("a life of a meter", () => {
  it("goes through checkpoints and wraps its logs", () => {
    const erases = life.flash.operations.filter((operation) => operation.kind === "erase").length;
    expect(erases).toBeGreaterThan(2);
    console.log(`power cuts: a life of ${life.now} flash operations, ${erases} checkpoints`);
  });

  it("is what its clients know after a cut behind any operation", async () => {
    let cuts = 0;
    for (const { image, cut } of images()) {
      if (!chosen(cut - 1, 0) && !chosen(cut, 1)) continue;
      await seen(image.copy(), { cut, thorough: cut % THOROUGH === 0 }, "cut behind");
      cuts++;
    }
    console.log(`power cuts: ${cuts} behind operations`);
  }, 300_000);

  it("is what its clients know after a cut within any operation", async () => {
    const dice = new Dice(SEED + 1);
    let cuts = 0;
    for (const { image, cut } of images()) {
      const operation = life.flash.operations[cut];
      if (operation === undefined || operation.kind === "sync" || !(chosen(cut, 0) || chosen(cut, 1))) continue;
      for (let i = 0; i < (ALL ? 4 : 1); i++) {
        const torn = image.copy();
        torn.tear(operation, dice);
        await seen(torn, { cut, begun: cut + 1, thorough: cut % THOROUGH === 1 }, "cut within");
        cuts++;
      }
    }
    console.log(`power cuts: ${cuts} within operations`);
  }, 300_000);

  it("is what its clients know after a cut that lost or tore what was not synced, in any order", async () => {
    const dice = new Dice(SEED + 2);
    let cuts = 0;
    for (const { cut, synced, since } of images()) {
      if (cut === since || !(chosen(cut - 1, 2) || chosen(cut - 1, 3))) continue;
      const image = synced.copy();
      image.scatter(life.flash.operations.slice(since, cut), dice);
      await seen(image, { cut, unordered: true, thorough: cut % THOROUGH === 3 }, "cut before the sync");
      cuts++;
    }
    console.log(`power cuts: ${cuts} before a sync`);
  }, 300_000);

  it("is what its clients know after a second cut, anywhere in the recovery from the first", async () => {
    const dice = new Dice(SEED + 3);
    let cuts = 0;
    for (const { image, cut } of images()) {
      const operation = life.flash.operations[cut];
      if (operation?.kind !== "program" || dice.roll(ALL ? 20 : 200) !== 0) continue;
      const torn = image.copy();
      torn.tear(operation, dice);
      const recovery = torn.copy();
      witness.boot(recovery, cut);
      for (const step of recovery.operations) {
        const within = torn.copy();
        within.tear(step, dice);
        await seen(within, { cut, begun: cut + 1 }, "second cut within the recovery from");
        torn.apply(step);
        await seen(torn.copy(), { cut, begun: cut + 1 }, "second cut in the recovery from");
        cuts += 2;
      }
    }
    console.log(`power cuts: ${cuts} in recoveries`);
  }, 300_000);
});

describe("bits that rot", () => {
  const COUNT = ALL ? 4000 : 300;
  /** Octets without anything around the one that rots. */
  const MARGIN = 64;

  it("where nothing stands cost nothing", async () => {
    const dice = new Dice(SEED + 4);
    for (const { image, cut } of images()) {
      if (dice.roll(life.now) >= COUNT / 3) continue;
      const rotten = image.copy();
      for (;;) {
        const address = dice.roll(rotten.size - 2 * MARGIN) + MARGIN;
        // An octet of a record may be FF too: around this one nothing stands.
        const around = Array.from({ length: 2 * MARGIN }, (_, i) => rotten.peek(address - MARGIN + i));
        if (around.some((octet) => octet !== 0xff)) continue;
        rotten.rot(address, dice.roll(8));
        break;
      }
      await seen(rotten, { cut, thorough: true }, "rot in an erased octet");
    }
  }, 300_000);

  it("cost what stood there and nothing else: the meter says so, goes on, and repeats no counter", async () => {
    const dice = new Dice(SEED + 5);
    const { imageSize } = new ImageView(life.meter.compiled.image);
    const counts = new Map<string, number>();
    for (const { image, cut } of images()) {
      if (cut < FIRST_CUT || dice.roll(life.now) >= COUNT) continue;
      const sound = new Sound(image, imageSize);
      const kind = ROTS[dice.roll(ROTS.length)]!;
      const rotten = sound.rot(kind, dice);
      if (rotten === undefined) continue;
      const lost = sound.lost(rotten, life.history);
      await seen(rotten, { cut, lost, thorough: dice.roll(4) === 0 }, `${kind} has rotted`);
      for (const what of lost.noticed ? [kind, "noticed"] : [kind]) counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    const { noticed = 0, ...kinds } = Object.fromEntries(counts);
    expect(noticed).toBeGreaterThan(COUNT / 4);
    const all = Object.values(kinds).reduce((sum, count) => sum + count, 0);
    console.log(`bit rot: ${all} times, event 14 after ${noticed}: ${JSON.stringify(kinds)}`);
  }, 1_200_000);
});
