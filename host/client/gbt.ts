/** General block transfer, both directions in one exchange. GB9 9.4.6.13 (general block transfer mechanism). */

import { decodeApdu, encodeApdu } from "./apdu.ts";
import { type GeneralBlockTransfer } from "./apdu_other.ts";
import { DlmsError, UnexpectedAnswerError } from "./errors.ts";
import { concat } from "./octets.ts";
import { throwIfError } from "./services.ts";

export interface GbtPort {
  send(octets: Uint8Array): Promise<void>;
  receive(): Promise<Uint8Array>;
}

export interface GbtOptions {
  /** Blocks this client takes in one stream, 1..63 */
  window: number;
  /** Octets of block data in one APDU */
  blockSize: number;
  /** For tests: blocks from the meter to lose once, by number. */
  lose?: Set<number>;
  /** Called with the octets received so far. */
  onProgress?: (octets: number) => void;
}

/** Header of the APDU and two octets for a length above 255. */
export const GBT_OVERHEAD = 9;

/**
 * One exchange. `request` is empty when the request went out plain and the meter answers in blocks;
 * then `first` is the first block. Returns the complete answer.
 */
export async function gbtExchange(
  port: GbtPort,
  request: Uint8Array,
  options: GbtOptions,
  first?: GeneralBlockTransfer,
): Promise<Uint8Array> {
  const side = new GbtSide(request, options);
  // The meter's window is not known yet, so the first block travels alone.
  if (first === undefined) await side.streamSend(port, 1);
  await side.streamReceive(port, first);
  while (!side.complete) {
    await side.streamSend(port, side.peerWindow);
    await side.streamReceive(port);
  }
  return side.answer();
}

class GbtSide {
  peerWindow = 1;
  private readonly blocks: Uint8Array[] = [];
  private readonly options: GbtOptions;
  /** Highest own block the meter has confirmed. */
  private confirmed = 0;
  /** Own block number for acknowledgements, which follow the data blocks. */
  private ownNumber: number;
  private readonly received = new Map<number, Uint8Array>();
  /** Highest block received in order without gap. */
  private inOrder = 0;
  private highest = 0;
  private lastNumber: number | undefined;
  private octets = 0;

  constructor(request: Uint8Array, options: GbtOptions) {
    this.options = options;
    for (let at = 0; at < request.length; at += options.blockSize) {
      this.blocks.push(request.subarray(at, at + options.blockSize));
    }
    this.ownNumber = this.blocks.length;
  }

  get complete(): boolean {
    return this.lastNumber !== undefined && this.inOrder === this.lastNumber && this.confirmed >= this.blocks.length;
  }

  answer(): Uint8Array {
    return concat(...Array.from({ length: this.inOrder }, (_, i) => this.received.get(i + 1)!));
  }

  /** Send the next blocks, or one acknowledgement when all have been confirmed. */
  async streamSend(port: GbtPort, window: number): Promise<void> {
    const from = this.confirmed + 1;
    const to = Math.min(this.confirmed + Math.max(window, 1), this.blocks.length);
    if (from > this.blocks.length) {
      this.ownNumber += 1;
      return this.blockSend(port, this.ownNumber, true, false, new Uint8Array(0));
    }
    for (let number = from; number <= to; number++) {
      await this.blockSend(port, number, number === this.blocks.length, number < to, this.blocks[number - 1]!);
    }
  }

  private blockSend(
    port: GbtPort,
    blockNumber: number,
    lastBlock: boolean,
    streaming: boolean,
    data: Uint8Array,
  ): Promise<void> {
    const window = this.gapSize() ?? this.options.window;
    const block: GeneralBlockTransfer = {
      kind: "general-block-transfer",
      lastBlock,
      streaming,
      window,
      blockNumber,
      blockNumberAck: this.inOrder,
      data,
    };
    return port.send(encodeApdu(block));
  }

  /** Size of the first gap in what was received. */
  private gapSize(): number | undefined {
    if (this.highest <= this.inOrder) return undefined;
    let size = 0;
    while (!this.received.has(this.inOrder + 1 + size)) size += 1;
    return size;
  }

  /** Take blocks until one without the streaming bit. */
  async streamReceive(port: GbtPort, first?: GeneralBlockTransfer): Promise<void> {
    let block = first ?? (await this.blockReceive(port));
    this.take(block);
    while (block.streaming) {
      block = await this.blockReceive(port);
      this.take(block);
    }
  }

  private async blockReceive(port: GbtPort): Promise<GeneralBlockTransfer> {
    const apdu = decodeApdu(await port.receive());
    if (apdu.kind === "general-block-transfer") return apdu;
    throwIfError(apdu, "general-block-transfer");
    throw new UnexpectedAnswerError(`${apdu.kind} in the middle of a general block transfer`);
  }

  private take(block: GeneralBlockTransfer): void {
    if (block.blockNumber === 0) throw new DlmsError("the meter aborts the general block transfer");
    if (block.blockNumberAck > Math.max(this.ownNumber, this.blocks.length)) {
      throw new UnexpectedAnswerError(`the meter confirms block ${block.blockNumberAck}, which was never sent`);
    }
    this.confirmed = Math.max(this.confirmed, Math.min(block.blockNumberAck, this.blocks.length));
    this.peerWindow = block.window;
    if (this.options.lose?.delete(block.blockNumber) === true) return;
    if (block.lastBlock) this.lastNumber = Math.min(this.lastNumber ?? block.blockNumber, block.blockNumber);
    if (!this.received.has(block.blockNumber)) this.octets += block.data.length;
    this.received.set(block.blockNumber, block.data);
    this.highest = Math.max(this.highest, block.blockNumber);
    while (this.received.has(this.inOrder + 1)) this.inOrder += 1;
    this.options.onProgress?.(this.octets);
  }
}
