/** A measured figure, what it is compared with, and the goal it is held to. */

/** The same work done by something else in the same run. */
export interface Reference {
  readonly what: string;
  /** In the unit of the figure. */
  readonly value: number;
  /** Figure divided by reference: the median of the pairs where both were timed in turns. */
  readonly ratio: number;
}

export interface Goal {
  readonly limit: number;
  /** Whether the figure shall stay below the limit or reach it. */
  readonly kind: "at most" | "at least";
}

export interface Figure {
  /** Never changes: what a program looks for in build/bench.json, and a plot in docs/bench/figures.json. */
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
  readonly references: readonly Reference[];
  /** Where it stands when its group is a table of rows and columns. */
  readonly cell?: { readonly row: string; readonly column: string };
  /** How it goes with something else, for a plot: [x, value in the unit of the figure]. */
  readonly points?: readonly (readonly [number, number])[];
}

/** How long to measure: enough for a person, or just enough to see that it works. */
export interface Effort {
  readonly quick: boolean;
  /** Milliseconds that a figure runs before it counts. */
  readonly warmUpMs: number;
  /** Samples of which the median counts. */
  readonly rounds: number;
}

export const FULL: Effort = { quick: false, warmUpMs: 500, rounds: 51 };
export const QUICK: Effort = { quick: true, warmUpMs: 60, rounds: 9 };

/** A group of figures with its heading. */
export interface Group {
  /** Never changes: by it docs/BENCHMARKS.md finds the group again. */
  readonly title: string;
  /** Measured only when it is asked for: with --write, or when --only names it. */
  readonly onRequest?: boolean;
  /** An empty list says that it could not be measured here, and has printed why. */
  measure(effort: Effort): Figure[] | Promise<Figure[]>;
}

/** Whether the figure meets its goal; undefined when it has none. */
export function goalMet(figure: Figure): boolean | undefined {
  const { goal, value } = figure;
  if (goal === undefined) return undefined;
  return goal.kind === "at most" ? value <= goal.limit : value >= goal.limit;
}

/** A reference of times that have a goal: what the same samples take on a machine that others use too. */
export const FIRST = "its own first tries, whatever else the processor did";

/** A plain reference: its ratio is that of the two values. */
export function reference(what: string, value: number, figure: number): Reference {
  return { what, value, ratio: figure / value };
}
