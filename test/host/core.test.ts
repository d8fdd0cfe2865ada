import { instantiateSync } from "@assemblyscript/loader";
import { beforeAll, describe, expect, it } from "vitest";
import { ABI_VERSION, Core, LineEvent, PlanRefused, type Sample } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { constantLoad } from "../../host/metrology/constant.ts";
import { SteppedMetrology } from "../../host/metrology/steps.ts";
import { templateLoad } from "../../host/template/load.ts";
import { coreLoaded, START } from "./rig.ts";

const NO_PROVISION = new Uint8Array(0);

let core: Core;
let image: Uint8Array;

beforeAll(() => {
  core = coreLoaded();
  image = templateLoad().image;
});

describe("the module", () => {
  it("imports the memory alone and speaks the ABI of this host", () => {
    const module = new WebAssembly.Module(coreOctets() as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    const calls = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const call of ["boot", "plan", "planned", "receive", "sample", "tick", "transmitPoll"])
      expect(calls).toContain(call);
  });

  it("also loads through the AssemblyScript loader", () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
    const { exports } = instantiateSync<{ abiVersion(): number }>(coreOctets(), { env: { memory } });
    expect(exports.abiVersion()).toBe(ABI_VERSION);
  });
});

describe("plan", () => {
  it("lays out the default template: a page-aligned block, flash for it, and its slots", () => {
    const plan = core.plan(image);
    expect(plan.blockSize % 4096).toBe(0);
    expect(plan.seatsAt % 4096).toBe(0);
    expect(plan.flashSize % 4096).toBe(0);
    expect(plan.slots).toBe(templateLoad().model.parts.slotCount);
    expect(core.plan(image)).toEqual(plan);
  });

  it("gives another layout another id", () => {
    const other = templateLoad("idis-p3", ["0-0:42.0.0.255:2=text:OTHER"]).image;
    expect(core.plan(other)).toBeDefined();
    expect(Core.seatsMax(core.plan(image))).toBeGreaterThan(1000);
  });

  it("says which limit refuses an image", () => {
    const broken = image.slice();
    broken[0]! ^= 1;
    expect(() => core.plan(broken)).toThrow(PlanRefused);
    const changed = image.slice();
    changed[changed.length - 1]! ^= 1;
    expect(() => core.plan(changed)).toThrow(expect.objectContaining({ limit: 4 }));
    expect(() => core.plan(image.subarray(0, image.length - 1))).toThrow(PlanRefused);
    expect(() => core.plan(new Uint8Array(0))).toThrow(PlanRefused);
  });

  it("refuses more seats than addresses", () => {
    expect(() => core.bank(image, Core.seatsMax(core.plan(image)) + 1)).toThrow("a bank holds");
    expect(() => core.bank(image, 0)).toThrow("a bank holds");
  });
});

/** Boots a seat on a fresh flash and drains it. */
function boot(bank: ReturnType<Core["bank"]>, seat: number): void {
  const flash = new MemoryFlash(bank.plan.flashSize);
  expect(bank.boot(seat, NO_PROVISION, flash.size, 1000, START)).toBe(0);
  drain(bank, seat, flash);
}

function drain(bank: ReturnType<Core["bank"]>, seat: number, flash: MemoryFlash): void {
  for (let operation = bank.flashPoll(seat); operation !== 0; operation = bank.flashPoll(seat)) {
    const { flashAddress: address, flashSize: size } = bank;
    if (operation === 1) flash.read(address, bank.flashData(size));
    if (operation === 2) flash.program(address, bank.flashData(size));
    if (operation === 3) flash.erase(address, size);
    expect(bank.flashDone(seat, 0, START)).toBe(0);
  }
}

describe("a bank", () => {
  it("keeps its seats apart: what one does leaves the octets of the others as they are", () => {
    const bank = core.bank(image, 3);
    for (let seat = 0; seat < 3; seat++) boot(bank, seat);
    const [before0, before2] = [bank.snapshot(0), bank.snapshot(2)];
    bank.lineEvent(1, 0, LineEvent.OPENED, 1001, START + 1);
    bank.sample(1, new SteppedMetrology(constantLoad).sample(START, START + 1000), START + 1000);
    bank.receive(1, 0, Uint8Array.of(0, 1, 0, 16, 0, 1, 0, 1, 0x60), 1002, START + 1000);
    expect(Buffer.compare(bank.snapshot(0), before0)).toBe(0);
    expect(Buffer.compare(bank.snapshot(2), before2)).toBe(0);
  });

  it("leaves an unused seat zeroed, and refuses calls on it", () => {
    const bank = core.bank(image, 2);
    boot(bank, 0);
    expect(bank.snapshot(1).every((octet) => octet === 0)).toBe(true);
    expect(bank.receive(1, 0, Uint8Array.of(1), 1000, START)).toBeLessThan(0);
    expect(bank.deadlinePoll(1)).toBeLessThan(0);
  });

  it("refuses times that are none, and seats that are not there", () => {
    const bank = core.bank(image, 1);
    for (const time of [NaN, -1, Infinity, 1e300]) {
      expect(bank.boot(0, NO_PROVISION, bank.plan.flashSize, 0, time)).toBeLessThan(0);
      expect(bank.boot(0, NO_PROVISION, bank.plan.flashSize, time, START)).toBeLessThan(0);
    }
    expect(bank.boot(1000, NO_PROVISION, bank.plan.flashSize, 0, START)).toBeLessThan(0);
  });

  it("hands a sample over with all 64 bits of its energies", () => {
    const bank = core.bank(image, 1);
    boot(bank, 0);
    const big = 0x123456789abc;
    const sample: Sample = { energies: new Float64Array(12).fill(big), values: new Int32Array(13).fill(5) };
    expect(bank.sample(0, sample, START + 1)).toBeGreaterThanOrEqual(0);
    // The accumulator of +A stands in the block as it came.
    const wanted = Buffer.alloc(8);
    wanted.writeBigInt64LE(BigInt(big));
    expect(Buffer.from(bank.block(0)).includes(wanted)).toBe(true);
  });

  it("moves a meter to another seat, and refuses a block of another size", () => {
    const bank = core.bank(image, 2);
    boot(bank, 0);
    bank.restore(1, bank.snapshot(0));
    expect(bank.deadlinePoll(1)).toBe(0);
    const deadline = bank.meterDeadline;
    bank.deadlinePoll(0);
    expect(bank.meterDeadline).toBe(deadline);
    expect(() => bank.restore(1, new Uint8Array(5))).toThrow("another layout");
    expect(() => bank.block(2)).toThrow(RangeError);
  });
});
