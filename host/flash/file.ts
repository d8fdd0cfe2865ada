/**
 * A flash in a plain file: octet n of the flash is octet n of the file, and what lies behind its end is erased, so a file
 * is as long as what was written. A sync is an fdatasync, and an fsync of the folder the first time.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { ERASED, rangeCheck, type Flash } from "./flash.ts";

const BLANK = new Uint8Array(65536).fill(ERASED);

export class FileFlash implements Flash {
  readonly size: number;
  readonly path: string;
  /** Whether the file held nothing when it was opened: a meter that never ran. */
  readonly fresh: boolean;
  /** While set, sync() promises nothing and costs nothing: a history that is made anew after a crash needs no more. */
  relaxed = false;
  private readonly file: number;
  private end: number;
  private folderIsDurable: boolean;

  /** Opens or creates the file; throws the system's error, or when the file is longer than the flash. */
  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
    this.file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.end = fstatSync(this.file).size;
    this.fresh = this.end === 0;
    this.folderIsDurable = !this.fresh;
    if (this.end > size) {
      closeSync(this.file);
      throw new Error(`${path} has ${this.end} octets, more than the ${size} this template needs: another template's`);
    }
  }

  read(address: number, into: Uint8Array): void {
    rangeCheck(this.size, address, into.length);
    const stored = Math.max(0, Math.min(into.length, this.end - address));
    for (let at = 0; at < stored;) {
      const count = readSync(this.file, into, at, stored - at, address + at);
      if (count === 0) throw new Error(`${this.path} is shorter than it was`);
      at += count;
    }
    into.fill(ERASED, stored);
  }

  program(address: number, octets: Uint8Array): void {
    rangeCheck(this.size, address, octets.length);
    while (this.end < address) this.write(this.end, BLANK.subarray(0, address - this.end));
    this.write(address, octets);
  }

  erase(address: number, size: number): void {
    rangeCheck(this.size, address, size);
    if (address + size >= this.end) {
      if (address < this.end) ftruncateSync(this.file, address);
      this.end = Math.min(this.end, address);
      return;
    }
    for (let at = address; at < address + size; at += BLANK.length) {
      this.write(at, BLANK.subarray(0, Math.min(BLANK.length, address + size - at)));
    }
  }

  sync(): Promise<void> | undefined {
    if (this.relaxed) return undefined;
    return new Promise((resolve, reject) => {
      fdatasync(this.file, (error) => {
        if (error) return reject(error);
        try {
          this.syncFolder();
          resolve();
        } catch (folderError) {
          reject(folderError as Error);
        }
      });
    });
  }

  close(): void {
    closeSync(this.file);
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

  private write(address: number, octets: Uint8Array): void {
    for (let at = 0; at < octets.length;) at += writeSync(this.file, octets, at, octets.length - at, address + at);
    this.end = Math.max(this.end, address + octets.length);
  }
}
