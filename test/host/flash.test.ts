import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Flash } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { Shard, ShardError } from "../../host/flash/shard.ts";
import { StateDir } from "../../host/state/state_dir.ts";
import { templateLoad } from "../../host/template/load.ts";

const SIZE = 16384;
const HEAD = { flashSize: SIZE, first: 0, template: 7 };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flash-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function readAll(flash: Flash, address = 0, size = SIZE): number[] {
  const octets = new Uint8Array(size);
  flash.read(address, octets);
  return [...octets];
}

const erased = (size: number): number[] => Array.from({ length: size }, () => 0xff);
const kinds: [string, () => Flash][] = [
  ["in memory", () => new MemoryFlash(SIZE)],
  ["in a shard", () => Shard.create(join(folder, "shard"), HEAD).flash(3)],
];

describe.each(kinds)("a flash %s", (_name, make) => {
  it("reads FF until it is programmed", () => {
    expect(readAll(make())).toEqual(erased(SIZE));
  });

  it("reads back what was programmed, across sectors and beyond what was written before", () => {
    const flash = make();
    flash.program(4090, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    flash.program(12288, Uint8Array.of(11, 12));
    expect(readAll(flash, 4089, 12)).toEqual([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xff]);
    expect(readAll(flash, 12287, 4)).toEqual([0xff, 11, 12, 0xff]);
    expect(readAll(flash, 8000, 100)).toEqual(erased(100));
  });

  it("erases the sectors it is told, and no other", () => {
    const flash = make();
    for (let sector = 0; sector < 4; sector++) flash.program(sector * 4096, Uint8Array.of(sector));
    flash.erase(4096, 8192);
    expect([0, 4096, 8192, 12288].map((address) => readAll(flash, address, 1)[0])).toEqual([0, 0xff, 0xff, 3]);
    flash.erase(12288, 4096);
    expect(readAll(flash, 12288, 4096)).toEqual(erased(4096));
    flash.program(12288, Uint8Array.of(9));
    expect(readAll(flash, 12288, 2)).toEqual([9, 0xff]);
  });

  it("refuses what lies beyond its end", () => {
    const flash = make();
    expect(() => flash.program(SIZE - 1, Uint8Array.of(1, 2))).toThrow(RangeError);
    expect(() => flash.read(SIZE, new Uint8Array(1))).toThrow(RangeError);
    expect(() => flash.erase(SIZE, 4096)).toThrow(RangeError);
  });
});

describe("a flash in memory", () => {
  it("tells of a program without an erase", () => {
    const flash = new MemoryFlash(SIZE);
    flash.program(5, Uint8Array.of(0xf0));
    flash.program(5, Uint8Array.of(0x30));
    expect(() => flash.program(5, Uint8Array.of(0x31))).toThrow("octet 5");
  });
});

describe("a shard", () => {
  const path = (): string => join(folder, "shard");

  it("keeps what meters have programmed when it is closed and opened, each to itself", async () => {
    const shard = Shard.create(path(), HEAD);
    const [one, other] = [shard.flash(0), shard.flash(1023)];
    expect([one.fresh, other.fresh]).toEqual([true, true]);
    one.program(100, Uint8Array.of(1, 2, 3));
    other.program(SIZE - 1, Uint8Array.of(4));
    await Promise.all([one.sync(), other.sync()]);
    shard.close();
    const again = Shard.open(path());
    expect(again.head).toEqual(HEAD);
    expect(again.meters).toEqual([0, 1023]);
    expect(readAll(again.flash(0), 99, 5)).toEqual([0xff, 1, 2, 3, 0xff]);
    expect(readAll(again.flash(1), 0, SIZE)).toEqual(erased(SIZE));
    expect(readAll(again.flash(1023), SIZE - 2, 2)).toEqual([0xff, 4]);
    again.close();
  });

  it("takes no place for what was never programmed", () => {
    const shard = Shard.create(path(), { ...HEAD, flashSize: 1 << 20 });
    shard.flash(1000).program(0, Uint8Array.of(1));
    shard.flash(1000).erase(0, 1 << 20);
    shard.flash(500).erase(0, 1 << 20);
    expect(shard.octetsStored).toBeLessThan(65536);
    expect(statSync(path()).size).toBeGreaterThan(1000 << 20);
    shard.close();
  });

  it("asks the disk once for all who wait, or for each by itself, or not at all", async () => {
    const rounds = { strict: 20, group: 2, none: 0 };
    for (const durability of ["strict", "group", "none"] as const) {
      const shard = Shard.create(join(folder, durability), HEAD, durability);
      const flashes = Array.from({ length: 10 }, (_, i) => shard.flash(i));
      const first = flashes.map((flash) => flash.sync());
      expect(first.every((one) => (one === undefined) === (durability === "none"))).toBe(true);
      await Promise.all(first);
      await Promise.all(flashes.map((flash) => flash.sync()));
      expect(shard.rounds, durability).toBe(rounds[durability]);
      shard.close();
    }
  });

  it("who asks while the disk is at work is served by the next round, not by that one", async () => {
    const shard = Shard.create(path(), HEAD);
    const first = shard.flash(0).sync()!;
    await new Promise((resolve) => setImmediate(resolve));
    expect(shard.rounds).toBe(1);
    await Promise.all([first, shard.flash(1).sync(), shard.flash(2).sync()]);
    expect(shard.rounds).toBe(2);
    shard.close();
  });

  it("says what is wrong with a file: damaged, of another version, no state", () => {
    Shard.create(path(), HEAD).close();
    const octets = readFileSync(path());
    const written = (at: number, value: number): string => {
      const changed = Buffer.from(octets);
      changed[at] = value;
      if (at === 8) changed.writeUInt32LE(crc32(changed.subarray(0, 28)), 28);
      writeFileSync(path(), changed);
      return path();
    };
    expect(() => Shard.open(written(8, 9))).toThrow(/format version 9, this program knows 1; use/);
    expect(() => Shard.open(written(12, 1))).toThrow(ShardError);
    writeFileSync(path(), "");
    expect(() => Shard.open(path())).toThrow(/is damaged or no state of meters; restore it/);
  });
});

describe("a state folder", () => {
  it("is created, locked and released", () => {
    const path = join(folder, "a/b");
    const state = new StateDir(path);
    expect(readFileSync(join(path, "lock"), "utf8")).toBe(`${process.pid}\n`);
    expect(() => new StateDir(path)).toThrow(`used by process ${process.pid}`);
    state.release();
    expect(readdirSync(path)).toEqual([]);
    new StateDir(path).release();
  });

  it("takes over from a process that has died", () => {
    const dead = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(join(folder, "lock"), `${dead.pid}\n`);
    const state = new StateDir(folder);
    expect(readFileSync(join(folder, "lock"), "utf8")).toBe(`${process.pid}\n`);
    state.release();
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });

  it("keeps meters in shards of 1024", () => {
    const state = new StateDir(folder);
    const image = templateLoad().image;
    state.open({ flashSize: SIZE, image, durability: "none", say: () => undefined });
    for (const meter of [7, 1023, 1024, 9999]) state.flash(meter).program(0, Uint8Array.of(1));
    state.close();
    state.release();
    const files = ["meters-0.shard", "meters-1024.shard", "meters-9216.shard"];
    expect(readdirSync(folder).sort()).toEqual([...files, expect.stringMatching(/^template-[0-9a-f]{8}\.image$/)]);
  });
});
