/** The folder of `serve --state`: other templates, older files, snapshots, and what is said when something is wrong. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client, data as d, ImageTransfer } from "../../host/client/index.ts";
import { Shard } from "../../host/flash/shard.ts";
import { shardRewrite } from "../../host/state/shard_rewrite.ts";
import { ImageView } from "../../host/state/image.ts";
import { StateDir, type StateUse } from "../../host/state/state_dir.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { stateRead, type Stored, valuesOf } from "../../host/state/journal.ts";
import { snapshotEmit, snapshotParse } from "../../host/state/snapshot.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { associateLls, get, hex, set } from "../device/apdus.ts";
import { RawMeter } from "../device/raw.ts";
import { core, ENERGY, lls, LOAD_PROFILE, Rig, template, TEXT } from "../device/rig.ts";
import { ROOT } from "../testing.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const HOUR_MS = 3_600_000;
let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-"));
  said = [];
});

afterEach(() => rmSync(folder, { recursive: true }));

function useOf(compiled: Compiled, more: Partial<StateUse> = {}): StateUse {
  const { flashSize } = core().plan(compiled.image);
  return { flashSize, image: compiled.image, durability: "none", say: (text) => said.push(text), ...more };
}

/** A meter that has lived on a flash: a text of its own, rows of six hours. */
function lived(compiled = template()): RawMeter {
  const meter = RawMeter.boot({ template: compiled });
  const channel = meter.wrapper();
  associateLls(channel, meter.identity);
  expect(hex(channel.exchange(set(1, TEXT, 2, d.octetString(Buffer.from("a text")))))).toBe("C501C100");
  meter.advance(6 * HOUR_MS);
  meter.powerFails();
  return meter;
}

function octetsOf(flash: MemoryFlash): Uint8Array {
  const octets = new Uint8Array(flash.size);
  flash.read(0, octets);
  return octets;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);
const digest = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

function flashOf(octets: Uint8Array): MemoryFlash {
  const flash = new MemoryFlash(octets.length);
  flash.program(0, octets);
  return flash;
}

/** What a client sees of the life. */
function seen(flash: MemoryFlash, compiled: Compiled, time: number): string[] {
  const meter = RawMeter.boot({ template: compiled, flash, start: time });
  const channel = meter.wrapper();
  associateLls(channel, meter.identity);
  const wanted = [get(1, TEXT, 2), get(3, ENERGY, 2), get(7, LOAD_PROFILE, 7)];
  return wanted.map((one) => hex(channel.exchange(one)));
}

/** Puts a state into a folder that was served with `compiled`, and closes it. */
function folderWith(octets: Uint8Array, compiled: Compiled): void {
  const state = new StateDir(folder);
  state.open(useOf(compiled));
  state.flash(0).program(0, octets);
  state.close();
  state.release();
}

/** The state of meter 0 of the folder under another template. */
function openedWith(compiled: Compiled, more: Partial<StateUse> = {}): MemoryFlash {
  const state = new StateDir(folder);
  try {
    state.open(useOf(compiled, more));
    const flash = state.flash(0);
    const octets = new Uint8Array(flash.size);
    flash.read(0, octets);
    state.close();
    return flashOf(octets);
  } finally {
    state.release();
  }
}

describe("the journal read by the host", () => {
  it("holds what the core wrote: the text, and as many records as it says", () => {
    const meter = lived();
    const state = stateRead(octetsOf(meter.flash)) as Stored;
    expect(state).toMatchObject({ kind: "stored", epoch: 1, torn: false, damaged: 0 });
    const text = valuesOf(state).find((entry) => entry.classId === 1 && entry.name === "0000600101ff");
    expect(Buffer.from(text!.octets).toString("hex")).toBe("0906612074657874");
    expect(state.entries.filter((entry) => entry.name === "0100630100ff" && entry.attribute === 2)).toHaveLength(24);
  });

  it("tells a torn end from damage, and both from what is no state", () => {
    const octets = octetsOf(lived().flash);
    const { size } = stateRead(octets) as Stored;
    const torn = octets.slice();
    torn[size - 8]! ^= 1;
    expect(stateRead(torn)).toMatchObject({ kind: "stored", torn: true, damaged: 0 });
    const damaged = octets.slice();
    damaged[200]! ^= 1;
    expect(stateRead(damaged)).toMatchObject({ kind: "stored", damaged: 1 });
    expect(stateRead(new Uint8Array(65536).fill(0xff))).toEqual({ kind: "empty" });
    expect(stateRead(new Uint8Array(65536))).toEqual({ kind: "unusable" });
  });
});

