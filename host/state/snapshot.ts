/**
 * The complete state of a meter as one file: what its flash holds, without what is erased behind it. Two meters of one template that begin
 * with it and get the same inputs give the same octets.
 *
 *   "DLMSSNAP" | version u32 | octets of the flash u32 | check of the template u32 | stretches u32 | { address u32 | size u32 | octets } … |
 *   CRC-32 of all before u32      (little-endian)
 */
import { crc32 } from "node:zlib";
import { stateRead } from "./journal.ts";

/** "DLMSSNAP" */
const MAGIC = 0x50414e53534d4c44n;
const VERSION = 1;
const HEAD_SIZE = 24;
const PAGE_SIZE = 4096;

export interface Snapshot {
  readonly flashSize: number;
  readonly template: number;
  readonly flash: Uint8Array;
}

/** The file is no snapshot, or a damaged one. */
export class SnapshotError extends Error {}

/** Stretches of whole pages that are not erased. */
function stretchesOf(flash: Uint8Array): { address: number; octets: Uint8Array }[] {
  const stretches: { address: number; octets: Uint8Array }[] = [];
  let from = -1;
  for (let at = 0; at <= flash.length; at += PAGE_SIZE) {
    const page = flash.subarray(at, at + PAGE_SIZE);
    const blank = page.every((octet) => octet === 0xff);
    if (!blank && from < 0) from = at;
    if (!blank || from < 0) continue;
    stretches.push({ address: from, octets: flash.subarray(from, at) });
    from = -1;
  }
  return stretches;
}

export function snapshotEmit(flash: Uint8Array): Uint8Array {
  const state = stateRead(flash);
  const stretches = stretchesOf(flash);
  const head = Buffer.alloc(HEAD_SIZE);
  head.writeBigUInt64LE(MAGIC, 0);
  [VERSION, flash.length, state.kind === "stored" ? state.template : 0, stretches.length].forEach((word, i) =>
    head.writeUInt32LE(word, 8 + 4 * i),
  );
  const parts = stretches.flatMap(({ address, octets }) => {
    const range = Buffer.alloc(8);
    range.writeUInt32LE(address, 0);
    range.writeUInt32LE(octets.length, 4);
    return [range, octets];
  });
  const body = Buffer.concat([head, ...parts]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(body), 0);
  return Buffer.concat([body, check]);
}

/** Throws SnapshotError; `path` names the file in its text. */
export function snapshotParse(octets: Uint8Array, path: string): Snapshot {
  const file = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  if (file.length < HEAD_SIZE + 4 || file.readBigUInt64LE(0) !== MAGIC)
    throw new SnapshotError(`${path} is no state of a meter; give a file that state export wrote`);
  const version = file.readUInt32LE(8);
  if (version !== VERSION)
    throw new SnapshotError(
      `${path} has format version ${version}, this program knows ${VERSION}; use the program that wrote it`,
    );
  if (crc32(file.subarray(0, -4)) !== file.readUInt32LE(file.length - 4))
    throw new SnapshotError(`${path} is damaged: its check value is wrong; export the state again`);
  const flashSize = file.readUInt32LE(12);
  const flash = new Uint8Array(flashSize).fill(0xff);
  let at = HEAD_SIZE;
  for (let i = 0; i < file.readUInt32LE(20); i++) {
    const [address, size] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    flash.set(file.subarray(at + 8, at + 8 + size), address);
    at += 8 + size;
  }
  return { flashSize, template: file.readUInt32LE(16), flash };
}
