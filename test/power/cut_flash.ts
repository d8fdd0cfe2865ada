/**
 * A flash that remembers every operation, and images of it as a power cut leaves them: after each whole operation, in the middle of
 * one, with what no sync had made durable lost or torn, or with bits that rot.
 */
import { ERASED } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import type { Dice } from "../testing.ts";

/** Octets that are written or lost together where a file system is below. */
const BLOCK_SIZE = 512;
const SECTOR_SIZE = 4096;

export type Operation =
  | { readonly kind: "program"; readonly address: number; readonly octets: Uint8Array }
  | { readonly kind: "erase"; readonly address: number; readonly size: number }
  | { readonly kind: "sync" };

/** Remembers what is done to it. `time` and `onOperation` are the scenario's. */
export class RecordedFlash extends MemoryFlash {
  readonly operations: Operation[] = [];
  onOperation: () => void = () => undefined;

  override program(address: number, octets: Uint8Array): void {
    super.program(address, octets);
    this.keep({ kind: "program", address, octets: octets.slice() });
  }

  override erase(address: number, size: number): void {
    super.erase(address, size);
    this.keep({ kind: "erase", address, size });
  }

  override sync(): undefined {
    this.keep({ kind: "sync" });
    return undefined;
  }

  private keep(operation: Operation): void {
    this.operations.push(operation);
    this.onOperation();
  }
}

/** The octets of a flash at one moment. What is done to it later is recorded too: the recovery can be cut as well. */
export class Image extends RecordedFlash {
  copy(): Image {
    const image = new Image(this.size);
    this.sectors.forEach((sector, i) => (image.sectors[i] = sector?.slice()));
    return image;
  }

  /** Does an operation as a whole. */
  apply(operation: Operation): void {
    if (operation.kind === "program") MemoryFlash.prototype.program.call(this, operation.address, operation.octets);
    if (operation.kind === "erase") MemoryFlash.prototype.erase.call(this, operation.address, operation.size);
  }

  /** Does a part of an operation: a prefix of a program, behind it octets with some of their bits; an erase that reached some sectors. */
  tear(operation: Operation, dice: Dice): void {
    if (operation.kind === "program") this.tearProgram(operation.address, operation.octets, dice);
    if (operation.kind === "erase") this.tearErase(operation.address, operation.size, dice);
  }

  /** Does some of several operations, in pieces that a file system would write by themselves: what no sync has made durable. */
  scatter(operations: readonly Operation[], dice: Dice): void {
    for (const operation of operations) {
      if (operation.kind === "erase") this.tearErase(operation.address, operation.size, dice, false);
      if (operation.kind !== "program") continue;
      const { address, octets } = operation;
      for (let at = 0; at < octets.length;) {
        const end = Math.min(octets.length, at + BLOCK_SIZE - ((address + at) % BLOCK_SIZE));
        if (dice.roll(2) === 0) octets.subarray(at, end).forEach((octet, i) => this.poke(address + at + i, octet));
        at = end;
      }
    }
  }

  /** Turns one bit of an octet. */
  rot(address: number, bit: number): void {
    this.poke(address, this.peek(address) ^ (1 << bit));
  }

  peek(address: number): number {
    return this.sectors[Math.floor(address / SECTOR_SIZE)]?.[address % SECTOR_SIZE] ?? ERASED;
  }

  poke(address: number, octet: number): void {
    const offset = address % SECTOR_SIZE;
    this.sector(Math.floor(address / SECTOR_SIZE), offset)[offset] = octet;
  }

  /** Addresses of octets in use, sector by sector. */
  used(): number[] {
    return this.sectors.flatMap((sector, i) =>
      sector === undefined
        ? []
        : [...sector.keys()].filter((at) => sector[at] !== ERASED).map((at) => i * SECTOR_SIZE + at),
    );
  }

  private tearProgram(address: number, octets: Uint8Array, dice: Dice): void {
    const whole = dice.roll(octets.length);
    const partly = dice.roll(3) === 0 ? octets.length : whole;
    octets.subarray(0, whole).forEach((octet, i) => this.poke(address + i, octet));
    for (let i = whole; i < partly; i++) this.poke(address + i, this.peek(address + i) & (octets[i]! | dice.roll(256)));
  }

  private tearErase(address: number, size: number, dice: Dice, bits = true): void {
    for (let at = address; at < address + size; at += SECTOR_SIZE) {
      const index = at / SECTOR_SIZE;
      const roll = dice.roll(bits ? 3 : 2);
      if (roll === 0) this.sectors[index] = undefined;
      if (roll === 2) this.sectors[index]?.forEach((octet, i, all) => (all[i] = octet | dice.roll(256)));
    }
  }
}