describe("a state that is damaged", () => {
  it.each([
    ["a record", (octets: Uint8Array): unknown => (octets[200]! ^= 1)],
    ["the first page", (octets: Uint8Array): unknown => octets.fill(0xff, 0, 4096)],
  ])("%s: the meter goes on, says so in one line, and is whole again", async (_, harm) => {
    const meter = lived();
    const octets = octetsOf(meter.flash);
    harm(octets);
    expect((stateRead(octets) as Stored).damaged).toBeGreaterThan(0);
    const flash = flashOf(octets);
    const rig = Rig.boot({ flash: () => flash, start: meter.meterTime });
    await rig.settled();
    expect(rig.reports).toEqual([
      expect.stringMatching(/the stored state was damaged in one place.*event 14 is logged/),
    ]);
    rig.meter(0).powerCut();
    expect(stateRead(octetsOf(flash))).toMatchObject({ kind: "stored", damaged: 0 });
  });
});

describe("a shard that is written anew", () => {
  const head = { flashSize: 8192, first: 0, template: 1 };
  const first =
    (octet: number) =>
    (fresh: Shard): void =>
      fresh.program(0, 0, Uint8Array.of(octet));

  function octetOf(path: string): number {
    const shard = Shard.open(path);
    const octets = new Uint8Array(1);
    shard.read(0, 0, octets);
    shard.close();
    return octets[0]!;
  }

  it("takes the place of the old one whole, or not at all", () => {
    const path = join(folder, "meters-0.shard");
    const old = Shard.create(path, head);
    first(1)(old);
    const failing = (fresh: Shard): void => {
      first(2)(fresh);
      throw new Error("cut");
    };
    expect(() => shardRewrite(old, head, failing)).toThrow("cut");
    expect(readdirSync(folder)).toEqual(["meters-0.shard"]);
    expect(octetOf(path)).toBe(1);
    // What a cut before the rename leaves.
    writeFileSync(`${path}.new`, "half");
    shardRewrite(old, head, first(3));
    old.close();
    expect(readdirSync(folder)).toEqual(["meters-0.shard"]);
    expect(octetOf(path)).toBe(3);
  });
});

describe("a firmware image under way", () => {
  const BLOCK = 256;

  /** A flash with an image of which the second block of three has come. */
  async function begun(): Promise<RawMeter> {
    const meter = RawMeter.boot();
    const transfer = await transferOf(meter);
    await transfer.enable(true);
    await transfer.initiate(Buffer.from("firmware 2"), 3 * BLOCK);
    await transfer.block(1, new Uint8Array(BLOCK).fill(7));
    return meter;
  }

  async function transferOf(meter: RawMeter): Promise<ImageTransfer> {
    const slot = meter.slotOf("wrapper", 0);
    meter.open(slot);
    const client = new Client(meter.transport(slot), { timeOut: 1000, ...lls(meter.identity) });
    await client.connect();
    await client.associate();
    return new ImageTransfer(client);
  }

  it("is not taken for the end of the journal, neither by a reader who knows its area nor by state check", async () => {
    const { flash } = await begun();
    const { imageSize } = new ImageView(template().image);
    expect(stateRead(octetsOf(flash), imageSize)).toMatchObject({ kind: "stored", torn: false, damaged: 0 });
    // Who does not know the area takes the image for more of the journal.
    expect(stateRead(octetsOf(flash))).toMatchObject({ torn: true });
    folderWith(octetsOf(flash), template());
    const { status, stdout } = spawnSync(process.execPath, [MAIN, "state", "check", folder], { encoding: "utf8" });
    expect(stdout).toMatch(/^meter 0: checkpoint 1, .* octets; whole\n1 meters, no damage\n$/);
    expect(status).toBe(0);
  });

  it("goes along to a template whose flash measures otherwise", async () => {
    folderWith(octetsOf((await begun()).flash), template());
    const compiled = template({
      objects: [{ logicalName: LOAD_PROFILE, profile: { depth: 3000 } }],
    } as Parameters<typeof template>[0]);
    const transfer = await transferOf(RawMeter.boot({ template: compiled, flash: openedWith(compiled) }));
    expect(await transfer.status()).toBe(1);
    expect(await transfer.transferred()).toEqual([false, true, false]);
  });

  it("is in the list of what does not fit where its area is another one", async () => {
    folderWith(octetsOf((await begun()).flash), template());
    const image = { sizeMax: 65536 };
    const compiled = template({ objects: [{ logicalName: "0-0:44.0.0.255", image }] } as Parameters<
      typeof template
    >[0]);
    expect(() => openedWith(compiled)).toThrow(
      /0-0:44\.0\.0\.255 .*: a firmware image is under way, in an area of \d+ octets, 69632 now/,
    );
  });
});

