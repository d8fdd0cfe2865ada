/** The shards of a state folder, each opened when a meter of it is wanted, and made where it is not there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Durability } from "../flash/durability.ts";
import { Shard, SHARD_METERS, ShardError, type ShardFlash } from "../flash/shard.ts";

/** What the meters of the shards have in common. */
export interface ShardUse {
  /** The folder. */
  readonly path: string;
  /** Octets of flash that a meter needs. */
  readonly flashSize: number;
  /** Check value of the template. */
  readonly template: number;
  readonly durability: Durability;
}

/** Name of the shard whose first meter is `first`. */
export const shardName = (first: number): string => `meters-${first}.shard`;

/** Number of the first meter of the shard that meter `index` is in. */
export const shardFirst = (index: number): number => index - (index % SHARD_METERS);

export class ShardFiles {
  readonly use: ShardUse;
  private readonly shards = new Map<number, Shard>();

  constructor(use: ShardUse) {
    this.use = use;
  }

  /** Takes a shard that is open. */
  add(shard: Shard): void {
    this.shards.set(shard.head.first, shard);
  }

  /** The shard whose first meter is `first`. */
  shard(first: number): Shard {
    let shard = this.shards.get(first);
    if (shard !== undefined) return shard;
    const file = join(this.use.path, shardName(first));
    shard = existsSync(file) ? this.open(file) : this.create(file, first);
    this.add(shard);
    return shard;
  }

  private create(file: string, first: number): Shard {
    const { flashSize, template, durability } = this.use;
    return Shard.create(file, { flashSize, first, template }, durability);
  }

  private open(file: string): Shard {
    const { flashSize, template, durability } = this.use;
    const shard = Shard.open(file, durability);
    if (shard.head.flashSize === flashSize && shard.head.template === template) return shard;
    shard.close();
    throw new ShardError(`${file} is written for another template; start again with that one`);
  }

  /** The flash of meter `index`, counted from 0. */
  flash(index: number): ShardFlash {
    const first = shardFirst(index);
    return this.shard(first).flash(index - first);
  }

  /** How often disks were asked to make something durable. */
  get rounds(): number {
    return [...this.shards.values()].reduce((sum, shard) => sum + shard.rounds, 0);
  }

  /** Octets that the meters take on the disk. */
  get octetsStored(): number {
    return [...this.shards.values()].reduce((sum, shard) => sum + shard.octetsStored, 0);
  }

  /** Makes everything durable, whatever the kind of durability. */
  flush(): void {
    for (const shard of this.shards.values()) shard.flush();
  }

  /** Makes everything durable and closes the files. */
  close(): void {
    this.flush();
    for (const shard of this.shards.values()) shard.close();
    this.shards.clear();
  }
}
