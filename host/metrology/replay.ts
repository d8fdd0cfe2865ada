/**
 * Measurements from a CSV file. The head names the columns: `time` (ISO 8601 with its zone, or seconds since the start
 * of the replay), then any of `voltage`, `current`, `active_power`, `reactive_power`, each also with `_l1`, `_l2`, `_l3`,
 * and `frequency`; in V, A, W, var and Hz. A row holds until the next one, the first one also before it, the last one for ever. Power without a phase is split into
 * thirds; voltage and current without a phase hold for all three; a current that is not given follows from power and voltage.
 */
import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import type { Step, StepSource } from "./steps.ts";

/** Columns of `rows`: active, reactive, voltage, current of L1…L3, then the frequency. */
const WIDTH = 13;
const FIELD = { active_power: 0, reactive_power: 3, voltage: 6, current: 9, frequency: 12 } as const;
const DEFAULTS = [0, 0, 0, 0, 0, 0, 230_000, 230_000, 230_000, 0, 0, 0, 50_000];
/** Least and largest value of each quantity that a meter can measure, in its unit (assembly/meter/metering.ts). */
const LIMITS = {
  active_power: [-2_000_000, 2_000_000],
  reactive_power: [-2_000_000, 2_000_000],
  voltage: [0, 1000],
  current: [0, 10_000],
  frequency: [0, 1000],
} as const;

/** A file that cannot be replayed; the message names it and the line. */
export class ReplayError extends Error {}

/** Where a column goes: its first field, how many, and by how much a value is divided. */
interface Column {
  readonly name: string;
  readonly limits: readonly [number, number];
  readonly field: number;
  readonly count: number;
  readonly divisor: number;
}

function columnOf(name: string): Column | undefined {
  const match = /^(active_power|reactive_power|voltage|current|frequency)(?:_l([123]))?$/.exec(name);
  if (match === null) return undefined;
  const quantity = match[1] as keyof typeof FIELD;
  const limits = LIMITS[quantity];
  if (quantity === "frequency") {
    return match[2] ? undefined : { name, limits, field: FIELD.frequency, count: 1, divisor: 1 };
  }
  if (match[2]) return { name, limits, field: FIELD[quantity] + Number(match[2]) - 1, count: 1, divisor: 1 };
  return { name, limits, field: FIELD[quantity], count: 3, divisor: quantity.endsWith("power") ? 3 : 1 };
}

/** Time stamps and values of a file, ready to be looked up. */
export class Replay implements StepSource {
  private readonly times: Float64Array;
  private readonly rows: Int32Array;
  /** Row of the last look-up: intervals follow one another. */
  private row = 0;

  private constructor(times: Float64Array, rows: Int32Array) {
    this.times = times;
    this.rows = rows;
  }

  /** Reads the file; relative times count from `start`, ms since 1970 UTC. Throws ReplayError. */
  static read(path: string, start: number): Replay {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw new ReplayError(`${path}: ${(error as Error).message}`);
    }
    return Replay.parse(text, path, start);
  }

  static parse(text: string, path: string, start: number): Replay {
    const records = recordsOf(text, path);
    const head = records.shift();
    if (head === undefined || records.length === 0) throw new ReplayError(`${path}: a head line and a row are needed`);
    const columns = columnsOf(head, path);
    const times = new Float64Array(records.length);
    const rows = new Int32Array(records.length * WIDTH);
    records.forEach((record, i) => {
      const where = `${path}:${record.line}`;
      times[i] = timeOf(record.cells[0]!, where, start);
      if (i > 0 && times[i]! <= times[i - 1]!)
        throw new ReplayError(`${where}: the time is not after that of the row before`);
      fillRow(rows.subarray(i * WIDTH, (i + 1) * WIDTH), columns, record, where);
    });
    return new Replay(times, rows);
  }

  /** The same rows for another meter, with its own place in them. */
  share(): Replay {
    return new Replay(this.times, this.rows);
  }

  stepAt(time: number, step: Step): number {
    const { times } = this;
    if (time < times[this.row]!) this.row = 0;
    while (this.row + 1 < times.length && times[this.row + 1]! <= time) this.row++;
    const at = this.row * WIDTH;
    for (let phase = 0; phase < 3; phase++) {
      step.active[phase] = this.rows[at + FIELD.active_power + phase]!;
      step.reactive[phase] = this.rows[at + FIELD.reactive_power + phase]!;
      step.voltage[phase] = this.rows[at + FIELD.voltage + phase]!;
      step.current[phase] = this.rows[at + FIELD.current + phase]!;
    }
    step.frequency = this.rows[at + FIELD.frequency]!;
    return this.row + 1 < times.length ? times[this.row + 1]! : Infinity;
  }
}

interface CsvRecord {
  readonly cells: string[];
  readonly line: number;
}

function recordsOf(text: string, path: string): CsvRecord[] {
  try {
    const found = parse(text, { bom: true, trim: true, skip_empty_lines: true, comment: "#", info: true });
    return (found as unknown as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      cells: record,
      line: info.lines,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ReplayError(`${path}:${String(error["lines"] ?? "?")}: ${error.message}`);
  }
}

function columnsOf(head: CsvRecord, path: string): Column[] {
  if (head.cells[0] !== "time") throw new ReplayError(`${path}:${head.line}: the first column must be "time"`);
  return head.cells.slice(1).map((name) => {
    const column = columnOf(name);
    if (column === undefined) throw new ReplayError(`${path}:${head.line}: no quantity is called "${name}"`);
    return column;
  });
}

function timeOf(cell: string, where: string, start: number): number {
  if (/^\d+(\.\d+)?$/.test(cell)) return start + Math.round(Number(cell) * 1000);
  const time = /(Z|[+-]\d\d:?\d\d)$/i.test(cell) ? Date.parse(cell) : NaN;
  if (Number.isNaN(time))
    throw new ReplayError(`${where}: "${cell}" is no time: seconds, or like 2026-01-01T00:00:00Z`);
  return time;
}

function fillRow(row: Int32Array, columns: Column[], record: CsvRecord, where: string): void {
  row.set(DEFAULTS);
  columns.forEach((column, i) => {
    const cell = record.cells[i + 1]!;
    const value = cell === "" ? NaN : Number(cell);
    const [least, largest] = column.limits;
    if (!(value >= least && value <= largest)) {
      throw new ReplayError(`${where}: ${column.name}: "${cell}" is no number from ${least} to ${largest}`);
    }
    const whole = Math.round(value * 1000);
    // Thirds need not be whole; L1 takes what is left, so that the sum is what the file says.
    const share = Math.round(whole / column.divisor);
    row.fill(share, column.field, column.field + column.count);
    if (column.divisor > 1) row[column.field] = whole - 2 * share;
  });
}
