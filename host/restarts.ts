/** Tells a meter that begins anew now and then from one that does nothing else, and had better stay off. */

/** More restarts than this, each within this line time of the one before, ms, are too much. */
const RESTARTS_MAX = 5;
const WITHIN_MS = 10_000;

export class Restarts {
  /** Restarts in a row, and when the last one was. */
  private count = 0;
  private last = -Infinity;

  /** Counts a restart at `lineTime`. @returns whether it was one too much */
  tooMuch(lineTime: number): boolean {
    this.count = lineTime - this.last < WITHIN_MS ? this.count + 1 : 1;
    this.last = lineTime;
    return this.count > RESTARTS_MAX;
  }
}
