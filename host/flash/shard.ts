/**
 * The flashes of many meters in one file, so that thousands of them need few open files. docs/FLASH.md, "The files of the host": a head of
 * one page, then a range of equal size for each meter. Octets stand complemented, so that a hole of the file, which reads 0 and takes no
 * place on the disk, is erased flash: nothing is written before it is programmed.
 */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { Durable, type Durability } from "./durability.ts";
import { rangeCheck, type Flash } from "./flash.ts";

const HEAD_SIZE = 4096;
/** "DLMSHARD" */
const MAGIC = 0x445241485f534d4cn;
const VERSION = 1;
const CHECKED_SIZE = 28;
/** A bit for each meter whose range has been programmed. */
const USED_AT = 64;
const CHUNK_SIZE = 65536;
/** Most meters in one file. */
export const SHARD_METERS = 1024;
/** Threads may each have the file open and write to the ranges of their meters when they divide them by this: eight share an octet of the bits. */
export const SHARD_SHARE = 8;

/** What a shard is made for. */
export interface ShardHead {
  /** Octets of each meter's flash. */
  readonly flashSize: number;
  /** Number of its first meter. */
  readonly first: number;
  /** Check value of the template of its meters. */
  readonly template: number;
}

/** The file is no shard, or one of another version: what, where, what to do. */
export class ShardError extends Error {}

function headEmit(head: ShardHead): Uint8Array {
  const octets = new Uint8Array(HEAD_SIZE);
  const view = new DataView(octets.buffer);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, head.flashSize, true);
  view.setUint32(16, SHARD_METERS, true);
  view.setUint32(20, head.first, true);
  view.setUint32(24, head.template, true);
  view.setUint32(CHECKED_SIZE, crc32(octets.subarray(0, CHECKED_SIZE)), true);
  return octets;
}

function headParse(path: string, octets: Uint8Array): ShardHead {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (
    view.getBigUint64(0, true) !== MAGIC ||
    view.getUint32(CHECKED_SIZE, true) !== crc32(octets.subarray(0, CHECKED_SIZE))
  )
    throw new ShardError(
      `${path} is damaged or no state of meters; restore it from a copy, or move it away to begin anew`,
    );
  const version = view.getUint32(8, true);
  if (version !== VERSION)
    throw new ShardError(
      `${path} has format version ${version}, this program knows ${VERSION}; use the program that wrote it`,
    );
  return {
    flashSize: view.getUint32(12, true),
    first: view.getUint32(20, true),
    template: view.getUint32(24, true),
  };
}

/** Octets of the flash as they stand in the file, and back. */
function complement(octets: Uint8Array): Uint8Array {
  for (let i = 0; i < octets.length; i++) octets[i]! ^= 0xff;
  return octets;
}

export class Shard {
  readonly path: string;
  readonly head: ShardHead;
  private readonly file: number;
  private readonly durable: Durable;
  private readonly usedBits: Uint8Array;
  private readonly page = new Uint8Array(CHUNK_SIZE);
  private folderIsDurable: boolean;

  private constructor(
    path: string,
    file: number,
    head: ShardHead,
    used: Uint8Array,
    fresh: boolean,
    durability: Durability,
  ) {
    this.path = path;
    this.file = file;
    this.head = head;
    this.usedBits = used;
    this.durable = new Durable(file, durability);
    this.folderIsDurable = !fresh;
  }

  /** Makes the file, which must not be there; throws the system's error. */
  static create(path: string, head: ShardHead, durability: Durability = "group"): Shard {
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      const octets = headEmit(head);
      for (let at = 0; at < octets.length;) at += writeSync(file, octets, at, octets.length - at, at);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    return new Shard(path, file, head, new Uint8Array(SHARD_METERS / 8), true, durability);
  }

