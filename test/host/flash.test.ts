import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileFlash } from "../../host/flash/file.ts";
import type { Flash } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { StateDir } from "../../host/flash/state_dir.ts";

const SIZE = 16384;
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
  ["in a file", () => new FileFlash(join(folder, "flash"), SIZE)],
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

describe("a flash in a file", () => {
  it("keeps its octets when it is closed and opened, and is as long as what was written", async () => {
    const path = join(folder, "flash");
    const flash = new FileFlash(path, SIZE);
    expect(flash.fresh).toBe(true);
    flash.program(100, Uint8Array.of(1, 2, 3));
    await flash.sync();
    flash.close();
    expect(statSync(path).size).toBe(103);
    const again = new FileFlash(path, SIZE);
    expect(again.fresh).toBe(false);
    expect(readAll(again, 99, 5)).toEqual([0xff, 1, 2, 3, 0xff]);
    again.close();
  });

  it("refuses a file that is longer than the flash", () => {
    writeFileSync(join(folder, "flash"), new Uint8Array(SIZE + 1));
    expect(() => new FileFlash(join(folder, "flash"), SIZE)).toThrow("another template");
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

  it("gives each meter its own file", () => {
    const state = new StateDir(folder);
    const flash = state.flash(7, SIZE);
    flash.program(0, Uint8Array.of(1));
    flash.close();
    state.release();
    expect(readdirSync(folder)).toEqual(["meter-7.flash"]);
  });
});