describe("a template that has changed", () => {
  const longer = { logicalName: LOAD_PROFILE, profile: { depth: 3000 } };
  const changes = (objects: unknown[]): Compiled => template({ objects } as Parameters<typeof template>[0]);

  it("takes the state over where everything has its place, whatever the flash measures then", () => {
    const meter = lived();
    const before = seen(flashOf(octetsOf(meter.flash)), template(), meter.meterTime);
    folderWith(octetsOf(meter.flash), template());
    const compiled = changes([longer]);
    const flash = openedWith(compiled);
    expect(seen(flash, compiled, meter.meterTime)).toEqual(before);
    expect(said).toEqual([expect.stringContaining("1 meters of ")]);
  });

  it("refuses it with the list of what does not fit, and drops that only when told to", () => {
    const meter = lived();
    folderWith(octetsOf(meter.flash), template());
    const compiled = changes([{ logicalName: "1-0:16.8.0.255", remove: true }]);
    expect(() => openedWith(compiled)).toThrow(
      /does not fit this template.*--migrate drop:\n {2}1-0:16\.8\.0\.255 \(class 3\) hidden value 2\.1: no such object$/s,
    );
    const flash = openedWith(compiled, { drop: true });
    expect(seen(flash, compiled, meter.meterTime)).toEqual(
      seen(flashOf(octetsOf(meter.flash)), template(), meter.meterTime),
    );
  });

  it("does not take rows of other columns for its own", () => {
    const meter = lived();
    folderWith(octetsOf(meter.flash), template());
    const columns = ["0-0:1.0.0.255:2", "1-0:1.8.0.255:2"];
    const compiled = changes([{ logicalName: LOAD_PROFILE, profile: { columns } }]);
    expect(() => openedWith(compiled)).toThrow(
      /1-0:99\.1\.0\.255 \(class 7\) attribute 2: rows of .*, other columns now/,
    );
  });
});

describe("older folders", () => {
  it("with a file for each meter are taken over, and it is said", () => {
    const meter = lived();
    const octets = octetsOf(meter.flash);
    writeFileSync(
      join(folder, "meter-0.flash"),
      octets.subarray(0, octets.findLastIndex((octet) => octet !== 0xff) + 1),
    );
    const flash = openedWith(template());
    expect(same(octetsOf(flash), octets)).toBe(true);
    expect(said).toEqual(["state: 1 meters moved from files of their own (meter-N.flash) into meters-N.shard"]);
    expect(readdirSync(folder)).not.toContain("meter-0.flash");
  });
});

describe("a snapshot", () => {
  it("is the state: what begins with it and gets the same inputs gives the same octets", () => {
    const meter = lived();
    const { flash } = snapshotParse(snapshotEmit(octetsOf(meter.flash)), "file");
    expect(same(flash, octetsOf(meter.flash))).toBe(true);
    const lives = [flashOf(flash), flashOf(octetsOf(meter.flash))].map((one) => {
      const again = RawMeter.boot({ flash: one, start: meter.meterTime });
      const channel = again.wrapper();
      associateLls(channel, again.identity);
      again.advance(3 * HOUR_MS);
      const answers = [get(7, LOAD_PROFILE, 2), get(3, ENERGY, 2), get(7, "0-0:99.98.0.255", 2)].map((wanted) =>
        hex(channel.exchange(wanted)),
      );
      return { answers, block: digest(again.bank.snapshot(0)), flash: digest(octetsOf(again.flash)) };
    });
    expect(lives[0]).toEqual(lives[1]);
  });

  it("is refused in one line when it is damaged, of another version or something else", () => {
    const octets = Buffer.from(snapshotEmit(octetsOf(lived().flash)));
    const changed = (at: number): Uint8Array => {
      const copy = Buffer.from(octets);
      copy[at]! ^= 1;
      return copy;
    };
    for (const at of [24, 40, octets.length - 1, 16])
      expect(() => snapshotParse(changed(at), "f")).toThrow(/^f is damaged: .*; export/);
    expect(() => snapshotParse(changed(8), "f")).toThrow("f has format version 0, this program knows 1; use");
    expect(() => snapshotParse(changed(0), "f")).toThrow("f is no state of a meter; give");
    expect(() => snapshotParse(readFileSync(new URL(import.meta.url)), "f")).toThrow("no state of a meter");
  });
});
