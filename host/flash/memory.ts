/**
 * A flash in memory. Sectors exist from their first program on, and only as far as they have been programmed: the journal of an idle meter of
 * a big bank begins a sector and costs some hundred octets.
 */
import { ERASED, rangeCheck, type Flash } from "./flash.ts";

const SECTOR_SIZE = 4096;
/** Least octets of a sector that are kept; then it doubles. */
const KEPT_MIN = 512;

export class MemoryFlash implements Flash {
  readonly size: number;
  /** The beginning of each sector; what is not kept is erased. */
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
      const kept = Math.max(0, Math.min(count, (sector?.length ?? 0) - offset));
      if (kept > 0) into.set(sector!.subarray(offset, offset + kept), at);
      into.fill(ERASED, at + kept, at + count);
      at += count;
    }
  }

  /** The sector `index`, kept at least up to `offset`. */
  protected sector(index: number, offset: number): Uint8Array {
    const found = this.sectors[index];
    if (found !== undefined && offset < found.length) return found;
    let size = found?.length ?? KEPT_MIN;
    while (size <= offset) size *= 2;
    const sector = new Uint8Array(size).fill(ERASED);
    if (found !== undefined) sector.set(found);
    this.sectors[index] = sector;
    return sector;
  }

  /** Throws when a bit would have to go from 0 to 1: a real device would store something else without a word. */
  program(address: number, octets: Uint8Array): void {
    rangeCheck(this.size, address, octets.length);
    for (let i = 0; i < octets.length; i++) {
      const at = address + i;
      const offset = at % SECTOR_SIZE;
      const sector = this.sector(Math.floor(at / SECTOR_SIZE), offset);
      const old = sector[offset]!;
      const octet = octets[i]!;
      if ((octet & ~old) !== 0) throw new Error(`octet ${at} is programmed without an erase`);
      sector[offset] = octet;
    }
  }

  erase(address: number, size: number): void {
    rangeCheck(this.size, address, size);
    if (address % SECTOR_SIZE !== 0 || size % SECTOR_SIZE !== 0) throw new RangeError("an erase takes whole sectors");
    const end = Math.min((address + size) / SECTOR_SIZE, this.sectors.length);
    for (let index = address / SECTOR_SIZE; index < end; index++) this.sectors[index] = undefined;
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
