/** A firmware image that comes in blocks, a few a step, with all else between: what a meter says of it is what its history knows. */
import { type Client, firmwareImageEmit, ImageTransfer } from "../../host/client/index.ts";
import type { Life } from "./scenario.ts";

const BLOCK = 256;
/** image_transfer_status (Blue Book, class_id 18). */
const INITIATED = 1;
const VERIFIED = 3;
const ACTIVATED = 6;

/** image_transfer_status, and which blocks have come. */
export async function imageRead(client: Client): Promise<string> {
  const transfer = new ImageTransfer(client);
  const status = await transfer.status();
  return `${status} ${(await transfer.transferred()).map(Number).join("")}`;
}

/** Transfers of one life, one after the other. */
export class ImageSteps {
  private octets: Uint8Array = new Uint8Array(0);
  private identifier = Buffer.alloc(0);
  private sent = 0;
  private order: number[] = [];
  private number = 0;

  /** Initiates a transfer, sends some blocks, or, when all have come, verifies and activates the image. */
  async step(life: Life): Promise<void> {
    const transfer = new ImageTransfer(life.plain);
    if (this.order.length === 0) return this.initiate(life, transfer);
    if (this.sent === this.order.length) return this.end(life, transfer);
    for (let i = 1 + life.dice.roll(3); i > 0 && this.sent < this.order.length; i--) {
      const block = this.order[this.sent++]!;
      const octets = this.octets.subarray(block * BLOCK, (block + 1) * BLOCK);
      await life.write("image", this.text(INITIATED), () => transfer.block(block, octets));
    }
  }

  private text(status: number): string {
    const come = new Set(this.order.slice(0, this.sent));
    const blocks = Array.from(this.order, (_, i) => Number(come.has(i)));
    return `${status} ${blocks.join("")}`;
  }

  private async initiate(life: Life, transfer: ImageTransfer): Promise<void> {
    this.identifier = Buffer.from(`firmware ${++this.number}`);
    const payload = life.dice.octets(600 + life.dice.roll(1500));
    const target = Buffer.from("MMM103");
    this.octets = firmwareImageEmit({ identifier: this.identifier, firmware: 1, target, payload });
    this.order = Array.from({ length: Math.ceil(this.octets.length / BLOCK) }, (_, i) => i);
    for (let i = this.order.length - 1; i > 0; i--) {
      const other = life.dice.roll(i + 1);
      [this.order[i], this.order[other]] = [this.order[other]!, this.order[i]!];
    }
    this.sent = 0;
    await transfer.enable(true);
    // Between the old image and the new one there is none.
    const begin = life.now;
    await transfer.initiate(this.identifier, this.octets.length);
    life.history.wrote("image", "0 ", begin, life.now);
    life.history.wrote("image", this.text(INITIATED), begin, life.now);
  }

  private async end(life: Life, transfer: ImageTransfer): Promise<void> {
    await this.reach(life, transfer, VERIFIED, 2, () => transfer.verify());
    await this.reach(life, transfer, ACTIVATED, 5, () => transfer.activate());
    this.order = [];
  }

  /** Runs a method until the status is `status`; the meter says `meanwhile` until then. */
  private async reach(
    life: Life,
    transfer: ImageTransfer,
    status: number,
    meanwhile: number,
    run: () => Promise<void>,
  ): Promise<void> {
    const begin = life.now;
    await run().catch(() => undefined);
    for (let i = 0; (await transfer.status()) !== status; i++) {
      if (i === 20) throw new Error(`the image does not reach status ${status}`);
      life.meter.advance(1000);
    }
    life.history.wrote("image", this.text(meanwhile), begin, life.now);
    life.history.wrote("image", this.text(status), begin, life.now);
  }
}
