/** A flash in memory. Sectors exist from their first program on, so that an idle meter of a big bank costs next to nothing. */
import { ERASED, rangeCheck, type Flash } from "./flash.ts";

const SECTOR_SIZE = 4096;

export class MemoryFlash implements Flash {
  readonly size: number;
  protected readonly sectors: (Uint8Array | undefined)[] = [];

  constructor(size: number) {
    this.size = size;
  }

  read(address: number, into: Uint8Array): void {
    rangeCheck(this.size, address, into.length);
    for (let at = 0; at < into.length;) {
      const offset = (address + at) % SECTOR_SIZE;
      const count = Math.min(SECTOR_SIZE - offset, into.length - at);
      const sector = this.sectors[Math.floor((address + at) / SECTOR_SIZE)];
      if (sector === undefined) into.fill(ERASED, at, at + count);
      else into.set(sector.subarray(offset, offset + count), at);
      at += count;
    }
  }

  /** Throws when a bit would have to go from 0 to 1: a real device would store something else without a word. */
  program(address: number, octets: Uint8Array): void {
    rangeCheck(this.size, address, octets.length);
    for (let i = 0; i < octets.length; i++) {
      const at = address + i;
      const sector = (this.sectors[Math.floor(at / SECTOR_SIZE)] ??= new Uint8Array(SECTOR_SIZE).fill(ERASED));
      const old = sector[at % SECTOR_SIZE]!;
      const octet = octets[i]!;
      if ((octet & ~old) !== 0) throw new Error(`octet ${at} is programmed without an erase`);
      sector[at % SECTOR_SIZE] = octet;
    }
  }

  erase(address: number, size: number): void {
    rangeCheck(this.size, address, size);
    if (address % SECTOR_SIZE !== 0 || size % SECTOR_SIZE !== 0) throw new RangeError("an erase takes whole sectors");
    for (let at = address; at < address + size; at += SECTOR_SIZE) this.sectors[at / SECTOR_SIZE] = undefined;
  }

  sync(): Promise<void> | undefined {
    return undefined;
  }

  close(): void {}

  /** A copy with the same octets, for tests that cut the power. */
  clone(): MemoryFlash {
    const copy = new MemoryFlash(this.size);
    this.sectors.forEach((sector, i) => (copy.sectors[i] = sector?.slice()));
    return copy;
  }
}
