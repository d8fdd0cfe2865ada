/**
 * What a client knows of a meter, on a time axis that counts flash operations: what was asked and acknowledged when. From it follows
 * what a meter may hold that lost its power after so many operations.
 */

/** A value that was asked to be written at operation `begin` and was acknowledged at `end`. */
interface Write {
  readonly value: string;
  readonly begin: number;
  readonly end: number;
}

/** A row as text, and the operation at which a client had seen it. */
interface Row {
  readonly text: string;
  readonly end: number;
}

interface Buffer {
  rows: Row[];
  resets: { begin: number; end: number; first: number }[];
}

/** The state of a key's counters: the next one the server owes, the last one the client used. */
export interface Counters {
  readonly end: number;
  readonly key: string;
  readonly server: number;
  readonly client: number;
}

/** A cut: how many operations were done, and before which one began what may show already. */
export interface Moment {
  readonly cut: number;
  readonly begun?: number;
}

export class History {
  private readonly writes = new Map<string, Write[]>();
  private readonly buffers = new Map<string, Buffer>();
  private readonly counters: Counters[] = [];
  private readonly energies: { end: number; value: number }[] = [];

  /** The value a meter begins with. */
  begin(key: string, value: string): void {
    this.writes.set(key, [{ value, begin: 0, end: 0 }]);
  }

  wrote(key: string, value: string, begin: number, end: number): void {
    this.writes.get(key)!.push({ value, begin, end });
  }

  /** The value that was acknowledged last. */
  latest(key: string): string {
    return this.writes.get(key)!.at(-1)!.value;
  }

  /** What the value may be after `cut` operations: the one acknowledged, then those asked for before operation `begun`. */
  allowed(key: string, cut: number, begun: number): string[] {
    const writes = this.writes.get(key)!;
    const known = writes.findLastIndex((write) => write.end <= cut);
    const pending = writes.slice(known + 1).filter((write) => write.begin < begun);
    return [writes[known]!, ...pending].map((write) => write.value);
  }

  /** The value before any was asked for. */
  first(key: string): string {
    return this.writes.get(key)![0]!.value;
  }

  /** A client has read these rows, the newest last. */
  showed(profile: string, rows: readonly string[], end: number): void {
    const buffer = this.buffer(profile);
    const first = buffer.resets.at(-1)?.first ?? 0;
    const newest = buffer.rows.length > first ? rows.lastIndexOf(buffer.rows.at(-1)!.text) : -1;
    if (newest < 0 && buffer.rows.length > first) throw new Error(`${profile}: rows were missed, read it more often`);
    for (const text of rows.slice(newest + 1)) buffer.rows.push({ text, end });
  }

  emptied(profile: string, begin: number, end: number): void {
    const buffer = this.buffer(profile);
    buffer.resets.push({ begin, end, first: buffer.rows.length });
  }

  /**
   * What is wrong with the newest `rows` of a profile after `cut` operations: those shown must stand there in their order, then may come those
   * that were captured later, then what a restart adds. Undefined when nothing is.
   */
  rowsWrong(
    profile: string,
    rows: readonly string[],
    { cut, begun = cut }: Moment,
    added: (row: string) => boolean,
  ): string | undefined {
    const buffer = this.buffer(profile);
    const reset = buffer.resets.findLast((one) => one.begin < begun);
    const wrong = this.compare(buffer, reset?.first ?? 0, rows, cut, added);
    if (wrong === undefined || reset === undefined || reset.end <= cut) return wrong;
    // The reset was under way: it may not have been.
    const before = buffer.resets.findLast((one) => one.end <= cut);
    return this.compare(buffer, before?.first ?? 0, rows, cut, added, reset.first);
  }

  /**
   * How many rows that were shown are gone from `rows`, the newest there are, after damage. Throws where a row was never captured, or the order
   * is another one.
   */
  rowsGone(profile: string, rows: readonly string[], cut: number, added: (row: string) => boolean): number {
    const buffer = this.buffer(profile);
    let last = -1;
    for (const row of rows) {
      const at = buffer.rows.findIndex((known, i) => i > last && known.text === row);
      if (at < 0 && !added(row)) throw new Error(`${profile}: ${row} was never captured, or not in this order`);
      last = Math.max(last, at);
    }
    const oldest = buffer.rows.findIndex((known) => rows.includes(known.text));
    const reset = buffer.resets.findLast((one) => one.begin < cut)?.first ?? 0;
    const shown = buffer.rows.slice(Math.max(reset, oldest)).filter((row) => row.end <= cut);
    return shown.filter((row) => !rows.includes(row.text)).length;
  }

  private compare(
    buffer: Buffer,
    first: number,
    rows: readonly string[],
    cut: number,
    added: (row: string) => boolean,
    last = buffer.rows.length,
  ): string | undefined {
    const known = buffer.rows.slice(first, last);
    const shown = known.findLastIndex((row) => row.end <= cut);
    const at = shown < 0 ? -1 : rows.lastIndexOf(known[shown]!.text);
    if (shown >= 0 && at < 0) return `the row ${known[shown]!.text} was shown and is gone`;
    for (let i = 0; i <= at; i++) {
      const expected = known[shown - at + i];
      if (expected !== undefined && expected.text !== rows[i]) return `${rows[i]} in place of ${expected.text}`;
    }
    // Where nothing had been shown yet, the newest rows may begin anywhere.
    let next =
      shown < 0
        ? Math.max(
            0,
            known.findIndex((row) => row.text === rows[0]),
          )
        : shown + 1;
    for (const row of rows.slice(at + 1)) {
      if (known[next]?.text === row) next++;
      else if (!added(row)) return `${row} was never captured`;
    }
    return undefined;
  }

  counted(counters: Counters): void {
    this.counters.push(counters);
  }

  /** The counters of a key as they were known after `cut` operations. */
  countersAt(key: string, cut: number): Counters {
    const known = this.counters.filter((one) => one.key === key && one.end <= cut).at(-1);
    return known ?? { end: 0, key, server: 0, client: 0 };
  }

  /** The highest counter that a client has used by then, with whatever key. */
  clientMax(cut: number): number {
    return Math.max(0, ...this.counters.filter((one) => one.end <= cut).map((one) => one.client));
  }

  /** The meter has shown this energy. */
  measured(value: number, end: number): void {
    this.energies.push({ value, end });
  }

  /** The highest energy that the meter can have counted after `cut` operations, from what was shown. */
  energyMax(cut: number): number {
    return this.energies.find((one) => one.end > cut)?.value ?? Infinity;
  }

  private buffer(profile: string): Buffer {
    let buffer = this.buffers.get(profile);
    if (buffer === undefined) this.buffers.set(profile, (buffer = { rows: [], resets: [] }));
    return buffer;
  }
}