  /** Opens the file; throws the system's error, or ShardError. */
  static open(path: string, durability: Durability = "group", flags = constants.O_RDWR): Shard {
    const file = openSync(path, flags);
    try {
      const octets = new Uint8Array(HEAD_SIZE);
      readSync(file, octets, 0, HEAD_SIZE, 0);
      const head = headParse(path, octets);
      return new Shard(path, file, head, octets.slice(USED_AT, USED_AT + SHARD_METERS / 8), false, durability);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** How often the disk was asked to make something durable. */
  get rounds(): number {
    return this.durable.rounds;
  }

  /** Octets that the file takes on the disk. */
  get octetsStored(): number {
    return fstatSync(this.file).blocks * 512;
  }

  /** Whether the meter, counted from the first of this shard, has ever been programmed. */
  used(index: number): boolean {
    return (this.usedBits[index >> 3]! & (1 << (index & 7))) !== 0;
  }

  /** Numbers of the meters that have a state, counted from the first of this shard. */
  get meters(): number[] {
    return Array.from({ length: SHARD_METERS }, (_, index) => index).filter((index) => this.used(index));
  }

  /** The flash of a meter, counted from the first of this shard. */
  flash(index: number): ShardFlash {
    if (index < 0 || index >= SHARD_METERS) throw new RangeError(`a shard holds meters 0 to ${SHARD_METERS - 1}`);
    return new ShardFlash(this, index);
  }

  read(index: number, address: number, into: Uint8Array): void {
    const from = this.at(index, address);
    let done = 0;
    while (done < into.length) {
      const count = readSync(this.file, into, done, into.length - done, from + done);
      // Behind the end of the file everything is erased.
      if (count === 0) break;
      done += count;
    }
    into.fill(0, done);
    complement(into);
  }

  program(index: number, address: number, octets: Uint8Array): void {
    if (!this.used(index)) this.use(index);
    for (let at = 0; at < octets.length; at += CHUNK_SIZE) {
      const part = this.page.subarray(0, Math.min(CHUNK_SIZE, octets.length - at));
      part.set(octets.subarray(at, at + part.length));
      this.write(this.at(index, address + at), complement(part));
    }
  }

  /** Zeros where something stands; a hole stays a hole. */
  erase(index: number, address: number, size: number): void {
    for (let at = address; at < address + size; at += CHUNK_SIZE) {
      const part = this.page.subarray(0, Math.min(CHUNK_SIZE, address + size - at));
      const count = readSync(this.file, part, 0, part.length, this.at(index, at));
      if (count === 0) return;
      if (part.subarray(0, count).every((octet) => octet === 0)) continue;
      this.write(this.at(index, at), part.subarray(0, count).fill(0));
    }
  }

  sync(): Promise<void> | undefined {
    const round = this.durable.sync();
    return round === undefined || this.folderIsDurable ? round : round.then(() => this.syncFolder());
  }

  /** Makes everything durable now, whatever the kind of durability. */
  flush(): void {
    fsyncSync(this.file);
    this.syncFolder();
  }

  close(): void {
    closeSync(this.file);
  }

  private at(index: number, address: number): number {
    return HEAD_SIZE + index * this.head.flashSize + address;
  }

  private use(index: number): void {
    this.usedBits[index >> 3]! |= 1 << (index & 7);
    this.write(USED_AT + (index >> 3), this.usedBits.subarray(index >> 3, (index >> 3) + 1));
  }

  private write(to: number, octets: Uint8Array): void {
    try {
      for (let at = 0; at < octets.length;) at += writeSync(this.file, octets, at, octets.length - at, to + at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      throw new ShardError(`no space left for ${this.path}; make room and start again`);
    }
  }

  /** A new file is only there after a power cut when its folder is durable too (POSIX fsync). */
  private syncFolder(): void {
    if (this.folderIsDurable) return;
    const folder = openSync(dirname(this.path), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    this.folderIsDurable = true;
  }
}

/** The flash of one meter of a shard. */
export class ShardFlash implements Flash {
  readonly size: number;
  /** Whether it held nothing when it was opened: a meter that never ran. */
  readonly fresh: boolean;
  private readonly shard: Shard;
  private readonly index: number;

  constructor(shard: Shard, index: number) {
    this.shard = shard;
    this.index = index;
    this.size = shard.head.flashSize;
    this.fresh = !shard.used(index);
  }

  read(address: number, into: Uint8Array): void {
    rangeCheck(this.size, address, into.length);
    this.shard.read(this.index, address, into);
  }

  program(address: number, octets: Uint8Array): void {
    rangeCheck(this.size, address, octets.length);
    this.shard.program(this.index, address, octets);
  }

  erase(address: number, size: number): void {
    rangeCheck(this.size, address, size);
    this.shard.erase(this.index, address, size);
  }

  sync(): Promise<void> | undefined {
    return this.shard.sync();
  }

  /** The file is closed by its shard. */
  close(): void {}
}
