/**
 * When what was written to a file counts as durable. `strict`: each sync is an fdatasync of its own. `group`: one fdatasync serves all that
 * were asked for before it began; whoever asks while it runs waits for the next. Both keep the same promise: nothing is acknowledged before
 * it is on the disk. `none`: nothing is waited for, and a power cut of the computer loses what the system had not written.
 */
import { fdatasync } from "node:fs";

export const DURABILITIES = ["strict", "group", "none"] as const;
export type Durability = (typeof DURABILITIES)[number];

export class Durable {
  /** How many times the disk was asked. */
  rounds = 0;
  private readonly file: number;
  private readonly durability: Durability;
  /** The round under way, and the one that waits for it. */
  private round: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(file: number, durability: Durability) {
    this.file = file;
    this.durability = durability;
  }

  /** A promise that all written so far is durable; undefined when nobody waits for that. */
  sync(): Promise<void> | undefined {
    if (this.durability === "none") return undefined;
    return this.durability === "strict" ? this.flush() : this.join();
  }

  private flush(): Promise<void> {
    this.rounds++;
    return new Promise((resolve, reject) => fdatasync(this.file, (error) => (error ? reject(error) : resolve())));
  }

  /** The next round: it begins when the one under way is over and everybody who is due in this turn has asked. */
  private join(): Promise<void> {
    this.next ??= this.begin(this.round);
    return this.next;
  }

  private async begin(before: Promise<void> | undefined): Promise<void> {
    // Whether the one before went well is for those who waited for it.
    if (before !== undefined) await before.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    this.round = this.next;
    this.next = undefined;
    try {
      await this.flush();
    } finally {
      this.round = undefined;
    }
  }
}
