/**
 * The folder behind `--state`: shards with the flashes of the meters, the images of the templates they were written for, and a lock, since
 * two processes on one journal would ruin it.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ImageView } from "./image.ts";
import { stateRead } from "./journal.ts";
import { stateMigrate } from "./migrate.ts";
import type { Durability } from "../flash/durability.ts";
import { Shard, ShardError, type ShardFlash } from "../flash/shard.ts";
import { shardFirst, ShardFiles, shardName } from "./shard_files.ts";
import { pagesProgram, shardRewrite } from "./shard_rewrite.ts";

const LOCK = "lock";
/** How a meter's flash was kept before there were shards: octet n of the flash was octet n of the file. */
const SINGLE = /^meter-(\d+)\.flash$/;
const SHARD = /^meters-(\d+)\.shard$/;
/** Reasons that a refusal names one by one. */
const REASONS_SHOWN = 20;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const imageName = (check: number): string => `template-${check.toString(16).padStart(8, "0")}.image`;

/** Numbers of the meters that have a file of their own in `names`. */
function singlesOf(names: readonly string[]): number[] {
  return names.flatMap((name) => SINGLE.exec(name)?.[1] ?? []).map(Number);
}

/** What the meters of a folder are run with. */
export interface StateUse {
  /** Octets of flash that a meter needs. */
  readonly flashSize: number;
  /** The template image, which names what may be stored. */
  readonly image: Uint8Array;
  readonly durability: Durability;
  /** What of a state does not fit the template is dropped; without it such a state is refused. */
  readonly drop?: boolean;
  /** One line for people: what was done to the folder. */
  readonly say: (text: string) => void;
}

export class StateDir {
  readonly path: string;
  private readonly lock: string;
  private readonly unlock = (): void => rmSync(this.lock, { force: true });
  private files: ShardFiles | undefined;

  /** Creates the folder where needed and locks it; throws when a living process holds it. */
  constructor(path: string) {
    this.path = path;
    this.lock = join(path, LOCK);
    try {
      mkdirSync(path, { recursive: true });
      this.acquire();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new ShardError(
        `the state folder ${path} cannot be written (${code}); make it writable, or give another one`,
      );
    }
    process.on("exit", this.unlock);
  }

  /** Makes the folder ready for a template: takes over older files, carries states over. Throws ShardError with what does not fit. */
  open(use: StateUse): void {
    const to = new ImageView(use.image);
    const { flashSize, durability } = use;
    const files = (this.files = new ShardFiles({ path: this.path, flashSize, template: to.check, durability }));
    this.takeSingles(singlesOf(readdirSync(this.path)), use);
    const names = readdirSync(this.path);
    for (const first of names.flatMap((name) => SHARD.exec(name)?.[1] ?? []).map(Number)) {
      const shard = Shard.open(join(this.path, shardName(first)), durability);
      const fits = shard.head.template === to.check && shard.head.flashSize === flashSize;
      files.add(fits ? shard : this.migrate(shard, to, use));
    }
    const image = join(this.path, imageName(to.check));
    if (!names.includes(imageName(to.check))) writeFileSync(image, use.image, { mode: 0o600 });
  }

  /** The shards, once the folder is open. */
  get shards(): ShardFiles {
    if (this.files === undefined) throw new Error(`the state folder ${this.path} is not open`);
    return this.files;
  }

  /** The flash of meter `index`, counted from 0. */
  flash(index: number): ShardFlash {
    return this.shards.flash(index);
  }

  /** Makes everything durable and closes the files. */
  close(): void {
    this.files?.close();
  }

  /** Takes the states of meters that have a file of their own into shards. */
  private takeSingles(meters: readonly number[], use: StateUse): void {
    if (meters.length === 0) return;
    const to = new ImageView(use.image);
    const paths = meters.map((meter) => join(this.path, `meter-${meter}.flash`));
    paths.forEach((path, i) => this.take(meters[i]!, readFileSync(path), to, use));
    this.close();
    for (const path of paths) rmSync(path);
    use.say(`state: ${meters.length} meters moved from files of their own (meter-N.flash) into meters-N.shard`);
  }

