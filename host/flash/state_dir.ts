/** The folder behind `--state`: a file for each meter and a lock, since two processes on one journal would ruin it. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileFlash } from "./file.ts";

const LOCK = "lock";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export class StateDir {
  readonly path: string;
  private readonly lock: string;
  private readonly unlock = (): void => rmSync(this.lock, { force: true });

  /** Creates the folder where needed and locks it; throws when a living process holds it. */
  constructor(path: string) {
    this.path = path;
    this.lock = join(path, LOCK);
    mkdirSync(path, { recursive: true });
    this.acquire();
    process.on("exit", this.unlock);
  }

  /** The flash of meter `index`, counted from 0. */
  flash(index: number, size: number): FileFlash {
    return new FileFlash(join(this.path, `meter-${index}.flash`), size);
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