  private take(meter: number, octets: Uint8Array, to: ImageView, use: StateUse): void {
    if (octets.length === 0) return;
    const first = shardFirst(meter);
    const shard = this.shards.shard(first);
    if (shard.used(meter - first)) return;
    const state = stateRead(octets);
    const fits = octets.length <= use.flashSize && (state.kind !== "stored" || state.template === to.check);
    const kept = fits ? octets : this.carried(`meter ${meter}`, octets, to, use);
    shard.program(meter - first, 0, kept);
  }

  /** Writes the shard anew for another template, beside the old one, and takes its place when all of it is durable. */
  private migrate(shard: Shard, to: ImageView, use: StateUse): Shard {
    const head = { flashSize: use.flashSize, first: shard.head.first, template: to.check };
    const from = this.image(shard.head.template);
    const fill = (fresh: Shard): void => {
      for (const index of shard.meters) {
        const octets = new Uint8Array(shard.head.flashSize);
        shard.read(index, 0, octets);
        const who = `meter ${shard.head.first + index}`;
        fresh.program(index, 0, this.carried(who, octets, to, use, from));
        // A firmware image under way stands where its area is now.
        const image = from === undefined ? undefined : octets.subarray(octets.length - from.imageSize);
        if (image !== undefined && from?.imageSize === to.imageSize)
          pagesProgram(fresh, index, use.flashSize - to.imageSize, image);
      }
    };
    try {
      shardRewrite(shard, head, fill);
    } finally {
      shard.close();
    }
    use.say(`state: ${shard.meters.length} meters of ${shard.path} carried over to another template`);
    return Shard.open(shard.path, use.durability);
  }

  /** What a meter's flash holds when its state has been carried over; `from` is its template, where that is known. */
  private carried(who: string, octets: Uint8Array, to: ImageView, use: StateUse, from?: ImageView): Uint8Array {
    const state = stateRead(octets, from?.imageSize);
    if (state.kind === "empty") return new Uint8Array(0);
    const where = `${who} of ${this.path}`;
    if (state.kind === "foreign")
      throw new ShardError(`${where}: format version ${state.version}; use the program that wrote it`);
    if (state.kind === "unusable") throw new ShardError(`${where}: damaged; restore it with dlms-meter state import`);
    const moved = stateMigrate(state, this.image(state.template), to);
    if (moved.unfit.length === 0 || use.drop === true) return moved.octets;
    const shown = moved.unfit.slice(0, REASONS_SHOWN).map((reason) => `\n  ${reason}`);
    const more = moved.unfit.length > REASONS_SHOWN ? `\n  and ${moved.unfit.length - REASONS_SHOWN} more` : "";
    const advice = "go back to the template it was written with, or lose these with --migrate drop";
    throw new ShardError(`${where}: its state does not fit this template; ${advice}:${shown.join("")}${more}`);
  }

  private image(check: number): ImageView | undefined {
    try {
      return new ImageView(readFileSync(join(this.path, imageName(check))));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  release(): void {
    process.off("exit", this.unlock);
    this.unlock();
  }

  /** Links a file that holds our process id to the lock's name: that either succeeds whole or finds a holder. */
  private acquire(): void {
    const own = join(this.path, `${LOCK}.${process.pid}`);
    writeFileSync(own, `${process.pid}\n`);
    try {
      for (let attempt = 0; attempt < 8; attempt++) {
        if (this.link(own)) return;
        this.clearDead();
      }
      throw new Error(`the state folder ${this.path} cannot be locked`);
    } finally {
      rmSync(own, { force: true });
    }
  }

  private link(own: string): boolean {
    try {
      linkSync(own, this.lock);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      return false;
    }
  }

  /** Takes the lock of a process that has died out of the way; throws when its holder lives. */
  private clearDead(): void {
    const holder = this.holder(this.lock);
    if (holder === undefined) return;
    if (isAlive(holder)) throw new Error(`the state folder ${this.path} is used by process ${holder}`);
    const aside = join(this.path, `${LOCK}.dead.${process.pid}`);
    try {
      renameSync(this.lock, aside);
    } catch {
      return;
    }
    // Another process may have been faster and locked anew between the look and the move: then it is given back.
    if (this.holder(aside) !== holder) this.link(aside);
    rmSync(aside, { force: true });
  }

  private holder(lock: string): number | undefined {
    try {
      return Number.parseInt(readFileSync(lock, "utf8"), 10);
    } catch {
      return undefined;
    }
  }
}
